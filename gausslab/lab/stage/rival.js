/** The rival of a duel: its curves between two key frames, its distances so far, and one line of who is ahead. */

import { brief } from "./drawing.js";

const ROOM = 600; // moments kept; then every other one is let go
const REFRESHED = 800; // ms between two lines
const TOLD = 8000; // ms between two that are read out, unless another one takes the lead
const CURVES = { density: "rivalDensity", belief: "rivalBelief", g: "rivalG", distance: "rivalDistance" };

/** The other side of a duel. */
export class Rival {
  /** @param {{row: HTMLElement, words: HTMLElement, status: HTMLElement, legend: HTMLElement}} places */
  constructor(places) {
    Object.assign(this, places);
    this.there = null; // what the page says of it
    this.ghost = { belief: new Float32Array(0), density: null, g: null, distance: null };
    this.refreshed = this.told = -Infinity;
    this.ahead = null;
    this.clear();
    this.show();
  }

  /** Takes up a theme. */
  dress(theme) {
    this.ghost.look = theme.rival;
  }

  /** Forgets its distances. */
  clear() {
    this.steps = [];
    this.distances = [];
    this.apart = 0; // steps that lie at least between two moments kept
  }

  /** Whether an answer tells of a rival where there was none, or of another one. */
  begins({ rival }) {
    return Boolean(rival) && rival.name !== this.there?.name;
  }

  /** Takes up what an answer says of the rival. */
  take({ rival }) {
    if (JSON.stringify(rival ?? null) === JSON.stringify(this.there)) return;
    if (rival?.name !== this.there?.name) this.ahead = null;
    this.there = rival ?? null;
    this.refreshed = -Infinity;
    this.show();
  }

  show() {
    const { there, row, legend } = this;
    row.hidden = legend.hidden = !there;
    if (!there) return;
    this.words.title = there.all ? `They differ in: ${there.all}` : "";
    legend.querySelector("span").textContent = "rival";
    legend.title = `Rival: ${there.name}`;
    this.ghost.label = there.name;
  }

  /** Takes in a key frame that has been shown; one that goes back takes away what came after it. */
  add({ step, rivalDistance }) {
    while (this.steps.length && this.steps.at(-1) >= step) this.pop();
    if (!rivalDistance) return;
    if (this.steps.length > 1 && this.steps.at(-1) - this.steps.at(-2) < this.apart) this.pop();
    if (this.steps.length === ROOM) {
      this.steps = this.steps.filter((_, index) => index % 2 === 0);
      this.distances = this.distances.filter((_, index) => index % 2 === 0);
      this.apart = (0.9 * (this.steps.at(-1) - this.steps[0])) / this.steps.length;
    }
    this.steps.push(step);
    this.distances.push(rivalDistance[0]);
  }

  pop() {
    this.steps.pop();
    this.distances.pop();
  }

  /**
   * Its curves between two key frames, in the form of a branch's ghost.
   *
   * @param {object} before
   * @param {object} after
   * @param {number} share of the way from one to the other, from 0 to 1
   * @param {boolean} shown whether it is to be seen
   * @returns {?object} null where there is nothing to show
   */
  between(before, after, share, shown) {
    if (!shown || !this.there || !before.rivalDensity) return null;
    const { ghost } = this;
    if (!sameGrid(before, after)) {
      if (share >= 0.5 && after.rivalDensity) before = after;
      after = before;
    }
    for (const [name, field] of Object.entries(CURVES)) {
      const [from, to] = [before[field], after[field]];
      if (ghost[name]?.length !== from.length) ghost[name] = new Float32Array(from.length);
      for (let at = 0; at < from.length; at++) ghost[name][at] = from[at] + share * (to[at] - from[at]);
    }
    const { x0, dx, z } = before.rivalGrid ?? before.scene;
    return Object.assign(ghost, { x0, dx, z, steps: this.steps, distances: this.distances });
  }

  /**
   * Says who is ahead, calmly.
   *
   * @param {number} now ms
   * @param {Moment} moment
   * @param {boolean} playing
   */
  say(now, moment, playing) {
    const { there } = this;
    const theirs = moment.frame.rivalDistance?.[0];
    if (!there || theirs === undefined) return;
    const own = moment.scalar("distance");
    const broken = there.broken !== null && moment.step > there.broken;
    const ahead = broken || own < theirs ? "this run" : own > theirs ? there.name : "neither";
    if (ahead === this.ahead && playing && now - this.refreshed < REFRESHED) return;
    const sentence = broken ? brokeDown(there) : standing(ahead, own, theirs, moment.scene.measure);
    const line = `They differ in: ${there.differences}. ${sentence}`;
    if (this.words.textContent !== line) this.words.textContent = line;
    this.refreshed = now;
    if (ahead === this.ahead && now - this.told < TOLD) return;
    this.told = now;
    this.ahead = ahead;
    this.status.textContent = this.status.textContent ? sentence : line; // in what they differ is read out once
  }
}

/** Whether two key frames show the rival on the same grid: others have no in-between. */
function sameGrid(one, other) {
  const [grid, next] = [one.rivalGrid, other.rivalGrid];
  if (!other.rivalDensity || one.sceneId !== other.sceneId || !grid !== !next) return false;
  return !grid || (grid.x0 === next.x0 && grid.dx === next.dx && grid.z[0] === next.z[0]);
}

function brokeDown({ name, broken }) {
  return `Ahead: this run. The rival (${name}) broke down at step ${broken.toLocaleString("en")}.`;
}

function standing(ahead, own, theirs, measure) {
  const [name, unit] = measure === "KS" ? ["KS", ""] : ["W₁", " σ"];
  if (ahead === "neither") return `Level: ${name} ${brief(own)}${unit}.`;
  const [best, worst] = own < theirs ? [own, theirs] : [theirs, own];
  return `Ahead: ${ahead} by ${brief(worst - best, 2)}${unit}: ${name} ${brief(best)}${unit} against ${brief(worst)}${unit}.`;
}
