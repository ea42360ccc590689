// The palette: the color that is given next, from swatches, a chooser, or the picture itself.

const SWATCHES = [
  ["skin", "#d8a582"], ["brick red", "#a8382c"], ["rose", "#d27a92"], ["orange", "#d2782e"], ["straw yellow", "#d6b85a"],
  ["wood brown", "#84572f"], ["leaf green", "#5b8a3c"], ["sea green", "#3f8d86"], ["sky blue", "#6ca0d2"],
  ["navy blue", "#35539a"], ["violet", "#7b559c"], ["gray, no color", "#808080"],
];

/** Says how a color is called. */
export const nameOf = (color) => SWATCHES.find(([, value]) => value === color)?.[0] ?? color;

/** Lets the person choose a color; calls `chosen(color)` with each that is chosen. */
export class Palette {
  constructor(element, chosen) {
    this.own = element.querySelector("input[type=color]");
    this.color = SWATCHES[0][1];
    const choose = (color) => chosen(this.show(color));
    this.swatches = SWATCHES.map(([name, color]) => swatch(name, color));
    element.querySelector(".swatches").prepend(...this.swatches);
    element.addEventListener("change", (event) => event.target.type === "radio" && choose(event.target.value));
    this.own.addEventListener("input", () => choose(this.own.value));
    this.show(this.color);
  }

  /** Shows a color as the one that is chosen, and returns it. */
  show(color) {
    this.color = color;
    this.own.value = color;
    for (const each of this.swatches) each.firstElementChild.checked = each.firstElementChild.value === color;
    this.own.parentElement.classList.toggle("chosen", !this.swatches.some((each) => each.firstElementChild.checked));
    return color;
  }
}

function swatch(name, color) {
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "color", value: color, title: name });
  input.setAttribute("aria-label", name);
  const spot = document.createElement("span");
  spot.style.setProperty("--c", color);
  label.append(input, spot);
  return label;
}

/** Returns the color of an image about a point, given as shares of its width and height, as #rrggbb. */
export function colorAt(image, { x, y }) {
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  const side = Math.max(1, Math.round(Math.min(width, height) / 100)); // a mean: single pixels have noise
  pen.drawImage(image, x * width - side / 2, y * height - side / 2, side, side, 0, 0, 1, 1);
  const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((level) => level.toString(16).padStart(2, "0")).join("")}`;
}
