/** Panel 1: target, generated density, discriminator, both batches, the push, and the picture of the 2014 paper. */

import { drawCertainty, nameHitRate } from "./certainty.js";
import { trace, traceBetween } from "./curves.js";
import { Layer, Scale, brief, hatch, line, pen, say, tag, ticks } from "./drawing.js";
import { LANE, LANES, PICTURE, drawBatch, drawNoise, drawPush, nameBeyond, nameLanes } from "./lanes.js";
import { faded } from "./theme.js";

const LEFT = 46;
const RIGHT = 58;
const TOP = 10;
const JUDGED = 0.003; // share of the ceiling from which the gap between D and D* is shaded
const NIB = [
  [0, -0.5],
  [0.45, 0.3],
  [-0.45, 0.3],
]; // pixels between three hairlines that are as wide as one line of two pixels, whichever way they go
const SIGNED = 0.02; // probability from which an area gets its sign

/**
 * What can be switched in the legend: a name, its words, the look of its sample; a longer word, the words, short and
 * long, that it has on some scenes, and if it is off.
 */
export const LAYERS = [
  {
    name: "target",
    words: "target p",
    look: "target",
    remark: ({ isSample, densityLabel }) =>
      isSample && ["target (KDE)", `A ${densityLabel}, to look at; what is learnt are the data`],
  },
  {
    name: "generator",
    words: "made p<sub>g</sub>",
    look: "generator",
    remark: ({ sampled }) =>
      sampled && ["p<sub>g</sub> (sampled)", "Of samples: G is no map of a single z, so nothing here is exact"],
  },
  { name: "difference", words: "too high + / low −", look: "tooHigh" },
  { name: "discriminator", words: "D", look: "discriminator" },
  { name: "optimal", words: "best D*", look: "optimal" },
  { name: "batches", words: "batches", look: "batch" },
  { name: "push", words: "push", look: "push" },
  { name: "noise", words: "z ↦ x", look: "generator" },
  {
    name: "certainty",
    words: "how sure",
    look: "certainty",
    help: "How sure the best D can be, max(D*, 1 − D*): at ½ even that one can only guess",
    off: true,
  },
  { name: "rival", words: "rival", look: "rival" },
];

/** The panel. */
export class Densities {
  /**
   * @param {HTMLCanvasElement} still for what seldom changes
   * @param {HTMLCanvasElement} moving for what changes 60 times a second
   */
  constructor(still, moving) {
    this.still = new Layer(still);
    this.moving = new Layer(moving);
    this.X = new Scale();
    this.Y = new Scale();
    this.B = new Scale();
    this.Z = new Scale();
    this.key = "";
  }

  /** Takes up a theme. */
  dress(theme) {
    this.theme = theme;
    this.tooHigh = hatch(this.moving.context, "slashes", theme.tooHigh.colour);
    this.tooLow = hatch(this.moving.context, "dots", theme.tooLow.colour);
    this.targetFill = faded(theme.target.colour, 0.16);
    this.generatorFill = faded(theme.generator.colour, 0.12);
    this.gapFill = faded(theme.discriminator.colour, 0.14);
    this.ticksOfRug = { target: faded(theme.target.colour, 0.6), generator: faded(theme.generator.colour, 0.65) };
    this.threads = faded(theme.generator.colour, 0.55);
    this.key = "";
  }

  /** Lays out the panel and draws what seldom changes, if anything of it did. */
  prepare(moment, shows) {
    const { view } = moment;
    const resized = [this.still.fit(), this.moving.fit()].some(Boolean);
    const { sampled } = moment.scene;
    const key = `${view.low}|${view.high}|${view.ceiling}|${shows.noise}|${moment.targetKey}|${shows.target}|${sampled}`;
    if (!resized && key === this.key) return;
    this.key = key;
    const { width, height } = this.still;
    this.left = LEFT;
    this.right = width - (width < 420 ? 34 : RIGHT);
    this.bottom = height - 14; // where the noise starts
    this.axis = height - 18 - (shows.noise ? 14 + Math.min(PICTURE, 0.17 * height) : 0);
    this.floor = this.axis - LANES; // density 0
    this.X.set(view.low, view.high, LEFT, this.right);
    this.Y.set(0, view.ceiling, this.floor, TOP);
    this.B.set(0, 1, this.floor, TOP + 0.04 * (this.floor - TOP));
    this.Z.set(0, 1, LEFT, this.right);
    this.drawStill(moment, shows, this.theme);
  }

