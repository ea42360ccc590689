// The list of pictures: one row each, with what becomes of it.

import { duration, hasFrame } from "./film.js";

const THUMBNAIL = 160;
const PAST = { denoise: "denoised", colorize: "colored" };

export const isGoing = (job) => ["sending", "queued", "running"].includes(job.status);

/** Says in a few words what became of a picture. */
export function describe(job) {
  const words = {
    sending: "Sending …",
    queued: "Waiting for its turn",
    running: `${job.film ? work(job) : "Working"}, ${Math.round(job.progress * 100)}%`,
    failed: capital(job.message.replace(`${job.name}: `, "")),
    cancelled: "Cancelled",
  };
  if (job.status !== "done") return words[job.status];
  if (!job.steps.length) return "Needs nothing, left as it is";
  const done = job.steps.map((step) => PAST[step]).join(" and ");
  const text = `${done} in ${duration(job.seconds)}`;
  return job.film?.part ? `Preview, ${text}` : capital(text);
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function work({ film, settings: { preview } }) {
  if (preview) return `Making a preview of ${preview} s`;
  return film.begun ? "Making the rest of the film" : "Making the whole film";
}

/** Shows jobs; calls `pick(id)` when one is chosen, `stop(id)` and `drop(id)` when it shall end or go. */
export class List {
  constructor(element, address, { pick, stop, drop }) {
    this.element = element;
    this.address = address;
    this.calls = { pick, stop, drop };
    this.rows = new Map();
    element.addEventListener("keydown", (event) => this.step(event));
  }

  show(job) {
    const row = this.rows.get(job.id) ?? this.make(job);
    const going = isGoing(job);
    row.querySelector("strong").textContent = job.name;
    const text = row.querySelector("small");
    text.textContent = describe(job);
    text.classList.toggle("bad", job.status === "failed");
    const bar = row.querySelector("progress");
    bar.hidden = job.status !== "running";
    bar.value = job.progress;
    bar.setAttribute("aria-label", `${job.name}: progress`);
    const button = row.querySelector(".quiet");
    button.hidden = job.status === "sending";
    button.textContent = going ? "Cancel" : "×";
    button.setAttribute("aria-label", `${going ? "Cancel" : "Remove"} ${job.name}`);
    button.title = going ? "" : "Remove";
    button.onclick = ({ detail }) => {
      if (detail < 2) (going ? this.calls.stop : this.calls.drop)(job.id); // a double click cancels, and removes nothing
    };
    this.picture(row, job);
  }

  picture(row, job) {
    if (job.status === "sending" || job.status === "failed" || (job.film && !hasFrame(job))) return;
    const which = job.status === "done" ? `after?side=${THUMBNAIL}&run=${job.run}` : `before?side=${THUMBNAIL}`;
    const image = row.querySelector("img");
    if (job.status === "running" && image.getAttribute("src")) return;
    const address = this.address(job.id, which);
    if (image.getAttribute("src") !== address) image.src = address;
  }

  make(job) {
    const row = document.getElementById("item").content.firstElementChild.cloneNode(true);
    row.querySelector(".pick").onclick = () => this.calls.pick(job.id);
    const image = row.querySelector("img");
    image.loading = "lazy";
    image.onerror = () => image.removeAttribute("src"); // what cannot be read has no picture
    this.element.append(row);
    this.rows.set(job.id, row);
    return row;
  }

  choose(id) {
    for (const [each, row] of this.rows) {
      row.classList.toggle("chosen", each === id);
      row.querySelector(".pick").setAttribute("aria-current", String(each === id));
    }
    this.rows.get(id)?.scrollIntoView({ block: "nearest" });
  }

  /** Gives a row the place and name that it keeps, once the studio has the picture. */
  rename(old, id) {
    const row = this.rows.get(old);
    const told = this.rows.get(id); // an event may have come first
    if (!row) return;
    this.rows.delete(old);
    this.rows.set(id, row);
    told?.remove();
    row.querySelector(".pick").onclick = () => this.calls.pick(id);
  }

  /** The picture after this one, or before it if it is the last. */
  neighbor(id) {
    const row = this.rows.get(id);
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    return [...this.rows].find(([, each]) => each === next)?.[0];
  }

  /** Takes a row away; the keyboard's focus, if it was there, goes to the next. */
  remove(id) {
    const [row, next] = [this.rows.get(id), this.rows.get(this.neighbor(id))];
    if (row?.contains(document.activeElement)) next?.querySelector(".pick").focus();
    row?.remove();
    this.rows.delete(id);
  }

  /** Arrow keys go from picture to picture. */
  step(event) {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = document.activeElement.closest("li");
    const next = way === 1 ? row?.nextElementSibling : row?.previousElementSibling;
    if (!way || !next) return;
    event.preventDefault();
    const button = next.querySelector(".pick");
    button.focus();
    button.click();
  }
}
