/** Panel 4: z → G → fake, real → D → loss, with the curve at each station, and the gradient's way back. */

import { trace, traceBetween, traceOver } from "./curves.js";
import { Layer, Scale, brief, head, pen, say, tag } from "./drawing.js";
import { HAVE_LAYERS, drawLayers } from "./layers.js";
import { faded } from "./theme.js";

const TITLE = 20;
const WORDS = 11.5; // pixels of the words beneath an open station, where there is room for them

/** The stations: where they stand, in shares of the panel, and what they are. */
export const STATIONS = {
  z: { title: "z", at: [0, 0.02], words: "Noise, spread evenly: every z is as likely as any other." },
  G: { title: "G", at: [0.21, 0.02], words: "The generator bends z into x. Dotted: the map that it ought to become." },
  fake: {
    title: "fake",
    at: [0.42, 0.02],
    words: "What comes out, with its exact density. Nothing is counted in bins.",
  },
  real: { title: "real", at: [0.42, 0.54], words: "Samples of the target, for comparison." },
  D: {
    title: "D",
    at: [0.63, 0.28],
    words: "The discriminator says how real each x looks. Thin: the best that it could say.",
  },
  loss: { title: "loss", at: [0.84, 0.28], words: "What each player pays. Its gradient goes back along the arrows." },
};
const WIRES = [
  ["z", "G"],
  ["G", "fake"],
  ["fake", "D"],
  ["real", "D"],
  ["D", "loss"],
];
const SIZE = [0.16, 0.42];
const BACK = {
  discriminator: [["loss", "D"]],
  generator: [
    ["loss", "D"],
    ["D", "fake"],
    ["fake", "G"],
  ],
};

/** One line for each half-step of slow motion. */
export const HALF_STEPS = {
  discriminator: "D learns: it looks at real and fake, and its curve moves towards D*. G stands still.",
  generator: "G learns: the gradient comes back through D, which stands still, and pushes every fake uphill.",
};

