/**
 * The phase plane of the Dirac-GAN: a Streamlit component. Every trajectory comes from the page, which is asked again
 * for each place of the starting point while it is dragged; one request is on its way at a time.
 */

import { brief } from "./drawing.js";
import { lodged } from "./lodging.js";
import { Plane } from "./plane.js";
import { watchPlane } from "./start.js";
import { readTheme, themeKey } from "./theme.js";

const WATCHDOG = 2500; // ms without an answer before the same request is sent again
const QUIET = 700; // ms after the last answer at which it is told to those who cannot see
const PLACES = 100; // of the slider for the size of a step

const MARKUP = `
  <div class="choices">
    <label class="wide"><span>Method</span><select data-name="method"></select></label>
    <div class="orders" role="group" aria-label="Who moves when">
      <button type="button" data-order="simultaneous">Both at once</button>
      <button type="button" data-order="alternating">First G, then D</button>
    </div>
    <label title="The size of a step, along the arrows"><span>Step size h <output></output></span>
      <input type="range" data-name="rate" min="0" max="${PLACES}" step="1"></label>
    <label title="Moves of D in answer to one of G; only where they take turns"
      ><span>D steps <output></output></span><input type="range" data-name="steps" step="1"></label>
  </div>
  <canvas tabindex="0" role="application" aria-roledescription="phase plane" aria-describedby="what-happens"
    aria-label="The starting point. Arrow keys move it, with Shift a little; Home puts it back."></canvas>
  <p class="message" role="alert" hidden></p>
  <div id="what-happens"><p class="sentence"></p><p class="numbers"></p><p class="paper"></p></div>
  <p class="unseen" role="status"></p>`;

class Phase {
  constructor(parent) {
    const root = document.createElement("section");
    root.className = "phase";
    root.setAttribute("aria-label", "Phase plane");
    root.innerHTML = MARKUP;
    parent.append(root);
    const find = (selector) => root.querySelector(selector);
    this.parts = {
      root,
      canvas: find("canvas"),
      method: find("[data-name=method]"),
      orders: [...root.querySelectorAll("[data-order]")],
      rate: find("[data-name=rate]"),
      steps: find("[data-name=steps]"),
      message: find(".message"),
      sentence: find(".sentence"),
      numbers: find(".numbers"),
      paper: find(".paper"),
      status: find("[role=status]"),
    };
    this.plane = new Plane(this.parts.canvas);
    this.wish = null; // what a person wants to see
    this.waiting = null; // the request without an answer so far
    this.changed = false; // since that request
    this.seq = 0;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.listen();
  }

  /** The element that is shown. */
  get root() {
    return this.parts.root;
  }

  listen() {
    const { parts } = this;
    parts.method.addEventListener("change", () => this.want({ method: parts.method.value }));
    for (const item of parts.orders) {
      item.addEventListener("click", () => this.want({ order: item.dataset.order }));
    }
    parts.rate.addEventListener("input", () => this.want({ rate: this.rateAt(Number(parts.rate.value)) }));
    parts.steps.addEventListener("input", () => this.want({ discriminatorSteps: Number(parts.steps.value) }));
    watchPlane(parts.canvas, this.plane, {
      move: (start) => this.want({ start }),
      home: () => this.want({ start: this.choices.start }),
      redraw: () => this.redraw(),
    });
    this.resizing = new ResizeObserver(() => this.redraw());
    this.resizing.observe(parts.canvas);
    this.watchdog = setInterval(() => {
      if (this.waiting && performance.now() - this.sentAt > WATCHDOG && !document.hidden) this.send();
    }, WATCHDOG);
  }

