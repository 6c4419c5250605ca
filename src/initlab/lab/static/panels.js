// The training tab: one cell an initialization, every row on one scale.
import { diagram, EDGE_SCALE, plane } from "./canvas.js";
import { Curve, loaded, Ridges } from "./charts.js";
import { element, finite, number, Numbers, percent, superscript, table } from "./numbers.js";
import { decades, Strip } from "./strip.js";

const MOST_TICKS = 400;

export class Panels {
  constructor(host, heads, catalogue) {
    Object.assign(this, { host, heads, catalogue, rows: [], visible: new Set() });
    this.edges = "weights";
    this.values = "activations";
    this.watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) this.visible[entry.isIntersecting ? "add" : "delete"](entry.target);
      this.onVisible?.();
    }, { rootMargin: "200px" });
  }

  // Everything that does not change while a run goes on.
  build(store) {
    this.watcher.disconnect();
    this.visible.clear();
    const { run } = store;
    this.run = run;
    const { colours, glyphs, dashes } = this.catalogue.palette;
    this.looks = run.schemes.map((name, i) => ({ name, colour: colours[i], glyph: glyphs[i], dash: dashes[i] }));
    for (const host of [this.heads, this.host]) host.style.setProperty("--columns", run.schemes.length);
    this.heads.toggleAttribute("data-even", run.schemes.length % 2 === 0);
    this.makeHeads();
    this.rows = [
      run.data.points && this.boundaries(),
      this.curves("Loss", "loss", "train_loss", "test_loss", true,
        "Training loss on a log axis, the test loss dotted; the shaded band spans the seeds, the thin lines are the other initializations. ✕ at the top: not finite."),
      finite(run.data.chance_accuracy) && this.curves("Accuracy", "accuracy", "train_accuracy", "test_accuracy", false,
        "Share of the examples that is right: training solid, test dotted."),
      this.strips(),
      this.ridges(),
      this.units(),
      run.widths.length <= 9 && this.diagrams(),
    ].filter(Boolean);
    this.host.replaceChildren(...this.rows.map((row) => row.section));
    for (const row of this.rows) this.watcher.observe(row.section);
  }

  makeHeads() {
    const schemes = new Map(this.catalogue.schemes.map((each) => [each.name, each]));
    this.summaries = this.looks.map((look) => {
      const known = schemes.get(this.catalogue.aliases[base(look.name)] ?? base(look.name));
      const test = element("dd"), loss = element("dd"), verdict = element("p", { class: "verdict" });
      const parts = [element("h2", {}, glyph(look), look.name), element("p", { class: "formula", text: known?.formula ?? "", title: known?.formula })];
      const list = element("dl", {}, element("div", {}, element("dt", { text: "test accuracy" }), test), element("div", {}, element("dt", { text: "training loss" }), loss));
      const head = element("article", { class: "head" }, ...parts, list, verdict);
      head.style.setProperty("--mine", look.colour);
      return { head, test, loss, verdict };
    });
    this.heads.replaceChildren(...this.summaries.map((each) => each.head));
  }

  section(title, hint, ...controls) {
    const id = `row-${title.toLowerCase().replace(/[^a-z]+/g, "-")}`;
    const grid = element("div", { class: "multiples" });
    grid.style.setProperty("--columns", this.looks.length);
    grid.toggleAttribute("data-even", this.looks.length % 2 === 0);
    const numbers = new Numbers(title);
    const section = element("section", { class: "panel", id, "aria-labelledby": `${id}-title` },
      element("header", {}, element("h2", { id: `${id}-title`, text: title }), ...controls), element("p", { class: "hint", text: hint }), grid, numbers.element);
    return { section, grid, numbers };
  }

  cell(look, ...content) {
    const figure = element("figure", { class: "cell" }, element("figcaption", {}, glyph(look), element("b", { text: look.name })), ...content);
    figure.style.setProperty("--mine", look.colour);
    return figure;
  }

  boundaries() {
    const { data, seeds } = this.run;
    const row = this.section("Decision boundary", `What the network answers over the plane, with the training points: ● ${data.classes[0]}, ▲ ${data.classes[1]}${data.classes.length > 2 ? ` and ${data.classes.length - 2} more` : ""}. Seed ${seeds[0]}.`);
    const cells = this.looks.map((look) => {
      const canvas = element("canvas", { class: "plane", role: "img", "aria-label": `${look.name}: decision boundary` });
      row.grid.append(this.cell(look, canvas));
      return canvas;
    });
    row.draw = ({ detailed }) => detailed && cells.forEach((canvas, i) => {
      const scheme = detailed.schemes[i];
      plane(canvas, scheme.boundary, data.points, data.classes.length);
      canvas.setAttribute("aria-label", `${this.looks[i].name}: decision boundary at step ${detailed.step}, training accuracy ${percent(scheme.train_accuracy[0])}, test accuracy ${percent(scheme.test_accuracy[0])}`);
    });
    row.table = ({ frame }) => table(`At step ${frame.step}`, ["initialization", "training accuracy", "test accuracy"], this.looks.map((look, i) => [look.name, percent(frame.schemes[i].train_accuracy[0]), percent(frame.schemes[i].test_accuracy[0])]));
    return row;
  }

  curves(title, kind, train, test, log, hint) {
    const row = this.section(title, hint);
    const hosts = this.looks.map((look) => {
      const host = element("div", { class: "chart", role: "img", "aria-label": `${look.name}: ${title.toLowerCase()}` });
      row.grid.append(this.cell(look, host));
      return host;
    });
    let charts = null;
    row.draw = ({ frames, frame, last }) => {
      if (!loaded()) return;
      const x = [0, this.run.steps.at(-1)], y = log ? this.lossRange(frames) : [0, 1.02];
      charts ??= this.looks.map((look, i) => new Curve(hosts[i], { log, x, y, colour: look.colour, dash: look.dash }));
      const own = this.looks.map((_, i) => series(frames, i, train, test, log));
      own.forEach((mine, i) => {
        charts[i].draw(mine, own.filter((_, j) => j !== i), { x, y, cursor: frame.step });
        const [median, low, high] = frames[last].schemes[i][train];
        hosts[i].setAttribute("aria-label", `${this.looks[i].name}: training ${kind} ${number(median)} at step ${frames[last].step}${low !== high ? `, from ${number(low)} to ${number(high)} over the seeds` : ""}${mine.lost.length ? `, not finite from step ${mine.lost[0]}` : ""}`);
      });
    };
    row.table = ({ frames }) => table(`${title} at every frame: training, then test; the median over the seeds`, ["step", ...this.looks.flatMap((look) => [look.name, `${look.name}, test`])],
      frames.map((frame) => [String(frame.step), ...frame.schemes.flatMap((scheme) => [number(scheme[train][0], 6), number(scheme[test][0], 6)])]));
    return row;
  }

  lossRange(frames) {
    let low = Infinity, high = -Infinity;
    for (const frame of frames) for (const scheme of frame.schemes) for (const value of [...scheme.train_loss, scheme.test_loss[0]]) if (finite(value) && value > 0) [low, high] = [Math.min(low, value), Math.max(high, value)];
    if (low === Infinity) [low, high] = [0.1, 1];
    const bottom = Math.max(Math.floor(Math.log10(low)), Math.floor(Math.log10(high)) - 12);
    return [10 ** bottom, 10 ** Math.max(bottom + 1, Math.ceil(Math.log10(high)))];
  }

  strips() {
    const row = this.section("Signal strip", "Above, the standard deviation of the pre-activations in every layer, first to last; below, that of their gradients. A level line keeps its size, a slope vanishes or explodes. Grey: where theory expects 99 % of networks of this width at step zero. A mark below the axis is exactly zero.");
    const cells = this.looks.map((look) => {
      const up = element("div"), down = element("div");
      row.grid.append(this.cell(look, element("p", { class: "hint", text: "forward" }), up, element("p", { class: "hint", text: "backward" }), down));
      return [new Strip(up, { colour: look.colour, label: `${look.name}, forward` }), new Strip(down, { colour: look.colour, label: `${look.name}, backward` })];
    });
    const seen = { forward: null, backward: null }; // the range only ever grows, so that frames can be compared
    row.draw = ({ detailed, forecast }) => {
      if (!detailed) return;
      for (const way of ["forward", "backward"]) {
        const now = detailed.schemes.flatMap((scheme) => scheme.layers.map((layer) => layer[way]));
        const [low, high] = decades(now), before = seen[way] ?? [low, high];
        const range = (seen[way] = [Math.min(low, before[0]), Math.max(high, before[1])]);
        cells.forEach((pair, i) => {
          const layers = detailed.schemes[i].layers;
          pair[way === "forward" ? 0 : 1].draw(layers.map((layer) => layer[way]), this.band(forecast?.[i], way, layers), range);
        });
      }
    };
    row.table = ({ detailed, forecast }) => table(`At step ${detailed.step}; expected is the 99 % band of the theory at step zero`, ["initialization, layer", "units", "forward std", "expected", "backward std", "expected "],
      detailed.schemes.flatMap((scheme, i) => scheme.layers.map((layer, l) => [`${this.looks[i].name}, ${l + 1}`, String(layer.units), number(layer.forward), span(forecast?.[i]?.forward[l], 1), number(layer.backward), span(forecast?.[i]?.backward[l], scheme.layers.at(-1).backward)])));
    return row;
  }

  // The backward half of the forecast is in units of the gradient at the last layer.
  band(forecast, way, layers) {
    if (!forecast?.[way].length) return null;
    const unit = way === "backward" ? layers.at(-1).backward : 1;
    return finite(unit) ? forecast[way].map(([, low, high]) => [low * unit, high * unit]) : null;
  }

  ridges() {
    const kinds = ["activations", "gradients", "weights"];
    const choice = radios("Values", "values", kinds, this.values, (kind) => {
      this.values = kind;
      build();
      this.onChoice?.();
    });
    const row = this.section("Distributions", "How the values of each layer are spread, on bins that never move: size on a log scale, negative at the left, positive at the right. Exact zeros are counted apart, in the table.", choice);
    const depth = this.run.widths.length - 1;
    const shown = [...new Set(Array.from({ length: Math.min(depth, 8) }, (_, i) => Math.round((i * (depth - 1)) / Math.max(1, Math.min(depth, 8) - 1)) + 1))];
    let hosts = [], charts = null;
    const build = () => {
      charts = null;
      hosts = this.looks.map((look) => element("div", { class: "chart tall", role: "img", "aria-label": `${look.name}: distribution` }));
      row.grid.replaceChildren(...this.looks.map((look, i) => this.cell(look, hosts[i])));
    };
    build();
    row.draw = ({ detailed }) => {
      if (!detailed || !loaded()) return;
      const kind = this.values, layers = Object.keys(detailed.schemes[0].histograms);
      charts ??= this.looks.map((look, i) => new Ridges(hosts[i], { scale: this.catalogue.scales[kind], names: layers.map((name) => `layer ${name}`), colour: look.colour, unit: kind }));
      charts.forEach((chart, i) => {
        const found = layers.map((name) => detailed.schemes[i].histograms[name][kind]);
        chart.draw(found.map(({ counts, total }) => counts.map((count) => count / total)), 0.25);
        hosts[i].setAttribute("aria-label", `${this.looks[i].name}: distribution of ${kind} at step ${detailed.step}; exact zeros ${found.map(({ zero, total }, l) => `${percent(zero / total)} in layer ${layers[l]}`).join(", ")}`);
      });
    };
    row.table = ({ detailed }) => table(`${this.values} at step ${detailed.step}: shares of all values of the layer`, ["initialization, layer", "exactly zero", "not finite", "negative", "positive"],
      detailed.schemes.flatMap((scheme, i) => Object.entries(scheme.histograms).map(([layer, kinds_]) => {
        const { zero, lost, total, counts } = kinds_[this.values];
        const half = counts.length / 2, sum = (part) => part.reduce((a, b) => a + b, 0) / total;
        return [`${this.looks[i].name}, ${layer}`, percent(zero / total), percent(lost / total), percent(sum(counts.slice(0, half))), percent(sum(counts.slice(half)))];
      })));
    row.shown = shown;
    return row;
  }

  units() {
    const row = this.section("Units", "Distinct: units whose weights differ from those of all before them. Dead: output zero on every example. Flat: share of unit and example pairs where the activation's slope is below a tenth of its largest (saturated, or for ReLU switched off).");
    row.numbers.element.remove();
    row.section.classList.add("layers");
    const hosts = this.looks.map((look) => {
      const host = element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": `Units under ${look.name}` });
      row.grid.append(this.cell(look, host));
      return host;
    });
    let cells = null;
    row.draw = ({ detailed }) => {
      if (!detailed) return;
      cells ??= hosts.map((host, i) => {
        const layers = detailed.schemes[i].layers.slice(0, -1);
        const made = table("", ["layer", "distinct", "dead", "flat"], layers.map((_, l) => [String(l + 1), "", "", ""]));
        made.caption.replaceChildren(element("span", { class: "visually-hidden", text: `Hidden units under ${this.looks[i].name}` }));
        host.replaceChildren(layers.length ? made : element("p", { class: "hint", text: "no hidden layer" }));
        return [...made.tBodies[0].rows].map((line) => [...line.cells].slice(1));
      });
      cells.forEach((lines, i) => lines.forEach(([distinct, dead, flat], l) => {
        const layer = detailed.schemes[i].layers[l];
        set(distinct, layer.distinct < 0 ? "–" : `${layer.distinct} of ${layer.units}`);
        set(dead, String(layer.dead));
        set(flat, percent(layer.saturated));
      }));
    };
    return row;
  }

  diagrams() {
    const choice = radios("Edges show", "edges", ["weights", "gradients"], this.edges, (kind) => {
      this.edges = kind;
      this.onChoice?.();
    });
    const row = this.section("Network", "", choice);
    const hint = row.section.querySelector(".hint");
    const cells = this.looks.map((look) => {
      const canvas = element("canvas", { class: "diagram", role: "img", "aria-label": `${look.name}: network` });
      row.grid.append(this.cell(look, canvas));
      return canvas;
    });
    row.draw = ({ detailed }) => {
      if (!detailed?.schemes[0].edges) return;
      const [low, high] = EDGE_SCALE[this.edges];
      hint.textContent = `Width and strength of an edge: the size of its ${this.edges === "weights" ? "weight" : "gradient of the mean loss"}, from 10${superscript(low)} (not drawn below) to 10${superscript(high)}, the same for all. Solid blue is positive, dashed orange negative. At most 12 units of a layer.`;
      cells.forEach((canvas, i) => {
        diagram(canvas, this.run.widths, detailed.schemes[i].edges, this.edges);
        canvas.setAttribute("aria-label", `${this.looks[i].name}: ${this.edges} of the ${this.run.network} network at step ${detailed.step}`);
      });
    };
    row.table = ({ detailed }) => table(`${this.edges} at step ${detailed.step}, of the units drawn`, ["initialization, layer", "largest size", "root mean square"],
      detailed.schemes.flatMap((scheme, i) => (scheme.edges ?? []).map((edges, l) => {
        const all = edges[this.edges].flat().filter(finite);
        return [`${this.looks[i].name}, ${l + 1}`, number(Math.max(...all.map(Math.abs))), number(Math.sqrt(all.reduce((sum, v) => sum + v * v, 0) / all.length))];
      })));
    return row;
  }

  draw(store) {
    const { frame } = store;
    if (!frame) return;
    const view = { frames: store.frames, frame, detailed: store.detailed, last: store.last, forecast: store.forecast };
    this.drawHeads(store, frame);
    for (const row of this.rows) {
      if (!this.visible.has(row.section)) continue;
      row.draw(view);
      if (row.table && view.detailed) row.numbers.set(() => row.table(view));
    }
  }

  drawHeads({ ending, at, last }, frame) {
    this.summaries.forEach(({ test, loss, verdict }, i) => {
      const scheme = frame.schemes[i];
      figure(test, scheme.test_accuracy, percent);
      figure(loss, scheme.train_loss, number);
      const words = ending?.verdicts[this.looks[i].name]?.words ?? "";
      set(verdict, at === last ? words : "");
    });
  }
}

