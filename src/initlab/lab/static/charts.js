// Line charts and ridges, drawn by BokehJS; one look for all of them.
import { colour } from "./theme.js";
import { number, superscript } from "./numbers.js";

// The library is run once the first figures stand there, so that they need not wait for it.
let loading = null;

export function load() {
  loading ??= ["bokeh.min.js", "bokeh-api.min.js"].reduce((before, name) => before.then(() => new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src: `/charts/${name}`, onload: resolve, onerror: reject }));
  })), Promise.resolve()).catch(() => { loading = null; }); // a server that is gone is told elsewhere
  return loading;
}

export const loaded = () => window.Bokeh?.Plotting !== undefined;

const DASH = { solid: [], dashed: [7, 4], dotted: [2, 3], dotdash: [2, 3, 7, 3], dashdot: [7, 3, 2, 3], longdash: [12, 4] };

function figure(host, { log = false, xLog = false, x, y, label }) {
  const { Plotting, Range1d } = window.Bokeh;
  const plot = Plotting.figure({
    sizing_mode: "stretch_both", toolbar_location: null, tools: "", x_axis_type: xLog ? "log" : "linear", y_axis_type: log ? "log" : "linear",
    x_range: new Range1d({ start: x[0], end: x[1] }), y_range: new Range1d({ start: y[0], end: y[1] }),
    background_fill_color: null, border_fill_color: null, outline_line_color: null, min_border_left: 6, min_border_right: 10, min_border_top: 6,
    output_backend: "canvas", lod_threshold: null,
  });
  for (const axis of [plot.xaxis, plot.yaxis].flat()) {
    axis.axis_line_color = colour("rule");
    axis.major_tick_line_color = colour("rule");
    axis.minor_tick_line_color = null;
    axis.major_label_text_color = colour("quiet");
    axis.major_label_text_font_size = "11px";
    axis.axis_label_text_color = colour("quiet");
    axis.axis_label_text_font_size = "11px";
    axis.axis_label_text_font_style = "normal";
    axis.major_tick_in = 0;
  }
  for (const grid of [plot.xgrid, plot.ygrid].flat()) grid.grid_line_color = colour("line");
  for (const grid of [plot.xgrid].flat()) grid.grid_line_color = null;
  if (label) for (const axis of [plot.xaxis].flat()) axis.axis_label = label;
  host.replaceChildren();
  Plotting.show(plot, host);
  return plot;
}


// Marks at whole powers of ten, at most five of them; at 2 and 5 between where there are few.
function decades(plot, [bottom, top]) {
  const low = Math.round(Math.log10(bottom)), high = Math.round(Math.log10(top)), every = Math.ceil((high - low) / 5);
  const powers = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => low + i * every);
  const ticks = high - low > 2 ? powers.map((power) => 10 ** power) : powers.flatMap((power) => [1, 2, 5].map((part) => part * 10 ** power)).filter((tick) => tick <= top);
  for (const axis of [plot.yaxis].flat()) {
    axis.ticker = new window.Bokeh.FixedTicker({ ticks });
    axis.major_label_overrides = new Map(ticks.map((tick) => [tick, number(tick)]));
  }
}

// A curve with its spread, those of the others in the background, a cursor, and marks where the loss is not finite.
export class Curve {
  constructor(host, { log, x, y, colour: mine, dash, label = "step" }) {
    this.host = host;
    this.key = null;
    this.look = { log, mine, dash, label };
    this.build(x, y);
  }