  /** Takes an answer of the page. */
  update({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    this.dress(); // Streamlit calls after a change of theme as well
    if (!data) return;
    if (this.wish === null) this.setUp(data);
    if (this.waiting && data.seq !== this.waiting.seq) return;
    const news = data.seq !== this.taken || this.plane.path.length === 0;
    this.taken = data.seq;
    this.waiting = null;
    this.plane.path = data.path;
    this.plane.angles = data.angles;
    this.parts.root.dataset.fate = data.fate;
    this.parts.root.dataset.seq = data.seq;
    if (news && !this.plane.held) this.plane.walk(this.calm.matches);
    this.say(data);
    if (this.changed) this.ask();
    this.redraw();
  }

  setUp({ choices, asked }) {
    const { parts, plane } = this;
    this.choices = choices;
    this.wish = { ...asked };
    plane.reach = choices.reach;
    plane.arrows = choices.arrows;
    parts.method.replaceChildren(...choices.methods.map(({ name, title }) => new Option(title, name)));
    [parts.steps.min, parts.steps.max] = choices.steps;
    this.show();
    const { top, bottom } = parts.root.getBoundingClientRect();
    if (top > 0 && bottom > window.innerHeight) {
      parts.root.scrollIntoView({ block: "start", behavior: this.calm.matches ? "auto" : "smooth" });
    }
  }

  /** The size of a step at a place of its slider, and the other way round. */
  rateAt(place) {
    const [least, most] = this.choices.rates;
    return Number((least * (most / least) ** (place / PLACES)).toPrecision(2));
  }

  placeOf(rate) {
    const [least, most] = this.choices.rates;
    return Math.round((PLACES * Math.log(rate / least)) / Math.log(most / least));
  }

  /** Brings the controls and the handle up to what is wanted. */
  show() {
    const { parts, wish, plane } = this;
    plane.start = wish.start;
    parts.method.value = wish.method;
    for (const item of parts.orders) item.setAttribute("aria-pressed", String(item.dataset.order === wish.order));
    parts.rate.value = String(this.placeOf(wish.rate));
    parts.steps.value = String(wish.discriminatorSteps);
    parts.steps.disabled = wish.order === "simultaneous";
    for (const [input, value] of [
      [parts.rate, wish.rate],
      [parts.steps, parts.steps.disabled ? 1 : wish.discriminatorSteps],
    ]) {
      const words = brief(value);
      input.parentElement.querySelector("output").textContent = words;
      input.setAttribute("aria-valuetext", words);
    }
  }

  /** Wants something else, and asks for it as soon as the last request is answered. */
  want(change) {
    if (this.wish === null) return;
    Object.assign(this.wish, change);
    this.show();
    if (this.waiting) this.changed = true;
    else this.ask();
    this.redraw();
  }

  ask() {
    this.changed = false;
    this.waiting = { seq: ++this.seq, ...this.wish };
    this.send();
  }

  send() {
    this.sentAt = performance.now();
    this.setStateValue("req", this.waiting);
  }

  say({ sentence, numbers, paper, message }) {
    const { parts } = this;
    for (const [place, words] of [
      [parts.sentence, sentence],
      [parts.numbers, numbers],
      [parts.paper, paper],
      [parts.message, message],
    ]) {
      if (place.textContent !== words) place.textContent = words;
    }
    parts.message.hidden = !message;
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      if (parts.status.textContent !== sentence) parts.status.textContent = sentence;
    }, QUIET);
  }

  redraw() {
    this.request ??= requestAnimationFrame((now) => this.draw(now));
  }

  draw(now) {
    this.request = null;
    if (!this.plane.theme || !this.plane.arrows) return;
    const walking = this.plane.run < this.plane.path.length && this.plane.advance(now - (this.drawnAt ?? now));
    this.drawnAt = walking ? now : undefined;
    this.plane.draw();
    if (walking) this.redraw();
  }

  dress() {
    const key = themeKey(this.parts.root);
    if (key === this.key) return;
    this.key = key;
    this.plane.dress(readTheme(this.parts.root));
    this.redraw();
  }

  /** Stands still. */
  rest() {
    cancelAnimationFrame(this.request);
    this.request = null;
  }

  /** Stops everything and leaves nothing behind. */
  leave() {
    this.rest();
    clearInterval(this.watchdog);
    clearTimeout(this.telling);
    this.resizing.disconnect();
    this.parts.root.remove();
  }
}

/**
 * Shows what the page sends; the first call makes the plane. Streamlit hands over
 *
 * - `data`: an answer of `gausslab.lab.plane`, or nothing;
 * - `parentElement`: where to show it;
 * - `setStateValue`: takes a name and a value for the page.
 */
export default lodged((parent) => new Phase(parent));
