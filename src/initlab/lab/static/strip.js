// The signal strip: the size of the signal, or of its gradient, in every layer, with the band that the theory expects.
import { finite, number, superscript } from "./numbers.js";

const H = 120, LEFT = 34, RIGHT = 6, TOP = 8, BOTTOM = 20;
let W = 240; // as wide as its cell, so that its words keep their size
const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Whole decades that hold all positive values; zeros are drawn below them.
export function decades(values) {
  const sizes = values.filter((value) => finite(value) && value > 0).map(Math.log10);
  if (!sizes.length) return [-1, 1];
  let low = Math.floor(Math.min(...sizes) - 1e-9), high = Math.ceil(Math.max(...sizes) + 1e-9);
  while (high - low < 2) [low, high] = high - low < 1 ? [low - 1, high] : [low, high + 1];
  return [low, high];
}

export class Strip {
  constructor(host, { colour, label }) {
    this.picture = svg("svg", { role: "img", "aria-label": label });
    this.colour = colour;
    this.label = label;
    host.replaceChildren(this.picture);
  }

  // values: one a layer; band: [[low, high]] or null
  draw(values, band, [low, high]) {
    const depth = values.length;
    W = Math.max(140, Math.round(this.picture.parentElement.clientWidth) || 240);
    this.picture.setAttribute("viewBox", `0 0 ${W} ${H}`);
    const x = (i) => LEFT + (depth > 1 ? (i * (W - LEFT - RIGHT)) / (depth - 1) : (W - LEFT - RIGHT) / 2);
    const clamp = (power) => Math.min(high, Math.max(low, power));
    const y = (value) => (!finite(value) ? TOP : value <= 0 ? H - BOTTOM + 6 : TOP + ((high - clamp(Math.log10(value))) * (H - TOP - BOTTOM)) / (high - low));
    const parts = this.axes(low, high, depth, x);
    if (band?.length) {
      const upper = band.map(([, top], i) => `${x(i).toFixed(1)},${y(top).toFixed(1)}`);
      const lower = band.map(([bottom], i) => `${x(i).toFixed(1)},${y(bottom).toFixed(1)}`).reverse();
      parts.push(svg("polygon", { points: [...upper, ...lower].join(" "), fill: "var(--quiet)", "fill-opacity": 0.22, stroke: "var(--quiet)", "stroke-width": 0.6, "stroke-dasharray": "3 2" }));
    }
    const line = values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    parts.push(svg("polyline", { points: line, fill: "none", stroke: this.colour, "stroke-width": 2 }));
    if (depth <= 16) values.forEach((value, i) => parts.push(svg("circle", { cx: x(i), cy: y(value), r: 3, fill: value > 0 ? this.colour : "var(--card)", stroke: this.colour, "stroke-width": 1.4 })));
    this.picture.replaceChildren(...parts);
    this.picture.setAttribute("aria-label", `${this.label}: ${number(values[0])} in the first layer, ${number(values.at(-1))} in the last`);
  }

  axes(low, high, depth, x) {
    const parts = [];
    const step = Math.ceil((high - low) / 5);
    for (let power = low; power <= high; power += step) {
      const at = TOP + ((high - power) * (H - TOP - BOTTOM)) / (high - low);
      parts.push(svg("line", { x1: LEFT, x2: W - RIGHT, y1: at, y2: at, stroke: "var(--line)", "stroke-width": 0.8 }));
      parts.push(text(LEFT - 5, at + 3.2, `10${superscript(power)}`, "end"));
    }
    const every = [1, 2, 5, 10, 20].find((each) => depth / each <= 8) ?? 20;
    for (let layer = 1; layer <= depth; layer += 1)
      if (layer === 1 || layer === depth || (layer % every === 0 && depth - layer >= every / 2)) parts.push(text(x(layer - 1), H - 3, String(layer), "middle"));
    return parts;
  }
}

function text(x, y, words, anchor) {
  const made = svg("text", { x, y, "text-anchor": anchor, "font-size": 9.5, fill: "var(--quiet)" });
  made.textContent = words;
  return made;
}
