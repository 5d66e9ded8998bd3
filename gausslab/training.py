"""Training: init, step and advance, pure and jitted.

`advance` takes a traced number of steps per frame: no knob, no target and no speed of play ever recompiles.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from gausslab import looking, programs, sampling
from gausslab.compiling import COMPILED_FOR_ONE_USE, COMPILED_FOR_SMALL_STEPS, COMPILED_SOON, is_soon
from gausslab.game import DATA_SPAN, Conditions, Player, State, initial_player, remembered
from gausslab.looking import Moment, View, moment
from gausslab.settings import Experiment
from gausslab.updates import UPDATES, Moves

LARGEST_WEIGHTS = 1e9  # in sum, of both networks; beyond, a game has diverged


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


class Programs(NamedTuple):
    """How a structure is trained and looked at."""

    advance: Any
    look: Any
    push: Any


def jitted(options: dict[str, Any]) -> Programs:
    """The programs, to be compiled with some of XLA's options."""
    functions = (advance, looking.look, looking.push)
    return Programs(*(jax.jit(function, static_argnums=0, compiler_options=options) for function in functions))


_SOON, _FOR_SMALL_STEPS = jitted(COMPILED_SOON), jitted(COMPILED_FOR_SMALL_STEPS)


def programs_of(structure: Experiment) -> Programs:
    """The programs of a structure, compiled as it serves its networks best."""
    return _SOON if is_soon(structure) else _FOR_SMALL_STEPS


def train_and_look(
    structure: Experiment, conditions: Conditions, state: State, moves: Moves, view: View, steps: Int[Array, " frames"]
) -> tuple[State, Moves, Float[Array, "frames words"]]:
    """`advance`, and the words of an observation of each of its moments."""
    state, moves, moments = programs_of(structure).advance(structure, conditions, state, moves, steps)
    return state, moves, seen(structure, conditions, moments, view)


def seen(structure: Experiment, conditions: Conditions, moments: Moment, view: View) -> Float[Array, "frames words"]:
    """The words of an observation of each moment, by the programs that look.

    Args:
        structure: static.
        conditions: knobs, target and key.
        moments: in the order of their steps.
        view: the grids to look at.
    """
    served, shown = programs_of(structure), looking.appearance(structure)
    words, opinions = served.look(shown, looking.conditions_of(conditions), moments, view)
    return served.push(structure.loss, words, opinions, view)


def compile_look(structure: Experiment, conditions: Conditions, moments: Moment, view: View) -> None:
    """Compile what `seen` calls, for arguments of these shapes."""
    served, shown = programs_of(structure), looking.appearance(structure)
    look = served.look.lower(shown, looking.conditions_of(conditions), moments, view)
    push = served.push.lower(structure.loss, *programs.at_home(look.out_info), view)
    look.compile()
    push.compile()


def still() -> Moves:
    """The moves of a game that has not begun: there are none, and nothing to be read from them."""
    nothing: Any = np.float32(np.nan)
    return programs.at_home(Moves(*(nothing,) * len(Moves._fields)))
