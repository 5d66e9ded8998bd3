/** What lies beneath the densities: both batches, the push on the fakes, and the picture of the 2014 paper. */

import { head, line, say, tag } from "./drawing.js";
import { place, sample } from "./moment.js";

/** Height of a lane. */
export const LANE = 13;
/** Height of all lanes together. */
export const LANES = 3 * LANE + 4;
/** Height of the picture of 2014, at most. */
export const PICTURE = 58;

const ARROWS = 32; // at most: more would run into each other
const LONGEST = 0.05; // of the width
const NOISE = 33; // arrows of the picture
const MISSED = 0.05; // share of what is made that may lie beyond an edge without a word: a wide target has tails there
const taken = new Uint8Array(ARROWS);

/** Writes what each lane shows, and the axis of the noise, or of what stands for it where G takes more than one z. */
export function nameLanes({ still, left, right, floor, bottom }, theme, noise, sampled) {
  const { context } = still;
  const names = [
    ["real", theme.target.colour],
    ["made", theme.generator.colour],
    ["pushed", theme.muted],
  ];
  names.forEach(([words, colour], lane) => {
    say(context, theme, words, left - 5, floor + (lane + 0.5) * LANE + 2, { align: "right", colour, size: 11 });
  });
  if (!noise) return;
  context.beginPath();
  line(context, left, bottom, right, bottom);
  context.stroke();
  const look = { align: "center", colour: theme.muted, size: 11 };
  say(context, theme, "0", left, bottom + 8, look);
  say(context, theme, "1", right, bottom + 8, look);
  const words = sampled ? "shares of what is made, evenly spaced" : "noise z, evenly spaced";
  say(context, theme, words, (left + right) / 2, bottom + 8, look);
}

/** A tick for every sample of a batch. */
export function drawBatch({ moving, X, left, right, floor }, batch, lane, colour) {
  const { context } = moving;
  const top = floor + 3 + lane * LANE;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.setLineDash([]);
  context.beginPath();
  for (let index = 0; index < batch.length; index++) {
    const x = X.at(batch[index]);
    if (x >= left && x <= right) line(context, x, top, x, top + LANE - 4);
  }
  context.stroke();
}

/** How much of what is made lies beyond either edge of the window. */
export function nameBeyond({ moving, left, right, floor, theme }, { rearranged, scene, view }) {
  const below = sample(scene.u, place(rearranged, view.low));
  const above = 1 - sample(scene.u, place(rearranged, view.high));
  const y = floor + 1.5 * LANE + 2;
  const look = { colour: theme.generator.colour, size: 11 };
  if (below > MISSED) tag(moving.context, theme, `◂ ${percent(below)} further left`, left + 4, y, look);
  if (above > MISSED) tag(moving.context, theme, `${percent(above)} further right ▸`, right - 4, y, { ...look, align: "right" });
}

function percent(share) {
  return `${Math.round(100 * share)} %`;
}

/** Which way the generator's loss pushes its samples; the longest arrow is the strongest push of late. */
export function drawPush({ moving, X, left, right, floor, theme }, moment) {
  const { context } = moving;
  const y = floor + 2.5 * LANE + 3;
  const reach = (LONGEST * (right - left)) / moment.strongest;
  context.strokeStyle = context.fillStyle = theme.text;
  context.lineWidth = 1.2;
  context.setLineDash([]);
  taken.fill(0);
  for (let index = 0; index < moment.frame.fake.length; index++) {
    const x = X.at(moment.frame.fake[index]);
    const slot = Math.floor(((x - left) / (right - left)) * ARROWS);
    const push = reach * moment.pushAt(moment.frame.fake[index]);
    if (!(slot >= 0 && slot < ARROWS) || taken[slot] || !(Math.abs(push) > 3)) continue;
    taken[slot] = 1;
    context.beginPath();
    line(context, x, y, x + push, y);
    context.stroke();
    head(context, x + push, y, push > 0 ? 0 : Math.PI, 5);
  }
}

/** Goodfellow et al. 2014, figure 1: evenly spaced z, and where G sends each. */
export function drawNoise({ moving, X, Z, left, right, axis, bottom, threads }, moment) {
  const { context } = moving;
  const top = axis + 18;
  context.strokeStyle = context.fillStyle = threads;
  context.lineWidth = 1;
  context.setLineDash([]);
  for (let index = 0; index < NOISE; index++) {
    const u = (index + 0.5) / NOISE;
    const from = Z.at(u);
    const to = Math.min(right, Math.max(left, X.at(moment.mapAt(u))));
    if (to !== to) continue;
    context.beginPath();
    line(context, from, bottom, to, top);
    context.stroke();
    head(context, to, top, Math.atan2(top - bottom, to - from), 4.5);
  }
}
