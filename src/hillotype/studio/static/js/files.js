// Pictures and films that are dropped, chosen or pasted: files with the names they have in their folder.

/** The end of a name that says what kind of file it is, with the dot, in lower case. */
export const suffixOf = (name) => name.slice(name.lastIndexOf(".")).toLowerCase();

/**
 * Takes files from everywhere on the page, from the start: nobody has to wait with dropping.
 * @param {Promise<string[]>} suffixes of pictures and films, once the studio has told them.
 * @param {(files: {file: File, name: string}[]) => void} take is called with what comes.
 * @param {(text: string) => void} say is told what is left out, and when that is past.
 */
export function takeFiles(suffixes, take, say) {
  const body = document.body;
  let inside = 0;
  const over = (change) => body.classList.toggle("dropping", (inside += change) > 0);
  addEventListener("dragenter", () => over(1));
  addEventListener("dragleave", () => over(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", async (event) => {
    event.preventDefault();
    inside = 0;
    over(0);
    // The entries must be asked for now: they are gone once this function has waited.
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    give(entries.length ? (await Promise.all(entries.map((entry) => inEntry(entry)))).flat() : plain(event.dataTransfer.files));
  });
  addEventListener("paste", (event) => give(plain(event.clipboardData.files)));
  for (const [button, input] of [["choose", "files"], ["more", "files"], ["choose-folder", "folder"]]) {
    const chooser = document.getElementById(input);
    document.getElementById(button).addEventListener("click", () => chooser.click());
    chooser.onchange = () => {
      give(plain(chooser.files));
      chooser.value = "";
    };
  }

  async function give(files) {
    const taken = new Set(await suffixes);
    // Of a folder only these are taken; a file that was meant itself is sent, and the studio says what is wrong.
    const known = (name) => taken.has(suffixOf(name)) && !/(^|\/)\./.test(name);
    const wanted = files.filter(({ name }) => !name.includes("/") || known(name));
    if (wanted.some(({ name }) => name.includes("/"))) wanted.sort(byName); // a folder tells its files in any order
    const left = files.length - wanted.length;
    say("");
    if (left) say(`${left} ${left === 1 ? "file that is no picture was" : "files that are no pictures were"} left out.`);
    if (wanted.length) take(wanted);
  }
}

const byName = (one, other) => one.name.localeCompare(other.name, undefined, { numeric: true });

const plain = (files) => [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

/** Tells whether a file can be read; it may be gone since it was chosen. */
export async function isReadable(file) {
  try {
    const reader = file.stream().getReader();
    await reader.read();
    reader.cancel();
    return true;
  } catch {
    return false;
  }
}

/** Waits for what is asked of an entry: null if it cannot be read. */
const asked = (ask) => new Promise(ask).catch(() => null);

async function inEntry(entry, folder = "") {
  const name = folder + entry.name;
  if (entry.isFile) return [{ file: await asked((found, lost) => entry.file(found, lost)), name }];
  const reader = entry.createReader();
  const files = [];
  for (;;) {
    const some = await asked((found, lost) => reader.readEntries(found, lost)); // a hundred at a time
    if (!some) return [...files, { file: null, name }];
    if (!some.length) return files;
    for (const each of some) files.push(...(await inEntry(each, `${name}/`)));
  }
}
