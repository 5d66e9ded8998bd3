/**
 * How sure the ideal discriminator p/(p + p_g) can be of its answer, whatever the loss: max(D*, 1 − D*). Where it is ½
 * even the best can only guess; its mean over what is shown to D, (1 + TV)/2, is the best possible hit rate.
 */

import { trace } from "./curves.js";
import { pen, tag } from "./drawing.js";

/**
 * Draws the curve where there is anything to judge.
 *
 * @param {object} panel the densities, with `moving`, `theme` and the scales `X` and `B`
 * @param {Moment} moment
 * @param {number} least density below which there is nothing
 */
export function drawCertainty(panel, { p, density, scene }, least) {
  if (panel.sure?.length !== p.length) panel.sure = new Float32Array(p.length);
  for (let index = 0; index < p.length; index++) {
    const most = Math.max(p[index], density[index]);
    panel.sure[index] = most > least ? most / (p[index] + density[index]) : NaN;
  }
  const { context } = panel.moving;
  pen(context, panel.theme.certainty);
  trace(context, panel.sure, scene.x0, scene.dx, panel.X, panel.B);
  context.stroke();
}

/** Says the best possible hit rate in the upper left corner. */
export function nameHitRate(panel, moment) {
  const rate = bestHitRate(moment);
  if (!Number.isFinite(rate)) return;
  const words = `best hit rate ${(100 * rate).toFixed(1)} %`;
  const look = { bold: true, colour: panel.theme.certainty.colour };
  tag(panel.moving.context, panel.theme, words, panel.left + 6, panel.B.at(1), look);
}

/** What `gausslab.metrics.best_hit_rate` says, of the moment on the screen. */
function bestHitRate({ p, density, scene }) {
  let [real, made, apart] = [0, 0, 0];
  for (let index = 0; index < p.length; index++) {
    real += p[index] * scene.dx;
    made += density[index] * scene.dx;
    apart += Math.abs(p[index] - density[index]) * scene.dx;
  }
  return Math.min(1, 0.5 + (apart + Math.abs(real - made)) / 4);
}
