// The stage: a picture before and after, on both sides of a divider, from all of it to single pixels.

const LARGEST = 32;
const STEP = 1.5;

export class Compare {
  constructor(stage, slider) {
    this.stage = stage;
    this.slider = slider;
    this.before = stage.querySelector(".before");
    this.after = stage.querySelector(".after");
    this.certainty = stage.querySelector(".certainty"); // lies over it
    this.size = null; // of the picture, in its pixels
    this.shown = null; // the address of the picture that has this size
    this.scale = 1; // CSS pixels a pixel of the picture
    this.x = this.y = 0; // where its upper left corner is
    this.pointers = new Map();
    this.asked = 0;
    this.painting = false; // a press on the picture then gives it a color and does not move the divider
    slider.addEventListener("input", () => this.place());
    new ResizeObserver(() => (this.fitted ? this.fit() : this.place())).observe(stage);
    this.listen();
  }

  /** Shows a picture; with no address of a result, as it is. The view stays if it is the same picture. */
  async show(before, after) {
    const turn = ++this.asked;
    const wanted = () => turn === this.asked;
    this.stage.classList.add("loading");
    if (this.shown !== before) {
      this.stage.classList.add("single");
      this.before.classList.add("past");
      const come = await load(this.before, before, wanted);
      if (!wanted()) return;
      if (!come) return this.clear(); // else the picture before would pass for this one
      this.before.classList.remove("past");
      this.shown = before;
      this.size = { width: this.before.naturalWidth, height: this.before.naturalHeight };
      this.fit();
    }
    if (!after || (await load(this.after, after, wanted))) {
      const first = after && this.stage.classList.contains("single");
      this.stage.classList.toggle("single", !after);
      this.place();
      if (first && !this.painting) this.reveal();
    }
    if (wanted()) this.stage.classList.remove("loading");
  }

  clear() {
    this.asked++;
    for (const image of [this.before, this.after]) {
      image.removeAttribute("src");
      delete image.dataset.address;
    }
    this.size = this.shown = null;
    this.pointers.clear(); // a divider that is held belongs to nothing now
    this.stage.classList.add("single");
    this.stage.classList.remove("loading");
  }

  /** Lets the result come in from the right, as far as the divider is. */
  reveal() {
    const end = Number(this.slider.value);
    const start = performance.now();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const step = (now) => {
      if (!this.size) return; // it was cleared meanwhile
      const share = Math.min(1, (now - start) / 700);
      this.cut(100 + (end - 100) * (1 - (1 - share) ** 3));
      if (share < 1 && Number(this.slider.value) === end) requestAnimationFrame(step);
      else this.place();
    };
    requestAnimationFrame(step);
  }

  fit() {
    if (!this.size) return;
    this.fitted = true;
    const { width, height } = this.room();
    this.scale = Math.min(width / this.size.width, height / this.size.height, 4);
    this.x = this.y = 0;
    this.place();
  }

  full() {
    const { width, height } = this.room();
    this.zoom(1 / devicePixelRatio / this.scale, width / 2, height / 2);
  }

  /** Makes it larger by a factor about a point of the stage, the middle if none is given. */
  zoom(factor, x, y) {
    if (!this.size) return;
    const { width, height } = this.room();
    const least = Math.min(width / this.size.width, height / this.size.height, 1 / devicePixelRatio);
    const scale = Math.min(LARGEST, Math.max(least, this.scale * factor));
    [x, y] = [x ?? width / 2, y ?? height / 2];
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = scale <= least;
    this.place();
  }

  move(x, y) {
    this.x += x;
    this.y += y;
    this.place();
  }

  /** Begins or ends painting: all of the picture is shown as it becomes, then again as much as before. */
  paint(on) {
    if (on) this.divided = this.slider.value;
    this.painting = on;
    this.stage.classList.toggle("painting", on);
    this.slider.value = on ? 0 : this.divided;
    this.place();
  }

  /** Where an event is, in shares of the picture's width and height. */
  spotOf(event) {
    const box = this.stage.getBoundingClientRect();
    return this.spotAt(event.clientX - box.left, event.clientY - box.top);
  }

  /** The middle of what is seen of the picture, in shares. */
  middle() {
    const { width, height } = this.room();
    return this.spotAt(width / 2, height / 2);
  }

  spotAt(x, y) {
    const { width, height } = this.size ?? { width: 1, height: 1 };
    return { x: (x - this.x) / (width * this.scale), y: (y - this.y) / (height * this.scale) };
  }

  /** Where on the stage a point of the picture is, given in shares. */
  placeOf({ x, y }) {
    const { width, height } = this.size ?? { width: 0, height: 0 };
    return [this.x + x * width * this.scale, this.y + y * height * this.scale];
  }

