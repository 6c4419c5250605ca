// The experiment and the view of it, in the address: only what differs from the defaults.
const WHOLE = new Set(["seed", "data_seed", "seeds", "batch_size", "iterations"]);
const REAL = new Set(["learning_rate", "momentum", "l2", "keep", "test_fraction"]);
export const VIEW = ["preset", "tab", "frame", "edges", "values"];

export function same(a, b) {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

export function write(experiment, defaults, view) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(view)) if (value !== null && value !== undefined && value !== "") query.set(name, value);
  for (const [name, value] of Object.entries(experiment)) {
    if (same(value, defaults[name]) || value === undefined) continue;
    query.set(name, name === "layers" ? shorthand(value) : name === "schemes" ? value.join(", ") : value === null ? "" : String(value));
  }
  return `#${query.toString()}`;
}

export function read(hash, defaults) {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const experiment = {}, view = {}, faults = [];
  for (const [name, text] of query) {
    if (VIEW.includes(name)) view[name] = text;
    else if (name in defaults) experiment[name] = value(name, text);
    else faults.push({ field: null, message: `The address has a field that no experiment has: ${name.slice(0, 40)}. It was left out.` });
  }
  return { experiment, view, faults, empty: [...query].length === 0 };
}

export function value(name, text) {
  const trimmed = text.trim();
  if (name === "layers") return layers(trimmed);
  if (name === "schemes") return split(trimmed);
  if (WHOLE.has(name) || REAL.has(name)) return trimmed === "" ? null : Number.isNaN(Number(trimmed)) ? trimmed : Number(trimmed);
  if (name === "standardise") return trimmed === "true" ? true : trimmed === "false" ? false : null;
  return trimmed === "" ? null : trimmed;
}

// "10, 5" or "29×64": twenty-nine layers of 64.
export function layers(text) {
  if (text === "") return [];
  return text.split(",").flatMap((part) => {
    const many = part.match(/^\s*(\d{1,3})\s*[×x*]\s*(\d+)\s*$/);
    if (many) return Array(Number(many[1])).fill(Number(many[2]));
    const one = Number(part);
    return [part.trim() === "" || Number.isNaN(one) ? part.trim() : one];
  });
}

export function shorthand(widths) {
  const groups = [];
  for (const width of widths) {
    const last = groups.at(-1);
    if (last && last.width === width) last.count += 1;
    else groups.push({ width, count: 1 });
  }
  return groups.flatMap(({ width, count }) => (count > 2 ? [`${count}×${width}`] : Array(count).fill(String(width)))).join(", ");
}

// Split a list of schemes at the commas that stand outside brackets.
export function split(text) {
  const parts = [""];
  let depth = 0;
  for (const letter of text) {
    if (letter === "(") depth += 1;
    if (letter === ")") depth -= 1;
    if (letter === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}
