// What the tabs share: which initialization is looked at, asking the server, and telling what it refuses.
import { post } from "./api.js";
import { element } from "./numbers.js";

export class View {
  constructor(host, path, intro) {
    Object.assign(this, { host, path });
    this.select = element("select", { "aria-label": "Initialization" });
    this.controls = element("div", { class: "controls" }, element("label", {}, "Initialization ", this.select));
    this.told = element("p", { role: "status", class: "hint" });
    this.error = element("p", { role: "alert", class: "error" });
    this.body = element("div", { class: "body" });
    host.replaceChildren(element("p", { class: "intro", text: intro }), this.controls, this.told, this.error, this.body);
    this.select.addEventListener("change", () => this.show());
    this.key = null;
  }

  // Look at the run on show; asked again only when it has changed.
  open(run, experiment) {
    this.experiment = experiment;
    if (this.key === run.id) return;
    this.key = run.id;
    const before = this.select.value;
    this.select.replaceChildren(...run.schemes.map((name) => element("option", { value: name, text: name })));
    this.select.value = run.schemes.includes(before) ? before : run.schemes.at(-1);
    this.run = run;
    this.prepare?.();
    this.show();
  }

  async ask(more, words) {
    this.error.textContent = "";
    this.told.textContent = words;
    this.host.dataset.state = "asking";
    const asked = (this.asked = {});
    try {
      const found = await post(this.path, { experiment: this.experiment, scheme: this.select.value, ...more });
      if (this.asked !== asked) return null;
      this.host.dataset.state = "done";
      this.told.textContent = "";
      return found;
    } catch (refusal) {
      if (this.asked !== asked) return null;
      this.host.dataset.state = "refused";
      this.told.textContent = "";
      this.error.textContent = refusal.message;
      this.body.replaceChildren();
      return null;
    }
  }
}