  room() {
    return { width: this.stage.clientWidth, height: this.stage.clientHeight };
  }

  /** Puts picture and divider where they belong; a picture smaller than the stage stays in its middle. */
  place() {
    if (!this.size) return;
    const { width, height } = this.room();
    const [wide, high] = [this.size.width * this.scale, this.size.height * this.scale];
    const within = (at, shown, room) => (shown <= room ? (room - shown) / 2 : Math.min(0, Math.max(room - shown, at)));
    this.x = within(this.x, wide, width);
    this.y = within(this.y, high, height);
    for (const image of [this.before, this.after, this.certainty]) {
      image.style.width = `${this.size.width}px`;
      image.style.height = `${this.size.height}px`;
      image.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    }
    this.stage.classList.toggle("zoomed", wide > width + 1 || high > height + 1);
    this.stage.classList.toggle("large", this.scale * devicePixelRatio > 2);
    this.cut(Number(this.slider.value));
    this.stage.dispatchEvent(new Event("placed"));
  }

  /** Puts the divider at so many percent of what is seen of the picture. */
  cut(percent) {
    const [left, right] = this.seen();
    this.stage.style.setProperty("--cut", `${left + ((right - left) * percent) / 100}px`);
  }

  seen() {
    const { width } = this.room();
    return [Math.max(0, this.x), Math.min(width, this.x + this.size.width * this.scale)];
  }

  divideAt(x) {
    const [left, right] = this.seen();
    this.slider.value = Math.min(100, Math.max(0, ((x - left) / (right - left)) * 100));
    this.place();
  }

  listen() {
    const { stage } = this;
    const at = (event) => {
      const box = stage.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), ...at(event));
    }, { passive: false });
    stage.addEventListener("dblclick", (event) => {
      if (this.painting) return;
      if (stage.classList.contains("zoomed")) this.fit();
      else this.zoom(Math.max(1 / devicePixelRatio / this.scale, 3), ...at(event));
    });
    stage.addEventListener("pointerdown", (event) => {
      if (!this.size || event.button) return;
      stage.setPointerCapture(event.pointerId);
      const onDivider = event.target.closest(".divider") && !stage.classList.contains("single");
      this.dividing = onDivider || !(stage.classList.contains("zoomed") || this.painting);
      this.pointers.set(event.pointerId, at(event));
      stage.classList.toggle("moving", !this.dividing);
    });
    stage.addEventListener("pointermove", (event) => {
      const old = this.pointers.get(event.pointerId);
      if (!old) return;
      const now = at(event);
      this.pointers.set(event.pointerId, now);
      if (this.pointers.size === 2) this.pinch(event.pointerId, old, now);
      else if (this.dividing) this.divideAt(now[0]);
      else this.move(now[0] - old[0], now[1] - old[1]);
    });
    for (const kind of ["pointerup", "pointercancel"]) {
      stage.addEventListener(kind, (event) => {
        this.pointers.delete(event.pointerId);
        stage.classList.remove("moving");
      });
    }
    stage.addEventListener("keydown", (event) => {
      const step = 60;
      const act = {
        "+": () => this.zoom(STEP), "=": () => this.zoom(STEP), "-": () => this.zoom(1 / STEP),
        0: () => this.fit(), 1: () => this.full(),
        ArrowLeft: () => this.move(step, 0), ArrowRight: () => this.move(-step, 0),
        ArrowUp: () => this.move(0, step), ArrowDown: () => this.move(0, -step),
      }[event.key];
      if (!act || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      act();
    });
    const buttons = { smaller: () => this.zoom(1 / STEP), larger: () => this.zoom(STEP), fit: () => this.fit(), full: () => this.full() };
    for (const [id, act] of Object.entries(buttons)) document.getElementById(id).addEventListener("click", act);
  }

  pinch(moved, old, now) {
    const [, other] = [...this.pointers].find(([id]) => id !== moved);
    const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
    this.zoom(apart(now) / apart(old), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    this.move((now[0] - old[0]) / 2, (now[1] - old[1]) / 2);
  }
}

/** Loads a picture before it replaces what an image shows; tells whether it could be shown and is still wanted. */
async function load(image, address, wanted) {
  if (image.dataset.address === address) return true;
  if (!(await loaded(new Image(), address)) || !wanted()) return false; // a later one may have come sooner
  image.dataset.address = address;
  return (await loaded(image, address)) && wanted();
}

/** Gives an image its picture; tells whether it has come. */
function loaded(image, address) {
  return new Promise((resolve) => {
    image.onload = () => resolve(true);
    image.onerror = () => resolve(false);
    image.src = address;
  });
}
