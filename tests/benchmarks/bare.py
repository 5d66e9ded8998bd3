"""The game of the recipe `vanilla`, written by hand in raw JAX: what gausslab's training is measured against.

The plainest good code: pytrees of weights and biases, one jitted `fori_loop`, Adam in four lines, no frames, no
options, nothing that can be changed while it runs. Reals come from the same quantile table by the same look-up.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.nn import softplus
from jaxtyping import Array, Float, Int, Key

BATCH = 256
SIZES = (1, 32, 32, 1)
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.5, 0.999, 1e-8
LOGIT_LIMIT, INTERVALS = 16.0, 4096

Parameters = list[tuple[Array, Array]]


class Player(NamedTuple):
    """A network and Adam's two memories of its gradient."""

    parameters: Parameters
    first: Parameters
    second: Parameters


class Game(NamedTuple):
    """Both players."""

    generator: Player
    discriminator: Player


def initial(key: Key[Array, ""]) -> Game:
    """A game that has not begun."""
    return Game(*(_player(part) for part in jax.random.split(key)))


def _player(key: Array) -> Player:
    keys = jax.random.split(key, len(SIZES) - 1)
    pairs = zip(keys, SIZES[:-1], SIZES[1:], strict=True)
    parameters = [
        (jax.random.normal(part, (rows, columns)) / rows**0.5, jnp.zeros(columns)) for part, rows, columns in pairs
    ]
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    return Player(parameters, zeros, zeros)


def apply(parameters: Parameters, x: Float[Array, "batch inputs"]) -> Float[Array, "batch 1"]:
    """Raw output of either network."""
    *hidden, (weights, bias) = parameters
    for rows, offset in hidden:
        x = jnp.tanh(x @ rows + offset)
    return x @ weights + bias


def _adam(player: Player, gradient: Parameters, count: Array) -> Player:
    first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, player.first, gradient)
    second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, player.second, gradient)
    fresh1, fresh2 = 1 - BETA1**count, 1 - BETA2**count

    def moved(p: Array, m: Array, v: Array) -> Array:
        return p - RATE * (m / fresh1) / (jnp.sqrt(v / fresh2) + EPSILON)

    return Player(jax.tree.map(moved, player.parameters, first, second), first, second)


def _reals(table: Array, u: Array) -> Array:
    logits = jnp.clip(jnp.log(u) - jnp.log1p(-u), -LOGIT_LIMIT, LOGIT_LIMIT)
    position = (logits + LOGIT_LIMIT) * (INTERVALS / (2 * LOGIT_LIMIT))
    index = jnp.clip(position.astype(jnp.int32), 0, INTERVALS - 1)
    share = position - index
    return (1 - share) * table[index] + share * table[index + 1]


@jax.jit
def train(game: Game, table: Float[Array, " table"], key: Key[Array, ""], steps: Int[Array, ""]) -> Game:
    """Take some steps: D moves, then G answers."""

    def step(count: Array, game: Game) -> Game:
        u, z, fresh = jax.random.uniform(jax.random.fold_in(key, count), (3, BATCH, 1))
        real = _reals(table, u)
        fake = apply(game.generator.parameters, z)

        def for_discriminator(psi: Parameters) -> Array:
            return softplus(-apply(psi, real)).mean() + softplus(apply(psi, fake)).mean()

        gradient = jax.grad(for_discriminator)(game.discriminator.parameters)
        discriminator = _adam(game.discriminator, gradient, count + 1.0)

        def for_generator(theta: Parameters) -> Array:
            return softplus(-apply(discriminator.parameters, apply(theta, fresh))).mean()

        gradient = jax.grad(for_generator)(game.generator.parameters)
        return Game(_adam(game.generator, gradient, count + 1.0), discriminator)

    return jax.lax.fori_loop(0, steps, step, game)
