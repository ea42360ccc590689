// The laboratory: runs while they train, side by side, recipes to start, reports, codes to explore.

import { get, post, UNANSWERED } from "./api.js";
import { chart, short } from "./chart.js";
import { Explorer } from "./explorer.js";
import { duration } from "./film.js";

const MOST = 6; // runs side by side
const WORDS = { training: "Training", stopping: "Stopping", stopped: "Stopped", finished: "Finished" };
const MEASURES = { Loss: ["training", "validation"], "PSNR, dB": ["PSNR, dB"] };

const part = (id) => document.getElementById(id);
const chosen = new Map(); // id -> details, in the order in which they were chosen
let overview = { runs: [], training: { going: false, stopping: false, name: "", message: "" }, pictures: "" };
let recipes = [];
let measure = "Loss";
const explorer = new Explorer();
addEventListener("resize", () => draw());

async function start() {
  for (const name of Object.keys(MEASURES)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.onclick = () => {
      measure = name;
      draw();
    };
    part("measures").append(button);
  }
  part("start").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(train);
  });
  part("start").elements.recipe.onchange = describeRecipe;
  part("stop").onclick = () => attempt(stop);
  const events = new EventSource("api/v1/laboratory/events");
  events.onmessage = (event) => show(JSON.parse(event.data));
  events.onopen = () => warn("");
  events.onerror = () => warn(UNANSWERED);
  recipes = await get("laboratory/recipes");
  part("start").elements.recipe.replaceChildren(...recipes.map(offer));
  describeRecipe();
  const reports = await get("laboratory/reports");
  part("reports-part").hidden = !reports.length;
  part("reports").replaceChildren(...reports.map(({ id, name }) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `api/v1/laboratory/reports/${id}`;
    link.target = "_blank";
    link.textContent = name;
    item.append(link);
    return item;
  }));
}

function warn(text) {
  part("banner").textContent = text;
  part("banner").hidden = !text;
}

async function attempt(act) {
  try {
    warn("");
    await act();
  } catch (error) {
    warn(error.message);
  }
}

/** Shows the overview; runs that are chosen and have logged something are read again. */
function show(state) {
  const before = new Map(overview.runs.map((run) => [run.id, run]));
  overview = state;
  part("no-runs").hidden = state.runs.length > 0;
  const rows = new Map([...part("runs").children].map((row) => [row.dataset.id, row]));
  const shown = state.runs.map((run) => {
    const row = rows.get(run.id) ?? makeRow(run);
    row.querySelector("strong").textContent = run.name;
    row.querySelector("small").textContent = describe(run);
    const bar = row.querySelector("progress");
    bar.hidden = run.status !== "training" || run.done === null;
    bar.value = run.done ?? 0;
    bar.setAttribute("aria-label", `${run.name}: progress`);
    const same = ["changed", "status"].every((key) => before.get(run.id)?.[key] === run[key]);
    if (chosen.has(run.id) && !same) read(run.id);
    return row;
  });
  forget([...chosen.keys()].filter((id) => !state.runs.some((run) => run.id === id)));
  arrange(part("runs"), shown);
  showTraining(state.training);
  if (state.pictures !== part("own").dataset.pictures) offerPictures(state.pictures);
}

/** Shows runs no more whose folders are gone. */
function forget(ids) {
  for (const id of ids) chosen.delete(id);
  if (ids.length) draw();
}

/** Offers the pictures that the studio was started with to train on. */
function offerPictures(name) {
  part("own").dataset.pictures = name;
  part("own").hidden = !name;
  part("own").querySelector("span").textContent = `On the pictures in ${name}`;
}

function describe(run) {
  const steps = `${run.step.toLocaleString("en")}${run.steps ? ` of ${run.steps.toLocaleString("en")}` : ""} steps`;
  return [WORDS[run.status], steps, `validation ${short(run.validation_loss)}`].join(" · ");
}

function showTraining(training) {
  part("stop").hidden = !training.going;
  part("stop").disabled = training.stopping;
  const words = training.stopping ? WORDS.stopping : WORDS.training;
  part("training").textContent = training.going ? `${words} ${training.name}.` : training.message;
  part("training").classList.toggle("bad", !training.going && Boolean(training.message));
  if (training.message) part("start-part").open = true;
}

function makeRow(run) {
  const row = part("run").content.firstElementChild.cloneNode(true);
  row.dataset.id = run.id;
  const box = row.querySelector("input");
  box.onchange = () => {
    if (!box.checked) chosen.delete(run.id);
    else if (chosen.size < MOST) {
      chosen.set(run.id, null);
      return void read(run.id);
    } else box.checked = false;
    draw();
  };
  return row;
}

