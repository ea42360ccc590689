// The map of codes: dots are pictures; the place under the pointer is decoded as it moves.

import { get, getBlob } from "./api.js";

const MARGIN = 18;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const part = (id) => document.getElementById(id);

export class Explorer {
  constructor() {
    this.canvas = part("map");
    this.taken = [];
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.canvas.addEventListener("pointermove", (event) => this.go(this.placeOf(event)));
    this.canvas.addEventListener("pointerdown", (event) => {
      this.go(this.placeOf(event));
      if (event.pointerType === "mouse") this.take(); // a finger drags; there is a button
    });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    part("walk").onclick = () => this.show("walk", { how: "linear" }, "From one to the next: above the mix of pixels, below by codes.");
    part("take").onclick = () => this.take();
    part("forget").onclick = () => this.forget();
    part("sample").onclick = () => {
      this.seed = Math.floor(Math.random() * 2 ** 31);
      this.show("sample", { seed: this.seed }, `Pictures that nobody took, drawn from the ${this.map.prior === "own" ? "model's own prior" : "mixture fitted to its codes"}.`, []);
    };
    part("blend").addEventListener("submit", (event) => {
      event.preventDefault();
      const expression = new FormData(event.target).get("expression") || LETTERS.slice(0, this.taken.length).split("").join(" + ");
      this.show("blend", { expression }, `${expression}, and what it is made of.`);
    });
  }

  /** Opens a run; what cannot be explored says why. */
  async open(run) {
    this.run = run;
    this.map = this.asked = null;
    part("explorer").hidden = false;
    part("explorer-title").textContent = `Codes of ${run.name}`;
    part("explorer-body").hidden = part("made").hidden = true;
    part("explorer-told").textContent = "Reading its pictures …";
    part("explorer").scrollIntoView({ block: "start" });
    try {
      const map = await get(`laboratory/runs/${run.id}/map`);
      if (this.run !== run) return;
      this.map = map;
    } catch (error) {
      if (this.run === run) part("explorer-told").textContent = error.message;
      return;
    }
    part("explorer-told").textContent =
      `${this.map.points.length} pictures of its test split by the two strongest axes of their codes of ${this.map.numbers} numbers.`;
    part("explorer-body").hidden = false;
    this.labels = [...new Set(this.map.points.map(({ label }) => label))].sort();
    part("legend").replaceChildren(...this.labels.filter(Boolean).map((label, at) => {
      const item = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.setProperty("--c", color(at, this.labels.length));
      item.append(swatch, label);
      return item;
    }));
    this.forget();
    this.draw();
    part("explorer").scrollIntoView({ block: "start" }); // it had no map to scroll to before
    this.go({ x: 0, y: 0 });
  }

  draw() {
    const { canvas, map } = this;
    if (!map || !canvas.clientWidth) return;
    const side = (canvas.width = canvas.height = Math.round(canvas.clientWidth * devicePixelRatio));
    const [xs, ys] = [map.points.map(({ x }) => x), map.points.map(({ y }) => y)];
    const [low, high] = [{ x: Math.min(...xs), y: Math.min(...ys) }, { x: Math.max(...xs), y: Math.max(...ys) }];
    const margin = MARGIN * devicePixelRatio;
    const factor = (side - 2 * margin) / Math.max(high.x - low.x, high.y - low.y, 1e-9);
    this.center = { x: (low.x + high.x) / 2, y: (low.y + high.y) / 2 };
    this.factor = factor / devicePixelRatio;
    const pen = canvas.getContext("2d");
    for (const { x, y, label } of map.points) {
      pen.fillStyle = color(this.labels.indexOf(label), this.labels.length);
      pen.beginPath();
      pen.arc(side / 2 + (x - this.center.x) * factor, side / 2 - (y - this.center.y) * factor, 2.6 * devicePixelRatio, 0, 7);
      pen.fill();
    }
    if (this.place) this.mark(pen, side, factor);
  }

  mark(pen, side, factor) {
    const [x, y] = [side / 2 + (this.place.x - this.center.x) * factor, side / 2 - (this.place.y - this.center.y) * factor];
    for (const [width, ink] of [[4, "#fff"], [2, "#000"]]) {
      pen.lineWidth = width * devicePixelRatio;
      pen.strokeStyle = ink;
      pen.beginPath();
      pen.arc(x, y, 9 * devicePixelRatio, 0, 7);
      pen.stroke();
    }
  }

  placeOf(event) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: this.center.x + (event.clientX - box.left - box.width / 2) / this.factor,
      y: this.center.y - (event.clientY - box.top - box.height / 2) / this.factor,
    };
  }

  /** Goes to a place. One picture is asked for at a time, the last place always comes. */
  async go(place) {
    this.place = place;
    this.draw();
    if (this.asking) return void (this.missed = true);
    this.asking = true;
    this.missed = false;
    const image = new Image();
    image.src = this.address("at", place);
    await image.decode().then(() => (part("decoded").src = image.src)).catch(() => {});
    this.asking = false;
    if (this.missed) this.go(this.place);
  }

  key(event) {
    const step = 12 / this.factor;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (way) this.go({ x: this.place.x + way[0] * step, y: this.place.y + way[1] * step });
    else if (event.key === "Enter") this.take();
    else return;
    event.preventDefault();
  }

  /** Takes the picture nearest to the place. */
  take() {
    if (this.taken.length === LETTERS.length) return;
    const apart = this.map.points.map(({ x, y }) => (x - this.place.x) ** 2 + (y - this.place.y) ** 2);
    const number = apart.indexOf(Math.min(...apart));
    const letter = LETTERS[this.taken.length];
    this.taken.push(number);
    const item = document.createElement("li");
    const image = new Image();
    image.src = this.address("picture", { number });
    image.alt = `${letter}: picture ${number}, as it is and as coded`;
    const name = document.createElement("span");
    name.textContent = `${letter}: ${this.map.points[number].label || number}`;
    item.append(image, name);
    part("taken").append(item);
    this.allow();
  }

  forget() {
    this.taken = [];
    part("taken").replaceChildren();
    this.allow();
  }

  allow() {
    part("walk").disabled = this.taken.length < 2;
    part("forget").disabled = !this.taken.length;
    part("blend").querySelector("button").disabled = !this.taken.length;
  }

  async show(what, options, about, pictures = this.taken) {
    const asked = (this.asked = {});
    let picture = null;
    let said = about;
    try {
      picture = await getBlob(this.path(what, options, pictures));
    } catch (error) {
      said = error.message;
    }
    if (this.asked !== asked) return; // something else is wanted meanwhile
    const figure = part("made");
    figure.hidden = false;
    const image = figure.querySelector("img");
    image.hidden = !picture;
    figure.querySelector("figcaption").textContent = said;
    if (!picture) return;
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(picture);
    image.alt = about;
    await image.decode().catch(() => {}); // only then it has a height
    figure.scrollIntoView({ block: "nearest" });
  }

  address(what, options) {
    return `api/v1/${this.path(what, options)}`;
  }

  path(what, options, pictures = []) {
    const query = new URLSearchParams(options);
    for (const number of pictures) query.append("pictures", number);
    return `laboratory/runs/${this.run.id}/${what}?${query}`;
  }
}

const color = (at, count) => `hsl(${(at * 360) / Math.max(count, 1)} 62% ${at % 2 ? 42 : 55}%)`;
