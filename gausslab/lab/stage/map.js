/** Panel 2: the map G beside the inverse CDF that it ought to become. */

import { traceOver } from "./curves.js";
import { Layer, Scale, brief, hatch, line, pen, say, tag, ticks } from "./drawing.js";

const LEFT = 40;
const RIGHT = 12;
const TOP = 26;
const BOTTOM = 32;
const NAMED_FLATS = 3; // the heaviest flats get their mass in words
const NAMED_MASS = 0.01; // lighter ones get none

/** The panel. */
export class MapPanel {
  /**
   * @param {HTMLCanvasElement} still for what seldom changes
   * @param {HTMLCanvasElement} moving for what changes 60 times a second
   */
  constructor(still, moving) {
    this.still = new Layer(still);
    this.moving = new Layer(moving);
    this.Z = new Scale();
    this.Y = new Scale();
    this.key = "";
  }

  /** Takes up a theme. */
  dress(theme) {
    this.theme = theme;
    this.foldFill = hatch(this.moving.context, "crosses", theme.fold.colour, 0.35);
    this.key = "";
  }

  prepare(moment, ghosts) {
    const { view, scene } = moment;
    const rival = ghosts.find(({ belief }) => belief);
    const resized = [this.still.fit(), this.moving.fit()].some(Boolean);
    const key = `${view.low}|${view.high}|${scene.id}|${rival?.label}`;
    if (!resized && key === this.key) return;
    this.key = key;
    const { context, width, height } = this.still;
    const { theme, Z, Y } = this;
    this.right = width - RIGHT;
    this.floor = height - BOTTOM;
    const lowest = scene.z.find(Number.isFinite);
    const highest = scene.z.findLast(Number.isFinite);
    Z.set(lowest, highest, LEFT, this.right);
    Y.set(view.low, view.high, this.floor, TOP);
    this.still.clear();
    context.lineWidth = 1;
    context.setLineDash([]);
    context.strokeStyle = theme.grid;
    context.beginPath();
    const across = ticks(lowest, highest, Math.min(5, width / 70));
    for (const value of across) line(context, Z.at(value), TOP, Z.at(value), this.floor);
    const up = ticks(view.low, view.high, Math.max(2, height / 55));
    for (const value of up) line(context, LEFT, Y.at(value), this.right, Y.at(value));
    context.stroke();
    context.strokeStyle = theme.frame;
    context.strokeRect(LEFT, TOP, this.right - LEFT, this.floor - TOP);
    for (const value of across) {
      say(context, theme, brief(value), Z.at(value), this.floor + 9, { align: "center", colour: theme.muted });
    }
    for (const value of up) {
      say(context, theme, brief(value), LEFT - 5, Y.at(value), { align: "right", colour: theme.muted, size: 11 });
    }
    const middle = (LEFT + this.right) / 2;
    const sampled = "share of what is made that lies below";
    say(context, theme, scene.sampled ? sampled : "z, the noise that goes in", middle, height - 8, {
      align: "center",
      colour: theme.muted,
      size: 11,
    });
    say(context, theme, "x", LEFT - 5, TOP - 9, { align: "right", colour: theme.muted });
    this.drawKey(context, theme, rival, scene.sampled);
  }

  /** Which line is which, above the picture: of a G that is no map of a single z, its samples in order. */
  drawKey(context, theme, rival, sampled) {
    const entries = [
      [theme.generator, sampled ? "made, in order (sampled)" : "G(z)"],
      [theme.target, sampled ? "ideal F⁻¹" : "ideal F⁻¹(z)"],
      ...(sampled ? [] : [[theme.rearranged, "G, sorted"]]),
      ...(rival ? [[rival.look, "rival"]] : []),
    ];
    let x = LEFT;
    for (const [look, words] of entries) {
      pen(context, look);
      context.beginPath();
      line(context, x, TOP - 12, x + 20, TOP - 12);
      context.stroke();
      say(context, theme, words, x + 25, TOP - 12, { size: 11 });
      x += 25 + context.measureText(words).width + 14;
    }
    const fold = "turns back";
    if (!sampled && x + 21 + context.measureText(fold).width <= this.still.width) {
      context.fillStyle = this.foldFill;
      context.fillRect(x, TOP - 17, 16, 10);
      say(context, theme, fold, x + 21, TOP - 12, { size: 11 });
    }
  }

