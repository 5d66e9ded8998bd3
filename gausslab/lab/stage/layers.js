/** What is inside a player: each hidden layer, with a little picture of what each of its units makes of the input. */

import { Scale, head, line, say } from "./drawing.js";

/** The stations that can be looked into. */
export const HAVE_LAYERS = new Set(["G", "D"]);

const GAP = 20; // between two layers, with an arrow in it
const SHAPE = 0.8; // height of a unit's picture over its width, about
const X = new Scale();
const Y = new Scale();

/**
 * Draws the hidden layers from left to right.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {object} theme
 * @param {{station: string, step: number, places: Float32Array, layers: Float32Array[][]}} found
 * @param {number[]} box left, top, width and height of the room for all of it, the station's own curve included
 * @returns {number} where the station's own curve begins
 */
export function drawLayers(context, theme, { station, step, places, layers }, [left, top, width, height]) {
  const look = theme[station === "G" ? "generator" : "discriminator"];
  const each = (width - layers.length * GAP) / (layers.length + 1);
  layers.forEach((units, depth) => {
    const start = left + depth * (each + GAP);
    const words =
      each > 120 ? `hidden layer ${depth + 1}: ${units.length} units, step ${step}` : `${units.length} units`;
    context.strokeStyle = theme.frame;
    context.lineWidth = 1;
    context.setLineDash([]);
    context.strokeRect(start, top, each, height);
    drawUnits(context, theme, look, places, units, [start + 1, top + 16, each - 2, height - 18]);
    say(context, theme, words, start + 4, top + 8, { size: 10.5, colour: theme.muted });
    context.strokeStyle = context.fillStyle = theme.muted;
    context.beginPath();
    line(context, start + each + 3, top + height / 2, start + each + GAP - 5, top + height / 2);
    context.stroke();
    head(context, start + each + GAP - 3, top + height / 2, 0, 6);
  });
  return left + layers.length * (each + GAP);
}

/** The units of one layer side by side, all on the same axis. */
function drawUnits(context, theme, look, places, units, [left, top, width, height]) {
  let low = Infinity;
  let high = -Infinity;
  for (const unit of units) {
    for (const value of unit) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (!(high > low)) [low, high] = [low - 1, low + 1];
  const about = Math.round(Math.sqrt((SHAPE * units.length * width) / height));
  // Whole rows, where a number of columns near by makes them so.
  const even = [0, 1, -1, 2, -2].map((more) => about + more).find((count) => units.length % count === 0);
  const columns = Math.max(1, Math.min(units.length, even ?? about));
  const rows = Math.ceil(units.length / columns);
  const [wide, tall] = [width / columns, height / rows];
  context.lineWidth = 1;
  units.forEach((unit, index) => {
    const x = left + (index % columns) * wide;
    const y = top + Math.floor(index / columns) * tall;
    context.strokeStyle = theme.grid;
    context.strokeRect(x, y, wide, tall);
    X.set(places[0], places.at(-1), x + 1, x + wide - 1);
    Y.set(low, high, y + tall - 2, y + 2);
    context.strokeStyle = look.colour;
    context.beginPath();
    for (let at = 0; at < unit.length; at++) context.lineTo(X.at(places[at]), Y.at(unit[at]));
    context.stroke();
  });
}
