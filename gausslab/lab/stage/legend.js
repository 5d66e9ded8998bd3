/** The legend of the densities: what each line is, and a switch for it. */

import { LAYERS } from "./densities.js";

const entry = ({ name, words, look, help = "", off = false }) =>
  `<button type="button" data-layer="${name}" aria-pressed="${!off}" title="${help}"><svg width="20" height="10" aria-hidden="true">` +
  `<line x1="1" x2="19" y1="5" y2="5" data-look="${look}"/></svg><span>${words}</span></button>`;

/** Its markup. */
export const LEGEND =
  '<div class="legend" role="group" aria-label="Layers of the densities">' + LAYERS.map(entry).join("") + "</div>";

/** Gives the samples of lines their looks. */
export function dressLegend(root, theme) {
  for (const line of root.querySelectorAll("[data-look]")) {
    const look = theme[line.dataset.look];
    line.setAttribute("stroke", look.colour);
    line.setAttribute("stroke-width", look.width);
    line.setAttribute("stroke-dasharray", look.dash.join(" "));
  }
}

/**
 * Says of each line how far it is to be believed on this scene; called again and again, it touches only what changes.
 *
 * @param {HTMLElement[]} items the switches
 * @param {object} scene
 */
export function nameLayers(items, scene) {
  for (const { name, words, help = "", remark } of LAYERS) {
    if (!remark) continue;
    const item = items.find(({ dataset }) => dataset.layer === name);
    const [short, long] = remark(scene) || [words, help];
    if (item.title !== long) item.title = long;
    if (item.lastElementChild.innerHTML !== short) item.lastElementChild.innerHTML = short;
  }
}
