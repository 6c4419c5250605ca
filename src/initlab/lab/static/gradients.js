// The Gradients tab: is the backward pass right, and if not, which line is wrong? Bugs can be planted.
import { load, loaded, Slopes } from "./charts.js";
import { View } from "./chooser.js";
import { element, number, Numbers, table } from "./numbers.js";

export class Gradients extends View {
  constructor(host, catalogue) {
    super(host, "/api/gradients", "The network's own backward pass against differences of its cost, block by block, on 24 examples. Plant a bug and watch it being named.");
    this.catalogue = catalogue;
    this.bug = element("select", { id: "bug" }, element("option", { value: "", text: "none" }), ...catalogue.bugs.map((each) => element("option", { value: each.name, text: `${each.name}: ${each.text}` })));
    this.layer = element("select", { id: "bug-layer" });
    this.course = element("button", { type: "button", text: "The course's two bugs" });
    this.controls.append(element("label", {}, "Plant a bug ", this.bug), element("label", {}, "in layer ", this.layer), this.course);
    this.bug.addEventListener("change", () => { this.layers(); this.show(); });
    this.layer.addEventListener("change", () => this.show());
    this.course.addEventListener("click", () => { this.bug.value = ""; this.layers(); this.show(this.catalogue.course_bugs); });
  }

  prepare() {
    this.layers();
  }

  layers() {
    const depth = this.run.widths.length - 1;
    const kind = this.catalogue.bugs.find((each) => each.name === this.bug.value)?.layers ?? "any";
    const allowed = Array.from({ length: depth }, (_, i) => i + 1).filter((layer) => kind === "any" || (kind === "last") === (layer === depth));
    const before = Number(this.layer.value);
    this.layer.replaceChildren(...allowed.map((layer) => element("option", { value: String(layer), text: String(layer) })));
    if (allowed.includes(before)) this.layer.value = String(before);
    this.layer.disabled = !this.bug.value;
  }

  async show(plants = null) {
    const planted = Array.isArray(plants) ? plants : this.bug.value ? [{ bug: this.bug.value, layer: Number(this.layer.value) }] : [];
    const found = await this.ask({ plants: planted }, "Checking the gradients.");
    if (!found) return;
    const words = planted.length ? `Planted: ${planted.map((each) => `${each.bug} in layer ${each.layer}`).join(", ")}.` : "No bug is planted.";
    this.chartHost = element("div", { class: "chart tall", role: "img", "aria-label": "Gap against step size" });
    const numbers = new Numbers("Gap against step size");
    const point = found.points[0], blocks = point.blocks.filter((block) => block.law.length);
    numbers.set(() => table("The gap between the slope that was returned and the difference with step h", ["block, step h", "gap"], blocks.flatMap((block) => block.law.map(([h, gap]) => [`${block.name}, ${number(h)}`, number(gap)]))));
    this.body.replaceChildren(
      element("h2", { text: `${found.verdict}: ${found.tested} of ${found.total} entries tested` }),
      element("p", { class: "hint", text: words }),
      ...found.mistakes.map((each) => this.mistake(each)),
      element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Verdict per block" }, table("Every block: no error larger than the resolution, as a share of the gradient", ["block", "verdict", "resolution", "gap", "tested", "site", "mistake"],
        found.blocks.map((each) => [each.name, each.verdict, each.resolution === null ? "–" : number(each.resolution), number(each.gap), `${each.tested} of ${each.total}`, each.site ?? "–", each.cause?.replaceAll("_", " ") ?? "–"]))),
      element("section", { class: "panel", "aria-labelledby": "law-title" }, element("header", {}, element("h2", { id: "law-title", text: "Gap against step size" })),
        element("p", { class: "hint", text: "The gap falls as h² while truncation rules and rises as 1/h where rounding does. A level line is a bug: its height is the size of the mistake." }), this.chartHost, numbers.element),
      ...(point.notes ?? []).map((note) => element("p", { class: "hint", text: note })),
    );
    this.draw(blocks);
  }

  mistake(each) {
    const parts = [element("h3", { text: `✖ ${each.site}: ${each.text}` }), element("p", { class: "hint", text: each.cause ? `${each.cause.replaceAll("_", " ")}; it spoils ${each.blocks.join(", ")}.` : "No known mistake fits." })];
    if (each.line) parts.push(element("p", { text: "Write instead:" }), element("pre", { tabindex: "0", "aria-label": "The right line" }, element("code", { text: each.line })));
    return element("article", { class: "card finding", "data-severity": "error" }, ...parts);
  }

  async draw(blocks) {
    await load();
    if (!loaded()) return;
    this.blocks = blocks;
    const { colours, dashes } = this.catalogue.palette;
    new Slopes(this.chartHost, blocks.slice(0, 12).map((block, i) => ({ name: `${block.name} ${block.verdict}`, law: block.law, wrong: block.verdict === "WRONG", colour: colours[i % colours.length], dash: dashes[i % dashes.length] })));
    this.chartHost.setAttribute("aria-label", `Gap against step size for ${blocks.map((block) => `${block.name}, ${block.verdict}`).join("; ")}`);
  }
}
