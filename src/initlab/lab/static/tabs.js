// Tabs, as the ARIA practices have them: arrows move, the chosen one alone is in the tab order.
export class Tabs {
  constructor(list, changed) {
    this.tabs = [...list.querySelectorAll("[role=tab]")];
    this.changed = changed;
    list.addEventListener("click", (event) => {
      const tab = event.target.closest("[role=tab]");
      if (tab) this.choose(name(tab));
    });
    list.addEventListener("keydown", (event) => {
      const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!move) return;
      const here = this.tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
      const next = this.tabs[(here + move + this.tabs.length) % this.tabs.length];
      this.choose(name(next));
      next.focus();
    });
  }

  choose(wanted) {
    const known = this.tabs.some((tab) => name(tab) === wanted) ? wanted : name(this.tabs[0]);
    for (const tab of this.tabs) {
      const chosen = name(tab) === known;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !chosen;
    }
    this.current = known;
    this.changed(known);
  }
}

const name = (tab) => tab.id.replace("tab-", "");
