/** The buttons: playback, the legend's switches, and the stations of the machine. */

import { HAVE_LAYERS } from "./layers.js";
import { icon } from "./layout.js";
import { copyLink } from "./sharing.js";

/**
 * Has every button do what it says.
 *
 * @param {object} stage with `parts`, `shows`, `panels`, `playhead`, `act(name)` and `redraw()`
 */
export function watchButtons(stage) {
  const { parts, shows, playhead } = stage;
  const { machine } = stage.panels;
  // A button that was clicked must not keep the space bar to itself; one that was reached by keys does.
  parts.root.addEventListener("click", (event) => {
    if (event.detail > 0) event.target.closest("button")?.blur();
  });
  for (const [name, item] of Object.entries(parts.buttons)) item.addEventListener("click", () => stage.act(name));
  parts.link.copy.addEventListener("click", () => copyLink(parts.link));
  for (const item of parts.layers) {
    item.addEventListener("click", () => showLayer(stage, item.dataset.layer, !shows[item.dataset.layer]));
  }
  for (const item of parts.stations) {
    item.addEventListener("click", () => {
      const { station } = item.dataset;
      machine.opened = machine.opened === station ? null : station;
      playhead.lookInto(HAVE_LAYERS.has(machine.opened) ? machine.opened : null);
      stage.redraw();
    });
  }
}

/** Shows a layer of the legend, or hides it. */
export function showLayer(stage, name, on) {
  stage.shows[name] = on;
  for (const item of stage.parts.layers) {
    if (item.dataset.layer === name) item.setAttribute("aria-pressed", String(on));
  }
  stage.redraw();
}

/**
 * Brings the buttons up to the moment.
 *
 * @param {object} stage with `parts`, `playhead`, `hand`, `panels` and `half`
 */
export function showButtons({ parts, playhead, hand, panels, half }) {
  const { machine } = panels;
  const { play, slow, draw, fork } = parts.buttons;
  const [sign, words] = playhead.playing ? ["pause", "Pause"] : ["play", "Play"];
  if (play.lastElementChild.textContent !== words) {
    play.firstElementChild.innerHTML = icon(sign);
    play.lastElementChild.textContent = words;
  }
  slow.setAttribute("aria-pressed", String(playhead.slow));
  draw.setAttribute("aria-pressed", String(hand.drawing));
  fork.disabled = !playhead.visited;
  const offer = Object.keys(playhead.wishes).length > 0;
  const wanted = offer ? "Fork with this" : "Fork from here";
  if (fork.lastElementChild.textContent !== wanted) fork.lastElementChild.textContent = wanted;
  fork.classList.toggle("offer", offer);
  parts.root.dataset.playing = playhead.playing;
  parts.root.dataset.half = half ?? "";
  for (const item of parts.stations) {
    const name = item.dataset.station;
    const open = machine.opened === name;
    const place = machine.box(name).map((side) => `${Math.round(side)}px`);
    if (item.dataset.place === String(place) && item.hidden === (machine.opened !== null && !open)) continue;
    item.dataset.place = String(place);
    item.hidden = machine.opened !== null && !open;
    item.setAttribute("aria-expanded", String(open));
    [item.style.left, item.style.top, item.style.width, item.style.height] = place;
  }
}