export const base = (label) => label.split("(")[0].trim();

const glyph = (look) => element("span", { class: "glyph", "aria-hidden": "true", text: look.glyph });

function figure(cell, [median, low, high], write) {
  const words = write(median), spread = low !== high ? `${write(low)} to ${write(high)}` : "";
  if (cell.dataset.shown === words + spread) return;
  cell.dataset.shown = words + spread;
  cell.replaceChildren(words, ...(spread ? [element("small", { text: spread })] : []));
}

function set(host, words) {
  if (host.textContent !== words) host.textContent = words;
}

function span(triple, unit) {
  return triple && finite(unit) ? `${number(triple[1] * unit)} to ${number(triple[2] * unit)}` : "–";
}

function series(frames, i, train, test, log) {
  const own = { x: [], y: [], test: [], low: [], high: [], lost: [] };
  const drawn = (value) => (finite(value) && (!log || value > 0) ? value : NaN);
  const every = Math.ceil(frames.length / MOST_TICKS);
  frames.forEach((frame, n) => {
    if (n % every) return;
    const [median, low, high] = frame.schemes[i][train];
    if (log && !finite(median)) own.lost.push(frame.step);
    own.x.push(frame.step);
    own.y.push(drawn(median));
    own.low.push(drawn(low));
    own.high.push(drawn(high));
    own.test.push(drawn(frame.schemes[i][test][0]));
  });
  return own;
}

export function radios(legend, name, words, chosen, changed) {
  const labels = words.map((word) => {
    const input = element("input", { type: "radio", name, value: word });
    input.checked = word === chosen;
    input.addEventListener("change", () => changed(word));
    return element("label", {}, input, word);
  });
  return element("fieldset", { class: "switch" }, element("legend", { text: legend }), ...labels);
}
