/**
 * The playhead: a buffer of key frames, the moment between two of them that is shown, and the requests for more.
 *
 * It asks for the next chunk before it runs dry, one request at a time, and asks for nothing while it is paused or the
 * page is hidden. A change of a knob cuts off what lies ahead and asks anew from the last frame kept.
 */

import { BEAT, mostNeeded } from "./asking.js";
import { readScene, request } from "./protocol.js";

export const FASTEST = 0; // the speed that stands for "as fast as it goes"

const PAST = 240; // key frames kept behind the playhead
const RESERVE = 0.1; // seconds of frames below which it slows down
const PLENTY = 1.2; // seconds of frames above which it hurries
const WATCHDOG = 2500; // ms without an answer before the same request is sent again
const ONE_FRAME = new Set([
  "step",
  "discriminator",
  "generator",
  "optimal",
  "restart",
  "seed",
  "seek",
  "share",
  "fork",
  "branch",
  "drop",
  "swap",
  "peace",
]);
const HALF_STEPS = new Set(["discriminator", "generator"]);
const AFRESH = new Set(["restart", "seed"]);
const ASIDE = new Set(["share", "drop", "peace"]); // say nothing of what is shown

/** Holds the frames and decides what to ask for. */
export class Playhead {
  /** @param {function(object)} send hands a request to the page */
  constructor(send) {
    this.send = send;
    this.frames = [];
    this.scenes = new Map();
    this.position = 0; // in key frames, from the first one held
    this.playing = true;
    this.slow = false;
    this.speed = 200;
    this.measured = 0; // steps a second that the server last managed
    this.frameRate = 1; // key frames a second, which each answer says; between them the stage tweens
    this.knobs = {};
    this.v = this.seq = this.epoch = 0;
    this.aimed = 0; // version of the knobs since which the present target holds
    this.waiting = null; // the request without an answer so far
    this.acts = []; // what a person asked for and has not been sent yet
    this.target = null; // a new target that has not been sent yet
    this.stale = false; // a knob was turned since the last request
    this.urgent = false; // the request without an answer is for a turned knob
    this.visited = null; // a past frame that the timeline shows
    this.sought = null; // the step of it
    this.wishes = {}; // knobs that are to be turned there, once somebody forks from it
    this.ghosts = new Map(); // those that the stage holds
    this.lastAct = "play";
    this.failure = null;
    this.prepares = false; // whether the page is compiling what somebody has asked for
    this.into = null; // "G" or "D": whose hidden layers are asked for
    this.goal = 0; // the step of a link, at which it will stand
    this.stops = new Set(); // steps at which the recipe would have a person look
    this.offline = false; // nothing that is sent would arrive
    this.returning = null; // the last step that a new server has reached on its way to what is shown
    this.sentAt = this.beatAt = -Infinity;
    this.generation = 0; // counts starts from nothing
  }

  /** The frame at or before the playhead. */
  get current() {
    return this.visited ?? this.frames[Math.floor(this.position)] ?? null;
  }

  /** The frame that the playhead moves towards. */
  get next() {
    return this.visited ?? this.frames[Math.min(this.frames.length - 1, Math.floor(this.position) + 1)] ?? null;
  }

  /** How far the playhead is between the two, from 0 to 1. */
  get share() {
    return this.visited ? 0 : this.position - Math.floor(this.position);
  }

  /** The step that has been reached, whatever the timeline shows. */
  get reached() {
    const before = this.frames[Math.floor(this.position)]?.step ?? 0;
    const after = this.frames[Math.floor(this.position) + 1]?.step ?? before;
    return Math.round(before + (this.position - Math.floor(this.position)) * (after - before));
  }

  /** Key frames that are still to be shown. */
  get ahead() {
    return Math.max(0, this.frames.length - 1 - this.position);
  }

  /** Key frames a second at full pace. */
  get rate() {
    if (this.slow) return 1000 / BEAT;
    return this.speed === FASTEST ? this.frameRate : Math.min(this.frameRate, Math.max(1, this.speed));
  }

