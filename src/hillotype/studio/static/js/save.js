// "Save all": a ZIP of all results. Colors that were given and not applied are applied first.

import { isGoing } from "./list.js";

export class SaveAll {
  /** Calls `unapplied()` for the pictures whose colors are not applied, and `apply(job)` for the number of the run that does. */
  constructor(link, address, calls) {
    Object.assign(this, { link, calls });
    this.applying = null; // while colors are applied: by the id of the job, the run that has them
    link.href = address;
    link.onclick = (event) => this.press(event);
  }

  /** Says how many there are to be saved; saves at last what was waited for. */
  show(jobs) {
    const done = jobs.filter((job) => job.status === "done").length;
    const what = jobs.some(isGoing) ? `the ${done} done` : `all ${done}`;
    this.link.hidden = done < 2 && !this.applying;
    this.link.textContent = this.applying ? "Applying colors …" : `${this.calls.unapplied().length ? "Apply colors, save" : "Save"} ${what}`;
    this.link.setAttribute("aria-disabled", String(Boolean(this.applying)));
    const left = jobs.some((job) => this.applying?.has(job.id) && (isGoing(job) || job.run < this.applying.get(job.id)));
    if (!this.applying || left) return;
    this.applying = null;
    this.show(jobs);
    Object.assign(document.createElement("a"), { href: this.link.href, download: "" }).click();
  }

  async press(event) {
    if (this.applying) return event.preventDefault();
    const jobs = this.calls.unapplied();
    if (!jobs.length) return; // the link is followed
    event.preventDefault();
    const runs = (this.applying = new Map(jobs.map(({ id }) => [id, Infinity])));
    for (const job of jobs) runs.set(job.id, await this.calls.apply(job));
    if ([...runs.values()].includes(undefined)) this.applying = null; // it was refused, and that is said
    this.calls.changed();
  }
}