  build(x, y) {
    const { BasicTicker, ColumnDataSource, Span } = window.Bokeh;
    const { log, mine, dash, label } = this.look;
    this.key = JSON.stringify([x, y]);
    this.plot = figure(this.host, { log, x, y, label });
    for (const axis of [this.plot.xaxis].flat()) axis.ticker = new BasicTicker({ desired_num_ticks: 3 });
    if (log) decades(this.plot, y);
    else for (const axis of [this.plot.yaxis].flat()) axis.ticker = new BasicTicker({ desired_num_ticks: 4 });
    this.others = new ColumnDataSource({ data: { xs: [], ys: [] } });
    this.band = new ColumnDataSource({ data: { x: [], low: [], high: [] } });
    this.line = new ColumnDataSource({ data: { x: [], y: [], test: [] } });
    this.lost = new ColumnDataSource({ data: { x: [], y: [] } });
    this.plot.multi_line({ field: "xs" }, { field: "ys" }, { source: this.others, line_color: colour("rule"), line_alpha: 0.45, line_width: 1 });
    this.plot.varea({ field: "x" }, { field: "low" }, { field: "high" }, { source: this.band, fill_color: mine, fill_alpha: 0.18 });
    this.plot.line({ field: "x" }, { field: "test" }, { source: this.line, line_color: mine, line_width: 1.3, line_dash: [2, 3] });
    this.plot.line({ field: "x" }, { field: "y" }, { source: this.line, line_color: mine, line_width: 2.4, line_dash: DASH[dash] ?? [] });
    this.plot.scatter({ field: "x" }, { field: "y" }, { source: this.lost, marker: "x", size: 9, line_color: mine, line_width: 2.5 });
    this.cursor = new Span({ dimension: "height", location: 0, line_color: colour("ink"), line_width: 1, line_alpha: 0.6 });
    this.plot.add_layout(this.cursor);
  }

  // own: {x, y, test, low, high, lost: [steps]}; others: [{x, y}]
  draw(own, others, { x, y, cursor }) {
    if (this.key !== JSON.stringify([x, y])) {
      this.key = JSON.stringify([x, y]);
      this.plot.x_range.setv({ start: x[0], end: x[1] });
      this.plot.y_range.setv({ start: y[0], end: y[1] });
      if (this.look.log) decades(this.plot, y);
    }
    this.others.data = { xs: others.map((each) => each.x), ys: others.map((each) => each.y) };
    this.band.data = { x: own.x, low: own.low, high: own.high };
    this.line.data = { x: own.x, y: own.y, test: own.test };
    this.lost.data = { x: own.lost, y: own.lost.map(() => y[1]) };
    this.cursor.location = cursor;
  }
}

// One ridge a layer, lowest layer at the bottom, on bins that never move.
export class Ridges {
  constructor(host, { scale, names, colour: mine, unit }) {
    const { ColumnDataSource, FixedTicker } = window.Bokeh;
    const span = scale.high - scale.low;
    this.scale = scale;
    this.bins = 2 * span * scale.bins;
    this.plot = figure(host, { x: [-span, span], y: [-0.15, names.length + 0.35], label: unit });
    const marks = [-1, 1].flatMap((sign) => (host.clientWidth < 210 ? [3] : [1, 2, 3]).map((part) => sign * Math.round((part * span) / 3))).concat(0).sort((a, b) => a - b);
    const words = new Map(marks.map((place) => [place, place === 0 ? "≈0" : `${place < 0 ? "−" : ""}10${superscript(scale.low + Math.abs(place))}`]));
    for (const axis of [this.plot.xaxis].flat()) {
      axis.ticker = new FixedTicker({ ticks: marks });
      axis.major_label_overrides = words;
    }
    for (const axis of [this.plot.yaxis].flat()) {
      axis.ticker = new FixedTicker({ ticks: names.map((_, i) => i) });
      axis.major_label_overrides = new Map(names.map((name, i) => [i, name]));
    }
    this.source = new ColumnDataSource({ data: { xs: [], ys: [] } });
    this.plot.patches({ field: "xs" }, { field: "ys" }, { source: this.source, fill_color: mine, fill_alpha: 0.3, line_color: mine, line_width: 1.1 });
    const edges = Array.from({ length: this.bins + 1 }, (_, i) => -span + i / scale.bins);
    this.xs = [edges[0], ...edges.slice(0, -1).flatMap((edge, i) => [edge, edges[i + 1]]), edges.at(-1)];
  }

