// Markers: points of the picture with a color, which are put, dragged, moved by keys and taken away on the stage.

import { nameOf } from "./palette.js";

const NEAR = 5; // CSS pixels within which a press is a click and no drag

/** Shows points, {x, y, color} with x and y as shares of width and height; calls `changed(words)` when they changed. */
export class Markers {
  constructor(layer, compare, { changed, selected }) {
    this.layer = layer;
    this.compare = compare;
    this.calls = { changed, selected };
    this.points = [];
    this.held = null; // the point whose color and place are changed
    compare.stage.addEventListener("placed", () => this.place());
  }

  show(points) {
    this.points = points;
    this.held = null;
    this.draw();
  }

  /** Adds a point; by keyboard it is held, so that arrow keys move it to its place. */
  add(point, hold = false) {
    this.points.push(point);
    if (hold) this.held = point;
    this.draw();
    if (hold) this.layer.lastElementChild.focus();
    this.calls.changed(`Point ${this.points.length} added: ${words(point)}`);
  }

  recolor(color) {
    if (!this.held) return;
    this.held.color = color;
    this.draw();
    this.calls.changed(`Color changed: ${words(this.held)}`);
  }

  remove(point = this.held) {
    const at = this.points.indexOf(point);
    if (at < 0) return;
    this.points.splice(at, 1);
    this.hold(null);
    this.draw();
    (this.layer.children[Math.min(at, this.points.length - 1)] ?? this.compare.stage).focus();
    this.calls.changed(`Point removed, ${this.points.length} left`);
  }

  hold(point) {
    if (this.held === point) return;
    this.held = point;
    this.draw();
    this.calls.selected(point);
  }

  /** Has a button for each point; those that are there stay, so that focus and drags are kept. */
  draw() {
    while (this.layer.children.length > this.points.length) this.layer.lastElementChild.remove();
    while (this.layer.children.length < this.points.length) this.layer.append(this.make());
    this.points.forEach((point, at) => {
      const button = this.layer.children[at];
      button.style.setProperty("--c", point.color);
      button.classList.toggle("held", point === this.held);
      button.setAttribute("aria-label", `Point ${at + 1}: ${words(point)}. Arrow keys move it, Delete removes it.`);
    });
    this.place();
  }

  place() {
    this.points.forEach((point, at) => {
      const [x, y] = this.compare.placeOf(point);
      this.layer.children[at].style.transform = `translate(${x}px, ${y}px)`;
    });
  }

  make() {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "marker" });
    const point = () => this.points[[...this.layer.children].indexOf(button)];
    let start = null;
    button.addEventListener("pointerdown", (event) => {
      event.stopPropagation(); // the stage would move
      if (event.button) return;
      button.setPointerCapture(event.pointerId);
      start = { x: event.clientX, y: event.clientY, far: false };
    });
    button.addEventListener("pointermove", (event) => {
      if (!start) return;
      start.far ||= Math.hypot(event.clientX - start.x, event.clientY - start.y) > NEAR;
      if (start.far) this.move(point(), this.compare.spotOf(event));
    });
    for (const kind of ["pointerup", "pointercancel"]) button.addEventListener(kind, () => (start = null));
    for (const kind of ["click", "dblclick"]) button.addEventListener(kind, (event) => event.stopPropagation());
    button.addEventListener("focus", () => this.hold(point()));
    button.addEventListener("keydown", (event) => this.key(event, point()));
    return button;
  }

  key(event, point) {
    const step = event.shiftKey ? 0.05 : 0.01;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) this.move(point, { x: point.x + way[0] * step, y: point.y + way[1] * step }, true);
    else if (event.key === "Delete" || event.key === "Backspace") this.remove(point);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  move(point, { x, y }, tell = false) {
    const within = (share) => Math.min(1, Math.max(0, share));
    [point.x, point.y] = [within(x), within(y)];
    this.draw();
    this.calls.changed(tell ? words(point) : "");
  }
}

const percent = (share) => `${Math.round(share * 100)}%`;
const words = ({ x, y, color }) => `${nameOf(color)}, ${percent(x)} from the left, ${percent(y)} from the top`;