  drawStill(moment, shows, theme) {
    const { context, width, height } = this.still;
    const { X, Y, B, floor, axis, right } = this;
    const { low, high, ceiling } = moment.view;
    this.still.clear();
    context.lineWidth = 1;
    context.setLineDash([]);
    context.strokeStyle = theme.grid;
    context.beginPath();
    for (const value of ticks(low, high, width / 75)) line(context, X.at(value), TOP, X.at(value), axis);
    for (const value of ticks(0, ceiling, 4)) line(context, LEFT, Y.at(value), right, Y.at(value));
    context.stroke();
    context.strokeStyle = theme.frame;
    context.beginPath();
    line(context, LEFT, floor, right, floor);
    line(context, LEFT, axis, right, axis);
    context.stroke();
    let taken = right;
    for (const value of ticks(low, high, width / 75)) {
      const number = brief(value, 4);
      say(context, theme, number, X.at(value), axis + 9, { align: "center", colour: theme.muted });
      taken = Math.max(right, X.at(value) + context.measureText(number).width / 2);
    }
    say(context, theme, "x", taken + 8, axis + 9, { colour: theme.muted });
    for (const value of ticks(0, ceiling, 4).slice(1)) {
      say(context, theme, brief(value), LEFT - 5, Y.at(value), { align: "right", colour: theme.muted, size: 11 });
    }
    nameLanes(this, theme, shows.noise, moment.scene.sampled);
    const belief = width < 420 ? ["0", "½", "1"] : ["0 fake", "½", "1 real"];
    [0, 0.5, 1].forEach((value, index) => {
      say(context, theme, belief[index], right + 5, B.at(value), { colour: theme.discriminator.colour, size: 11 });
    });
    say(context, theme, "D", right + 5, B.at(0.76), { colour: theme.discriminator.colour, size: 12, bold: true });
    if (shows.target) {
      this.clip(context);
      context.fillStyle = this.targetFill;
      traceBetween(context, moment.p, 0, moment.scene.x0, moment.scene.dx, X, Y, 1.5 * ceiling);
      context.fill();
      context.restore();
    }
  }

  clip(context) {
    context.save();
    context.beginPath();
    context.rect(LEFT, TOP - 6, this.right - LEFT, this.floor - TOP + 6);
    context.clip();
  }

  /**
   * Draws the moment.
   *
   * @param {Moment} moment
   * @param {Object<string, boolean>} shows which layers
   * @param {object} hand what the person points at: `x` lit by the map, `handles` to grab, `sketch` being drawn
   * @param {object[]} ghosts of other branches
   */
  draw(moment, shows, hand, ghosts) {
    this.prepare(moment, shows);
    const { context } = this.moving;
    const { X, Y, B, theme } = this;
    const { scene } = moment;
    const { x0, dx } = scene;
    const most = 1.5 * moment.view.ceiling;
    this.moving.clear();
    this.clip(context);
    if (shows.difference) {
      context.fillStyle = this.tooHigh;
      traceBetween(context, moment.density, moment.p, x0, dx, X, Y, most);
      context.fill();
      context.fillStyle = this.tooLow;
      traceBetween(context, moment.p, moment.density, x0, dx, X, Y, most);
      context.fill();
    } else if (shows.generator) {
      context.fillStyle = this.generatorFill;
      traceBetween(context, moment.density, 0, x0, dx, X, Y, most);
      context.fill();
    }
    if (shows.discriminator && shows.optimal) this.drawGap(context, moment);
    for (const ghost of ghosts) curve(context, ghost.look, ghost.density, ghost.x0, ghost.dx, X, Y, most);
    for (const { belief, x0, dx } of shows.discriminator ? ghosts.filter((ghost) => ghost.belief) : [])
      curve(context, theme.rivalBelief, belief, x0, dx, X, B);
    if (shows.optimal) curve(context, theme.optimal, moment.optimal, x0, dx, X, B);
    if (shows.discriminator) curve(context, theme.discriminator, moment.belief, x0, dx, X, B);
    if (shows.certainty) drawCertainty(this, moment, JUDGED * moment.view.ceiling);
    if (shows.generator) this.drawGenerated(moment, most);
    if (shows.target) curve(context, theme.target, moment.p, x0, dx, X, Y, most);
    if (shows.difference) this.drawSigns(context, moment);
    context.restore();
    if (shows.certainty) nameHitRate(this, moment);
    if (shows.batches) {
      drawBatch(this, moment.frame.real, 0, this.ticksOfRug.target);
      drawBatch(this, moment.frame.fake, 1, this.ticksOfRug.generator);
    }
    if (shows.generator) nameBeyond(this, moment);
    if (shows.push) drawPush(this, moment);
    if (shows.noise) drawNoise(this, moment);
    this.drawHand(context, moment, shows, hand);
  }

