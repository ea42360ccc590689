// Where the colors are guesses: a map over the result, darker where they are less certain.

import { UNANSWERED } from "./api.js";

const part = (id) => document.getElementById(id);

export class Certainty {
  /** Calls `address(job)` for where the map of a job is, and `warn` with what cannot be shown. */
  constructor(compare, { address, warn }) {
    Object.assign(this, { compare, address, warn });
    this.button = part("certainty");
    this.image = compare.certainty;
    this.button.onclick = () => this.press(this.button.getAttribute("aria-pressed") !== "true");
    this.image.onload = () => this.image.classList.add("come");
    this.image.onerror = () => this.refused();
  }

  /** Has the map of a job at hand, if it was colored; nothing is loaded before it is asked for. */
  open(job) {
    this.job = job.status === "done" && job.steps.includes("colorize") && !job.film ? job : null;
    this.button.hidden = !this.job;
    this.draw();
  }

  press(on) {
    this.button.setAttribute("aria-pressed", String(on));
    this.warn("");
    this.draw();
  }

  draw() {
    const shown = this.job && this.button.getAttribute("aria-pressed") === "true";
    const address = shown ? this.address(this.job) : null;
    if (this.image.getAttribute("src") !== address) this.image.classList.remove("come");
    if (!shown) return this.image.removeAttribute("src");
    if (this.image.getAttribute("src") !== address) this.image.src = address;
    this.compare.place();
  }

  /** Says why there is no map: the model may not tell. */
  async refused() {
    const { src } = this.image;
    const told = await fetch(src).then((answer) => answer.json()).catch(() => ({}));
    if (this.image.src !== src) return; // another is looked at meanwhile
    this.press(false);
    this.warn(told.message ?? UNANSWERED);
  }
}
