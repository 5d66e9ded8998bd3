/**
 * The moment that is shown: two key frames tweened into arrays that are made once, the target where the person's hand
 * has put it, and the window through which it is looked at.
 */

const TWEENED = ["density", "belief", "optimal", "push", "g", "rearranged", "scalars"];
const EASE = 0.18; // share of the way that the window moves towards its aim in one drawing
const TALLEST = 1.9; // the ceiling, over the target's highest point
const TYPICAL = 5; // the ceiling, over the density that half of the target's mass exceeds

/** What all panels draw. */
export class Moment {
  constructor() {
    this.scene = null;
    this.before = null; // the key frame that is tweened from, and how far
    this.share = 0;
    this.frame = null; // the nearer key frame: batches, marks and words are not tweened
    this.step = 0;
    this.names = [];
    this.view = { low: 0, high: 1, ceiling: 1, moving: false };
    this.strongest = 1e-9; // the push that gets the longest arrow
    this.targetKey = "";
  }

  /**
   * Takes up the moment between two frames.
   *
   * @param {object} before
   * @param {object} after
   * @param {number} share of the way from one to the other, from 0 to 1
   */
  set(before, after, share) {
    // Frames on different grids, or of other networks, have no in-between.
    if (before.sceneId !== after.sceneId) {
      if (share >= 0.5) before = after;
      after = before;
      share = 0;
    }
    this.frame = share < 0.5 ? before : after;
    this.scene = this.frame.scene;
    const stands = before === this.before && share === this.share;
    this.before = before;
    this.share = share;
    this.step = Math.round(before.step + share * (after.step - before.step));
    for (const name of TWEENED) {
      const from = before[name];
      const to = after[name];
      if (this[name]?.length !== from.length) this[name] = new Float32Array(from.length);
      const out = this[name];
      for (let index = 0; index < from.length; index++) out[index] = from[index] + share * (to[index] - from[index]);
    }
    const sizes = this.frame.fake;
    let strongest = 1e-12;
    for (let index = 0; index < sizes.length; index++) {
      const size = Math.abs(this.pushAt(sizes[index]));
      if (size > strongest && size < Infinity) strongest = size;
    }
    // What is drawn once more looks as it did.
    this.strongest = Math.max(strongest, (stands ? 1 : 0.93) * this.strongest);
  }

  /** A named scalar of the moment. */
  scalar(name) {
    return this.scalars[this.names.indexOf(name)];
  }

  /** The push on a fake at x. */
  pushAt(x) {
    return sample(this.push, (x - this.scene.x0) / this.scene.dx);
  }

  /** G at a latent quantile level u. */
  mapAt(u) {
    return sample(this.g, place(this.scene.u, u));
  }

  /**
   * Moves the target to where the knobs put it, before the server has answered.
   *
   * @param {{centre: number}} target unmoved
   * @param {Object<string, number>} knobs as they stand in the controls
   */
  moveTarget(target, knobs) {
    const { scene, frame } = this;
    const was = frame.knobs;
    const shift = (knobs.location ?? was.location ?? 0) - (was.location ?? 0);
    const widening = (knobs.scale ?? was.scale ?? 1) / (was.scale ?? 1);
    const key = `${scene.id}|${shift}|${widening}`;
    if (key === this.targetKey) return;
    this.targetKey = key;
    if (this.p?.length !== scene.p.length) this.p = new Float32Array(scene.p.length);
    if (shift === 0 && widening === 1) {
      this.p.set(scene.p);
      return;
    }
    const centre = (target?.centre ?? 0) + (was.location ?? 0);
    for (let index = 0; index < this.p.length; index++) {
      const x = centre + (scene.x0 + index * scene.dx - centre - shift) / widening;
      this.p[index] = sample(scene.p, (x - scene.x0) / scene.dx, 0) / widening;
    }
  }

  /**
   * Lets the window follow the scene; it stands still while the target is held.
   *
   * @param {boolean} held
   * @param {boolean} atOnce without easing
   */
  look(held, atOnce) {
    const { view, scene } = this;
    // A window that moved would pull the target from under the hand that holds it.
    const [low, high] = held ? [view.low, view.high] : scene.window;
    const ceiling = held ? view.ceiling : roof(scene);
    const speed = atOnce || view.low === view.high || !this.looked ? 1 : EASE;
    this.looked = true;
    const near = 2e-3 * (high - low);
    view.moving =
      Math.abs(view.low - low) > near ||
      Math.abs(view.high - high) > near ||
      Math.abs(view.ceiling / ceiling - 1) > 4e-3;
    const step = view.moving ? speed : 1;
    view.low += step * (low - view.low);
    view.high += step * (high - view.high);
    view.ceiling += step * (ceiling - view.ceiling);
  }
}

/** The ceiling of a scene: fixed by its target alone, blind to a pole or a needle. */
function roof(scene) {
  if (scene.roof) return scene.roof;
  const heights = Float32Array.from(scene.p.filter((value) => Number.isFinite(value))).sort();
  const total = heights.reduce((sum, value) => sum + value, 0);
  let held = 0;
  const typical = heights.find((value) => (held += value) >= total / 2) ?? 1;
  scene.roof = Math.min(TALLEST * (heights.at(-1) ?? 1), TYPICAL * typical) || 1;
  return scene.roof;
}

/** Reads an evenly spaced table between its entries. */
export function sample(values, place, otherwise = NaN) {
  const index = Math.floor(place);
  if (!(place >= 0) || index >= values.length) return otherwise;
  if (index === values.length - 1) return values[index];
  return values[index] + (place - index) * (values[index + 1] - values[index]);
}

/** Where a value lies in a rising list: an index and the share of the way to the next. */
export function place(rising, value) {
  let low = 0;
  let high = rising.length - 1;
  if (!(value > rising[0])) return 0;
  if (value >= rising[high]) return high;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (rising[middle] <= value) low = middle;
    else high = middle;
  }
  return low + (value - rising[low]) / (rising[high] - rising[low]);
}