/** The panel. */
export class Machine {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.layer = new Layer(canvas);
    this.X = new Scale();
    this.Y = new Scale();
    this.opened = null;
  }

  /** Takes up a theme. */
  dress(theme) {
    this.theme = theme;
    this.fills = { target: faded(theme.target.colour, 0.18), generator: faded(theme.generator.colour, 0.18) };
  }

  /** Where a station stands: left, top, width and height in pixels. */
  box(name) {
    const { width, height } = this.layer;
    if (this.opened === name) return [12, TITLE, width - 24, height - TITLE - 26];
    const { at } = STATIONS[name];
    const tall = height - TITLE - 4;
    return [at[0] * width + 2, TITLE + at[1] * tall, SIZE[0] * width - 2, SIZE[1] * tall];
  }

  /**
   * Draws the machine.
   *
   * @param {Moment} moment
   * @param {number} now ms; moves the dots on the gradient's way
   * @param {?string} half the half-step that is shown alone, in slow motion
   * @param {boolean} running whether the dots move
   * @param {?object} layers hidden layers of the station that is opened
   * @param {object[]} ghosts of other branches, and of a duel's other side
   */
  draw(moment, now, half, running, layers, ghosts) {
    this.ghosts = ghosts;
    this.layer.fit();
    this.layer.clear();
    if (this.opened) {
      this.inside(moment, layers);
      return;
    }
    const { context } = this.layer;
    context.strokeStyle = context.fillStyle = this.theme.muted;
    context.lineWidth = 1.4;
    context.setLineDash([]);
    for (const [from, to] of WIRES) this.wire(from, to);
    for (const name of Object.keys(STATIONS)) this.station(name, moment, false);
    for (const player of half ? [half] : ["discriminator", "generator"])
      this.gradient(player, now, running, half !== null);
    this.key();
  }

  /** Which arrow is whose, in the corner that is free. */
  key() {
    const { context, width, height } = this.layer;
    const { theme } = this;
    const rows = [
      ["generator", "teaches G"],
      ["discriminator", "teaches D"],
    ];
    rows.forEach(([player, words], row) => {
      const y = TITLE + (0.72 + 0.11 * row) * (height - TITLE);
      pen(context, theme[player], 1.6);
      context.fillStyle = theme[player].colour;
      context.beginPath();
      context.moveTo(30, y);
      context.lineTo(8, y);
      context.stroke();
      head(context, 4, y, Math.PI, 6);
      say(context, theme, words, 36, y, { size: 11 });
    });
    const y = TITLE + 0.94 * (height - TITLE);
    if (width > 420) say(context, theme, "Click one to look inside.", 4, y, { size: 11, colour: theme.muted });
  }

  /** A station alone, with the hidden layers before it. */
  inside(moment, layers) {
    const { context, width, height } = this.layer;
    const none = layers?.layers.length === 0 ? " It has no hidden layers." : "";
    const words = STATIONS[this.opened].words + none;
    context.font = `${WORDS}px ${this.theme.font}`;
    const size = WORDS * Math.min(1, (width - 8) / context.measureText(words).width);
    say(context, this.theme, words, width / 2, height - 11, { align: "center", size });
    const box = [12, TITLE, width - 24, height - TITLE - 26];
    if (HAVE_LAYERS.has(this.opened) && layers?.layers.length) {
      box[0] = drawLayers(context, this.theme, layers, box);
      box[2] = width - 12 - box[0];
    }
    this.station(this.opened, moment, true, box);
  }

  wire(from, to) {
    const { context } = this.layer;
    const [x0, y0, w0, h0] = this.box(from);
    const [x1, y1, , h1] = this.box(to);
    const start = y0 + h0 / 2;
    const end = y1 + h1 / 2 + (to === "D" ? (start < y1 + h1 / 2 ? -0.25 : 0.25) * h1 : 0);
    context.beginPath();
    context.moveTo(x0 + w0, start);
    context.lineTo(x1 - 2, end);
    context.stroke();
    head(context, x1 - 1, end, Math.atan2(end - start, x1 - x0 - w0), 6);
  }

  /** Dots that run from the loss back to whom they teach, each player's in its own colour and dash. */
  gradient(player, now, running, alone) {
    const { context } = this.layer;
    const look = this.theme[player];
    const below = player === "generator" ? 0.14 : 0.3;
    pen(context, look, alone ? 2.6 : 1.6);
    context.fillStyle = look.colour;
    for (const [from, to] of BACK[player]) {
      const [x0, y0, , h0] = this.box(from);
      const [x1, y1, w1, h1] = this.box(to);
      const start = [x0, y0 + (0.5 + below) * h0];
      const end = [x1 + w1, y1 + (to === "fake" ? 0.85 : 0.5 + below) * h1];
      context.beginPath();
      context.moveTo(...start);
      context.lineTo(...end);
      context.stroke();
      head(context, end[0], end[1], Math.atan2(end[1] - start[1], end[0] - start[0]), 6);
      const share = running ? (now / 700) % 1 : 0.5;
      context.beginPath();
      context.arc(start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]), 2.8, 0, 2 * Math.PI);
      context.fill();
    }
  }

  station(name, moment, large, box = this.box(name)) {
    const { context } = this.layer;
    const { theme, X, Y } = this;
    const [left, top, width, height] = box;
    context.fillStyle = theme.background;
    context.fillRect(left, top, width, height);
    context.strokeStyle = theme.frame;
    context.lineWidth = 1;
    context.setLineDash([]);
    context.strokeRect(left, top, width, height);
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    const { view, scene } = moment;
    X.set(view.low, view.high, left + 2, left + width - 2);
    Y.set(0, view.ceiling, top + height - 2, top + 4);
    this.curve(name, moment, [left, top, width, height]);
    context.restore();
    const size = large ? 13 : 11;
    tag(context, theme, STATIONS[name].title, left + 5, top + 10, { bold: true, size });
    if (name === "D" && large) tag(context, theme, `V = ${brief(moment.scalar("value"))}`, left + 30, top + 10, { size });
    if (scene.sampled && name === "z") say(context, theme, "many", left + 4, top + height - 8, { size: 10 });
  }

  /** The curve at a station, in miniature. */
  curve(name, moment, [left, top, width, height]) {
    const { context } = this.layer;
    const { theme, X, Y } = this;
    const { scene, view } = moment;
    if (name === "z") {
      context.fillStyle = this.fills.generator;
      context.fillRect(left + 4, top + 0.45 * height, width - 8, 0.55 * height);
      pen(context, theme.generator, 1.4);
      context.strokeRect(left + 4, top + 0.45 * height, width - 8, height);
    } else if (name === "G") {
      X.set(scene.z[0], scene.z.at(-1), left + 2, left + width - 2);
      Y.set(view.low, view.high, top + height - 2, top + 2);
      pen(context, theme.target, 1.2);
      traceOver(context, scene.z, scene.ideal, X, Y, view.low, view.high);
      context.stroke();
      for (const { look, z, g } of this.ghosts) {
        pen(context, look, 1.4);
        traceOver(context, z, g, X, Y, view.low, view.high);
        context.stroke();
      }
      pen(context, theme.generator, 1.6);
      traceOver(context, scene.z, moment.g, X, Y, view.low, view.high);
      context.stroke();
    } else if (name === "loss") {
      const rows = [
        ["D", theme.discriminator, "discriminator_loss"],
        ["G", theme.generator, "generator_loss"],
      ];
      rows.forEach(([player, look, loss], row) => {
        const y = top + (0.48 + 0.3 * row) * height;
        say(context, theme, `${player} ${brief(moment.scalar(loss))}`, left + width / 2, y, {
          align: "center",
          size: 12,
          colour: look.colour,
          bold: true,
        });
      });
    } else if (name === "D") {
      Y.set(0, 1, top + height - 2, top + 4);
      pen(context, theme.optimal, 1);
      trace(context, moment.optimal, scene.x0, scene.dx, X, Y);
      context.stroke();
      for (const { belief, x0, dx } of this.ghosts.filter((ghost) => ghost.belief)) {
        pen(context, theme.rivalBelief, 1.2);
        trace(context, belief, x0, dx, X, Y);
        context.stroke();
      }
      pen(context, theme.discriminator, 1.6);
      trace(context, moment.belief, scene.x0, scene.dx, X, Y);
      context.stroke();
    } else {
      const [look, values] = name === "real" ? ["target", moment.p] : ["generator", moment.density];
      context.fillStyle = this.fills[look];
      traceBetween(context, values, 0, scene.x0, scene.dx, X, Y, 1.2 * view.ceiling);
      context.fill();
      for (const { look, density, x0, dx } of name === "fake" ? this.ghosts : []) {
        pen(context, look, 1.2);
        trace(context, density, x0, dx, X, Y, 1.2 * view.ceiling);
        context.stroke();
      }
      pen(context, theme[look], 1.5);
      trace(context, values, scene.x0, scene.dx, X, Y, 1.2 * view.ceiling);
      context.stroke();
    }
  }
}
