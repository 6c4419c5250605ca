// The controls of an experiment: data, network, initializations. Faults stand beside the control that they are about.
import { post } from "./api.js";
import { thumbnail } from "./canvas.js";
import { element } from "./numbers.js";
import { layers, shorthand, split, value } from "./state.js";

const FIELDS = ["layers", "activation", "optimizer", "learning_rate", "batch_size", "iterations", "seed"];
const MORE = ["momentum", "l2", "keep", "data_seed", "test_fraction", "draws", "dtype", "head"];
const WORDS = { layers: "Hidden widths, such as 10, 5 or 29×64", learning_rate: "Learning rate", batch_size: "Batch (empty: all)", iterations: "Steps", seed: "First seed", l2: "L2 penalty", keep: "Dropout keeps", data_seed: "Seed of the data", test_fraction: "Share for testing", draws: "Draws", dtype: "Number type", head: "Output" };
const LISTS = { optimizer: ["sgd", "momentum", "adam"], draws: ["streams", "course"], dtype: ["float64", "float32"], head: ["", "sigmoid", "softmax", "linear"] };
const MOST_FILE = 5_000_000;

export class Form {
  constructor(form, catalogue, changed) {
    Object.assign(this, { form, catalogue, changed });
    this.experiment = { ...catalogue.default };
    this.makeDatasets();
    this.makeFields();
    form.querySelector("#add").addEventListener("click", () => this.add());
    this.dropping(form.querySelector("#drop"));
    this.control("target").addEventListener("change", () => this.aim());
  }

  // Show an experiment in the controls.
  show(experiment) {
    this.experiment = { ...this.catalogue.default, ...experiment };
    for (const input of this.form.querySelectorAll("[name=data]")) input.checked = input.value === this.experiment.data;
    for (const name of [...FIELDS, ...MORE, "target"]) this.control(name).value = this.written(name);
    this.aimable(String(this.experiment.data).startsWith("csv:"));
    this.makeSchemes();
    this.faults([]);
  }

  written(name) {
    const given = this.experiment[name];
    return name === "layers" ? (Array.isArray(given) ? shorthand(given) : String(given)) : given ?? "";
  }

  control(name) {
    return this.form.querySelector(`#field-${name}`);
  }

  edit(name, given) {
    this.experiment = { ...this.experiment, [name]: given };
    this.changed();
  }

  makeDatasets() {
    const host = this.form.querySelector("#datasets");
    this.pictures = [];
    for (const dataset of this.catalogue.datasets) {
      const input = element("input", { type: "radio", name: "data", value: dataset.name, title: dataset.about });
      input.addEventListener("change", () => this.choose(dataset.name));
      const canvas = element("canvas", { "aria-hidden": "true" });
      host.append(element("label", { class: "thumb", title: dataset.about }, input, canvas, dataset.name.replace("_", " ")));
      this.pictures.push(() => thumbnail(canvas, dataset));
    }
    this.paint();
  }

  paint() {
    for (const picture of this.pictures) picture();
  }

  makeFields() {
    for (const [names, id] of [[FIELDS, "#fields"], [MORE, "#more-fields"]])
      for (const name of names) this.form.querySelector(id).append(this.field(name));
  }

  field(name) {
    const words = name === "activation" ? this.catalogue.activations.map((each) => each.name) : LISTS[name];
    const bounds = this.catalogue.limits[name] ?? {};
    const attributes = { id: `field-${name}`, "aria-describedby": `error-${name}` };
    const input = words
      ? element("select", attributes, ...words.map((word) => element("option", { value: word, text: word || "the data decides" })))
      : element("input", { ...attributes, type: "text", inputmode: name === "layers" ? "text" : "decimal", autocomplete: "off", title: bounds.description });
    input.addEventListener("change", () => this.edit(name, name === "layers" ? layers(input.value) : value(name, input.value)));
    const label = element("label", { for: attributes.id, text: WORDS[name] ?? name[0].toUpperCase() + name.slice(1) });
    return element("div", { class: `field${name === "layers" ? " wide" : ""}` }, label, input, element("p", { class: "error", id: `error-${name}`, role: "alert" }));
  }

  makeSchemes() {
    const host = this.form.querySelector("#schemes");
    const { colours, glyphs } = this.catalogue.palette;
    const given = Array.isArray(this.experiment.schemes) ? this.experiment.schemes : split(String(this.experiment.schemes));
    host.replaceChildren(...given.map((label, i) => this.row(label, i, colours[i % colours.length], glyphs[i % glyphs.length])));
    this.form.querySelector("#add").disabled = given.length >= 6;
  }

  row(label, i, colour, glyph) {
    const [name, written] = taken(label);
    const known = this.entry(name);
    const select = element("select", { "aria-label": `Initialization ${i + 1}`, title: known?.summary });
    const names = [...this.catalogue.schemes.map((each) => each.name), ...Object.keys(this.catalogue.aliases)].sort();
    if (!names.includes(name)) names.unshift(name);
    select.append(...names.map((each) => element("option", { value: each, text: each })));
    select.value = name;
    select.addEventListener("change", () => this.replace(i, this.fresh(select.value)));
    const drop = element("button", { type: "button", class: "remove", "aria-label": `Remove ${label}`, text: "✕" });
    drop.disabled = this.experiment.schemes.length <= 2;
    drop.addEventListener("click", () => this.replace(i, null));
    const mark = element("span", { class: "glyph", "aria-hidden": "true", text: glyph });
    mark.style.color = colour;
    const options = element("div", { class: "options" }, ...(known?.options ?? []).map((option, place) => this.option(i, name, known, option, place, written)));
    return element("li", {}, mark, select, drop, ...(known?.options.length ? [options] : []));
  }