/** Reads a run; while it trains, this happens each second, and what else is said stays. */
async function read(id) {
  try {
    const details = await get(`laboratory/runs/${id}`);
    const late = chosen.get(id)?.changed > details.changed;
    if (chosen.has(id) && !late) chosen.set(id, details);
    draw();
  } catch (error) {
    warn(error.message);
  }
}

function draw() {
  const runs = [...chosen.values()].filter(Boolean);
  part("hint").hidden = runs.length > 0;
  part("plot").hidden = !runs.length;
  for (const button of part("measures").children) button.setAttribute("aria-pressed", String(button.textContent === measure));
  const curves = runs.flatMap((run, at) =>
    run.curves
      .filter(({ name }) => MEASURES[measure].includes(name))
      .map((curve) => ({ ...curve, name: `${run.name}, ${curve.name}`, color: at, faint: curve.name === "training" })),
  );
  const told = curves.some(({ steps }) => steps.length);
  part("chart").hidden = !told;
  part("chart").replaceChildren(chart(curves, measure === "Loss", Math.max(280, part("chart").clientWidth)));
  const about = measure === "Loss" ? "Loss over steps; training faint, validation strong." : "PSNR of validation pictures over steps.";
  part("chart-about").textContent = told ? about : "Nothing of this is logged yet.";
  const columns = new Map([...part("columns").children].map((column) => [column.dataset.id, column]));
  arrange(part("columns"), runs.map((run, at) => fill(columns.get(run.id) ?? makeColumn(run), run, at)));
}

/** Makes these the children of an element; what is in its place already stays, and keeps the focus. */
function arrange(parent, children) {
  children.forEach((child, at) => {
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
  });
  while (parent.children.length > children.length) parent.lastChild.remove();
}

function makeColumn(run) {
  const column = part("column").content.firstElementChild.cloneNode(true);
  column.dataset.id = run.id;
  column.querySelector(".explore").onclick = () => explorer.open(run);
  column.querySelector(".resume").onclick = () => attempt(() => post(`laboratory/runs/${run.id}/resume`));
  return column;
}

function fill(column, run, at) {
  const swatch = document.createElement("span");
  swatch.className = `swatch c${at % 6}`;
  column.querySelector("h3").replaceChildren(swatch, run.name);
  const entries = {
    "": run.summary,
    task: `${run.task}, ${run.model}`,
    steps: `${run.step.toLocaleString("en")} in ${duration(run.seconds)}`,
    "validation loss": short(run.validation_loss),
    PSNR: run.validation_psnr === null ? "" : `${short(run.validation_psnr)} dB${run.untouched_psnr === null ? "" : ` (left alone: ${short(run.untouched_psnr)} dB)`}`,
  };
  column.querySelector("dl").replaceChildren(
    ...Object.entries(entries).filter(([, value]) => value).flatMap(([key, value]) => {
      const [term, text] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = key || "what";
      text.textContent = value;
      return [term, text];
    }),
  );
  const image = column.querySelector("img");
  image.hidden = column.querySelector(".samples-about").hidden = !run.samples;
  image.alt = `Samples of ${run.name}`;
  const address = `api/v1/laboratory/runs/${run.id}/samples?at=${run.changed}`;
  if (run.samples && image.getAttribute("src") !== address) image.src = address;
  column.querySelector(".resume").hidden = run.status !== "stopped";
  column.querySelector("pre").textContent = run.recipe;
  return column;
}

/** A recipe to choose; not where it needs pictures and the studio was given none, and then it says so. */
function offer({ id, name, ready }) {
  const option = new Option(ready ? name : `${name} (needs hillotype studio --data FOLDER)`, id);
  option.disabled = !ready;
  return option;
}

function describeRecipe() {
  const { recipe, name } = part("start").elements;
  const { summary = "", task, model, data = [], name: full = "" } = recipes.find(({ id }) => id === recipe.value) ?? {};
  const pictures = data.length ? data.join(", ") : "for pictures of your own";
  part("recipe-about").textContent = [summary, `${task}, ${model}`, pictures].filter(Boolean).join(" · ");
  const { own } = part("start").elements;
  own.checked = own.disabled = !data.length;
  name.value = full.replaceAll("/", "-");
}

async function train() {
  const values = new FormData(part("start"));
  const minutes = values.get("minutes") ? Number(values.get("minutes")) : null;
  await post("laboratory/runs", { recipe: values.get("recipe"), name: values.get("name"), minutes, own: part("start").elements.own.checked });
}

async function stop() {
  showTraining({ ...overview.training, stopping: true }); // the studio says so a moment later
  await post("laboratory/stop");
}

attempt(start);
