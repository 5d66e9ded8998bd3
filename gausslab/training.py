"""Training: init, step, advance and look, pure and jitted.

`advance` takes a traced number of steps per frame: no knob, no target and no speed of play ever recompiles. `look` is a
program of its own: it is there first, and while the other is being compiled, what it will train can be looked at.
"""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from gausslab import networks, programs, sampling
from gausslab.game import DATA_SPAN, DRAWS_PER_STEP, Batch, Conditions, Player, State, draw, initial_player, remembered
from gausslab.losses import LOSSES
from gausslab.settings import Experiment, Network
from gausslab.updates import UPDATES, Moves

RUG = 64  # reals and fakes recorded with each frame
RUG_DRAW, SAMPLES_DRAW = 62, 63
SAMPLES = 65_536  # of a generator that is no map of one z
LONGEST_LOOK = 2**34  # multiplications that they may take, or there are fewer of them
COMPANIONS = 64  # what else a discriminator of packs or minibatches sees beside x


# Small products live on short loops: LLVM's first level compiles a third sooner than its last, and together with full
# vectors a small step takes two thirds of the time (docs/design.md). Other devices keep their own defaults.
COMPILED_FOR_SMALL_STEPS = (
    {
        "xla_backend_optimization_level": 1,
        "xla_cpu_prefer_vector_width": 512,
        "xla_cpu_parallel_codegen_split_count": 4,
    }
    if jax.default_backend() == "cpu"
    else {}
)

# XLA's older way to make kernels takes two thirds of the time, and writes over what it reads: what a layer does to its
# sums is then not vectorised. A step of two layers of 32 tanh takes twice as long; of curves, hardly longer. Up to so
# many sums in a batch, 5,000 steps do not lose what was won.
COMPILED_SOON = COMPILED_FOR_SMALL_STEPS and COMPILED_FOR_SMALL_STEPS | {"xla_cpu_use_fusion_emitters": False}
FEW_SUMS = 8192

LARGEST_WEIGHTS = 1e9  # in sum, of both networks; beyond, a game has diverged

# What runs once is compiled in less than half the time without optimisation, and gives the same bits.
COMPILED_FOR_ONE_USE = (
    {
        "xla_backend_optimization_level": 0,
        "xla_cpu_use_fusion_emitters": False,
        "xla_cpu_parallel_codegen_split_count": 1,
    }
    if jax.default_backend() == "cpu"
    else {}
)


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


def _empty(structure: Experiment, key: Array) -> State | None:
    """What a fresh state is made of, if its networks keep no statistics."""
    if structure.generator.keeps_statistics or structure.discriminator.keeps_statistics:
        return None
    memory = jax.eval_shape(lambda: remembered(structure, jnp.zeros(1)))
    return State(0, 0, Player(0, {}, memory), Player(0, {}, memory), 0)  # pyright: ignore[reportArgumentType] (a tree)


@partial(jax.jit, static_argnums=0, compiler_options=COMPILED_FOR_ONE_USE)
@programs.exported(_empty)
def initial(structure: Experiment, key: Array) -> State:
    """A game that has not begun, as one program.

    Args:
        structure: static; its `beginning` is enough, and the same for games that differ in how they go on.
        key: of the weights.
    """
    generator_key, discriminator_key = jax.random.split(key)
    generator = initial_player(
        structure.generator, structure.latent.dimension, sampling.span(structure.latent), structure, generator_key
    )
    discriminator = initial_player(
        structure.discriminator, structure.discriminator.pack, DATA_SPAN, structure, discriminator_key
    )
    zero = jnp.zeros((), jnp.int32)
    return State(zero, zero, generator, discriminator, generator.parameters)


def step(structure: Experiment, conditions: Conditions, state: State, moves: Moves) -> tuple[State, Moves]:
    """One step of the run: the updates of both players."""
    state, moves = UPDATES[structure.update].rule(structure, conditions, state, moves)
    return state._replace(step=state.step + 1, clock=state.clock + 1), moves


def _finite(conditions: Conditions, state: State, moves: Moves) -> Bool[Array, ""]:
    total = jnp.abs(jnp.concatenate([state.generator.parameters, state.discriminator.parameters])).sum()
    # A player that stands still has no new loss, and none at all if it has never moved.
    losses = jnp.where(conditions.knobs["discriminator.steps"] > 0, moves.discriminator_loss, 0.0)
    losses += jnp.where(conditions.knobs["generator.steps"] > 0, moves.generator_loss, 0.0)
    # A network of larger weights than that has outputs which are not.
    return jnp.isfinite(losses) & (total < LARGEST_WEIGHTS)


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


