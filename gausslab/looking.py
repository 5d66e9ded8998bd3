"""What is seen of a game: a program of its own, which knows networks and noise, and not how steps are taken.

Many ways of training look alike, and share it; it is there first, and while what trains is being compiled, what will be
trained can be looked at.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from gausslab import networks, programs, sampling
from gausslab.game import DATA_SPAN, DRAWS_PER_STEP, Conditions, State, draw
from gausslab.losses import LOSSES
from gausslab.settings import Experiment
from gausslab.updates import Moves

RUG = 64  # reals and fakes recorded with each frame
RUG_DRAW, SAMPLES_DRAW = 62, 63
SAMPLES = 65_536  # of a generator that is no map of one z
LONGEST_LOOK = 2**34  # multiplications that they may take, or there are fewer of them
COMPANIONS = 64  # what else a discriminator of packs or minibatches sees beside x
SEEN = ("generator.", "discriminator.", "latent.", "batch", "stratified")  # settings, or groups of them
KNOBS = ("location", "scale")


class View(NamedTuple):
    """Where a frame looks: the grids, in the run's own units."""

    z: Float[Array, " points"]
    x: Float[Array, " cells"]


class Moment(NamedTuple):
    """What a look needs of a state."""

    step: Int[Array, ""]
    generator: Float[Array, " parameters"]  # as G is shown and kept: averaged
    generator_statistics: networks.Statistics
    discriminator: Float[Array, " parameters"]
    discriminator_statistics: networks.Statistics
    moves: Moves
    finite: Bool[Array, ""]


class Observation(NamedTuple):
    """What one frame needs from the device, in the run's own units; all the rest follows from it on the host.

    It leaves the device as one row of words of 32 bits: `to_host` tells them apart.
    """

    step: Int[Array, ""]
    g: Float[Array, " points"]  # G on the latent grid, or quantiles of samples where it is no map of one z
    logits: Float[Array, " cells"]
    push: Float[Array, " cells"]  # −∂(generator's loss)/∂x of a fake at x
    real: Float[Array, " rug"]
    fake: Float[Array, " rug"]
    moves: Moves
    finite: Bool[Array, ""]


def moment(state: State, moves: Moves, finite: Any = True) -> Moment:
    """What there is to see of a state."""
    generator, discriminator = state.generator, state.discriminator
    return Moment(
        state.step,
        state.average,
        generator.statistics,
        discriminator.parameters,
        discriminator.statistics,
        moves,
        finite,
    )


@lru_cache(maxsize=256)
def appearance(structure: Experiment) -> Experiment:
    """As much of a structure as a look at it depends on: networks, noise, and whether D compares pairs."""
    paired = LOSSES[structure.loss].paired
    loss = next(name for name, loss in LOSSES.items() if loss.paired == paired)
    return structure.narrowed(*SEEN).changed({"loss": loss})


def conditions_of(conditions: Conditions) -> Conditions:
    """As much of them as a look is told."""
    return conditions._replace(knobs={path: conditions.knobs[path] for path in KNOBS})


@programs.exported(lambda structure, conditions, moments, view: (moments.step, moments.step))
def look(
    structure: Experiment, conditions: Conditions, moments: Moment, view: View
) -> tuple[Float[Array, "frames words"], Float[Array, "frames opinions"]]:
    """Look: the words of an observation of each moment, with D's slope in the place of the push.

    Args:
        structure: static; its `appearance` is enough, and the same for games that differ in how they are played.
        conditions: key, target, and the knobs that move it.
        moments: in the order of their steps.
        view: the grids to look at.

    Returns:
        The words, and D's raw outputs on a batch of reals where it compares pairs; none elsewhere.
    """

    def one(before, moment):
        g = None
        if structure.sampled:
            # The samples of a look that follows no step are those of the look before, and dear.
            fresh = partial(_sampled, structure, conditions, moment, view)
            g = jax.lax.cond(moment.step != before[0], fresh, lambda: before[1])
        # What follows from the grids alone is cheap: taken out of the loop it would be a dozen kernels of its own.
        here, _ = jax.lax.optimization_barrier((view, moment.step))
        observation, opinions = _observation(structure, conditions, moment, here, g)
        return (moment.step, g), (_words(observation), opinions)

    unseen = jnp.full_like(view.z, jnp.nan) if structure.sampled else None
    return jax.lax.scan(one, (jnp.int32(-1), unseen), moments)[1]


def push(
    loss: str, words: Float[Array, "frames words"], opinions: Float[Array, "frames opinions"], view: View
) -> Float[Array, "frames words"]:
    """The words of observations, with the generator's gradient in its place: D's slope times what D's output is worth.

    Args:
        loss: static.
        words: as `look` returns them.
        opinions: likewise.
        view: the grids that were looked at.
    """
    points, cells = view.z.size, view.x.size
    _, _, logits, slope, rest = jnp.split(words, np.cumsum([1, points, cells, cells]), axis=1)
    generated = LOSSES[loss].generated

    def lost(v: Float[Array, "frames cells"]) -> Float[Array, ""]:
        if LOSSES[loss].paired:  # over all reals
            return generated(v[:, :, None] - opinions[:, None, :]).mean(2).sum()
        return generated(v).sum()

    return jnp.concatenate([words[:, : 1 + points + cells], -jax.grad(lost)(logits) * slope, rest], axis=1)


