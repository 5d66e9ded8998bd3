"""What keeps the discriminator smooth: costs of its slope at chosen points, added to its loss, each times its weight.

A penalty is two pure functions: `points(real, fake, key)` says where the slope is looked at, and `cost(squares)` what a
squared slope D′² costs there. So the slopes that several penalties ask for are found in one backward pass. Slopes are
taken in the units in which the discriminator sees x.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

Critic = Callable[[Array], Array]  # (points, pack) -> raw outputs (points,)
Samples = Float[Array, "points pack"]


class Penalty(NamedTuple):
    """A penalty: one line of what it is, where it looks, and what a squared slope costs there."""

    summary: str
    points: Callable[[Samples, Samples, Array], Samples]
    cost: Callable[[Float[Array, " points"]], Float[Array, " points"]]

    def value(self, critic: Critic, real: Samples, fake: Samples, key: Key[Array, ""]) -> Float[Array, ""]:
        """The penalty of one batch, without its weight."""
        return values([self], critic, real, fake, [key])[0]


def values(
    penalties: Sequence[Penalty], critic: Critic, real: Samples, fake: Samples, keys: Sequence[Key[Array, ""]]
) -> list[Float[Array, ""]]:
    """The penalties of one batch, without their weights.

    Args:
        penalties: members of PENALTIES, at least one.
        critic: maps points (points, pack) to D's raw outputs (points,).
        real: real samples.
        fake: fakes.
        keys: one for each penalty, for those that draw points of their own.
    """
    points = [penalty.points(real, fake, key) for penalty, key in zip(penalties, keys, strict=True)]
    return costs(penalties, jax.grad(lambda x: critic(x).sum())(jnp.concatenate(points)))


def costs(penalties: Sequence[Penalty], slopes: Samples) -> list[Float[Array, ""]]:
    """The penalties, without their weights, of D's slopes at the points of each, one penalty's after the other's."""
    squares = jnp.split((slopes**2).sum(-1), len(penalties))
    return [penalty.cost(square).mean() for penalty, square in zip(penalties, squares, strict=True)]


def at_all_judged(penalties: Sequence[Penalty]) -> bool:
    """Whether these look at just what D is judged by: at all reals, and then at all fakes."""
    return [penalty.points for penalty in penalties] == [_at_reals, _at_fakes]


def _at_reals(real: Samples, fake: Samples, key: Array) -> Samples:
    return real


def _at_fakes(real: Samples, fake: Samples, key: Array) -> Samples:
    return fake


def _between(real: Samples, fake: Samples, key: Array) -> Samples:
    share = jax.random.uniform(key, (real.shape[0], 1))
    return share * real + (1 - share) * fake


def _around_reals(real: Samples, fake: Samples, key: Array) -> Samples:
    return real + 0.5 * real.std() * jax.random.uniform(key, real.shape)


def _off_one(squares: Float[Array, " points"]) -> Float[Array, " points"]:
    # The square root has no derivative at 0, where a flat critic starts.
    return (jnp.sqrt(squares + 1e-12) - 1) ** 2


PENALTIES: dict[str, Penalty] = {
    "r1": Penalty(
        "½ E|D′|² on reals: D is flat where the data are (Mescheder et al. 2018).",
        _at_reals,
        lambda squares: 0.5 * squares,
    ),
    "r2": Penalty("½ E|D′|² on fakes (Mescheder et al. 2018).", _at_fakes, lambda squares: 0.5 * squares),
    "wgan_gp": Penalty("E(|D′| − 1)² between reals and fakes (Gulrajani et al. 2017).", _between, _off_one),
    "zero_centred": Penalty(
        "E|D′|² between reals and fakes (Thanh-Tung et al. 2019).", _between, lambda squares: squares
    ),
    "dragan": Penalty("E(|D′| − 1)² around reals (Kodali et al. 2017).", _around_reals, _off_one),
}
