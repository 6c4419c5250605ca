// Time: play, hold, scrub and step through the frames, by mouse and by keyboard.
const FRAMES_A_SECOND = 14;

export class Transport {
  constructor({ play, scrub, moment }, store, show) {
    Object.assign(this, { play, scrub, moment, store, show, timer: null });
    play.addEventListener("click", () => this.toggle());
    scrub.addEventListener("input", () => this.go(Number(scrub.value)));
  }

  get live() {
    return this.store.run && !this.store.ending;
  }

  get moving() {
    return this.timer !== null || (this.live && this.store.following);
  }

  toggle() {
    if (this.moving) this.hold();
    else if (this.live) this.store.following = true;
    else this.start();
    this.show();
  }

  hold() {
    this.store.following = false;
    clearInterval(this.timer);
    this.timer = null;
  }

  start() {
    if (this.store.at >= this.store.last) this.store.at = 0;
    this.timer = setInterval(() => {
      if (this.store.at >= this.store.last) this.hold();
      else this.store.at += 1;
      this.show();
    }, 1000 / FRAMES_A_SECOND);
  }

  go(at) {
    this.hold();
    this.store.at = Math.max(0, Math.min(this.store.last, at));
    this.show();
  }

  draw() {
    const { store } = this;
    this.play.textContent = this.moving ? "Hold" : this.live ? "Follow" : "Play";
    this.play.disabled = store.last === 0;
    this.scrub.max = String(store.last);
    this.scrub.value = String(store.at);
    const step = store.frame?.step ?? 0, all = store.run?.steps.at(-1) ?? 0;
    const words = step === 0 ? "step zero, before any update" : `step ${step.toLocaleString("en")} of ${all.toLocaleString("en")}`;
    this.moment.textContent = words;
    this.scrub.setAttribute("aria-valuetext", `frame ${store.at} of ${store.last}: ${words}`);
  }
}

// Space, arrows and R, unless a control has the focus that uses them itself.
export function keys({ transport, rerun }) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, button, summary, [role=tab], a, pre, .scroll")) return;
    const acts = { " ": () => transport.toggle(), ArrowRight: () => transport.go(transport.store.at + 1), ArrowLeft: () => transport.go(transport.store.at - 1), r: rerun, R: rerun };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
}
