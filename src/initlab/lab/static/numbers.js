// Numbers as people read them, and tables of them.
const SIGNS = { inf: "∞", "-inf": "−∞", nan: "NaN" };

export const finite = (value) => typeof value === "number" && Number.isFinite(value);

export function number(value, digits = 3) {
  if (!finite(value)) return SIGNS[value] ?? "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 || (digits < 4 && size >= 1e4 && Number.isInteger(Math.log10(size))) ? power(value, digits) : size >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(digits)));
  return text.replace("-", "−");
}

function power(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  return `${mantissa === "1.00" ? "" : `${Number(mantissa)}×`}10${superscript(Number(exponent))}`;
}

export const superscript = (whole) => String(whole).replace(/[-0-9]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);

export const percent = (share) => (finite(share) ? `${Number((100 * share).toFixed(1))} %` : "–");

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "text") made.textContent = value;
    else if (key in made && typeof value !== "string") made[key] = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export function table(caption, heads, rows) {
  const head = element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col", text }))));
  const body = element("tbody", {}, ...rows.map(([first, ...rest]) =>
    element("tr", {}, element("th", { scope: "row", text: first }), ...rest.map((text) => element("td", { text })))));
  return element("table", {}, element("caption", { text: caption }), head, body);
}

// A table that is written only while a person (or a test) has it open.
export class Numbers {
  constructor(label) {
    this.scroll = element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label });
    this.element = element("details", { class: "numbers" }, element("summary", { text: `Numbers: ${label.toLowerCase()}` }), this.scroll);
    this.make = null;
    this.element.addEventListener("toggle", () => this.write());
  }

  set(make) {
    this.make = make;
    this.write();
  }

  write() {
    if (this.element.open && this.make) this.scroll.replaceChildren(this.make());
  }
}