  /** Training steps between two key frames. */
  get stepsPerFrame() {
    if (this.speed === FASTEST)
      return Math.min(2000, Math.max(1, Math.round((0.9 * (this.measured || 200)) / this.frameRate)));
    return Math.max(1, Math.round(this.speed / this.frameRate));
  }

  /**
   * Takes in an answer, unless it is an old one.
   *
   * @param {object} header
   * @param {object[]} frames
   * @returns {boolean} whether it was taken
   */
  receive(header, frames) {
    for (const [id, scene] of Object.entries(header.scenes ?? {})) this.scenes.set(id, readScene({ id, ...scene }));
    const afresh = (header.epoch ?? 0) > this.epoch || this.frames.length === 0;
    const answered = this.waiting && header.seq === this.waiting.seq;
    if (!afresh && !answered) return false;
    const asked = answered ? this.waiting : null;
    if (answered || afresh) this.waiting = null;
    this.epoch = header.epoch ?? this.epoch;
    this.failure = header.failure ?? null;
    this.prepares = header.prepares ?? false;
    this.goal = header.goal ?? 0;
    if ((this.goal || header.plays) && afresh && !this.acts.length) this.playing = true; // to a goal until it is there
    if (header.speed > 0) this.measured = header.speed;
    this.frameRate = header.frameRate ?? this.frameRate;
    for (const frame of frames) frame.scene = this.scenes.get(frame.sceneId);
    frames = frames.filter((frame) => frame.scene);
    if (this.returning !== null && !afresh) frames = this.arrived(frames, header.knobs);
    if (afresh) this.settle(null);
    if (asked?.act === "seek") {
      if (!this.playing && asked.at === this.sought) this.visited = frames.at(-1) ?? this.visited;
    } else if (frames.length) {
      if (asked?.act === "fork") this.playing = true;
      this.join(frames, afresh || AFRESH.has(asked?.act), ONE_FRAME.has(asked?.act) || asked?.stepsPerFrame === 0);
    }
    this.forgetScenes();
    return true;
  }

  /**
   * Has a server that knows nothing of this run open its address, and stays where it is meanwhile.
   *
   * @param {string} address the query
   * @param {boolean} whole whether it holds the moment that is shown; else there is another one to show
   */
  comeBack(address, whole, now) {
    if (!whole) this.frames = [];
    this.returning = whole ? 0 : null;
    this.v = this.epoch = this.aimed = 0;
    this.acts = [];
    this.stale = this.urgent = false;
    this.compose({ act: "open", address }, 1, now);
  }

  /** Of the way back, only the moment that is shown already; from there on it goes on as before. */
  arrived(frames, knobs) {
    this.returning = frames.at(-1)?.step ?? this.returning;
    if (this.returning < this.goal) return [];
    this.returning = null;
    this.goal = 0;
    this.cut();
    const turned = Object.entries(this.knobs).some(([path, value]) => knobs[path] !== value);
    if (turned || this.target) this.change(); // while nobody could hear of it
    return frames.slice(-1);
  }

  /** Puts new frames behind those that stay. */
  join(frames, afresh, atOnce) {
    // An answer to how things stood before the last turn of a knob is of use only where nothing else is left to show.
    if ((this.stale || this.slow || !this.playing) && !afresh && !atOnce) {
      if (this.ahead >= 1) return;
      frames = frames.slice(0, 2);
    }
    if (afresh) {
      this.frames = [];
      this.position = 0;
      this.generation += 1;
    }
    const from = frames[0].step;
    while (this.frames.length && this.frames.at(-1).step >= from) this.frames.pop();
    // A hand on a slider waits for no tweening: the first frame of the new value is shown at once.
    if (this.urgent && !afresh) this.position = Math.max(this.position, this.frames.length - 0.5);
    this.frames.push(...frames);
    const extra = Math.floor(Math.min(this.position, this.frames.length - 1)) - PAST;
    if (extra > 0) {
      this.frames.splice(0, extra);
      this.position -= extra;
    }
    this.position = Math.min(this.position, this.frames.length - 1);
    if (atOnce && !this.slow) this.position = this.frames.length - 1;
  }