  /**
   * Draws the moment.
   *
   * @param {Moment} moment
   * @param {{u: ?number, pixel: number}} hand the latent's level that is pointed at, if any, and where
   * @param {object[]} ghosts of other branches
   */
  draw(moment, hand, ghosts) {
    this.prepare(moment, ghosts);
    const { context } = this.moving;
    const { theme, Z, Y } = this;
    const { view, scene } = moment;
    // A diverged G may be anything: far outside is outside enough.
    const least = view.low - (view.high - view.low);
    const most = view.high + (view.high - view.low);
    this.moving.clear();
    context.save();
    context.beginPath();
    context.rect(LEFT, TOP, this.right - LEFT, this.floor - TOP);
    context.clip();
    context.fillStyle = this.foldFill;
    for (const [start, stop] of moment.frame.marks.folds) {
      context.fillRect(Z.at(start), TOP, Math.max(1.5, Z.at(stop) - Z.at(start)), this.floor - TOP);
    }
    for (const { look, z, g } of ghosts) {
      pen(context, look);
      traceOver(context, z, g, Z, Y, least, most);
      context.stroke();
    }
    if (!scene.sampled) {
      pen(context, theme.rearranged);
      traceOver(context, scene.z, moment.rearranged, Z, Y, least, most);
      context.stroke();
    }
    pen(context, theme.generator);
    traceOver(context, scene.z, moment.g, Z, Y, least, most);
    context.stroke();
    pen(context, theme.target);
    traceOver(context, scene.z, scene.ideal, Z, Y, least, most);
    context.stroke();
    this.drawFlats(context, moment);
    context.restore();
    if (hand.u !== null) this.drawHand(context, moment, hand);
  }

  /** Where G stands still, and how much of the probability stands there with it. */
  drawFlats(context, moment) {
    const { theme, Z, Y } = this;
    const { flats } = moment.frame.marks;
    context.strokeStyle = theme.text;
    context.lineWidth = 4;
    context.setLineDash([]);
    context.beginPath();
    for (const [start, stop, x] of flats) line(context, Z.at(start), Y.at(x), Z.at(stop), Y.at(x));
    context.stroke();
    let named = 0;
    for (const [start, stop, x, mass] of flats) {
      if (mass < NAMED_MASS || named === NAMED_FLATS) continue;
      named += 1;
      const words = `stands still: ${Math.round(100 * mass)} %`;
      const above = Y.at(x) > (TOP + this.floor) / 2;
      const y = Y.at(x) + (above ? -12 : 12);
      context.font = `11px ${theme.font}`;
      const wide = context.measureText(words).width;
      const middle = Math.min(this.right - wide / 2 - 4, Math.max(LEFT + wide / 2 + 4, Z.at((start + stop) / 2)));
      tag(context, theme, words, middle, y, { align: "center", size: 11 });
    }
  }

  /** From z up to G(z), and across to x. */
  drawHand(context, moment, hand) {
    const { theme, Z, Y } = this;
    const z = Z.under(hand.pixel);
    const x = moment.mapAt(hand.u);
    const y = Math.min(this.floor, Math.max(TOP, Y.at(x)));
    context.strokeStyle = context.fillStyle = theme.text;
    context.lineWidth = 1.3;
    context.setLineDash([]);
    context.beginPath();
    line(context, Z.at(z), this.floor, Z.at(z), y);
    context.lineTo(LEFT, y);
    context.stroke();
    context.beginPath();
    context.arc(Z.at(z), y, 4, 0, 2 * Math.PI);
    context.fill();
    const words = `${moment.scene.sampled ? "share" : "z"} = ${brief(z, 2)} ↦ x = ${brief(x)}`;
    const onLeft = Z.at(z) > (LEFT + this.right) / 2;
    const look = { align: onLeft ? "right" : "left", bold: true };
    const high = y < TOP + 24 ? y + 14 : y - 11;
    tag(context, theme, words, Z.at(z) + (onLeft ? -8 : 8), high, look);
  }
}
