/** The elements of the stage, made once. */

import { LEGEND } from "./legend.js";
import { STATIONS } from "./machine.js";

// Drawn, since few fonts have these signs; each in a square of 16.
const ICONS = {
  play: '<path d="M4 2l10 6-10 6z"/>',
  pause: '<path d="M3 2h4v12H3zM9 2h4v12H9z"/>',
  step: '<path d="M2 3l8 5-8 5zM11 3h3v10h-3z"/>',
  restart: '<path d="M8 3V0L3 4l5 4V5a4 4 0 1 1-4 4H2a6 6 0 1 0 6-6z"/>',
  seed: '<path d="M2 2h12v12H2zm2 2v8h8V4zm1 1h2v2H5zm4 4h2v2H9z" fill-rule="evenodd"/>',
  link: '<path d="M9 1h6v6l-2-2-5 5-2-2 5-5zM1 4h5v2H3v7h7v-3h2v5H1z"/>',
  fork: '<path d="M4 1v7l3 3v4h2v-4l3-3V1h-2v6L8 9 6 7V1z"/>',
  swap: '<path d="M1 5h10V2l4 4-4 4V7H1zM15 13H5v3l-4-4 4-4v3h10z"/>',
  draw: '<path d="M1 15l1-4 8-8 3 3-8 8zM11 2l1-1 3 3-1 1z"/>',
};
const BUTTONS = [
  ["play", "pause", "Pause", "Play or pause (space)"],
  ["step", "step", "Step", "One training step (→)"],
  ["discriminator", "", "D", "Only D learns, one step (D)"],
  ["generator", "", "G", "Only G learns, one step (G)"],
  ["optimal", "", "D*", "D learns until it is as good as it can be (O)"],
  ["slow", "", "Slow", "Slow motion: one half-step at a time (S)"],
  ["fork", "fork", "Fork from here", "Fork from the past moment that the timeline shows (F)"],
  ["restart", "restart", "", "Start again with the same seed (0)"],
  ["seed", "seed", "", "Start again with a new seed (N)"],
  ["draw", "draw", "", "Draw a target density into the first picture (P)"],
  ["link", "link", "Link", "Link to the moment that is shown (L)"],
];
const DUEL_BUTTONS = [
  ["swap", "swap", "Swap sides", "Swap sides: the rival becomes the run that the sliders turn (X)"],
  ["peace", "", "End the duel", "End the duel: go on without the rival (E)"],
];
const KEYS = [
  ["space", "play or pause"],
  ["→", "one training step"],
  ["D", "only D learns"],
  ["G", "only G learns"],
  ["O", "D learns until it is optimal"],
  ["S", "slow motion, half-step by half-step"],
  ["F", "fork: go on from the past moment that is shown"],
  ["0", "start again, same seed"],
  ["N", "start again, new seed"],
  ["P", "draw a density"],
  ["L", "link to this moment"],
  ["K", "saved runs"],
  ["X", "swap the sides of a duel"],
  ["E", "end the duel"],
  ["?", "this list"],
];

/** A drawn sign; a screen reader passes it by. */
export const icon = (name) =>
  `<svg width="13" height="13" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">${ICONS[name]}</svg>`;
const button = ([act, sign, words, help]) => {
  const drawn = sign && `<span class="sign">${icon(sign)}</span> `;
  const written = words && `<span class="${sign && "words"}">${words}</span>`;
  return `<button type="button" data-act="${act}" aria-label="${help}" title="${help}">${drawn}${written}</button>`;
};
const station = ([name, { title }]) =>
  `<button type="button" data-station="${name}" aria-label="Enlarge ${title}" aria-expanded="false"></button>`;
const panel = (name, label, canvases, inside = "") =>
  `<figure class="panel ${name}" data-panel="${name}"><figcaption class="unseen">${label}</figcaption>${inside}` +
  `<div class="picture">${canvases}</div></figure>`;
const still = '<canvas class="still" aria-hidden="true"></canvas>';
const moving = (label) => `<canvas class="moving" role="img" aria-label="${label} Described below."></canvas>`;

const DENSITIES = still + moving("Densities: target, generated, and the discriminator.");
const MAP = still + moving("The map from z to x beside the ideal one.");
const GAME = moving("Losses, distance, masses of the modes and gradients over time.");
const MACHINE =
  moving("How z becomes a fake and D judges it.") +
  `<div class="stations">${Object.entries(STATIONS).map(station).join("")}</div>`;

