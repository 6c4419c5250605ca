// Light, dark, or as the system has it; remembered on this machine.
const KEY = "initlab-theme";

export function begin(select, changed) {
  select.value = read();
  apply(select.value);
  select.addEventListener("change", () => {
    apply(select.value);
    try { localStorage.setItem(KEY, select.value); } catch { /* a private window forgets it */ }
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

function read() {
  try { return localStorage.getItem(KEY) ?? "auto"; } catch { return "auto"; }
}

function apply(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