@programs.exported(lambda structure, conditions, state, moves, steps: (state, moves, moment(state, moves)))
def advance(
    structure: Experiment, conditions: Conditions, state: State, moves: Moves, steps: Int[Array, " frames"]
) -> tuple[State, Moves, Moment]:
    """Train: the moments after each so many steps.

    A step that leaves a NaN or an infinity behind is the last one: the moment after it is marked, and its step tells
    which it was.

    Args:
        structure: static.
        conditions: knobs, target and key.
        state: where to begin.
        moves: what the last updates were like.
        steps: steps before each moment, traced; 0 is the same moment again.
    """

    def stretch(carry, steps):
        def going(carry):
            taken, finite, _, _ = carry
            return (taken < steps) & finite

        def one(carry):
            taken, _, state, moves = carry
            state, moves = step(structure, conditions, state, moves)
            return taken + 1, _finite(conditions, state, moves), state, moves

        state, moves, finite = carry
        _, finite, state, moves = jax.lax.while_loop(going, one, (0, finite, state, moves))
        return (state, moves, finite), moment(state, moves, finite)

    (state, moves, _), moments = jax.lax.scan(stretch, (state, moves, jnp.array(True)), steps)
    return state, moves, moments


@programs.exported(lambda structure, conditions, moments, view: moments.step)
def look(structure: Experiment, conditions: Conditions, moments: Moment, view: View) -> Float[Array, "frames words"]:
    """Look: the words of an observation of each moment.

    It knows nothing of how steps are taken, is compiled in a fraction of the time, and beside `advance`.

    Args:
        structure: static.
        conditions: knobs, target and key.
        moments: in the order of their steps.
        view: the grids to look at.
    """

    def one(before, moment):
        g = None
        if structure.sampled:
            # The samples of a look that follows no step are those of the look before, and dear.
            fresh = partial(_sampled, structure, conditions, moment, view)
            g = jax.lax.cond(moment.step != before[0], fresh, lambda: before[1])
        # What follows from the grids alone is cheap: taken out of the loop it would be a dozen kernels of its own.
        here, _ = jax.lax.optimization_barrier((view, moment.step))
        return (moment.step, g), _words(_observation(structure, conditions, moment, here, g))

    unseen = jnp.full_like(view.z, jnp.nan) if structure.sampled else None
    return jax.lax.scan(one, (jnp.int32(-1), unseen), moments)[1]


class Programs(NamedTuple):
    """How a structure is trained and looked at."""

    advance: Any
    look: Any


def jitted(options: dict[str, Any]) -> Programs:
    """Both programs, to be compiled with some of XLA's options."""
    return Programs(*(jax.jit(function, static_argnums=0, compiler_options=options) for function in (advance, look)))


_SOON, _FOR_SMALL_STEPS = jitted(COMPILED_SOON), jitted(COMPILED_FOR_SMALL_STEPS)


def programs_of(structure: Experiment) -> Programs:
    """The programs of a structure, compiled as it serves its networks best: sooner where that costs no speed."""
    generator, discriminator = structure.generator, structure.discriminator
    sums = _sums(generator, structure.latent.dimension) + _sums(discriminator, discriminator.pack)
    return _SOON if structure.batch * sums <= FEW_SUMS and not structure.sampled else _FOR_SMALL_STEPS


def train_and_look(
    structure: Experiment, conditions: Conditions, state: State, moves: Moves, view: View, steps: Int[Array, " frames"]
) -> tuple[State, Moves, Float[Array, "frames words"]]:
    """`advance`, and a `look` at each of its moments."""
    served = programs_of(structure)
    state, moves, moments = served.advance(structure, conditions, state, moves, steps)
    return state, moves, served.look(structure, conditions, moments, view)


def _sums(network: Network, inputs: int) -> int:
    """Units that sum several others; those of one input only scale it."""
    several = inputs > 1 or network.fourier_features
    return sum(network.widths[0 if several else 1 :])


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
        words: as `look` returns them.
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


def still() -> Moves:
    """The moves of a game that has not begun: there are none, and nothing to be read from them."""
    nothing: Any = np.float32(np.nan)
    return programs.at_home(Moves(*(nothing,) * len(Moves._fields)))


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
) -> Observation:
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
    (push,) = pull(-_slope_of_loss(structure, moment, batch, logits))
    return Observation(moment.step, g, logits, push, real, fake, moment.moves, moment.finite)


def _slope_of_loss(structure: Experiment, moment: Moment, batch: Batch, v: Float[Array, " m"]) -> Float[Array, " m"]:
    """What one fake's share of the generator's loss gains with D's output on it; over all reals where it is paired."""
    generated = LOSSES[structure.loss].generated
    if LOSSES[structure.loss].paired:
        v_real = _opinion(structure, moment, batch.real, batch.real)
        return jax.grad(lambda v: generated(v[:, None] - v_real[None, :]).mean(1).sum())(v)
    return jax.grad(lambda v: generated(v).sum())(v)


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
