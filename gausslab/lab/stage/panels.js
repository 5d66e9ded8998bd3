/** The stage's pictures, each drawn as often as it has to be. */

import { Densities } from "./densities.js";
import { Game } from "./game.js";
import { placeHandles } from "./input.js";
import { Machine } from "./machine.js";
import { MapPanel } from "./map.js";

const GAME_EVERY = 150; // ms between two drawings of the slower panels
const MACHINE_EVERY = 90;

/** Densities, map, game and machine. */
export class Panels {
  /** @param {object} parts the stage's elements */
  constructor(parts) {
    this.densities = new Densities(...parts.densities);
    this.map = new MapPanel(...parts.map);
    this.game = new Game(parts.game);
    this.machine = new Machine(parts.machine);
    this.gameAt = this.machineAt = 0;
  }

  /**
   * Draws what a moment looks like.
   *
   * @param {number} now ms
   * @param {object} stage with `playhead`, `moment`, `history`, `hand`, `shows`, `branches`, `rival`, `target` and `half`
   * @param {boolean} calm for those who asked for less motion
   */
  draw(now, stage, calm) {
    const { playhead, moment, hand, shows, target } = stage;
    const share = calm ? 0 : playhead.share;
    moment.set(playhead.current, playhead.next, share);
    // A frame from before another target was set shows its own, and so does one from the past.
    const past = playhead.visited || moment.frame.v < playhead.aimed;
    const knobs = past ? { ...moment.frame.knobs, ...playhead.wishes } : playhead.knobs;
    const rival = stage.rival.between(playhead.current, playhead.next, share, shows.rival);
    const ghosts = [...(shows.ghosts ? stage.branches.ghosts : []), ...(rival ? [rival] : [])];
    moment.moveTarget(target, knobs);
    moment.look(hand.held, calm);
    placeHandles(hand, moment, target, knobs);
    hand.x = hand.u === null ? null : moment.mapAt(hand.u);
    this.densities.draw(moment, shows, hand, ghosts);
    this.map.draw(moment, hand, ghosts);
    if (now - this.gameAt > GAME_EVERY || !playhead.playing) {
      this.gameAt = now;
      this.game.draw(stage.history, moment.step, ghosts);
    }
    if (now - this.machineAt > MACHINE_EVERY || !playhead.playing) {
      this.machineAt = now;
      this.machine.draw(moment, now, stage.half, playhead.playing && !calm, playhead.layers, ghosts);
    }
  }

  /** Takes up a theme. */
  dress(theme) {
    for (const panel of [this.densities, this.map, this.game, this.machine]) panel.dress(theme);
  }
}