  entry(name) {
    const target = this.catalogue.aliases[name] ?? name;
    return this.catalogue.schemes.find((each) => each.name === target);
  }

  option(i, name, known, option, place, written) {
    const now = written[option.name] ?? written[place] ?? option.default ?? "";
    const input = option.words.length
      ? element("select", {}, ...option.words.map((word) => element("option", { value: word, text: word })))
      : element("input", { type: "text", inputmode: "decimal", autocomplete: "off" });
    input.value = String(now);
    input.title = option.constraint;
    input.addEventListener("change", () => {
      const all = known.options.map((each, p) => [each, each.name === option.name ? input.value : written[each.name] ?? written[p]]);
      const set = all.filter(([each, text]) => text !== undefined && String(text) !== String(each.default));
      this.replace(i, set.length ? `${name}(${set.map(([each, text]) => `${each.name}=${text}`).join(", ")})` : name);
    });
    return element("label", {}, option.name, input);
  }

  // A scheme as it is written when it is chosen: with the options that must be given.
  fresh(name) {
    const must = (this.entry(name)?.options ?? []).filter((option) => option.default === null);
    return must.length ? `${name}(${must.map((option) => `${option.name}=${option.words[0] ?? 1}`).join(", ")})` : name;
  }

  replace(i, label) {
    const schemes = [...this.experiment.schemes];
    if (label === null) schemes.splice(i, 1);
    else schemes[i] = label;
    this.edit("schemes", schemes);
    this.makeSchemes();
  }

  add() {
    const here = new Set(this.experiment.schemes);
    const next = ["he", "xavier", "orthogonal", "lecun_normal", "torch_default", "zeros", "random"].find((name) => !here.has(name));
    this.replace(this.experiment.schemes.length, next);
    this.form.querySelector("#schemes li:last-child select").focus();
  }

  // Put each fault beside its control; what belongs to none stands below the form.
  faults(found) {
    for (const host of this.form.querySelectorAll(".error")) host.textContent = "";
    for (const input of this.form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    for (const { field, message } of found) {
      const host = (field && this.form.querySelector(`#error-${field}`)) ?? this.form.querySelector("#error-form");
      host.textContent = [host.textContent, message].filter(Boolean).join(" ");
      if (field && MORE.includes(field)) this.form.querySelector("#more").open = true;
      this.control(field)?.setAttribute("aria-invalid", "true");
    }
    const first = found.find(({ field }) => field && this.control(field));
    if (first && this.form.contains(document.activeElement)) this.control(first.field).focus();
  }

  dropping(zone) {
    const input = zone.querySelector("input");
    input.addEventListener("change", () => input.files[0] && this.take(input.files[0]));
    for (const kind of ["dragover", "dragenter"]) zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("over"); });
    for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      const [file] = event.dataTransfer.files;
      if (file) this.take(file);
    });
  }

  // A data set of the catalogue, which knows its target.
  choose(name) {
    this.experiment = { ...this.experiment, data: name, target: null };
    this.control("target").value = "";
    this.aimable(false);
    this.changed();
  }

  aimable(dropped) {
    this.form.querySelector("#step-target").hidden = !dropped;
    if (!dropped) {
      this.file = null;
      this.form.querySelector("#file").value = "";
      this.form.querySelector("#file-facts").textContent = "";
    }
  }

  // Another target column: the file is read again with it.
  aim() {
    if (this.file) this.take(this.file);
    else this.edit("target", this.target());
  }

  target() {
    return this.control("target").value.trim() || null;
  }

  async take(file) {
    const facts = this.form.querySelector("#file-facts"), target = this.target();
    facts.textContent = "";
    this.file = file;
    this.aimable(true);
    if (file.size > MOST_FILE) {
      this.faults([{ field: "data", message: `${file.name} must have at most 5,000,000 bytes (some 20,000 rows), got ${file.size.toLocaleString("en")}. Take a sample of it.` }]);
      return;
    }
    try {
      const kept = await post("/api/data", { name: file.name, text: await file.text(), target });
      for (const input of this.form.querySelectorAll("[name=data]")) input.checked = false;
      this.faults([]);
      facts.textContent = `${kept.name}: ${kept.examples} examples, ${kept.features} features, ${kept.classes ? `${kept.classes} classes` : "a number to predict"}. The target is ${target ?? "the last column"}.`;
      this.experiment = { ...this.experiment, data: kept.data, target };
      this.changed();
    } catch (refusal) {
      this.faults(refusal.errors ?? [{ field: "data", message: String(refusal) }]);
    }
  }
}

// "random(10)" as its name and its options, by name or by place.
function taken(label) {
  const [, name, inside] = label.match(/^\s*([\w]+)\s*(?:\((.*)\))?\s*$/s) ?? [null, label, undefined];
  const written = {};
  (inside ? split(inside) : []).forEach((part, place) => {
    const [key, text] = part.includes("=") ? part.split("=").map((each) => each.trim()) : [place, part];
    written[key] = text.replace(/^['"]|['"]$/g, "");
  });
  return [name, written];
}
