// The form that says what is done to a picture.

/** Reads and shows the settings; calls `moving(name)` while a slider is moved, `changed()` when something is changed. */
export class SettingsForm {
  constructor(form, models, { moving, changed }) {
    this.form = form;
    this.models = models;
    form.addEventListener("input", (event) => {
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

  read() {
    const values = new FormData(this.form);
    return {
      task: values.get("task"),
      strength: Number(values.get("strength")),
      vividness: Number(values.get("vividness")),
      like: values.get("like") || null,
      model: values.get("model") || null,
    };
  }

  show(settings) {
    const { task, strength, vividness, like, model } = this.form.elements;
    task.value = settings.task;
    this.offerModels();
    [strength.value, vividness.value] = [settings.strength, settings.vividness];
    [like.value, model.value] = [settings.like ?? "", settings.model ?? ""];
    this.label();
  }

  /** Offers the models of the task where there is a choice. */
  offerModels() {
    const { task, model } = this.form.elements;
    const fitting = this.models.filter((each) => each.task === task.value);
    model.replaceChildren(new Option("the usual one", ""), ...fitting.map(({ name, summary }) => new Option(summary || name, name)));
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
    const { task, strength, vividness, like } = this.form.elements;
    vividness.closest(".slider").hidden = task.value === "denoise";
    document.getElementById("likes").hidden = task.value === "denoise" || like.options.length < 2;
    for (const slider of [strength, vividness]) {
      const text = `${Math.round(slider.value * 100)}%`;
      document.getElementById(`${slider.name}-shown`).textContent = text;
      slider.setAttribute("aria-valuetext", text);
    }
  }
}