  /** Keeps the scenes of frames that are held, and no others. */
  forgetScenes() {
    if (this.scenes.size < 16) return;
    const used = new Set(this.frames.map((frame) => frame.sceneId));
    if (this.visited) used.add(this.visited.sceneId);
    for (const id of this.scenes.keys()) if (!used.has(id)) this.scenes.delete(id);
  }

  /**
   * Moves on and asks for what is missing.
   *
   * @param {number} now ms
   * @param {number} elapsed ms since the last call
   * @returns {?string} how it has just come to stand: "arrived" at the step of a link, "stopped" as the recipe says
   */
  advance(now, elapsed) {
    let stands = null;
    if (this.goal && this.playing && this.returning === null) stands = this.hasten() ? "arrived" : null;
    else if (this.visited === null && (this.playing || this.slow)) {
      // Slower before it runs dry, faster where too much has piled up: a stall would be seen.
      const reserve = Math.max(1, RESERVE * this.rate);
      const hurry = Math.min(1.25, this.ahead / (PLENTY * this.rate));
      const pace = this.slow ? 1 : Math.max(0.25, Math.min(1, this.ahead / reserve), hurry);
      const before = Math.floor(this.position);
      this.position += Math.min(this.ahead, (Math.min(elapsed, 100) / 1000) * this.rate * pace);
      if (this.stops.size && this.stop(before)) stands = "stopped";
    }
    this.ask(now);
    return stands;
  }

  /** Stands at the first stop behind a key frame, if that has been passed since. */
  stop(before) {
    const stop = this.frames.findIndex(({ step }, at) => at > before && this.stops.has(step));
    if (stop < 0 || stop > this.position) return false;
    this.position = stop;
    this.playing = false;
    return true;
  }

  /** Takes the way to the step of a link as fast as it comes, and stands there. */
  hasten() {
    this.position = Math.max(0, this.frames.length - 1);
    if (!(this.current?.step >= this.goal)) return false;
    this.playing = false;
    this.goal = 0;
    return true;
  }

  /** Sends the one request that is most needed, if any. */
  ask(now) {
    // A turned knob need not wait for frames that are void already; it does wait for another turn's answer, or a fast
    // hand would never be answered.
    if (this.offline) return;
    const returns = this.returning !== null;
    const overtaken = this.stale && !returns && !this.acts.length && this.waiting?.act === "play" && !this.urgent;
    if (this.waiting && !overtaken) {
      if (now - this.sentAt > WATCHDOG && !document.hidden) this.dispatch(this.waiting, now);
      return;
    }
    if (!this.frames.length || document.hidden) return;
    const needed = mostNeeded(this, now);
    if (!needed) return;
    if (needed.wish === this.acts[0]) this.acts.shift();
    this.compose(needed.wish, needed.frames, now);
  }

  /** Builds a request and sends it. */
  compose(wish, frames, now) {
    if (!ASIDE.has(wish.act)) this.lastAct = wish.act;
    if (HALF_STEPS.has(wish.act)) this.beatAt = now;
    const onItsWay = this.returning !== null || wish.address !== undefined;
    this.urgent = this.stale;
    this.stale = false;
    this.waiting = request({
      seq: ++this.seq,
      v: this.v,
      epoch: this.epoch,
      from: this.returning ?? this.frames.at(-1)?.step ?? 0,
      frames,
      speed: this.speed,
      stepsPerFrame: wish.stepsPerFrame ?? (ONE_FRAME.has(wish.act) ? 1 : this.stepsPerFrame),
      knobs: wish.knobs ?? this.knobs,
      act: wish.act,
      at: wish.at,
      target: onItsWay ? null : this.target,
      into: this.into,
      scenes: this.scenes.keys(),
      ghosts: this.ghosts.keys(),
      address: wish.address,
    });
    if (!onItsWay) this.target = null;
    this.dispatch(this.waiting, now);
  }

