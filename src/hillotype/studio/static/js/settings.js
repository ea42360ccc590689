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
      model: values.get("model") || null,
    };
  }

  show(settings) {
    const { task, strength, vividness, model } = this.form.elements;
    task.value = settings.task;
    this.offerModels();
    [strength.value, vividness.value, model.value] = [settings.strength, settings.vividness, settings.model ?? ""];
    this.label();
  }

  /** Offers the models of the task where there is a choice. */
  offerModels() {
    const { task, model } = this.form.elements;
    const fitting = this.models.filter((each) => each.task === task.value);
    model.replaceChildren(new Option("the usual one", ""), ...fitting.map(({ name, summary }) => new Option(summary || name, name)));
    document.getElementById("models").hidden = fitting.length < 2;
  }

  label() {
    const { task, strength, vividness } = this.form.elements;
    vividness.closest(".slider").hidden = task.value === "denoise";
    for (const slider of [strength, vividness]) {
      const text = `${Math.round(slider.value * 100)}%`;
      document.getElementById(`${slider.name}-shown`).textContent = text;
      slider.setAttribute("aria-valuetext", text);
    }
  }
}
