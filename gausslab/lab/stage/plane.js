/** The phase plane: the field as arrows, the way from a starting point, and the equilibrium that it may never reach. */

import { Layer, Scale, brief, head, line, pen, say, tag, ticks } from "./drawing.js";
import { faded } from "./theme.js";

const LEFT = 34;
const RIGHT = 10;
const TOP = 24;
const BOTTOM = 38;
const SHAFT = 0.62; // of an arrow, over the distance between two
const PACE = 120; // steps a second that the runner takes

/** Draws the plane; knows nothing of hands and requests. */
export class Plane {
  /** @param {HTMLCanvasElement} canvas a square one */
  constructor(canvas) {
    this.layer = new Layer(canvas);
    this.X = new Scale();
    this.Y = new Scale();
    this.reach = 1;
    this.arrows = 0;
    this.angles = [];
    this.path = [];
    this.start = [0, 0];
    this.held = false;
    this.run = Infinity; // the step at which the runner is; it has arrived where there are no more
  }

  /** Takes up a theme. */
  dress(theme) {
    this.theme = theme;
    this.arrowColour = faded(theme.muted, 0.55);
  }

  /** Sends somebody along the way, for the eye; not for those who asked for less motion. */
  walk(calm) {
    this.run = calm ? Infinity : 0;
  }

  /** Moves the runner on; says whether it is still on its way. */
  advance(elapsed) {
    this.run += (Math.min(elapsed, 100) / 1000) * PACE;
    return this.run < this.path.length;
  }

  /** Draws everything. */
  draw() {
    this.layer.fit();
    const { context, width, height } = this.layer;
    const { X, Y, reach, theme } = this;
    X.set(-reach, reach, LEFT, width - RIGHT);
    Y.set(-reach, reach, height - BOTTOM, TOP);
    this.layer.clear();
    this.drawAxes(context, width, height);
    context.save();
    context.beginPath();
    context.rect(LEFT, TOP, width - RIGHT - LEFT, height - BOTTOM - TOP);
    context.clip();
    this.drawField(context);
    this.drawPath(context);
    context.strokeStyle = theme.text;
    context.lineWidth = 2;
    context.setLineDash([]);
    context.beginPath();
    line(context, X.at(0) - 6, Y.at(0), X.at(0) + 6, Y.at(0));
    line(context, X.at(0), Y.at(0) - 6, X.at(0), Y.at(0) + 6);
    context.stroke();
    context.restore();
    this.drawHandle(context);
  }

  drawAxes(context, width, height) {
    const { X, Y, reach, theme } = this;
    const marks = ticks(-reach, reach, 6);
    context.lineWidth = 1;
    context.setLineDash([]);
    context.strokeStyle = theme.grid;
    context.beginPath();
    for (const at of marks) {
      line(context, X.at(at), TOP, X.at(at), height - BOTTOM);
      line(context, LEFT, Y.at(at), width - RIGHT, Y.at(at));
    }
    context.stroke();
    for (const at of marks) {
      say(context, theme, brief(at), X.at(at), height - BOTTOM + 10, { align: "center", colour: theme.muted });
      say(context, theme, brief(at), LEFT - 6, Y.at(at), { align: "right", colour: theme.muted });
    }
    say(context, theme, "ψ: how steeply D rises", 2, 9, { bold: true });
    say(context, theme, "θ: where the fakes are; the data are at 0", width - RIGHT, height - 9, {
      align: "right",
      bold: true,
    });
  }

  drawField(context) {
    const { X, Y, reach, arrows, angles } = this;
    const apart = (2 * reach) / (arrows - 1);
    const shaft = 0.5 * SHAFT * apart * X.factor;
    context.strokeStyle = context.fillStyle = this.arrowColour;
    context.lineWidth = 1.2;
    context.setLineDash([]);
    for (let index = 0; index < angles.length; index++) {
      if (angles[index] === null) continue;
      const x = X.at(-reach + apart * (index % arrows));
      const y = Y.at(-reach + apart * Math.floor(index / arrows));
      const [along, up] = [shaft * Math.cos(angles[index]), -shaft * Math.sin(angles[index])];
      context.beginPath();
      line(context, x - along, y - up, x + along, y + up);
      context.stroke();
      head(context, x + along, y + up, Math.atan2(up, along), 5);
    }
  }

  drawPath(context) {
    const { X, Y, path, theme } = this;
    pen(context, theme.generator, 1.5);
    context.beginPath();
    for (const [theta, psi] of path) {
      if (theta === null || psi === null) break;
      context.lineTo(X.at(theta), Y.at(psi));
    }
    context.stroke();
    const [theta, psi] = path[Math.min(path.length - 1, Math.floor(this.run))] ?? [null, null];
    if (theta === null || psi === null) return;
    context.fillStyle = theme.text;
    context.beginPath();
    context.arc(X.at(theta), Y.at(psi), 4.5, 0, 2 * Math.PI);
    context.fill();
  }

  drawHandle(context) {
    const { X, Y, theme } = this;
    const [theta, psi] = this.start;
    const [x, y] = [X.at(theta), Y.at(psi)];
    pen(context, theme.generator, 2.5);
    context.setLineDash([]);
    context.fillStyle = theme.background;
    context.beginPath();
    context.arc(x, y, this.held ? 10 : 7.5, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    const onRight = x > this.layer.width - 110;
    const below = y < TOP + 24;
    const look = { align: onRight ? "right" : "left", bold: true };
    tag(context, theme, `start (${brief(theta)}, ${brief(psi)})`, x + (onRight ? -14 : 14), y + (below ? 14 : -12), look);
  }
}