  // shares: one array of bin shares a layer; a height of 1 is `full` of the values in one bin
  draw(shares, full) {
    const ys = shares.map((bins, row) => [row, ...bins.flatMap((share) => {
      const height = row + Math.min(1.25, share / full);
      return [height, height];
    }), row]);
    this.source.data = { xs: ys.map(() => this.xs), ys };
  }
}

// Gap against step size, both on log axes; a block that is wrong is drawn thick.
export class Slopes {
  constructor(host, blocks) {
    const { ColumnDataSource } = window.Bokeh;
    const all = blocks.flatMap((block) => block.law).filter(([h, gap]) => h > 0 && gap > 0);
    const range = (values) => [10 ** Math.floor(Math.log10(Math.min(...values, 1e-2))), 10 ** Math.ceil(Math.log10(Math.max(...values, 1e-1)))];
    const plot = figure(host, { log: true, xLog: true, x: range(all.map(([h]) => h)), y: range(all.map(([, gap]) => gap)), label: "step h" });
    for (const { name, law, wrong, colour: mine, dash } of blocks) {
      const rows = law.filter(([h, gap]) => h > 0 && gap > 0).sort((a, b) => a[0] - b[0]);
      const source = new ColumnDataSource({ data: { x: rows.map(([h]) => h), y: rows.map(([, gap]) => gap) } });
      plot.line({ field: "x" }, { field: "y" }, { source, line_color: mine, line_width: wrong ? 3.5 : 1.3, line_dash: DASH[dash] ?? [], legend_label: name });
    }
    dress(plot);
  }
}

// Order and chaos: the critical line, contours of the depth scale, and the point of every initialization.
export class Phase {
  constructor(host, { configuration, curves }, points) {
    const { ColumnDataSource } = window.Bokeh;
    const [x0, x1] = configuration.sigma_w2, [y0, y1] = configuration.sigma_b2;
    const pad = 0.06 * (y1 - y0);
    const plot = figure(host, { x: [x0, x1], y: [y0 - pad, y1], label: "σw² = fan_in · Var(w), upwards σb² = Var(b)" });
    for (const curve of curves) {
      const critical = curve.side === "critical";
      const source = new ColumnDataSource({ data: { x: curve.sigma_w2, y: curve.sigma_b2 } });
      plot.line({ field: "x" }, { field: "y" }, { source, line_color: critical ? colour("ink") : colour("rule"), line_width: critical ? 3 : 1, line_dash: curve.side === "chaotic" ? [5, 3] : [] });
      const inside = curve.sigma_w2.map((x, i) => [x, curve.sigma_b2[i]]).filter(([x, y]) => x > x0 && x < x1 && y >= 0 && y < 0.93 * y1);
      const [x, y] = inside.at(-1) ?? [];
      if (x !== undefined) plot.text({ x: [x], y: [y], text: [critical ? "critical" : `ξ ${curve.xi_c}`], text_font_size: "11px", text_color: colour("quiet"), text_align: "center" });
    }
    for (const { scheme, sigma_w2, sigma_b2, colour: mine, place } of points) {
      const x = Math.min(x1 - 0.01 * (x1 - x0), Math.max(x0 + 0.01 * (x1 - x0), sigma_w2)), y = Math.min(y1, Math.max(y0, sigma_b2));
      plot.scatter({ x: [x], y: [y], marker: MARKS[place % MARKS.length], size: 13, fill_color: x === sigma_w2 ? mine : colour("card"), line_color: mine, line_width: 2, legend_label: scheme });
    }
    dress(plot);
  }
}

const MARKS = ["circle", "triangle", "square", "diamond", "inverted_triangle", "plus"];

function dress(plot) {
  for (const legend of [plot.legend].flat()) {
    legend.background_fill_color = colour("card");
    legend.background_fill_alpha = 0.9;
    legend.border_line_color = colour("line");
    legend.label_text_color = colour("ink");
    legend.label_text_font_size = "11px";
    legend.padding = 6;
    legend.spacing = 1;
  }
}