  dispatch(wish, now) {
    this.sentAt = now;
    this.send(wish);
  }

  /** Turns a knob: what lies ahead is no longer what will happen. What is past stays; it can only be forked from. */
  turn(path, value) {
    if (this.visited) {
      this.wishes[path] = value;
      return;
    }
    this.knobs[path] = value;
    this.change();
  }

  /** Sets another target. */
  aim(target) {
    this.target = target;
    this.change();
    this.aimed = this.v;
  }

  change() {
    this.v += 1;
    this.stale = true;
    this.settle(null);
    this.cut();
  }

  /** Plays on from the last moment reached, or pauses. */
  play(on = !this.playing) {
    this.playing = on;
    if (!on) {
      // What lies between two key frames was never computed: nobody shall take it for a moment of the run.
      this.position = Math.min(Math.ceil(this.position), Math.max(0, this.frames.length - 1));
      return;
    }
    this.settle(null);
  }

  /** Shows a past frame, or the present one; whatever was sought before is so no longer. */
  settle(frame) {
    this.visited = frame;
    this.sought = frame?.step ?? null;
    this.wishes = {};
    this.acts = this.acts.filter(({ act }) => act !== "seek");
  }

  /** The knobs of the moment that is shown, as they are turned. */
  get inForce() {
    return this.visited ? { ...this.visited.knobs, ...this.wishes } : this.knobs;
  }

  /** Goes on from the past moment that is shown, as another branch. */
  fork() {
    if (!this.visited) return;
    this.cut();
    this.acts = [{ act: "fork", at: this.visited.step, knobs: this.wishes }];
  }

  /** Goes on with another branch from where it was left. */
  enter(branch) {
    this.playing = false;
    this.cut();
    this.acts = [{ act: "branch", at: branch }];
  }

  /** Goes on with the rival, or without it. */
  duel(act) {
    if (act === "swap") this.cut();
    this.acts.push({ act });
  }

  /** Has a branch forgotten. */
  drop(branch) {
    this.acts.push({ act: "drop", at: branch });
  }

  /** Goes over to slow motion, half-step by half-step, or back. */
  slowDown(on = !this.slow) {
    this.slow = on;
    this.play(true);
    if (on) this.cut();
  }

  /** Does something once: a step, a half-step, a restart. */
  once(act) {
    this.settle(null);
    if (!AFRESH.has(act)) {
      this.playing = false;
      this.cut();
      this.position = Math.max(0, this.frames.length - 1);
    }
    if (this.acts.length < 8) this.acts.push({ act });
  }

  /** Asks for a link to what is shown. */
  linkTo() {
    this.acts.push({ act: "share", at: this.current?.step ?? 0 });
  }

  /** Asks for the hidden layers of "G" or "D" from now on, or for none. */
  lookInto(station) {
    this.into = station;
    if (!station || (this.playing && !this.slow)) return;
    this.cut();
    this.stale = true;
  }

  /** The hidden layers that were looked at last before the moment that is shown. */
  get layers() {
    const held = this.frames.slice(0, Math.floor(this.position) + 1);
    return held.findLast(({ layers }) => layers?.station === this.into)?.layers ?? null;
  }

  /** Lets go of what lies ahead: it has not happened yet. */
  cut() {
    this.frames.length = Math.min(this.frames.length, Math.ceil(this.position) + 1);
  }

  /** Shows the moment of a step: from the buffer where it is held, else by asking for it. */
  seek(step) {
    this.playing = false;
    const reached = this.frames[Math.floor(this.position)]?.step ?? 0;
    const held = this.frames.findLast((frame) => frame.step <= step);
    this.settle(step >= reached ? null : (held ?? this.visited));
    if (step >= reached || held?.step === step) return;
    // The nearest moment held is shown until the one that is sought has come.
    this.sought = step;
    this.acts.push({ act: "seek", at: step });
  }
}
