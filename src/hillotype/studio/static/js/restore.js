// The page that restores: what the person does becomes calls of the API, what the studio tells becomes what is seen.

import { get, openSession, UNANSWERED } from "./api.js";
import { Certainty } from "./certainty.js";
import { Colors } from "./colors.js";
import { Compare } from "./compare.js";
import { FilmView, hasFrame, PREVIEW } from "./film.js";
import { isReadable, suffixOf, takeFiles } from "./files.js";
import { describe, isGoing, List } from "./list.js";
import { SaveAll } from "./save.js";
import { SettingsForm } from "./settings.js";

const AT_ONCE = 3; // uploads; a browser opens six connections, and some must be left for pictures

const part = (id) => document.getElementById(id);
const jobs = new Map(); // by id, in the order in which they came
const removed = new Set(); // ids of those that were; what the studio said of them before it knew may still come
let chosen = null;
let session, list, compare, form, colors, certainty, film, saveAll, about;

/** Gets all ready; returns the suffixes of files that are taken. */
async function start() {
  const [choices, told] = await Promise.all([get("choices"), get("about")]);
  about = told;
  part("pages").hidden = !about.laboratory;
  part("films-too").hidden = !about.films;
  const suffixes = [...about.picture_suffixes, ...about.film_suffixes];
  part("files").accept = ["image/*", "video/*", ...suffixes].join();
  session = await openSession();
  compare = new Compare(part("stage"), part("cut"));
  form = new SettingsForm(part("settings"), choices, { moving, changed: () => restart(read()) });
  colors = new Colors(compare, session, { read, apply: restart, show, say, warn });
  certainty = new Certainty(compare, { address: (job) => session.address(job.id, `certainty?run=${job.run}`), warn });
  list = new List(part("list"), session.address, { pick, stop: attempt(session.cancel), drop: dropOne });
  film = new FilmView({ makeWhole: () => restart({ ...read(), preview: null }), say: warn });
  part("list").addEventListener("click", ({ isTrusted, target }) => {
    if (isTrusted && target.closest(".pick")) part("stage").scrollIntoView({ block: "nearest" }); // it lies above on a phone
  });
  part("again").onclick = () => restart({ ...read(), preview: jobs.get(chosen).settings.preview });
  part("for-all").onclick = restartAll;
  part("clear").onclick = () => {
    if (confirm(`Remove all ${jobs.size} pictures and what was made of them?`)) [...jobs.keys()].forEach(drop);
  };
  saveAll = new SaveAll(part("save-all"), session.archive(), { unapplied, apply: applyColors, changed: showCounts });
  session.listen(changed, lost);
  return suffixes;
}

/** Tells whether all of a film is made or being made, which takes hours: that is not undone in passing. */
const isWhole = (job) => job.film && !job.settings.preview && (job.status === "done" || isGoing(job));

const isFilm = (name) => about.film_suffixes.includes(suffixOf(name));

/** What is wanted of the chosen picture. */
function read() {
  const job = jobs.get(chosen);
  return withColors(job, { ...form.read(), preview: job.film ? PREVIEW : null });
}

/**
 * Settings with the colors given to a picture; one that was left as it is becomes colored once it is given some. The
 * picture whose colors it was like may have been removed.
 */
function withColors(job, settings) {
  const hints = colors.hints(job);
  const left = settings.task === "restore" && job.status === "done" && !job.steps.includes("colorize");
  const like = jobs.has(settings.like) ? settings.like : null;
  return { ...settings, hints, like, task: left && hints.length ? "colorize" : settings.task };
}

/** Shows more or less vivid colors while the slider is moved. */
function moving(name) {
  if (name === "vividness" && jobs.get(chosen)?.steps.includes("colorize")) colors.preview();
}

function say(text) {
  part("told").textContent = text;
}

function warn(text) {
  part("banner").textContent = text;
  part("banner").hidden = !text;
}

/** The same function, which shows what is refused in place of throwing it. */
function attempt(act) {
  return async (...given) => {
    try {
      warn("");
      return await act(...given);
    } catch (error) {
      warn(error.message);
    }
  };
}

