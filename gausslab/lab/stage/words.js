/** Panel 5: one sentence on what is going on, the numbers behind it, and the same for those who cannot see. */

import { MEASURES, brief } from "./drawing.js";
import { HALF_STEPS } from "./machine.js";

const SETTLED = 700; // ms that another verdict must stand before it is shown
const REFRESHED = 800; // ms between two sentences of the same verdict
const STALE = 2000; // ms after which the next verdict is shown even if none stands: old numbers would be wrong ones
const TOLD = 8000; // ms between two text alternatives

/** Says what is going on, calmly. */
export class Words {
  /**
   * @param {object} places
   * @param {HTMLElement} places.sentence what everybody sees
   * @param {HTMLElement} places.status a polite live region: tells of another verdict, not of another number
   * @param {HTMLElement} places.numbers
   * @param {HTMLElement} places.alternative a description of all panels
   */
  constructor(places) {
    Object.assign(this, places);
    this.verdict = null;
    this.candidate = null;
    this.since = this.refreshed = this.told = -Infinity;
  }

  /**
   * @param {number} now ms
   * @param {Moment} moment
   * @param {object} state
   * @param {?string} state.half the half-step of slow motion
   * @param {?string} state.failure why the run stopped by itself
   * @param {boolean} state.playing
   * @param {number} state.seed
   * @param {?object} state.layers that are looked into
   */
  say(now, moment, { half, failure, playing, seed, layers }) {
    this.count(moment);
    const { verdict, sentence, fault } = moment.frame.words;
    const kind = failure ? "failure" : (half ?? verdict);
    const words = failure ?? (half ? HALF_STEPS[half] : sentence);
    if (kind !== this.candidate) {
      this.candidate = kind;
      this.since = now;
    }
    const another = kind !== this.verdict;
    const due = another
      ? failure || half || this.verdict === null || now - this.since > SETTLED || now - this.refreshed > STALE
      : now - this.refreshed > REFRESHED;
    if (due && words) {
      if (this.sentence.textContent !== words) this.sentence.textContent = words;
      this.sentence.dataset.mood = failure || (!half && fault) ? "bad" : "calm";
      if (another) this.status.textContent = words;
      this.verdict = kind;
      this.refreshed = now;
    }
    const about = `${moment.scene.label}|${layers?.station}`;
    if (now - this.told > TOLD || !playing || about !== this.about) {
      this.told = now;
      this.about = about;
      this.tell(moment, words, seed, layers);
    }
  }

  count(moment) {
    const { scene } = moment;
    const modes = scene.modeMasses.length;
    const covered =
      modes > 1 ? ` · modes ${brief(moment.frame.scalars[moment.names.indexOf("modes_covered")])} of ${modes}` : "";
    const distance = scene.measure === "KS" ? "" : `${MEASURES.W1} ${brief(moment.scalar("distance"), 2)} · `;
    const words = `${distance}KS ${brief(moment.scalar("ks"), 2)}${covered}`;
    if (this.numbers.textContent !== words) this.numbers.textContent = words;
  }

  tell(moment, words, seed, inside) {
    const { scene, frame } = moment;
    const { folds, flats } = frame.marks;
    const [paidD, paidG] = ["discriminator_loss", "generator_loss"].map((name) => brief(moment.scalar(name)));
    const held = flats.reduce((total, [, , , mass]) => total + mass, 0);
    const told = [
      `Step ${moment.step} of seed ${seed}. Target ${scene.label}.`,
      words,
      `Generated: mean ${brief(moment.scalar("mean"))}, standard deviation ${brief(moment.scalar("std"))};`,
      `${Math.round(100 * moment.scalar("outside"))} % of it lies outside the picture;`,
      `target: mean ${brief(scene.mean ?? NaN)}, standard deviation ${brief(scene.std ?? NaN)}.`,
      scene.measure === "KS"
        ? `Distance KS ${brief(moment.scalar("ks"))}.`
        : `Distance W1 ${brief(moment.scalar("wasserstein"))}, noise floor ${brief(scene.noiseFloor ?? NaN)}.`,
      scene.sampled
        ? "Read from samples: the generator is no map of a single z."
        : `The map turns back in ${folds.length} places and stands still for ${Math.round(100 * held)} % of the noise.`,
      `Losses: discriminator ${paidD}, generator ${paidG}.`,
      inside ? `Inside ${inside.station}: ${contents(inside)}.` : "",
    ].join(" ");
    if (this.alternative.textContent !== told) this.alternative.textContent = told;
  }
}

function contents({ layers }) {
  if (!layers.length) return "no hidden layers";
  return `hidden layers of ${layers.map((units) => units.length).join(" and ")} units`;
}
