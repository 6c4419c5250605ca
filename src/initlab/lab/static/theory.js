// The Theory tab: gains, the phase diagram with the point of every initialization, and the depth that it allows.
import { load, loaded, Phase } from "./charts.js";
import { View } from "./chooser.js";
import { element, finite, number, Numbers, table } from "./numbers.js";

export class Theory extends View {
  constructor(host, catalogue) {
    super(host, "/api/theory", "What the theory of wide networks says of this one before it is drawn: predicted, not measured.");
    this.catalogue = catalogue;
    this.controls.hidden = true;
  }

  async show() {
    const found = await this.ask({}, "Computing. The phase diagram of an activation takes some seconds the first time.");
    if (!found) return;
    this.body.replaceChildren(this.phase(found), this.points(found), element("div", { class: "cards" }, this.gains(found), this.advice(found)));
    this.drawPhase(found);
  }

  phase(found) {
    this.chartHost = element("div", { class: "chart tall", role: "img", "aria-label": "Phase diagram" });
    this.numbers = new Numbers("Phase diagram");
    return element("section", { class: "panel first", "aria-labelledby": "phase-title" }, element("header", {}, element("h2", { id: "phase-title", text: `Phase diagram of ${found.activation}` })),
      element("p", { class: "hint", text: found.phase.why_not ?? "Left of the thick line two inputs come to agree (order), right of it they part (chaos). Thin lines: where the depth scale ξ is the number written. A marker is an initialization; one beyond the edge is drawn at it, hollow." }), this.chartHost, this.numbers.element);
  }

  async drawPhase(found) {
    await load();
    if (!loaded()) return;
    const { colours, glyphs } = this.catalogue.palette;
    const points = found.points.map((point, i) => ({ ...point, colour: colours[i], glyph: glyphs[i], place: i })).filter((point) => finite(point.sigma_w2));
    if (!found.phase.why_not) new Phase(this.chartHost, found.phase, points);
    this.chartHost.setAttribute("aria-label", `Phase diagram of ${found.activation}: ${points.map((point) => `${point.scheme} at σw² ${number(point.sigma_w2)}, ${point.fixed?.phase ?? "no phase"}`).join("; ")}`);
    this.numbers.set(() => table("The curves", ["side", "ξ", "σw² from", "to"], (found.phase.curves ?? []).map((curve) => [curve.side, number(curve.xi_c), number(curve.sigma_w2[0]), number(curve.sigma_w2.at(-1))])));
  }

  points(found) {
    const rows = found.points.map((point) => {
      const { fixed } = point;
      return [point.scheme, number(point.sigma_w2), number(point.sigma_b2), fixed?.phase ?? "–", fixed ? number(fixed.chi1) : "–", fixed ? number(fixed.xi_c) : "–", fixed ? span(fixed.trainable) : "–"];
    });
    return element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Every initialization" },
      table(`Hidden layers, of ${found.depth} in all: the growth χ of the gradient's mean square per layer, the depth scale ξ, and the depth that is trainable`, ["initialization", "σw²", "σb²", "phase", "χ", "ξ", "trainable depth"], rows));
  }

  gains({ gain, activation }) {
    if (gain.why_not) return element("section", { class: "card" }, element("h3", { text: "Gains" }), element("p", { text: gain.why_not }));
    const rows = ["forward", "backward", "average", "geometric"].map((name) => [name, number(gain[name], 6)]);
    return element("section", { class: "card" }, element("h3", { text: `Gains of ${activation}` }), table("What keeps the signal (forward), the gradient (backward), or a mean of both", ["gain", "value"], rows),
      element("p", { class: "hint", text: `The size that the forward gain keeps is ${gain.stability}.${gain.trap ? ` ${gain.trap}` : ""}` }));
  }

  advice({ recommended }) {
    if (recommended.why_not) return element("section", { class: "card" }, element("h3", { text: "Recommended here" }), element("p", { text: recommended.why_not }));
    const choices = [recommended.choice, ...recommended.alternatives];
    return element("section", { class: "card" }, element("h3", { text: `Recommended here: ${recommended.choice.scheme}` }), element("p", { class: "hint", text: `For depth ${recommended.depth} and width ${recommended.width}; the rule of thumb says ${recommended.rule}.` }),
      element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Candidates" }, table("Over the whole depth, as factors", ["scheme", "signal", "gradient"], choices.map((each) => [`${each.scheme} (${each.why})`, number(each.forward), number(each.backward)]))));
  }
}

const span = ([low, high]) => (finite(low) ? `${number(low)} to ${number(high)}` : low === "inf" ? "not bounded" : "–");