function lost(ended) {
  if (ended === null) warn("");
  else if (ended) warn("The pictures of this page are removed: the studio ended, or the page was away for ten minutes. Load it anew.");
  else warn(UNANSWERED);
}

/** Sends files, some at a time; each is in the list from the start. */
async function send(files) {
  const waiting = files.map(({ file, name }) => {
    const settings = { ...form.read(), hints: [], preview: isFilm(name) ? PREVIEW : null };
    const id = `sending-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
    changed({ id, name, status: "sending", settings, film: null, progress: 0, steps: [], notes: [], message: "", result: "", run: 0 });
    return { id, file, name };
  });
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await sendOne(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function sendOne({ id, file, name }) {
  if (!jobs.has(id)) return; // it was taken out of the list meanwhile
  const { settings } = jobs.get(id);
  try {
    if (!(await isReadable(file))) throw new Error("The file cannot be read; see whether it is there and yours to read.");
    const most = isFilm(name) ? about.max_film_bytes : about.max_bytes;
    if (file.size > most) throw new Error(`The file is larger than ${Math.round(most / 1e6)} MB, the limit here; reduce it.`);
    // A film that cannot be read here is not sent for nothing: the studio says why at its name.
    const job = await session.add(isFilm(name) && !about.films ? null : file, name, settings);
    const wanted = jobs.get(id)?.settings;
    if (!jobs.delete(id)) return drop(job.id);
    list.rename(id, job.id);
    colors.forget(id);
    if (chosen === id) chosen = job.id;
    changed(jobs.get(job.id) ?? job); // an event may have told more already
    if (wanted !== settings) attempt(redo)(job, wanted);
  } catch (error) {
    const job = jobs.get(id);
    if (job) changed({ ...job, status: "failed", message: error.message });
  }
}

/** Shows a job as it is now. */
function changed(job) {
  if (removed.has(job.id)) return;
  const before = jobs.get(job.id);
  jobs.set(job.id, job);
  list.show(job);
  if (chosen === null) pick(job.id);
  else if (chosen === job.id) showChosen();
  if (before?.status !== job.status) offerLikes();
  if (before && isGoing(before) && !isGoing(job)) say(`${job.name}: ${describe(job)}`);
  showCounts();
}

function pick(id) {
  chosen = id;
  list.choose(id);
  offerLikes();
  form.show(jobs.get(id).settings);
  showChosen();
}

/** Offers the colors of those pictures that have some of their own, and of the one that was taken, whatever is made of it since. */
function offerLikes() {
  const like = jobs.get(chosen)?.settings.like;
  const colored = (job) => job.status === "done" && !job.film && !job.steps.includes("colorize");
  form.offerLikes([...jobs.values()].filter((job) => job.id !== chosen && (job.id === like || colored(job))), like);
}

function show() {
  showChosen();
  showCounts();
}

function showChosen() {
  const job = jobs.get(chosen);
  colors.open(job);
  certainty.open(job);
  const done = job.status === "done";
  const preview = colors.previewOf(job);
  const pending = colors.pending(job);
  part("name").textContent = job.name;
  part("done").textContent = pending
    ? "A preview, reduced. Apply gives the picture these colors in full."
    : [describe(job), ...job.notes].join(" · ");
  part("done").classList.toggle("bad", job.status === "failed");
  const working = part("working");
  working.hidden = !isGoing(job) && job.status !== "failed";
  working.textContent = describe(job);
  const save = part("save");
  const ready = done && !pending;
  save.setAttribute("aria-disabled", String(!ready));
  film.show(job, done && session.address(job.id, `result?run=${job.run}`));
  if (ready) {
    save.href = session.address(job.id, "result");
    save.download = job.result.split("/").pop();
  } else save.removeAttribute("href");
  part("again").hidden = !["cancelled", "failed"].includes(job.status) || job.id.startsWith("sending");
  save.hidden = !part("again").hidden; // there is nothing to save
  part("again").textContent = job.film?.begun && !job.settings.preview ? "Continue" : "Start again";
  showPicture(job, preview);
}

/** Shows the chosen picture, or a frame of the film, before and after. */
function showPicture(job, preview) {
  part("shown-right").textContent = preview ? "preview" : "after";
  compare.before.alt = `${job.name}, before`;
  compare.after.alt = `${job.name}, ${preview ? "preview" : "after"}`;
  const there = !job.id.startsWith("sending") && job.status !== "failed";
  part("paint").hidden = !there || Boolean(job.film) || form.read().task === "denoise";
  if (part("paint").hidden) colors.paint(false);
  const known = compare.shown?.includes(job.id);
  if (!there || (job.film && !known && !hasFrame(job))) return compare.clear();
  // While it is done again with other settings, the last result stays in sight.
  const done = job.status === "done";
  if (known && !preview && !done) return;
  const before = session.address(job.id, job.film ? `before?run=${job.run}&${job.status}` : "before");
  compare.show(before, preview ?? (done && session.address(job.id, `after?run=${job.run}`)));
}

function showCounts() {
  const all = [...jobs.values()];
  const done = all.filter((job) => job.status === "done").length;
  document.querySelector("main").classList.toggle("empty", !all.length);
  for (const section of document.querySelectorAll(".bench, .side")) section.hidden = !all.length;
  const failed = all.filter((job) => job.status === "failed").length;
  const counts = `: ${done} of ${all.length} done${failed ? `, ${failed} failed` : ""}`;
  part("list-title").textContent = `Pictures${all.length > 1 ? counts : ""}`;
  saveAll.show(all);
  part("for-all").hidden = part("clear").hidden = all.length < 2;
}

const restart = attempt(async (settings) => {
  const job = jobs.get(chosen);
  if (!job) return;
  if (settings.preview && isWhole(job) && !confirm(`${job.name}: another setting replaces the whole film by a new preview. Go on?`)) {
    return form.show(job.settings);
  }
  form.show(settings);
  await redo(job, settings);
});

/** Has a picture done with these settings; one that is being sent, once it is there. */
async function redo(job, settings) {
  if (job.id.startsWith("sending")) return changed({ ...job, settings: { ...settings, preview: job.settings.preview } });
  const answer = await session.restart(job.id, settings);
  if (answer.run > (jobs.get(job.id)?.run ?? Infinity)) changed(answer); // else events have told more already
}

const restartAll = attempt(async () => {
  const common = form.read();
  for (const job of jobs.values()) {
    const like = common.like === job.id ? null : common.like;
    const settings = { ...common, like, hints: colors.hints(job), preview: job.settings.preview }; // the last two are its own
    const same = Object.entries(settings).every(([key, value]) => String(job.settings[key]) === String(value));
    if (job.film) settings.preview = PREVIEW;
    if ((same && job.status === "done") || isWhole(job)) continue;
    await redo(job, settings).catch((error) => {
      if (jobs.has(job.id)) throw error; // else it was taken out of the list meanwhile
    });
  }
});

/** Pictures that are done, but with other colors than those given to them since. */
const unapplied = () => [...jobs.values()].filter((job) => job.status === "done" && colors.pending(job));

/** Returns the run that applies its colors to a picture; 0 if it was taken out of the list meanwhile. */
const applyColors = attempt(async (job) => {
  return jobs.has(job.id) ? (await session.restart(job.id, withColors(job, job.settings))).run : 0;
});

function dropOne(id) {
  const job = jobs.get(id);
  if (!isWhole(job) || confirm(`Remove ${job.name}, which is made whole?`)) drop(id);
}

function drop(id) {
  if (!id.startsWith("sending")) attempt(session.remove)(id);
  const next = list.neighbor(id);
  removed.add(id);
  jobs.delete(id);
  colors.forget(id);
  list.remove(id);
  offerLikes();
  if (chosen === id) {
    chosen = null;
    if (next) pick(next);
    else compare.clear();
  }
  showCounts();
  if (!jobs.size) part("choose").focus();
}

addEventListener("beforeunload", (event) => {
  const going = (job) => job.status === "sending" || (job.film && isGoing(job)); // pictures that are sent go on without it
  if ([...jobs.values()].some((job) => going(job) || colors.pending(job))) event.preventDefault(); // work may be lost
});

const started = start();
started.catch((error) => warn(error.message));
takeFiles(started, send, (text) => (part("left-out").textContent = text));
