// One stream a tab: frames as they come, resumed after a break, closed at the end.
export class Follower {
  constructor(handlers) {
    this.handlers = handlers;
    this.failures = 0;
    this.source = null;
  }

  follow(id, after = -1) {
    this.close();
    this.id = id;
    this.last = after;
    this.failures = 0;
    this.open();
  }

  open() {
    const source = new EventSource(`/api/runs/${this.id}/events?after=${this.last}`);
    this.source = source;
    source.addEventListener("frame", (event) => {
      this.failures = 0;
      this.last = Number(event.lastEventId);
      this.handlers.onFrame(JSON.parse(event.data));
    });
    source.addEventListener("end", (event) => {
      this.close();
      this.handlers.onEnd(JSON.parse(event.data));
    });
    source.addEventListener("error", () => {
      if (this.source !== source) return;
      this.failures += 1;
      this.handlers.onBreak();
      if (this.failures < 4 && source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      this.close();
      this.handlers.onLost();
    });
  }

  close() {
    this.source?.close();
    this.source = null;
  }
}