const MARKUP = `
  <div class="bar" role="group" aria-label="Playback">
    ${BUTTONS.map(button).join("")}
    <label class="speed"><span>Speed <output></output></span>
      <input type="range" min="0" max="100" step="1"></label>
    <label class="timeline"><span>Step <output></output></span>
      <input type="range" min="0" max="1" step="1" value="0"></label>
    <button type="button" data-act="help" aria-label="List of keys (?)" title="List of keys (?)">?</button>
  </div>
  <div class="diagnosis"><p class="sentence">Waiting for the first frames …</p>
    <p class="note" role="status" hidden></p><p class="numbers"></p></div>
  <p class="message" role="alert" hidden></p>
  <div class="branches" role="group" aria-label="Branches" hidden>
    <button type="button" data-layer="ghosts" aria-pressed="true" title="Show the other branches in the pictures"
      >Ghosts</button>
    <svg aria-hidden="true"></svg>
    <ul></ul>
  </div>
  <div class="duel" role="group" aria-label="Duel" hidden>
    <svg width="26" height="10" aria-hidden="true"><line x1="1" x2="25" y1="5" y2="5" data-look="rival"/></svg>
    <p class="versus"></p>
    ${DUEL_BUTTONS.map(button).join("")}
    <p class="unseen" role="status" aria-live="polite"></p>
  </div>
  <div class="knobs" role="group" aria-label="Settings that act at once"></div>
  <div class="panels">
    ${panel("densities", "Densities", DENSITIES, LEGEND)}
    ${panel("map", "The map", MAP)}
    ${panel("game", "The game", GAME)}
    ${panel("machine", "The machine", MACHINE, '<p class="title" aria-hidden="true">The machine</p>')}
  </div>
  <p class="unseen" data-place="alternative"></p>
  <p class="unseen" data-place="status" role="status" aria-live="polite"></p>
  <dialog aria-label="Link to this moment" data-dialog="link">
    <h2>Link to this moment</h2>
    <input type="text" readonly aria-label="Link">
    <p></p>
    <form method="dialog"><button type="button" data-copy>Copy</button>
      <a data-file download="experiment.toml" hidden>Save experiment.toml</a> <button>Close</button></form>
  </dialog>
  <dialog aria-label="Keys" data-dialog="keys">
    <h2>Keys</h2>
    <dl>${KEYS.map(([key, what]) => `<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`).join("")}</dl>
    <p>Grab the target in the first picture to move it, or one of the two rings beside it to widen it.
    Point at the map to follow a single z. A double click on a slider sets it back.</p>
    <form method="dialog"><button>Close</button></form>
  </dialog>`;

/**
 * Makes the stage's elements.
 *
 * @param {Node} parent
 * @returns {object} the root and what is found in it by name
 */
export function layOut(parent) {
  const root = document.createElement("section");
  root.className = "stage";
  root.setAttribute("aria-label", "Live lab");
  root.innerHTML = MARKUP;
  parent.append(root);
  const find = (selector) => root.querySelector(selector);
  return {
    root,
    buttons: Object.fromEntries([...root.querySelectorAll("[data-act]")].map((item) => [item.dataset.act, item])),
    layers: [...root.querySelectorAll("[data-layer]")],
    stations: [...root.querySelectorAll("[data-station]")],
    speed: { input: find(".speed input"), output: find(".speed output") },
    timeline: { input: find(".timeline input"), output: find(".timeline output") },
    branches: { row: find(".branches"), tree: find(".branches > svg"), list: find(".branches ul") },
    duel: {
      row: find(".duel"),
      words: find(".versus"),
      status: find(".duel [role=status]"),
      legend: find(".legend [data-layer=rival]"),
    },
    knobs: find(".knobs"),
    message: find(".message"),
    note: find(".note"),
    sentence: find(".sentence"),
    numbers: find(".numbers"),
    alternative: find("[data-place=alternative]"),
    status: find("[data-place=status]"),
    keys: find("[data-dialog=keys]"),
    link: {
      dialog: find("[data-dialog=link]"),
      field: find("[data-dialog=link] input"),
      note: find("[data-dialog=link] p"),
      copy: find("[data-copy]"),
      file: find("[data-file]"),
    },
    densities: [find(".densities .still"), find(".densities .moving")],
    map: [find(".map .still"), find(".map .moving")],
    game: find(".game canvas"),
    machine: find(".machine canvas"),
  };
}