def _words(observation: Observation) -> Float[Array, " words"]:
    """An observation in one piece: each of its arrays would be a kernel to compile and a way to the host.

    A step is no float32: its bits go as they are.
    """
    step = jax.lax.bitcast_convert_type(observation.step, jnp.float32)
    told = observation._replace(step=step, finite=observation.finite.astype(jnp.float32))
    return jnp.concatenate([leaf.reshape(-1) for leaf in jax.tree.leaves(told)])


def to_host(words: Float[Array, "frames words"], view: View) -> Observation:
    """The observations that were made, in NumPy, the first axis counting frames.

    Args:
        words: as `push` returns them.
        view: the grids that were looked at.
    """
    table, singles = np.asarray(words), (1,) * len(Moves._fields)
    points, cells = view.z.size, view.x.size
    rug = (table.shape[1] - points - 2 * cells - len(singles) - 2) // 2
    ends = np.cumsum([1, points, cells, cells, rug, rug, *singles])
    parts: list[Any] = [part.copy() for part in np.split(table, ends, axis=1)]
    step, g, logits, push, real, fake, *moves, finite = parts
    moved = Moves(*(move[:, 0] for move in moves))
    return Observation(step.view(np.int32)[:, 0], g, logits, push, real, fake, moved, finite[:, 0] > 0)


def samples(structure: Experiment) -> int:
    """How many samples a frame is read from where G is no map of one z."""
    units = [structure.latent.dimension, *structure.generator.widths, 1]
    work = sum(before * after for before, after in pairwise(units))
    return min(SAMPLES, 2 ** int(math.log2(LONGEST_LOOK / work)))


def shown(
    structure: Experiment,
    parameters: Array,
    statistics: networks.Statistics,
    z: Float[Array, "n dimension"],
    key: Array | None = None,
) -> Float[Array, " n"]:
    """G as it is shown and kept: without dropout, unless that is always there.

    Args:
        structure: static.
        parameters: of G.
        statistics: that G keeps.
        z: noise.
        key: decides which units dropout silences where it always does.
    """
    span, key = sampling.span(structure.latent), jax.random.key(0) if key is None else key
    x, _ = networks.apply(structure.generator, span, parameters, statistics, z, key, training=False)
    return x[:, 0]


def _observation(
    structure: Experiment,
    conditions: Conditions,
    moment: Moment,
    view: View,
    g: Float[Array, " points"] | None,
) -> tuple[Observation, Float[Array, " opinions"]]:
    """What is seen; of a G that is no map of one z, `g` has been sampled already."""
    batch = draw(structure, conditions, moment.step, RUG_DRAW)
    rug = jnp.linspace(0, structure.batch - 1, min(RUG, structure.batch)).astype(jnp.int32)
    generator = partial(shown, structure, moment.generator, moment.generator_statistics)
    if g is None:
        both = generator(jnp.concatenate([view.z[:, None], batch.z[rug]]))
        g, fake = both[: view.z.size], both[view.z.size :]
    else:
        fake = generator(batch.z[rug], batch.key_for(3))
    real = batch.real[rug]
    logits, pull = jax.vjp(partial(_opinion, structure, moment, jnp.concatenate([real, fake])), view.x)
    (slope,) = pull(jnp.ones_like(logits))
    paired = LOSSES[structure.loss].paired
    opinions = _opinion(structure, moment, batch.real, batch.real) if paired else jnp.zeros(0)
    return Observation(moment.step, g, logits, slope, real, fake, moment.moves, moment.finite), opinions


def _sampled(structure: Experiment, conditions: Conditions, moment: Moment, view: View) -> Float[Array, " points"]:
    """Quantiles of many samples at the levels of the view's grid."""
    count = samples(structure)
    u = sampling.uniforms(conditions.key, moment.step, SAMPLES_DRAW, (count, structure.latent.dimension))
    z = sampling.at_level(structure.latent, u)
    key = jax.random.fold_in(conditions.key, moment.step * DRAWS_PER_STEP + SAMPLES_DRAW)
    x = jnp.sort(shown(structure, moment.generator, moment.generator_statistics, z, key))
    return jnp.interp(view.z, (jnp.arange(count) + 0.5) / count, x)


def _opinion(structure: Experiment, moment: Moment, others: Float[Array, " n"], x: Float[Array, " m"]) -> Array:
    """D's raw output at x; a D of packs or minibatches sees x beside half reals, half fakes."""
    settings = structure.discriminator
    key = jax.random.key(0)

    def judge(packs: Float[Array, "n pack"]) -> Float[Array, " n"]:
        v, _ = networks.apply(
            settings, DATA_SPAN, moment.discriminator, moment.discriminator_statistics, packs, key, training=False
        )
        return v[:, 0]

    if settings.pack == 1 and not settings.minibatch_kernels:
        return judge(x[:, None])
    rows = max(1, COMPANIONS // settings.pack) if settings.minibatch_kernels else 1
    places = jnp.linspace(0, others.shape[0] - 1, rows * settings.pack).astype(jnp.int32)
    crowd = others[places].reshape(rows, settings.pack)
    return jax.vmap(lambda point: judge(crowd.at[0, 0].set(point))[0])(x)
