/** The sliders that act at once, the speed, and the timeline. Every slider is an `input[type=range]` with a label. */

import { brief } from "./drawing.js";
import { FASTEST } from "./playhead.js";

const ROUNDING = 1e-9; // of a slider: what arithmetic leaves of a zero
const PLACES = 1000; // of a slider
const SPEED_PLACES = 100;
const MOST_SPEED = 5000; // steps a second; one place further is as fast as it goes

/**
 * How a slider's place and a knob's value belong together.
 *
 * @param {object} control as it comes from the page
 * @param {?object} target with `spread`: where the bounds are too wide to slide through, it gives the reach
 * @returns {{low: number, high: number, value: function(number): number, place: function(number): number}}
 */
export function reach(control, target) {
  let { low, high } = control;
  if (control.path === "location") {
    const span = 5 * (target?.spread ?? 1);
    low = Math.max(low, -span);
    high = Math.min(high, span);
  } else if (control.path === "scale") {
    low = Math.max(low, 0.1);
    high = Math.min(high, 10);
  }
  if (!control.log) {
    const rounded = (value) => (control.integer ? Math.round(value) : Number(value.toPrecision(4)));
    return {
      low,
      high,
      value: (place) => rounded(low + (place / PLACES) * (high - low)),
      place: (value) => (PLACES * (value - low)) / (high - low),
    };
  }
  // A logarithm has no zero: where zero is allowed, it is the slider's first place.
  const zero = low <= 0 || control.default === 0;
  const least = low > 0 ? low : high * 1e-6;
  const start = zero ? 1 : 0;
  const factor = Math.log(high / least) / (PLACES - start);
  return {
    low: zero ? 0 : low,
    high,
    value: (place) => (place < start ? 0 : Number((least * Math.exp(factor * (place - start))).toPrecision(3))),
    place: (value) => (value < least ? 0 : start + Math.log(value / least) / factor),
  };
}

/** The live sliders. */
export class Knobs {
  /**
   * @param {HTMLElement} container
   * @param {function(string, number)} onTurn path and value
   */
  constructor(container, onTurn) {
    this.container = container;
    this.onTurn = onTurn;
    this.items = new Map();
    this.key = "";
  }

  /**
   * Takes up the controls as the page describes them.
   *
   * @param {object[]} controls
   * @param {?object} target
   */
  describe(controls, target) {
    const key = JSON.stringify([controls.map(({ value, ...rest }) => rest), target?.spread]);
    if (key === this.key) return;
    this.key = key;
    const kept = new Map([...this.items].map(([path, item]) => [path, item.value]));
    this.items.clear();
    this.container.replaceChildren();
    for (const control of controls) {
      const item = this.make(control, target);
      this.items.set(control.path, item);
      this.show(control.path, kept.get(control.path) ?? control.value);
    }
  }

  make(control, target) {
    const label = document.createElement("label");
    const name = document.createElement("span");
    const output = document.createElement("output");
    const input = document.createElement("input");
    const item = { control, input, output, scale: reach(control, target), value: control.value };
    name.append(`${control.label} `, output);
    label.title = control.help ?? "";
    label.append(name, input);
    Object.assign(input, { type: "range", min: 0, max: PLACES, step: 1 });
    input.dataset.path = control.path;
    input.addEventListener("input", () => this.turn(control.path, item.scale.value(Number(input.value))));
    input.addEventListener("dblclick", () => this.turn(control.path, control.default));
    this.container.append(label);
    return item;
  }

  /** Turns a knob as if by its slider; the value is held within its bounds. */
  turn(path, value) {
    const item = this.items.get(path);
    if (!item || !Number.isFinite(value)) return;
    const held = Math.min(item.scale.high, Math.max(item.scale.low, value));
    this.show(path, held);
    this.onTurn(path, held);
  }

  /** Shows a value without turning the knob. */
  show(path, value) {
    const item = this.items.get(path);
    if (!item) return;
    const { control, input, output, scale } = item;
    item.value = value;
    input.value = String(Math.round(scale.place(value)));
    const exact = (control.shownOffset ?? 0) + (control.shownFactor ?? 1) * value;
    const shown = Math.abs(exact) < ROUNDING * (scale.high - scale.low) ? 0 : exact;
    const words = `${brief(shown)}${control.unit && control.unit !== "x" ? ` ${control.unit}` : ""}`;
    output.textContent = value === 0 && control.log ? "off" : words;
    input.setAttribute("aria-valuetext", output.textContent);
  }

  /** Every value by its path. */
  values() {
    return Object.fromEntries([...this.items].map(([path, item]) => [path, item.value]));
  }
}

/**
 * The slider for the speed.
 *
 * @param {{input: HTMLInputElement, output: HTMLElement}} place
 * @param {function(number)} onChange steps a second; 0 is as fast as it goes
 * @returns {function(number)} shows a speed
 */
export function speedSlider({ input, output }, onChange) {
  const speed = (at) => (at >= SPEED_PLACES ? FASTEST : Math.round(MOST_SPEED ** (at / (SPEED_PLACES - 1))));
  const show = (value) => {
    const at =
      value === FASTEST ? SPEED_PLACES : (SPEED_PLACES - 1) * (Math.log(Math.max(1, value)) / Math.log(MOST_SPEED));
    input.value = String(Math.round(at));
    output.textContent = value === FASTEST ? "fastest" : `${brief(value)} steps/s`;
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    const value = speed(Number(input.value));
    show(value);
    onChange(value);
  });
  return show;
}

/**
 * The timeline of everything since the start.
 *
 * @param {{input: HTMLInputElement, output: HTMLElement}} place
 * @param {function(number)} onSeek a step
 * @returns {function(number, number, number)} shows first, present and last step
 */
export function timeline({ input, output }, onSeek) {
  let held = false;
  input.addEventListener("pointerdown", () => (held = true));
  for (const name of ["pointerup", "pointercancel"]) input.addEventListener(name, () => (held = false));
  input.addEventListener("input", () => onSeek(Number(input.value)));
  return (first, now, last) => {
    const words = now.toLocaleString("en");
    if (output.textContent !== words) output.textContent = words;
    if (held) return;
    input.min = String(first);
    input.max = String(Math.max(last, first + 1));
    input.value = String(now);
    input.setAttribute("aria-valuetext", `step ${words}`);
  };
}
