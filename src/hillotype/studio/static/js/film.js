// Films: ten seconds first, then the whole; a player, and how long it will take.

/** Seconds that are made of a film at first. */
export const PREVIEW = 10;

/** Tells whether there is a frame of a film to be seen: once somebody has looked into it. */
export const hasFrame = (job) => job.status === "done" || (job.status === "running" && job.film.seconds > 0);

const part = (id) => document.getElementById(id);

/** Says how long something takes or lasts. */
export function duration(seconds) {
  if (seconds < 100) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

/** The player in place of the stage, and the button for the whole film; calls `makeWhole()` when that is wanted. */
export class FilmView {
  constructor({ makeWhole, say }) {
    this.player = part("player");
    part("play").onclick = () => this.play(this.player.hidden);
    part("whole").onclick = makeWhole;
    this.player.addEventListener("error", () => {
      if (!this.player.getAttribute("src")) return;
      this.play(false);
      say("This browser cannot play the film. Save it, and open it with a player.");
    });
  }

  /** Offers what there is of a job; `address` is that of the result, once it is done. */
  show(job, address) {
    const done = Boolean(job.film && address);
    if (address !== this.address) this.play(false);
    this.address = address;
    part("play").hidden = !done;
    const whole = part("whole");
    whole.hidden = !(done && job.film.part);
    if (!whole.hidden) {
      const work = (job.seconds / job.settings.preview) * job.film.seconds;
      const about = job.steps.length && !job.film.begun ? `, about ${duration(work)}` : "";
      whole.textContent = `Make the ${job.film.begun ? "rest of the" : "whole"} film${about}`;
    }
    part("save").classList.toggle("primary", whole.hidden);
    part("save").textContent = !job.film ? "Save picture" : job.film.part ? "Save preview" : "Save film";
  }

  play(on) {
    this.player.hidden = !on;
    part("stage").hidden = on;
    part("play").textContent = on ? "Show a frame" : "Play";
    if (on) {
      this.player.src = this.address;
      this.player.play().catch(() => {}); // the error event says why
    } else {
      this.player.removeAttribute("src");
      this.player.load(); // lets go of the file
    }
  }
}
