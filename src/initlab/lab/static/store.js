// The run on show: what was asked, its frames so far, and which of them is looked at.
const MOST_IN_FULL = 240;

export class Store {
  constructor() {
    this.clear(null);
  }

  clear(run) {
    this.run = run;
    this.frames = [];
    this.forecast = null;
    this.ending = null;
    this.at = 0;
    this.following = true;
    this.full = [];
  }

  add(frame) {
    this.frames[frame.number] = frame;
    if (frame.details) {
      this.full.push(frame.number);
      if (this.full.length > MOST_IN_FULL) {
        const old = this.full.shift();
        if (old !== this.at) this.frames[old] = { ...this.frames[old], details: false, schemes: this.frames[old].schemes.map(light) };
      }
    }
    if (this.following) this.at = this.frames.length - 1;
  }

  get frame() {
    return this.frames[this.at];
  }

  // The nearest frame at or before the one looked at that is there in full.
  get detailed() {
    for (let i = this.at; i >= 0; i -= 1) if (this.frames[i]?.details) return this.frames[i];
    return this.frames.find((frame) => frame?.details);
  }

  get last() {
    return Math.max(0, this.frames.length - 1);
  }
}

function light({ train_loss, test_loss, train_accuracy, test_accuracy, lost }) {
  return { train_loss, test_loss, train_accuracy, test_accuracy, lost };
}