  /** The density of what is made, which is jagged: two pixels wide, it costs four times as much as three hairlines. */
  drawGenerated({ density, scene }, most) {
    const { X, Y, theme } = this;
    const { context, ratio } = this.moving;
    if (ratio > 1) {
      curve(context, theme.generator, density, scene.x0, scene.dx, X, Y, most);
      return;
    }
    pen(context, theme.generator, 1);
    for (const [right, below] of NIB) {
      trace(context, density, scene.x0, scene.dx, X, Y, most, right, below);
      context.stroke();
    }
  }

  drawGap(context, moment) {
    const { belief, optimal, p, density, scene } = moment;
    if (this.near?.length !== belief.length) this.near = new Float32Array(belief.length);
    const least = JUDGED * moment.view.ceiling;
    for (let index = 0; index < belief.length; index++) {
      // Where there is nothing to judge, D* is a matter of vanishing tails.
      this.near[index] = Math.max(p[index], density[index]) > least ? optimal[index] : belief[index];
    }
    context.fillStyle = this.gapFill;
    traceBetween(context, belief, this.near, scene.x0, scene.dx, this.X, this.B, Infinity, true);
    context.fill();
  }

  /** A + or − in the middle of each area between the curves that holds enough probability. */
  drawSigns(context, moment) {
    const { p, density, scene, view } = moment;
    const look = { align: "center", size: 17, bold: true };
    let start = 0;
    let mass = 0;
    for (let index = 0; index <= p.length; index++) {
      const excess = index < p.length ? density[index] - p[index] : 0;
      if (index < p.length && excess > 0 === mass > 0 && excess !== 0) {
        mass += excess * scene.dx;
        continue;
      }
      if (Math.abs(mass) >= SIGNED) {
        let half = 0;
        let at = start;
        while (at < index - 1 && (half += (density[at] - p[at]) * scene.dx) / mass < 0.5) at++;
        const middle = 0.5 * (Math.min(p[at], view.ceiling) + Math.min(density[at], view.ceiling));
        const colour = mass > 0 ? this.theme.tooHigh.colour : this.theme.tooLow.colour;
        look.colour = colour;
        say(context, this.theme, mass > 0 ? "+" : "−", this.X.at(scene.x0 + at * scene.dx), this.Y.at(middle), look);
      }
      start = index;
      mass = excess * scene.dx;
    }
  }

  /** What the person points at, grabs or draws. */
  drawHand(context, moment, shows, hand) {
    const { theme, X, Y } = this;
    if (hand.x !== null && hand.x >= moment.view.low && hand.x <= moment.view.high) {
      context.strokeStyle = theme.text;
      context.lineWidth = 1.5;
      context.setLineDash([]);
      context.beginPath();
      line(context, X.at(hand.x), TOP, X.at(hand.x), this.axis);
      if (shows.noise) line(context, X.at(hand.x), this.axis + 18, this.Z.at(hand.u), this.bottom);
      context.stroke();
      const onLeft = X.at(hand.x) > this.right - 80;
      const look = { align: onLeft ? "right" : "left", bold: true };
      tag(context, theme, `x = ${brief(hand.x)}`, X.at(hand.x) + (onLeft ? -6 : 6), TOP + 8, look);
    }
    if (hand.handles && shows.target && (hand.near || hand.coarse)) {
      context.fillStyle = theme.background;
      pen(context, theme.target, 2);
      context.setLineDash([]);
      for (const name of ["mean", "left", "right"]) {
        const at = hand.handles[name];
        context.beginPath();
        context.arc(
          X.at(at.x),
          Y.at(Math.min(at.y, moment.view.ceiling)),
          hand.near === name ? 8 : 5.5,
          0,
          2 * Math.PI,
        );
        context.fill();
        context.stroke();
      }
    }
    if (hand.sketch) {
      pen(context, theme.target, 2.5);
      trace(context, hand.sketch.heights, hand.sketch.x0, hand.sketch.dx, X, Y);
      context.stroke();
    }
  }
}

function curve(context, look, values, x0, dx, X, Y, most) {
  pen(context, look);
  trace(context, values, x0, dx, X, Y, most);
  context.stroke();
}
