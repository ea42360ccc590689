// Colors that the person gives to places of a picture: a preview follows each change, "Apply" makes them the picture's.

import { Markers } from "./markers.js";
import { colorAt, Palette } from "./palette.js";

const SIDE = 1024; // of a preview: a second is enough for it on two cores
const HELP = "Choose a color, then click the thing that has it. Where it runs over, give its neighbor a color too.";
const HELD = "Drag this point, choose another color for it, or remove it. Click elsewhere for a new one.";
const PICK = "Click where the picture has the color that you want.";
const MOST = 200; // points, as the API has it
const part = (id) => document.getElementById(id);

export class Colors {
  /** Calls `read()` for the settings, `apply(settings)`, `show()` when points or preview changed, `say` and `warn`. */
  constructor(compare, session, calls) {
    Object.assign(this, { compare, session, calls });
    this.drafts = new Map(); // by the id of a job: {points, preview, run}
    this.job = null;
    this.markers = new Markers(part("markers"), compare, {
      changed: (words) => this.changed(words),
      selected: (point) => this.selected(point),
    });
    this.palette = new Palette(part("colors"), (color) => this.markers.recolor(color));
    part("paint").onclick = () => this.paint(!this.painting);
    part("pipette").onclick = () => this.pick(!this.picking);
    part("remove-point").onclick = () => this.markers.remove();
    part("remove-points").onclick = () => this.clear();
    part("apply").onclick = () => calls.apply(calls.read());
    this.listen(compare.stage);
  }

  get painting() {
    return this.compare.painting;
  }

  /** Has the points of a picture on the stage. */
  open(job) {
    const same = this.job?.id === job.id;
    this.job = job;
    if (!this.drafts.has(job.id)) this.drafts.set(job.id, { points: job.settings.hints.map(read), preview: null, run: 0 });
    const draft = this.drafts.get(job.id);
    const ended = ["done", "failed", "cancelled"].includes(job.status);
    if (draft.preview && ended && job.run !== draft.run && !this.pending(job)) this.drop(draft);
    if (!same) this.markers.show(this.painting ? draft.points : []);
    if (!same && this.painting) this.preview();
    this.allow();
  }

  /** Tells whether a picture has been given colors that are not applied. */
  pending(job) {
    return this.drafts.has(job.id) && String(this.hints(job)) !== String(job.settings.hints);
  }

  /** The colors given to a picture, as the API takes them. */
  hints(job) {
    return this.drafts.get(job.id)?.points.map(write) ?? job.settings.hints;
  }

  /** The address of the preview of a picture, if it is to be shown in place of the result. */
  previewOf(job) {
    return this.drafts.get(job.id)?.preview;
  }

  forget(id) {
    const draft = this.drafts.get(id);
    if (draft) this.drop(draft);
    this.drafts.delete(id);
  }

  /** Begins or ends giving colors; all of the picture is then seen in color. */
  paint(on) {
    if (on === this.painting) return;
    this.compare.paint(on);
    part("colors").hidden = !on;
    part("paint").setAttribute("aria-pressed", String(on));
    this.markers.show(on ? this.drafts.get(this.job.id).points : []);
    if (on) this.preview(); // so that the net has answered when the first color is given
    this.pick(false);
  }

  pick(on) {
    this.picking = on;
    part("pipette").setAttribute("aria-pressed", String(on));
    this.allow();
  }

  clear() {
    this.drafts.get(this.job.id).points.length = 0;
    this.markers.show(this.drafts.get(this.job.id).points);
    this.changed("All points removed");
  }

  changed(words) {
    if (words) this.calls.say(words);
    this.allow();
    this.calls.show(); // it cannot be saved any more
    this.preview();
  }

  selected(point) {
    if (point) this.palette.show(point.color);
    this.allow();
  }

  allow() {
    const { points } = this.drafts.get(this.job.id);
    part("colors-help").textContent = this.picking ? PICK : this.markers.held ? HELD : HELP;
    part("remove-point").disabled = !this.markers.held;
    part("remove-points").disabled = !points.length;
    part("apply").disabled = !this.pending(this.job);
  }

  listen(stage) {
    let down = null;
    stage.addEventListener("pointerdown", (event) => (down = { x: event.clientX, y: event.clientY }));
    stage.addEventListener("click", (event) => {
      const spot = this.compare.spotOf(event);
      const far = !down || Math.hypot(event.clientX - down.x, event.clientY - down.y) > 5;
      const inside = spot.x >= 0 && spot.x <= 1 && spot.y >= 0 && spot.y <= 1;
      if (!this.painting || far || !inside || event.target.closest(".divider")) return;
      if (this.picking) this.take(spot);
      else this.put(spot);
    });
    stage.addEventListener("keydown", (event) => {
      if (!this.painting) return;
      if (event.key === "Enter" && event.target === stage) this.put(this.compare.middle(), true);
      else if (event.key === "Escape" && this.picking) this.pick(false);
      else if (event.key === "Escape") {
        stage.focus(); // the points go
        this.paint(false);
      }
    });
  }

  put(spot, hold) {
    this.markers.hold(null);
    if (this.markers.points.length === MOST) return this.calls.say(`${MOST} points are the most.`);
    return this.markers.add({ ...spot, color: this.palette.color }, hold);
  }

  take(spot) {
    const { after, before, stage } = this.compare;
    const color = this.palette.show(colorAt(stage.classList.contains("single") ? before : after, spot));
    this.pick(false);
    this.markers.recolor(color);
    this.calls.say(`Color taken: ${color}`);
  }

  /** Asks for a preview as the settings are now. One is asked for at a time, the last always comes. */
  async preview() {
    if (this.asking) return void (this.missed = true);
    this.asking = true;
    do {
      this.missed = false;
      const { job } = this;
      await this.ask(job).catch((error) => this.has(job) && this.calls.warn(error.message));
    } while (this.missed);
    this.asking = false;
  }

  /** Tells whether a picture is still the one on the stage. */
  has(job) {
    return this.job.id === job.id && this.drafts.has(job.id);
  }

  async ask(job) {
    if (!this.has(job)) return;
    const settings = this.calls.read();
    const picture = await this.session.preview(job.id, settings, SIDE);
    if (!this.has(job)) return;
    const draft = this.drafts.get(job.id);
    const old = draft.preview;
    // What was made with these settings already is better seen in full.
    const made = this.job.status === "done" && Object.keys(settings).every((key) => same(settings, this.job.settings, key));
    draft.preview = made ? null : URL.createObjectURL(picture);
    draft.run = job.run;
    this.calls.show();
    if (old) URL.revokeObjectURL(old); // what is seen of it stays
  }

  drop(draft) {
    if (draft.preview) URL.revokeObjectURL(draft.preview);
    draft.preview = null;
  }
}

const same = (one, other, key) => String(one[key]) === String(other[key]);
const write = ({ x, y, color }) => `${(100 * x).toFixed(2)}%,${(100 * y).toFixed(2)}%,${color}`;

function read(hint) {
  const [x, y, color] = hint.split(",");
  return { x: parseFloat(x) / 100, y: parseFloat(y) / 100, color };
}
