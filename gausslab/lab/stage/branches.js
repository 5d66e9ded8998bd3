/** Branches: the ways that the run went from a fork, as a small tree, a button each, and ghosts in the panels. */

import { MEASURES, brief } from "./drawing.js";

const LANE = 7; // pixels between two branches of the tree
const WIDE = 84; // pixels of the tree
const NAMESPACE = "http://www.w3.org/2000/svg";

/** What is left of the branches that are not gone on with, and the row that shows them all. */
export class Branches {
  /**
   * @param {{row: HTMLElement, tree: SVGElement, list: HTMLElement}} places
   * @param {{enter: function(number), drop: function(number)}} does what a click does
   */
  constructor(places, does) {
    Object.assign(this, places);
    this.does = does;
    this.members = [];
    this.current = 0;
    this.held = new Map(); // curves by the ghost's identity
    this.places = new Map(); // of each branch's look among the looks
    this.ghosts = [];
    this.key = "";
    this.list.addEventListener("click", (event) => {
      const { enter, drop } = event.target.closest("button")?.dataset ?? {};
      if (enter !== undefined && Number(enter) !== this.current) does.enter(Number(enter));
      if (drop !== undefined) does.drop(Number(drop));
    });
  }

  /** Takes up the colours. */
  dress(theme) {
    this.theme = theme;
    this.key = "";
    this.show();
  }

  /**
   * Takes up what an answer says of the branches.
   *
   * @param {object} header
   */
  take({ branches = [], current = 0, ghosts = {} }) {
    const shown = current === this.current && this.members.find(({ number }) => number === current);
    for (const [name, ghost] of Object.entries(ghosts)) this.held.set(name, readGhost(ghost));
    const used = new Set(branches.map(({ ghost }) => ghost));
    for (const name of this.held.keys()) if (!used.has(name)) this.held.delete(name);
    this.members = branches.map((branch) =>
      shown && branch.number === current
        ? { ...branch, end: shown.end, distance: shown.distance, measure: shown.measure }
        : branch,
    );
    this.current = current;
    this.placeLooks();
    if (this.theme) this.show();
  }

  /** Has the branch that is gone on with end at the moment that is shown: what was made ahead is not yet. */
  follow(moment) {
    const own = this.members.find(({ number }) => number === this.current);
    if (!own || own.end === moment.step) return;
    own.end = moment.step;
    own.distance = moment.scalar("distance");
    own.measure = moment.scene.measure;
    this.tell();
  }

  /** Gives each branch a look that no other has, for as long as it lives. */
  placeLooks() {
    const alive = new Set(this.members.map(({ number }) => number));
    for (const number of this.places.keys()) if (!alive.has(number)) this.places.delete(number);
    for (const number of alive) {
      const taken = new Set(this.places.values());
      let place = 0;
      while (taken.has(place)) place += 1;
      if (!this.places.has(number)) this.places.set(number, place);
    }
  }

  /** How a branch is drawn: the one that is gone on with as what is made, any other in a colour of its own. */
  look(number) {
    const { branches, generator } = this.theme;
    return number === this.current ? generator : branches[this.places.get(number) % branches.length];
  }

  /** Brings the row up to date. */
  show() {
    this.ghosts = this.members
      .filter(({ ghost }) => this.held.has(ghost))
      .map(({ number, label, ghost }) => ({ look: this.look(number), label, ...this.held.get(ghost) }));
    this.row.hidden = this.members.length === 0;
    const key = JSON.stringify([this.current, this.members.map(({ number, label }) => [number, label])]);
    if (key !== this.key) {
      this.key = key;
      const focus = this.list.getRootNode().activeElement?.dataset.enter;
      this.list.replaceChildren(...this.members.map((branch) => this.entry(branch)));
      if (focus !== undefined) this.list.querySelector(`[data-enter="${focus}"]`)?.focus();
    }
    this.tell();
  }

  /** Says how far each has come, and draws the tree of them. */
  tell() {
    this.members.forEach(({ end, distance, measure }, index) => {
      const numbers = this.list.children[index].querySelector("output");
      const words = `${MEASURES[measure]} ${brief(distance ?? NaN, 2)} at ${end.toLocaleString("en")}`;
      if (numbers.textContent !== words) numbers.textContent = words;
    });
    this.drawTree();
  }

  entry({ number, label, step, parent }) {
    const item = document.createElement("li");
    const enter = document.createElement("button");
    const [name, numbers] = [document.createElement("span"), document.createElement("output")];
    const from = parent === null ? "" : `from step ${step.toLocaleString("en")}: `;
    enter.type = "button";
    enter.dataset.enter = number;
    enter.title = `${from}${label}${number === this.current ? " (this one)" : "; go there"}`;
    if (number === this.current) enter.setAttribute("aria-current", "true");
    name.textContent = label;
    // Read out once, when it is reached, and not with every frame.
    numbers.setAttribute("aria-live", "off");
    enter.append(sampleOf(this.look(number)), name, numbers);
    item.append(enter);
    if (number !== this.current) {
      const drop = document.createElement("button");
      drop.type = "button";
      drop.dataset.drop = number;
      drop.title = `Remove the branch: ${label}`;
      drop.setAttribute("aria-label", drop.title);
      drop.textContent = "×";
      item.append(drop);
    }
    return item;
  }

  /** Each branch a line over its steps, with a link to the one that it left. */
  drawTree() {
    const longest = Math.max(1, ...this.members.map(({ end }) => end));
    const x = (step) => 3 + ((WIDE - 6) * step) / longest;
    const y = new Map(this.members.map(({ number }, lane) => [number, 4 + lane * LANE]));
    const tall = 8 + LANE * (this.members.length - 1);
    this.tree.setAttribute("viewBox", `0 0 ${WIDE} ${tall}`);
    this.tree.setAttribute("width", WIDE);
    this.tree.setAttribute("height", tall);
    const paths = this.members.map(({ number, parent, step, end }) => {
      const start = parent === null ? `M${x(0)} ${y.get(number)}` : `M${x(step)} ${y.get(parent)}V${y.get(number)}`;
      const path = drawn("path", this.look(number));
      path.setAttribute("d", `${start}H${Math.max(x(end), x(step) + 2)}`);
      return path;
    });
    this.tree.replaceChildren(...paths);
  }
}

/** Curves as arrays to draw from. */
function readGhost(ghost) {
  const floats = (list) => Float32Array.from(list, (value) => value ?? NaN);
  return {
    ...ghost,
    density: floats(ghost.density),
    z: floats(ghost.z),
    g: floats(ghost.g),
    distances: floats(ghost.distances),
  };
}

function sampleOf(look) {
  const picture = document.createElementNS(NAMESPACE, "svg");
  const stroke = drawn("path", look);
  for (const [name, value] of Object.entries({ width: 22, height: 10, "aria-hidden": "true" }))
    picture.setAttribute(name, value);
  stroke.setAttribute("d", "M1 5H21");
  picture.append(stroke);
  return picture;
}

function drawn(kind, { colour, dash, width }) {
  const shape = document.createElementNS(NAMESPACE, kind);
  const looks = { stroke: colour, "stroke-width": width, "stroke-dasharray": dash.join(" "), fill: "none" };
  for (const [name, value] of Object.entries(looks)) shape.setAttribute(name, value);
  return shape;
}
