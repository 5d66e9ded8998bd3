/** Pointer, finger and keyboard: grabbing the target, drawing a density, following a z, and the keys. */

import { sample } from "./moment.js";

const GRASP = 14; // pixels from a handle within which it is grabbed; fingers are wider
const FINGER = 26;
const SKETCH = 96; // points across a drawn density
const POINTS = 48; // of them that are sent
const KEYS = {
  " ": "play",
  ArrowRight: "step",
  d: "discriminator",
  g: "generator",
  o: "optimal",
  s: "slow",
  f: "fork",
  0: "restart",
  n: "seed",
  p: "draw",
  l: "link",
  x: "swap",
  e: "peace",
  "?": "help",
};

/** What the person's hand is doing; panels draw it. */
export function emptyHand() {
  const coarse = matchMedia("(pointer: coarse)").matches; // a finger cannot hover to find what can be grabbed
  return { x: null, u: null, pixel: 0, handles: null, near: null, sketch: null, held: false, drawing: false, coarse };
}

/**
 * Puts the handles of the target where it stands.
 *
 * @param {object} hand
 * @param {Moment} moment
 * @param {{centre: number, spread: number}} target unmoved
 * @param {Object<string, number>} knobs
 */
export function placeHandles(hand, moment, target, knobs) {
  if (!target || knobs.location === undefined) {
    hand.handles = null;
    return;
  }
  const { scene, p } = moment;
  hand.handles ??= { mean: { x: 0, y: 0 }, left: { x: 0, y: 0 }, right: { x: 0, y: 0 }, key: "" };
  if (hand.handles.key === moment.targetKey) return;
  hand.handles.key = moment.targetKey;
  const height = (x) => sample(p, (x - scene.x0) / scene.dx, 0);
  const mean = target.centre + knobs.location;
  const spread = target.spread * (knobs.scale ?? 1);
  Object.assign(hand.handles.mean, { x: mean, y: height(mean) });
  Object.assign(hand.handles.left, { x: mean - spread, y: height(mean - spread) });
  Object.assign(hand.handles.right, { x: mean + spread, y: height(mean + spread) });
}

/**
 * Watches the pointer over the densities.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {object} stage with `panels`, `moment`, `hand`, `target`, `knobs`, `redraw()` and `aim(target)`
 */
export function watchDensities(canvas, stage) {
  const { hand } = stage;
  const { densities } = stage.panels;
  let grip = null;
  const value = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    hand.coarse = event.pointerType === "touch";
    if (event.button !== 0 || !stage.moment.scene) return;
    const [px, py] = value(event);
    if (hand.drawing) {
      hand.sketch = beginSketch(stage.moment.view);
      grip = { name: "sketch", at: sketch(hand.sketch, densities, px, py, null) };
    } else {
      const name = nearest(px, py, event, stage);
      if (!name) return;
      hand.near = name;
      const { location = 0, scale = 1 } = stage.playhead.inForce;
      grip = { name, x: densities.X.under(px), location, scale, mean: stage.target.centre + location };
    }
    hand.held = true;
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
    stage.redraw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!stage.moment.scene) return;
    const [px, py] = value(event);
    if (!grip) {
      const near = hand.drawing ? null : nearest(px, py, event, stage);
      if (near !== hand.near) {
        hand.near = near;
        canvas.style.cursor = hand.drawing ? "crosshair" : !near ? "" : near === "mean" ? "grab" : "ew-resize";
        stage.redraw();
      }
      return;
    }
    const x = densities.X.under(px);
    if (grip.name === "sketch") grip.at = sketch(hand.sketch, densities, px, py, grip.at);
    else if (grip.name === "mean") stage.knobs.turn("location", grip.location + x - grip.x);
    else stage.knobs.turn("scale", grip.scale * Math.max(0.02, Math.abs((x - grip.mean) / (grip.x - grip.mean))));
    stage.redraw();
  });
  const letGo = () => {
    if (grip?.name === "sketch") {
      const drawn = points(hand.sketch);
      hand.sketch = null;
      if (drawn) stage.aim({ drawn });
    }
    grip = null;
    hand.held = false;
    stage.redraw();
  };
  canvas.addEventListener("pointerup", letGo);
  canvas.addEventListener("pointercancel", letGo);
  canvas.addEventListener("pointerleave", () => {
    if (!grip) hand.near = null;
    stage.redraw();
  });
}

