/** Panel 3: losses, distance, masses of the modes and gradients, from the start until now. */

import { Layer, MEASURES, Scale, brief, hatch, line, pen, say, ticks } from "./drawing.js";
import { decades, limits, logLimits } from "./history.js";

const GAP = 46;
const TOP = 30;
const BOTTOM = 18;

/** The panel. */
export class Game {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.layer = new Layer(canvas);
    this.X = new Scale();
    this.Y = new Scale();
  }

  /** Takes up a theme. */
  dress(theme) {
    this.theme = theme;
    this.noise = hatch(this.layer.context, "backslashes", theme.muted);
  }

  /**
   * Draws the history, with a mark at the step that is shown.
   *
   * @param {History} history
   * @param {number} step
   * @param {object[]} ghosts of other branches
   */
  draw(history, step, ghosts) {
    this.layer.fit();
    this.layer.clear();
    if (history.count < 1) return;
    const { width, height } = this.layer;
    const narrow = width < 520;
    const columns = narrow ? 2 : 4;
    const each = (width - 8 - columns * GAP) / columns;
    const tall = narrow ? height / 2 : height;
    const end = Math.max(history.last, history.steps[0] + 1, ...ghosts.map(({ steps }) => steps.at(-1)));
    this.ghosts = ghosts;
    [this.drawLosses, this.drawDistance, this.drawModes, this.drawGradients].forEach((draw, index) => {
      const left = GAP + (index % columns) * (each + GAP);
      const top = Math.floor(index / columns) * tall;
      this.X.set(history.steps[0], end, left, left + each);
      this.top = top + TOP;
      this.floor = top + tall - BOTTOM;
      draw.call(this, history);
      if (step < end) this.cursor(step);
    });
  }

  title(words, key) {
    const { context } = this.layer;
    say(context, this.theme, words, this.X.start, this.top - 20, { size: 12, bold: true });
    let x = this.X.start;
    for (const [look, name] of key) {
      pen(context, look, 1.8);
      context.beginPath();
      line(context, x, this.top - 7, x + 14, this.top - 7);
      context.stroke();
      say(context, this.theme, name, x + 17, this.top - 7, { size: 11, colour: this.theme.muted });
      x += 22 + context.measureText(name).width + 6;
    }
  }

  axes(marks, log) {
    const { context } = this.layer;
    const { theme, X, Y } = this;
    context.strokeStyle = theme.grid;
    context.lineWidth = 1;
    context.setLineDash([]);
    context.beginPath();
    for (const value of marks)
      line(context, X.start, Y.at(log ? Math.log10(value) : value), X.end, Y.at(log ? Math.log10(value) : value));
    context.stroke();
    for (const value of marks) {
      const y = Y.at(log ? Math.log10(value) : value);
      say(context, theme, brief(value), X.start - 4, y, { align: "right", size: 10.5, colour: theme.muted });
    }
    context.strokeStyle = theme.frame;
    context.beginPath();
    line(context, X.start, this.floor, X.end, this.floor);
    context.stroke();
    say(context, theme, X.from.toLocaleString("en"), X.start, this.floor + 9, { size: 10.5, colour: theme.muted });
    const last = X.to.toLocaleString("en");
    say(context, theme, last, X.end, this.floor + 9, { size: 10.5, colour: theme.muted, align: "right" });
  }

  path(history, values, log) {
    const { context } = this.layer;
    context.save();
    context.beginPath();
    context.rect(this.X.start, this.top - 1, this.X.end - this.X.start + 1, this.floor - this.top + 2);
    context.clip();
    context.beginPath();
    for (let at = 0; at < history.count; at++) {
      const value = log ? Math.log10(values[at]) : values[at];
      if (Number.isFinite(value)) context.lineTo(this.X.at(history.steps[at]), this.Y.at(value));
    }
    context.stroke();
    context.restore();
  }

  drawLosses(history) {
    const { context } = this.layer;
    const { theme } = this;
    const { discriminator_loss: D, generator_loss: G } = history.series;
    const balance = (history.equilibrium ?? []).filter((value) => value !== null);
    const [low, high] = limits([D, G], history.count, balance);
    this.Y.set(low, high, this.floor, this.top);
    this.axes(ticks(low, high, 3), false);
    [theme.discriminator, theme.generator].forEach((look, index) => {
      const value = history.equilibrium?.[index] ?? NaN;
      pen(context, look, 1);
      context.setLineDash(theme.optimal.dash);
      context.beginPath();
      line(context, this.X.start, this.Y.at(value), this.X.end, this.Y.at(value));
      context.stroke();
    });
    pen(context, theme.discriminator, 1.6);
    this.path(history, D, false);
    pen(context, theme.generator, 1.6);
    this.path(history, G, false);
    const words = balance.length ? ` (at rest ${named(balance[0])}, ${named(balance[1] ?? balance[0])})` : "";
    this.title(this.X.end - this.X.start > 190 ? `Losses${words}` : "Losses", [
      [theme.discriminator, "D"],
      [theme.generator, "G"],
    ]);
  }

  drawDistance(history) {
    const { context } = this.layer;
    const { theme } = this;
    const { distance } = history.series;
    const floor = history.floors[history.count - 1];
    const others = this.ghosts.flatMap(({ distances }) => Array.from(distances).filter((value) => value > 0));
    const [low, high] = logLimits([distance], history.count, floor > 0 ? [floor / 1.4, ...others] : others);
    this.Y.set(Math.log10(low), Math.log10(high), this.floor, this.top);
    context.fillStyle = this.noise;
    context.beginPath();
    for (let at = 0; at < history.count; at++) {
      const value = Math.log10(history.floors[at]);
      if (Number.isFinite(value)) context.lineTo(this.X.at(history.steps[at]), this.Y.at(value));
    }
    context.lineTo(this.X.end, this.floor);
    context.lineTo(this.X.start, this.floor);
    context.fill();
    this.axes(decades(low, high), true);
    for (const { look, steps, distances } of this.ghosts) {
      pen(context, look);
      this.path({ steps, count: steps.length }, distances, true);
    }
    pen(context, theme.generator, 1.8);
    this.path(history, distance, true);
    const rivals = this.ghosts.filter(({ belief }) => belief);
    this.title(`Distance ${MEASURES[history.measure]}`, [
      [theme.generator, brief(distance[history.count - 1])],
      ...rivals.map(({ look, distances }) => [look, brief(distances.at(-1))]),
    ]);
    const wide = this.X.end - this.X.start;
    const y = Math.min(this.floor - 7, this.Y.at(Math.log10(floor)) + 9);
    if (floor > 0 && wide > 110) say(context, theme, "chance alone", this.X.end - 4, y, { align: "right", size: 11 });
  }

  /** A strip of stacked shares; the dashes are where the target's own shares end. */
  drawModes(history) {
    const { context } = this.layer;
    const { theme, X, Y } = this;
    Y.set(0, 1, this.floor, this.top);
    const modes = history.masses[history.count - 1]?.length ?? 1;
    for (let mode = 0; mode < modes; mode++) {
      context.fillStyle = theme.modes[mode % theme.modes.length];
      context.globalAlpha = 0.75;
      context.beginPath();
      for (let at = 0; at < history.count; at++)
        context.lineTo(X.at(history.steps[at]), Y.at(sum(history.masses[at], mode + 1)));
      for (let at = history.count - 1; at >= 0; at--)
        context.lineTo(X.at(history.steps[at]), Y.at(sum(history.masses[at], mode)));
      context.fill();
      context.globalAlpha = 1;
    }
    this.axes([0, 0.5, 1], false);
    context.strokeStyle = theme.text;
    context.lineWidth = 1.2;
    context.setLineDash(theme.optimal.dash);
    context.beginPath();
    let share = 0;
    for (let mode = 0; mode < (history.due?.length ?? 0) - 1; mode++) {
      share += history.due[mode];
      line(context, X.start, Y.at(share), X.end, Y.at(share));
    }
    context.stroke();
    this.title("Mass in each mode", [[{ colour: theme.text, dash: theme.optimal.dash }, "the target's"]]);
  }

  drawGradients(history) {
    const { context } = this.layer;
    const { theme } = this;
    const { discriminator_gradient: D, generator_gradient: G } = history.series;
    const [low, high] = logLimits([D, G], history.count, []);
    this.Y.set(Math.log10(low), Math.log10(high), this.floor, this.top);
    this.axes(decades(low, high), true);
    pen(context, theme.discriminator, 1.6);
    this.path(history, D, true);
    pen(context, theme.generator, 1.6);
    this.path(history, G, true);
    this.title("Gradients, norm", [
      [theme.discriminator, "D"],
      [theme.generator, "G"],
    ]);
  }

  cursor(step) {
    const { context } = this.layer;
    if (step < this.X.from || step > this.X.to) return;
    context.strokeStyle = this.theme.text;
    context.lineWidth = 1;
    context.setLineDash([]);
    context.beginPath();
    line(context, this.X.at(step), this.top, this.X.at(step), this.floor);
    context.stroke();
  }
}

/** A loss at rest, by the name that the textbooks give it. */
function named(value) {
  if (Math.abs(value - Math.log(4)) < 1e-4) return "log 4";
  if (Math.abs(value - Math.log(2)) < 1e-4) return "log 2";
  return brief(value);
}

function sum(masses, count) {
  let total = 0;
  for (let mode = 0; mode < count; mode++) total += masses[mode] === masses[mode] ? masses[mode] : 0;
  return Math.min(1, total);
}
