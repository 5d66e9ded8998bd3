/** What a playhead needs next from the page: one request at a time, the most needed first. */

export const BEAT = 1500; // ms that a half-step takes in slow motion

const AHEAD = 0.45; // seconds of frames below which the next chunk is asked for
const CHUNK = 12; // frames in one at full pace: where there are fewer a second, it lasts longer
const SHORT_CHUNK = 0.15; // where an answer is wanted soon
const MOST = 60; // frames asked for at once
const LOOK_AGAIN = { act: "step", stepsPerFrame: 0 };

/**
 * @param {Playhead} playhead that waits for no answer, and holds some frames
 * @param {number} now ms
 * @returns {?{wish: object, frames: number}} nothing where there is enough
 */
export function mostNeeded(playhead, now) {
  const { rate, frameRate, ahead, playing, slow, visited } = playhead;
  const live = playing && !playhead.failure;
  const some = (seconds) => Math.max(1, Math.round(seconds * rate));
  if (playhead.returning !== null) return { wish: { act: "play" }, frames: MOST };
  if (playhead.acts.length) return { wish: playhead.acts[0], frames: 1 };
  if (playhead.stale) {
    // A single frame: a hand that goes on makes void what comes after it, and to go back from there takes time.
    return { wish: playing && !slow ? { act: "play" } : LOOK_AGAIN, frames: 1 };
  }
  // What stands still would never hear that a program has been compiled.
  if (playhead.prepares && !live && visited === null) return { wish: LOOK_AGAIN, frames: 1 };
  if (playing && slow && ahead === 0 && now - playhead.beatAt > BEAT)
    return { wish: { act: playhead.lastAct === "discriminator" ? "generator" : "discriminator" }, frames: 1 };
  if (live && !slow && visited === null && ahead < AHEAD * rate)
    return { wish: { act: "play" }, frames: some(playhead.prepares ? SHORT_CHUNK : CHUNK / frameRate) };
  return null;
}
