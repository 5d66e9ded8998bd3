"""What keeps the discriminator smooth: pure functions added to its loss, each times its weight.

Signature: `penalty(critic, real, fake, key) -> scalar`, with `critic` mapping (batch, pack) inputs to raw outputs
(batch,), `real` and `fake` of shape (batch, pack), and `key` for the penalties that draw points of their own.
Slopes are taken in the units in which the discriminator sees x.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

Critic = Callable[[Array], Array]
Samples = Float[Array, "batch pack"]


class Penalty(NamedTuple):
    """A penalty and one line of what it is."""

    summary: str
    value: Callable[[Critic, Samples, Samples, Array], Array]


def _squared_slope(critic: Critic, x: Samples) -> Float[Array, " batch"]:
    return (jax.grad(lambda points: critic(points).sum())(x) ** 2).sum(-1)


def _slope(critic: Critic, x: Samples) -> Float[Array, " batch"]:
    # The square root has no derivative at 0, where a flat critic starts.
    return jnp.sqrt(_squared_slope(critic, x) + 1e-12)


def _between(real: Samples, fake: Samples, key: Key[Array, ""]) -> Samples:
    share = jax.random.uniform(key, (real.shape[0], 1))
    return share * real + (1 - share) * fake


def _r1(critic: Critic, real: Samples, fake: Samples, key: Array) -> Array:
    return 0.5 * _squared_slope(critic, real).mean()


def _r2(critic: Critic, real: Samples, fake: Samples, key: Array) -> Array:
    return 0.5 * _squared_slope(critic, fake).mean()


def _wgan_gp(critic: Critic, real: Samples, fake: Samples, key: Array) -> Array:
    return ((_slope(critic, _between(real, fake, key)) - 1) ** 2).mean()


def _zero_centred(critic: Critic, real: Samples, fake: Samples, key: Array) -> Array:
    return _squared_slope(critic, _between(real, fake, key)).mean()


def _dragan(critic: Critic, real: Samples, fake: Samples, key: Array) -> Array:
    nearby = real + 0.5 * real.std() * jax.random.uniform(key, real.shape)
    return ((_slope(critic, nearby) - 1) ** 2).mean()


PENALTIES: dict[str, Penalty] = {
    "r1": Penalty("½ E|D′|² on reals: D is flat where the data are (Mescheder et al. 2018).", _r1),
    "r2": Penalty("½ E|D′|² on fakes (Mescheder et al. 2018).", _r2),
    "wgan_gp": Penalty("E(|D′| − 1)² between reals and fakes (Gulrajani et al. 2017).", _wgan_gp),
    "zero_centred": Penalty("E|D′|² between reals and fakes (Thanh-Tung et al. 2019).", _zero_centred),
    "dragan": Penalty("E(|D′| − 1)² around reals (Kodali et al. 2017).", _dragan),
}
