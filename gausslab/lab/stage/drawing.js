/** What every panel draws with. Nothing here allocates once a panel is set up: drawing runs 60 times a second. */

import { faded } from "./theme.js";

const MOST_PIXELS = 2; // per CSS pixel: beyond, more cost than gain
const SHEET = 64; // pixels of a pattern, a multiple of those of its tile

/** A linear map from data to pixels that can be set anew without making another. */
export class Scale {
  /** Sets the scale so that `from` falls on pixel `start` and `to` on pixel `end`. */
  set(from, to, start, end) {
    this.from = from;
    this.to = to;
    this.start = start;
    this.end = end;
    this.factor = (end - start) / (to - from || 1);
    this.offset = start - this.factor * from;
    return this;
  }

  /** The pixel of a value. */
  at(value) {
    return this.offset + this.factor * value;
  }

  /** The value under a pixel. */
  under(pixel) {
    return (pixel - this.offset) / this.factor;
  }
}

/** A canvas that knows its size in CSS pixels and follows its element and the device's pixel ratio. */
export class Layer {
  /** @param {HTMLCanvasElement} canvas laid out by CSS */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.width = this.height = 0;
    this.resized = true;
    // Asking an element for its size has the page laid out anew: that would cost more than the drawing.
    new ResizeObserver(() => (this.resized = true)).observe(canvas);
  }

  /**
   * Fits the pixels to the element.
   *
   * @returns {boolean} whether anything changed; the canvas is blank then
   */
  fit() {
    const ratio = Math.min(MOST_PIXELS, window.devicePixelRatio || 1);
    if (!this.resized && ratio === this.ratio) return false;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    Object.assign(this, { width, height, ratio, resized: false });
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return true;
  }

  /** Wipes the canvas. */
  clear() {
    this.context.clearRect(0, 0, this.width, this.height);
  }
}

/** Adds a straight line to the path. */
export function line(context, x0, y0, x1, y1) {
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
}

/** Takes up a look for the next stroke. */
export function pen(context, look, width = look.width) {
  context.strokeStyle = look.colour;
  context.lineWidth = width;
  context.setLineDash(look.dash);
}

/** A filled arrow head whose point is at (x, y). */
export function head(context, x, y, angle, size) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x - size * Math.cos(angle - 0.45), y - size * Math.sin(angle - 0.45));
  context.lineTo(x - size * Math.cos(angle + 0.45), y - size * Math.sin(angle + 0.45));
  context.closePath();
  context.fill();
}

/** Words on the canvas. */
export function say(
  context,
  theme,
  words,
  x,
  y,
  { align = "left", size = 12, colour = theme.text, bold = false } = {},
) {
  context.font = `${bold ? "600 " : ""}${size}px ${theme.font}`;
  context.textAlign = align;
  context.textBaseline = "middle";
  context.fillStyle = colour;
  context.fillText(words, x, y);
}

/** Words on a ground of their own, readable over any curve. */
export function tag(context, theme, words, x, y, look) {
  context.font = `${look.bold ? "600 " : ""}${look.size ?? 12}px ${theme.font}`;
  const wide = context.measureText(words).width + 6;
  const left = look.align === "right" ? x - wide + 3 : look.align === "center" ? x - wide / 2 : x - 3;
  context.fillStyle = theme.ground;
  context.fillRect(left, y - 8, wide, 16);
  say(context, theme, words, x, y, look);
}

/**
 * A pattern to fill an area with, so that no area is told by its colour alone.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {"slashes"|"dots"|"crosses"|"backslashes"} kind
 * @param {string} colour
 * @param {number} strength of its lines, from 0 to 1
 * @returns {CanvasPattern}
 */
export function hatch(context, kind, colour, strength = 0.75) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pencil = tile.getContext("2d");
  pencil.fillStyle = faded(colour, 0.2 * strength);
  pencil.fillRect(0, 0, 8, 8);
  pencil.strokeStyle = pencil.fillStyle = faded(colour, strength);
  pencil.lineWidth = 1.2;
  pencil.beginPath();
  if (kind === "dots") {
    pencil.fillRect(1, 1, 1.6, 1.6);
    pencil.fillRect(5, 5, 1.6, 1.6);
  }
  if (kind === "slashes" || kind === "crosses") slope(pencil, 8, -8);
  if (kind === "backslashes" || kind === "crosses") slope(pencil, 0, 8);
  pencil.stroke();
  // Many of them at once: an area is filled in half the time.
  const sheet = document.createElement("canvas");
  sheet.width = sheet.height = SHEET;
  const brush = sheet.getContext("2d");
  brush.fillStyle = brush.createPattern(tile, "repeat");
  brush.fillRect(0, 0, SHEET, SHEET);
  return context.createPattern(sheet, "repeat");
}

/** A diagonal that goes on seamlessly in the next tile. */
function slope(pencil, from, by) {
  for (const shift of [-8, 0, 8]) {
    pencil.moveTo(shift, from);
    pencil.lineTo(shift + 8, from + by);
  }
}

/**
 * Round numbers between two limits.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} count about how many
 * @returns {number[]}
 */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10);
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high * (1 + 1e-9) && found.length < 50; at++) found.push(at * step);
  return found;
}

/** What a distance is measured by, in words. */
export const MEASURES = { W1: "W₁/σ", KS: "KS" };

/** A number in few characters, for a person. */
export function brief(value, digits = 3) {
  if (value === Infinity) return "∞";
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const [mantissa, power] = value.toExponential(1).split("e");
    return `${mantissa.replace(/\.0$/, "")}e${Number(power)}`.replace("-", "−").replace("e-", "e−");
  }
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}