/** Which handle lies under the pointer; under the target's curve it is the target itself. */
function nearest(px, py, event, { panels, hand, moment }) {
  const { densities } = panels;
  if (!hand.handles) return null;
  const grasp = event.pointerType === "touch" ? FINGER : GRASP;
  let [found, least] = [null, grasp];
  for (const name of ["left", "right", "mean"]) {
    const { x, y } = hand.handles[name];
    const top = densities.Y.at(Math.min(y, moment.view.ceiling));
    const far = Math.hypot(densities.X.at(x) - px, top - py);
    if (far < least) [found, least] = [name, far];
  }
  if (found) return found;
  const height = sample(moment.p, (densities.X.under(px) - moment.scene.x0) / moment.scene.dx, 0);
  return py < densities.floor && densities.Y.under(py) < height ? "mean" : null;
}

function beginSketch({ low, high }) {
  return { x0: low, dx: (high - low) / (SKETCH - 1), heights: new Float32Array(SKETCH) };
}

/** Draws from the last place to this one; returns this one. */
function sketch(drawn, { X, Y }, px, py, last) {
  const at = Math.min(SKETCH - 1, Math.max(0, Math.round((X.under(px) - drawn.x0) / drawn.dx)));
  const height = Math.max(0, Y.under(py));
  const from = last ?? { at, height };
  const steps = Math.max(1, Math.abs(at - from.at));
  for (let step = 0; step <= steps; step++) {
    const share = step / steps;
    drawn.heights[Math.round(from.at + share * (at - from.at))] = from.height + share * (height - from.height);
  }
  return { at, height };
}

/** The points of a sketch that are sent, or null where hardly anything was drawn. */
function points({ x0, dx, heights }) {
  if (heights.filter((height) => height > 0).length < 4) return null;
  return Array.from({ length: POINTS }, (_, index) => {
    const at = (index * (SKETCH - 1)) / (POINTS - 1);
    return [Number((x0 + at * dx).toPrecision(6)), Number(sample(heights, at).toPrecision(4))];
  });
}

/** Watches the pointer over the map: which z it points at, and so which x lights up in the densities. */
export function watchMap(canvas, stage) {
  const { hand } = stage;
  const { map } = stage.panels;
  canvas.addEventListener("pointermove", (event) => {
    if (!stage.moment.scene) return;
    const px = event.clientX - canvas.getBoundingClientRect().left;
    stage.pointAt(map.Z.under(px), px);
  });
  for (const name of ["pointerleave", "pointercancel"]) {
    canvas.addEventListener(name, () => {
      hand.u = hand.x = null;
      stage.redraw();
    });
  }
}

/**
 * Watches the keyboard; Streamlit's own keys (r, c, esc) pass by.
 *
 * @param {HTMLElement} root
 * @param {function(string)} act
 * @returns {function()} stops watching
 */
export function watchKeys(root, act) {
  const listen = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const what = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!what || taken(event, root) || (event.repeat && what !== "step")) return;
    event.preventDefault();
    event.stopPropagation();
    act(what);
  };
  document.addEventListener("keydown", listen, true);
  return () => document.removeEventListener("keydown", listen, true);
}

/** Whether what has the focus has a use of its own for the key. */
function taken(event, root) {
  const at = event.composedPath()[0];
  if (!(at instanceof Element) || at === document.body) return false;
  if (root.querySelector("dialog[open]")) return true;
  if (at.closest("dialog")) return false; // it has just been closed, and the focus is on its way out
  const ours = root.contains(at);
  if (at.matches("input[type=range]") && ours) return event.key === "ArrowRight";
  if (at.matches("button") && ours) return event.key === " ";
  return at.closest("input, textarea, select, button, a, summary, [contenteditable], [role]:not([role=main])") !== null;
}
