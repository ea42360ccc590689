// The form that says what is done to a picture.

/** Reads and shows the settings; calls `moving(name)` while a slider is moved, `changed()` when something is changed. */
export class SettingsForm {
  constructor(form, choices, { moving, changed }) {
    this.form = form;
    this.choices = choices;
    this.strength = form.elements.strength.value;
    form.addEventListener("input", (event) => {
      this.keepTogether();
      this.label();
      moving(event.target.name);
    });
    form.addEventListener("change", (event) => {
      if (event.target.name === "task") this.offerModels();
      this.label();
      changed();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    this.offerModels();
    this.label();
  }

  /** Moves the strength for colors along with that of the whole, as long as both are the same. */
  keepTogether() {
    const { strength, chroma_strength: chroma } = this.form.elements;
    if (chroma.value === this.strength) chroma.value = strength.value;
    this.strength = strength.value;
  }

  read() {
    const values = new FormData(this.form);
    const [strength, chroma] = [values.get("strength"), values.get("chroma_strength")].map(Number);
    return {
      task: values.get("task"),
      strength,
      chroma_strength: chroma === strength ? null : chroma,
      vividness: Number(values.get("vividness")),
      like: values.get("like") || null,
      model: values.get("model") || null,
    };
  }

  show(settings) {
    const { task, strength, chroma_strength: chroma, vividness, like, model } = this.form.elements;
    task.value = settings.task;
    this.offerModels();
    [strength.value, vividness.value] = [settings.strength, settings.vividness];
    chroma.value = settings.chroma_strength ?? settings.strength;
    this.strength = strength.value;
    [like.value, model.value] = [settings.like ?? "", settings.model ?? ""];
    this.label();
  }

  /** Offers the ways to do the task where there is a choice. */
  offerModels() {
    const { task, model } = this.form.elements;
    const fitting = this.choices.filter((each) => each.task === task.value);
    model.replaceChildren(new Option("the usual one", ""), ...fitting.map(({ name, summary }) => new Option(`${summary} (${name})`, name)));
    document.getElementById("models").hidden = fitting.length < 2;
  }

  /** Offers pictures, {id, name}, whose colors another may get. */
  offerLikes(pictures, value) {
    const { like } = this.form.elements;
    like.replaceChildren(new Option("none", ""), ...pictures.map(({ id, name }) => new Option(name, id)));
    like.value = value ?? "";
    this.label();
  }

  label() {
    const { task, strength, chroma_strength: chroma, vividness, like } = this.form.elements;
    chroma.closest(".slider").hidden = task.value === "colorize";
    vividness.closest(".slider").hidden = task.value === "denoise";
    document.getElementById("likes").hidden = task.value === "denoise" || like.options.length < 2;
    for (const slider of [strength, chroma, vividness]) {
      const text = `${Math.round(slider.value * 100)}%`;
      document.getElementById(`${slider.name}-shown`).textContent = text;
      slider.setAttribute("aria-valuetext", text);
    }
  }
}
