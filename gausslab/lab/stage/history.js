/** The readings of a run from its start until now, and the axes that hold them. */

const ROOM = 600; // moments kept; then every other one is let go
const MARKS = 7; // numbers on an axis at most
const SERIES = [
  "discriminator_loss",
  "generator_loss",
  "distance",
  "discriminator_gradient",
  "generator_gradient",
];

/** Readings of the moments shown so far: bounded, and thinned evenly instead of cut. */
export class History {
  constructor() {
    this.steps = new Float64Array(ROOM);
    this.series = Object.fromEntries(SERIES.map((name) => [name, new Float32Array(ROOM)]));
    this.masses = [];
    this.floors = new Float32Array(ROOM);
    this.clear();
  }

  /** Forgets everything. */
  clear() {
    this.count = 0;
    this.masses.length = 0;
    this.apart = 0; // steps that lie at least between two moments kept
  }

  /** The last step held. */
  get last() {
    return this.count ? this.steps[this.count - 1] : -1;
  }

  /**
   * Takes in a key frame; one that goes back takes away what came after it.
   *
   * @param {object} frame
   * @param {string[]} names of its scalars
   */
  add(frame, names) {
    while (this.count && this.steps[this.count - 1] >= frame.step) this.count -= 1;
    // The newest moment may lie nearer than the others: the next one takes its place.
    if (this.count > 1 && this.steps[this.count - 1] - this.steps[this.count - 2] < this.apart) this.count -= 1;
    if (this.count === ROOM) this.thin();
    const at = this.count++;
    this.steps[at] = frame.step;
    for (const name of SERIES) this.series[name][at] = frame.scalars[names.indexOf(name)];
    this.floors[at] = (frame.scene.noiseFloor ?? NaN) / frame.scene.spread;
    this.masses[at] = frame.masses;
    this.measure = frame.scene.measure;
    this.equilibrium = frame.scene.equilibrium;
    this.due = frame.scene.modeMasses;
  }

  thin() {
    const half = ROOM / 2;
    for (let at = 0; at < half; at++) {
      this.steps[at] = this.steps[2 * at];
      this.floors[at] = this.floors[2 * at];
      this.masses[at] = this.masses[2 * at];
      for (const name of SERIES) this.series[name][at] = this.series[name][2 * at];
    }
    this.count = half;
    this.apart = (0.9 * (this.steps[half - 1] - this.steps[0])) / half;
  }
}

/**
 * Limits that the few wildest values cannot stretch.
 *
 * @param {Float32Array[]} lists
 * @param {number} count of the values in use
 * @param {number[]} also values that must be seen
 * @returns {[number, number]}
 */
export function limits(lists, count, also) {
  const values = lists
    .flatMap((list) => Array.from(list.subarray(0, count)).filter(Number.isFinite))
    .sort((a, b) => a - b);
  const cut = Math.floor(0.01 * values.length);
  const ends = [...values.slice(cut, cut + 1), ...values.slice(-1 - cut).slice(0, 1), ...also];
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  const room = 0.12 * (high - low) || 0.5;
  return [low - room, high + room];
}

/** Limits of a log axis that hold all positive values, over a decade at least. */
export function logLimits(lists, count, also) {
  const ends = [...also];
  for (const list of lists)
    for (let at = 0; at < count; at++) if (list[at] > 0 && list[at] < Infinity) ends.push(list[at]);
  const low = ends.length ? Math.min(...ends) : 0.01;
  const high = ends.length ? Math.max(...ends) : 1;
  return [low / 1.5, Math.max(1.5 * high, 10 * low)];
}

/** Powers of ten, with 2 and 5 between them where there is room, and some left out where there is little. */
export function decades(low, high) {
  const between = high / low < 30 ? [1, 2, 5] : [1];
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const times of between) found.push(times * 10 ** power);
  }
  const held = found.filter((value) => value >= low && value <= high);
  const apart = Math.ceil(held.length / MARKS);
  return held.filter((_, index) => index % apart === 0);
}
