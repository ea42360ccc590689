// A plot of curves over steps, as SVG: no more than the laboratory needs.

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [280, 72, 12, 8, 28];
const SVG = "http://www.w3.org/2000/svg";

/**
 * Draws curves.
 * @param {{name: string, color: number, faint: boolean, steps: number[], values: number[]}[]} curves
 * @param {boolean} logarithmic whether equal ratios of values are equally far apart.
 * @param {number} width in pixels.
 */
export function chart(curves, logarithmic, width) {
  const svg = make("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img" });
  const drawn = curves.filter((curve) => curve.steps.length);
  if (!drawn.length) return svg;
  svg.setAttribute("aria-label", drawn.map(({ name, values }) => `${name}: last ${short(values.at(-1))}`).join("; "));
  const scale = logarithmic && drawn.every(({ values }) => values.every((value) => value > 0)) ? Math.log10 : (value) => value;
  const values = drawn.flatMap((curve) => curve.values.map(scale));
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (high - low < 1e-9) [low, high] = [low - 0.5, high + 0.5];
  const last = Math.max(1, ...drawn.map(({ steps }) => steps.at(-1)));
  const x = (step) => LEFT + (step / last) * (width - LEFT - RIGHT);
  const y = (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  for (let i = 0; i <= 4; i++) {
    const value = low + ((high - low) * i) / 4;
    svg.append(make("line", { class: "rule", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }));
    const shown = scale === Math.log10 ? 10 ** value : value;
    svg.append(make("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, short(shown)));
    const step = Math.round((last * i) / 4);
    const anchor = i === 0 ? "start" : i === 4 ? "end" : "middle";
    svg.append(make("text", { x: x(step), y: HEIGHT - 6, "text-anchor": anchor }, step.toLocaleString("en")));
  }
  for (const curve of drawn) {
    const points = curve.steps.map((step, at) => `${x(step).toFixed(1)},${y(scale(curve.values[at])).toFixed(1)}`);
    const kind = `line c${curve.color % 6} ${curve.faint ? "faint" : ""} ${points.length === 1 ? "dot" : ""}`;
    const line = make("polyline", { class: kind, points: [...points, points.at(-1)].join(" ") });
    line.append(make("title", {}, curve.name));
    svg.append(line);
  }
  return svg;
}

/** A number with four digits. */
export const short = (value) => (value === null || value === undefined ? "–" : Number(value.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4 }));

function make(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}
