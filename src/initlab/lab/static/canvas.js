// What no library draws: the decision boundary with its points, and the network diagram.
import { colour } from "./theme.js";

const LOST = 255;

function prepared(canvas, wide, high) {
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const w = Math.max(1, Math.round(wide * ratio)), h = Math.max(1, Math.round(high * ratio));
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, wide, high);
  return pen;
}

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

const CLASSES = ["#b35900", "#005a94", "#00795a", "#a8508a", "#6d7683", "#8a7a00"];
const SHAPES = ["circle", "triangle", "square", "diamond", "cross", "plus"];
let ramp = null, rampKey = "";

function palette(classes) {
  const ends = [colour("ground-0"), colour("ground-1"), colour("card")];
  const key = ends.join() + classes;
  if (key === rampKey) return ramp;
  const [from, to, middle] = ends.map(rgb);
  ramp = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i += 1) {
    const p = Math.min(1, i / (LOST - 1));
    let mixed;
    if (classes > 2) {
      const own = rgb(CLASSES[Math.round(p * (classes - 1)) % CLASSES.length]);
      mixed = own.map((c, j) => 0.3 * c + 0.7 * middle[j]);
    } else mixed = p < 0.5 ? from.map((c, j) => c + (middle[j] - c) * 2 * p * 0.75) : to.map((c, j) => c + (middle[j] - c) * 2 * (1 - p) * 0.75);
    ramp.set([...mixed, i === LOST ? 0 : 255], 4 * i);
  }
  rampKey = key;
  return ramp;
}

export function plane(canvas, grid, points, classes) {
  const side = canvas.clientWidth || 200;
  const pen = prepared(canvas, side, side);
  if (grid) {
    const bytes = Uint8Array.from(atob(grid), (c) => c.charCodeAt(0));
    const n = Math.round(Math.sqrt(bytes.length));
    const picture = new ImageData(n, n), colours = palette(classes);
    for (let row = 0; row < n; row += 1)
      for (let column = 0; column < n; column += 1) {
        const grey = bytes[(n - 1 - row) * n + column];
        picture.data.set(colours.subarray(4 * grey, 4 * grey + 4), 4 * (row * n + column));
      }
    const small = new OffscreenCanvas(n, n);
    small.getContext("2d").putImageData(picture, 0, 0);
    pen.imageSmoothingEnabled = true;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(small, 0, 0, side, side);
  }
  if (points) marks(pen, points, side);
}

function marks(pen, { x: [xs, ys], labels }, side) {
  const place = frame(xs, ys, side);
  const radius = side > 170 ? 2.6 : 2;
  pen.lineWidth = 0.8;
  pen.strokeStyle = colour("card");
  const inks = [colour("class-0"), colour("class-1"), ...CLASSES.slice(2)];
  labels.forEach((label, i) => {
    const [x, y] = place(xs[i], ys[i]);
    pen.fillStyle = inks[label % inks.length];
    shape(pen, SHAPES[label % SHAPES.length], x, y, radius);
    pen.fill();
    pen.stroke();
  });
}

function frame(xs, ys, side) {
  const range = (values) => {
    const low = Math.min(...values), high = Math.max(...values);
    const margin = 0.15 * (high - low) || 1;
    return [low - margin, high + margin];
  };
  const [x0, x1] = range(xs), [y0, y1] = range(ys);
  return (x, y) => [((x - x0) / (x1 - x0)) * side, side - ((y - y0) / (y1 - y0)) * side];
}

function shape(pen, name, x, y, r) {
  pen.beginPath();
  if (name === "circle") pen.arc(x, y, r, 0, 2 * Math.PI);
  else {
    const corners = { triangle: [[0, -1.3], [1.2, 0.9], [-1.2, 0.9]], square: [[-1, -1], [1, -1], [1, 1], [-1, 1]], diamond: [[0, -1.4], [1.4, 0], [0, 1.4], [-1.4, 0]], cross: [[-1, -0.4], [1, -0.4], [1, 0.4], [-1, 0.4]], plus: [[-0.4, -1], [0.4, -1], [0.4, 1], [-0.4, 1]] }[name];
    corners.forEach(([dx, dy], i) => (i ? pen.lineTo(x + r * dx, y + r * dy) : pen.moveTo(x + r * dx, y + r * dy)));
    pen.closePath();
  }
}

// A thumbnail of a data set: points in a unit square, or four pictures of 8 by 8.
export function thumbnail(canvas, dataset) {
  const side = 52, pen = prepared(canvas, side, side);
  if (dataset.pictures) {
    dataset.pictures.slice(0, 4).forEach((picture, k) => picture.forEach((ink, i) => {
      pen.fillStyle = colour("ink");
      pen.globalAlpha = ink;
      pen.fillRect((k % 2) * 27 + (i % 8) * 3.1, Math.floor(k / 2) * 27 + Math.floor(i / 8) * 3.1, 3.1, 3.1);
    }));
    pen.globalAlpha = 1;
    return;
  }
  const inks = [colour("class-0"), colour("class-1"), ...CLASSES.slice(2)];
  for (const [x, y, label] of dataset.points) {
    pen.fillStyle = inks[label % inks.length];
    shape(pen, SHAPES[label % SHAPES.length], 3 + x * (side - 6), side - 3 - y * (side - 6), 1.7);
    pen.fill();
  }
}

export const EDGE_SCALE = { weights: [-2, 2], gradients: [-5, 2] };
const MOST_DRAWN = 12;

// Units as columns of dots; an edge's width is the size of its value on a fixed scale, its dash and colour the sign.
export function diagram(canvas, widths, edges, kind) {
  const wide = canvas.clientWidth || 260, high = wide * 0.75;
  const pen = prepared(canvas, wide, high);
  const [low, top] = EDGE_SCALE[kind];
  const place = (layer, unit) => {
    const shown = Math.min(widths[layer], MOST_DRAWN);
    return [14 + (layer * (wide - 28)) / (widths.length - 1), ((unit + 0.5) * (high - 16)) / shown];
  };
  const signs = [colour("class-0"), colour("class-1")];
  edges.forEach((layer, l) => layer[kind].forEach((row, i) => row.forEach((value, j) => {
    if (typeof value !== "number" || value === 0) return;
    const size = (Math.log10(Math.abs(value)) - low) / (top - low);
    if (size <= 0) return;
    pen.strokeStyle = signs[value > 0 ? 1 : 0];
    pen.globalAlpha = 0.25 + 0.65 * Math.min(1, size);
    pen.lineWidth = 0.4 + 3.6 * Math.min(1, size);
    pen.setLineDash(value > 0 ? [] : [4, 3]);
    pen.beginPath();
    pen.moveTo(...place(l, j));
    pen.lineTo(...place(l + 1, i));
    pen.stroke();
  })));
  pen.globalAlpha = 1;
  pen.setLineDash([]);
  widths.forEach((width, layer) => {
    for (let unit = 0; unit < Math.min(width, MOST_DRAWN); unit += 1) {
      pen.beginPath();
      pen.arc(...place(layer, unit), Math.min(5, 60 / Math.min(width, MOST_DRAWN)), 0, 2 * Math.PI);
      pen.fillStyle = colour("card");
      pen.fill();
      pen.strokeStyle = colour("ink");
      pen.lineWidth = 1.2;
      pen.stroke();
    }
    pen.fillStyle = colour("quiet");
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.fillText(String(width), place(layer, 0)[0], high - 3);
  });
}
