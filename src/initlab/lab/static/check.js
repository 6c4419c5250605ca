// The Check tab: what `initlab check` finds, and what is left when a remedy is applied.
import { View } from "./chooser.js";
import { element, finite, number, table } from "./numbers.js";

const SIGN = { error: "✖", warning: "▲", info: "●", evidence: "·" };

export class Check extends View {
  constructor(host) {
    super(host, "/api/checks", "The network at step zero, on its own training data: one pass forward and backward, and after each of two virtual steps. Every finding has its number, its limit, and a remedy that was tried on a copy.");
  }

  async show(finding = null) {
    const more = finding ? { rule: finding.rule, path: finding.path } : {};
    const found = await this.ask(more, finding ? `Applying the remedy of ${finding.rule} to a copy.` : "Checking. The first check loads torch, which takes some seconds.");
    if (!found) return;
    const sides = [this.side(found.before, finding ? "As it was drawn" : "", true, finding)];
    if (found.after) sides.push(this.side(found.after, `After the remedy of ${finding.rule}`, false));
    this.body.replaceChildren(element("div", { class: "cards" }, ...sides));
  }

  side(report, title, offers, applied) {
    const counts = report.findings.filter((each) => ["error", "warning"].includes(each.severity));
    const notes = report.findings.filter((each) => !["error", "warning"].includes(each.severity));
    const parts = [element("h2", { text: report.title }), element("p", { class: "hint", text: report.conditions })];
    if (title) parts.unshift(element("p", { class: "eyebrow", text: title }));
    parts.push(...counts.map((each) => this.finding(each, offers, applied)));
    if (notes.length) parts.push(element("ul", { class: "notes" }, ...notes.map((each) => element("li", { text: `${each.rule} ${each.name}: ${each.cause}` }))));
    parts.push(element("details", {}, element("summary", { text: "Layers and rules" }), this.layers(report), this.rules(report)));
    return element("section", { class: "card", "aria-label": title || "Findings" }, ...parts);
  }

  finding(each, offers, applied) {
    const parts = [
      element("h3", {}, `${SIGN[each.severity]} ${each.severity}: ${each.name} `, element("span", { class: "hint", text: `${each.rule} ${each.path}` })),
      element("p", { text: each.cause }),
      element("p", { class: "hint", text: `Measured ${number(each.measured)}, limit ${number(each.limit)}: ${each.formula}.` }),
    ];
    if (each.explained_by) parts.push(element("p", { class: "hint", text: `Likely an effect of ${each.explained_by}.` }));
    else parts.push(element("p", { text: `Remedy: ${each.advice}${each.cleared === true ? " Tried on a copy: it clears this." : each.cleared === false ? " Tried on a copy: it does not clear this." : ""}` }));
    if (each.cleared !== null && each.remedy !== each.advice) {
      parts.push(element("pre", { tabindex: "0", "aria-label": `Code of the remedy of ${each.rule}` }, element("code", { text: each.remedy })));
      if (offers) {
        const chosen = applied?.rule === each.rule && applied?.path === each.path;
        const button = element("button", { type: "button", text: chosen ? "Applied, at the side" : "Apply it and check again" });
        button.disabled = chosen;
        button.addEventListener("click", () => this.show(each));
        parts.push(button);
      }
    }
    return element("article", { class: "finding", "data-severity": each.severity }, ...parts);
  }

  layers(report) {
    const rows = report.layers.map((layer) => [layer.name, layer.kind, number(layer.forward_std), layer.backward_std === null ? "–" : number(layer.backward_std), finite(layer.dead) ? String(layer.dead) : "–"]);
    return element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Layers at step zero" }, table("What was measured", ["operation", "kind", "forward std", "backward std", "dead"], rows));
  }

  rules(report) {
    return element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Rules" }, table("Every rule, and how it ended", ["rule", "name", "state"], report.rules.map((each) => [each.rule, each.name, each.reason ? `${each.state}: ${each.reason}` : each.state])));
  }
}
