"""Who moves when: the update rules.

Signature: `rule(structure, conditions, state) -> (state, Moves)`, one step of the run, both players' updates in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from gausslab import networks
from gausslab.game import (
    DRAWS_PER_STEP,
    Batch,
    Conditions,
    Gradient,
    State,
    averaged,
    discriminator_gradient,
    draw,
    generate,
    generator_gradient,
    judge,
    moved,
)
from gausslab.losses import LOSSES, discriminator_loss
from gausslab.settings import Experiment

GENERATOR_DRAWS = DRAWS_PER_STEP // 2


class Moves(NamedTuple):
    """What the last update of each player was like; NaN where it has not moved yet."""

    discriminator_loss: Float[Array, ""]
    generator_loss: Float[Array, ""]
    discriminator_gradient: Float[Array, ""]
    generator_gradient: Float[Array, ""]


Rule = Callable[[Experiment, Conditions, State, Moves], tuple[State, Moves]]


class Update(NamedTuple):
    """An update rule and one line of what it is."""

    summary: str
    rule: Rule


def _with_discriminator(
    structure: Experiment, conditions: Conditions, state: State, moves: Moves, gradient: Gradient
) -> tuple[State, Moves]:
    player = moved(structure, conditions, state.clock, "discriminator", state.discriminator, gradient)
    moves = moves._replace(
        discriminator_loss=gradient.loss, discriminator_gradient=jnp.sqrt(gradient.vector @ gradient.vector)
    )
    return state._replace(discriminator=player), moves


def _with_generator(
    structure: Experiment, conditions: Conditions, state: State, moves: Moves, gradient: Gradient
) -> tuple[State, Moves]:
    player = moved(structure, conditions, state.clock, "generator", state.generator, gradient)
    average = averaged(conditions, state.clock, state.average, player.parameters)
    moves = moves._replace(generator_loss=gradient.loss, generator_gradient=jnp.sqrt(gradient.vector @ gradient.vector))
    return state._replace(generator=player, average=average), moves


def _repeated(times: Array, half: Callable, state: State, moves: Moves) -> tuple[State, Moves]:
    return jax.lax.fori_loop(0, times.astype(jnp.int32), lambda index, carry: half(index, *carry), (state, moves))


def _halves(structure: Experiment, conditions: Conditions) -> tuple[Callable, Callable]:
    def discriminator_half(index: Array, state: State, moves: Moves) -> tuple[State, Moves]:
        batch = draw(structure, conditions, state.step, index)
        gradient = discriminator_gradient(structure, conditions, state, batch)
        return _with_discriminator(structure, conditions, state, moves, gradient)

    def generator_half(index: Array, state: State, moves: Moves) -> tuple[State, Moves]:
        batch = draw(structure, conditions, state.step, GENERATOR_DRAWS + index)
        gradient = generator_gradient(structure, conditions, state, batch)
        return _with_generator(structure, conditions, state, moves, gradient)

    return discriminator_half, generator_half


def _alternating(structure: Experiment, conditions: Conditions, state: State, moves: Moves) -> tuple[State, Moves]:
    discriminator_half, generator_half = _halves(structure, conditions)
    state, moves = _repeated(conditions.knobs["discriminator.steps"], discriminator_half, state, moves)
    return _repeated(conditions.knobs["generator.steps"], generator_half, state, moves)


def _side_gradient(structure: Experiment, conditions: Conditions, state: State, batch: Batch, reals: bool) -> Gradient:
    """The discriminator's loss and gradient on the reals alone, or on the fakes alone, without penalties.

    A paired loss compares with D's outputs on the other side as they stand.
    """
    loss, smoothing = LOSSES[structure.loss], conditions.knobs["remedies.label_smoothing"]
    before = state.discriminator.statistics
    fake, _ = generate(structure, state.generator.parameters, state.generator.statistics, batch)

    def objective(psi: Array) -> tuple[Array, networks.Statistics]:
        v_real, after = judge(structure, psi, before, batch.real, batch.key_for(6))
        v_fake, after_fake = judge(structure, psi, before, fake, batch.key_for(7))
        if reals:
            other = jax.lax.stop_gradient(v_fake)
            whole = discriminator_loss(loss, v_real, other, smoothing)
            return whole - (0.0 if loss.paired else loss.fake(other).mean()), after
        if loss.paired:
            return discriminator_loss(loss, jax.lax.stop_gradient(v_real), v_fake, smoothing), after_fake
        return loss.fake(v_fake).mean(), after_fake

    (value, statistics), vector = jax.value_and_grad(objective, has_aux=True)(state.discriminator.parameters)
    return Gradient(value, vector, statistics)


def _real_then_fake(structure: Experiment, conditions: Conditions, state: State, moves: Moves) -> tuple[State, Moves]:
    _, generator_half = _halves(structure, conditions)

    def discriminator_half(index: Array, state: State, moves: Moves) -> tuple[State, Moves]:
        batch = draw(structure, conditions, state.step, index)
        on_reals = _side_gradient(structure, conditions, state, batch, reals=True)
        state, moves = _with_discriminator(structure, conditions, state, moves, on_reals)
        on_fakes = _side_gradient(structure, conditions, state, batch, reals=False)
        state, moves = _with_discriminator(structure, conditions, state, moves, on_fakes)
        both = on_fakes.loss if LOSSES[structure.loss].paired else on_reals.loss + on_fakes.loss
        return state, moves._replace(discriminator_loss=both)

    state, moves = _repeated(conditions.knobs["discriminator.steps"], discriminator_half, state, moves)
    return _repeated(conditions.knobs["generator.steps"], generator_half, state, moves)


def _generator_first(structure: Experiment, conditions: Conditions, state: State, moves: Moves) -> tuple[State, Moves]:
    discriminator_half, generator_half = _halves(structure, conditions)
    state, moves = _repeated(conditions.knobs["generator.steps"], generator_half, state, moves)
    return _repeated(conditions.knobs["discriminator.steps"], discriminator_half, state, moves)


def _both(
    structure: Experiment, conditions: Conditions, at: State, state: State, moves: Moves, batch: Batch
) -> tuple[State, Moves]:
    """Move both players of `state` along the gradients found at `at`; a player with 0 steps stays."""
    after_d, moves_d = _with_discriminator(
        structure, conditions, state, moves, discriminator_gradient(structure, conditions, at, batch)
    )
    after_g, moves_g = _with_generator(
        structure, conditions, state, moves, generator_gradient(structure, conditions, at, batch)
    )
    d_moves, g_moves = conditions.knobs["discriminator.steps"] > 0, conditions.knobs["generator.steps"] > 0

    def chosen(condition: Array, new, old):
        return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)

    state = state._replace(
        generator=chosen(g_moves, after_g.generator, state.generator),
        discriminator=chosen(d_moves, after_d.discriminator, state.discriminator),
        average=chosen(g_moves, after_g.average, state.average),
    )
    moves = Moves(
        chosen(d_moves, moves_d.discriminator_loss, moves.discriminator_loss),
        chosen(g_moves, moves_g.generator_loss, moves.generator_loss),
        chosen(d_moves, moves_d.discriminator_gradient, moves.discriminator_gradient),
        chosen(g_moves, moves_g.generator_gradient, moves.generator_gradient),
    )
    return state, moves


def _simultaneous(structure: Experiment, conditions: Conditions, state: State, moves: Moves) -> tuple[State, Moves]:
    discriminator_half, _ = _halves(structure, conditions)
    state, moves = _repeated(conditions.knobs["discriminator.steps"] - 1, discriminator_half, state, moves)
    batch = draw(structure, conditions, state.step, GENERATOR_DRAWS)
    return _both(structure, conditions, state, state, moves, batch)


def _extragradient(structure: Experiment, conditions: Conditions, state: State, moves: Moves) -> tuple[State, Moves]:
    discriminator_half, _ = _halves(structure, conditions)
    state, moves = _repeated(conditions.knobs["discriminator.steps"] - 1, discriminator_half, state, moves)
    batch = draw(structure, conditions, state.step, GENERATOR_DRAWS)
    ahead, _ = _both(structure, conditions, state, state, moves, batch)
    again = draw(structure, conditions, state.step, GENERATOR_DRAWS + 1)
    return _both(structure, conditions, ahead, state, moves, again)


UPDATES: dict[str, Update] = {
    "alternating": Update("D moves, then G answers the new D.", _alternating),
    "generator_first": Update("G moves, then D answers the new G.", _generator_first),
    "real_then_fake": Update(
        "D moves on the reals, then on the fakes, a step each and without penalties; then G moves.", _real_then_fake
    ),
    "simultaneous": Update("Both move at once, each against the other's old self.", _simultaneous),
    "extragradient": Update(
        "Both look a step ahead and move by what they find there (Korpelevich 1976).", _extragradient
    ),
}
