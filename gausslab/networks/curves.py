"""Curves with a knot at each of many places, which a network is or has beside its layers."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

REACH = 3.0  # how far the knots of a discriminator's curve go, in spans: a target may move
EVEN_PART = 0.25  # of a span: up to here from its middle they lie evenly, further out ever farther apart
FARTHEST = 1e15  # of a place looked for, in units of a grading; its square is a float32


class Hats(nnx.Module):
    """A curve that runs straight from knot to knot: a linear spline, one hat function for each knot.

    Args:
        count: knots, evenly over the span; beyond its ends the curve goes straight on.
        span: the stretch of the input.
        slope: the curve begins as the line from −slope to slope.
    """

    def __init__(self, count: int, span: tuple[float, float], slope: float):
        self.span = span
        self.heights = nnx.Param(jnp.linspace(-slope, slope, count))

    def __call__(self, x: Float[Array, " n"]) -> Float[Array, " n"]:
        """The curve's height at x."""
        low, high = self.span
        heights = _ends(self.heights[...])
        place = (x - low) * ((heights.size - 1) / (high - low))
        before = _index(place, heights.size)
        left, right = _at(heights, before), _at(heights, before + 1)
        return left + (right - left) * (place - before)


class Slopes(nnx.Module):
    """A curve whose slope runs straight from knot to knot: a quadratic spline, flat to begin with.

    Its parameters are its slopes at the knots, so that a penalty of the slope acts on each of them alone, and its
    height in the middle. Beyond the last knot the slope stays what it is there.

    Args:
        count: knots; `graded` says where.
        span: the stretch of the input.
    """

    def __init__(self, count: int, span: tuple[float, float]):
        self.span = span
        self.slopes = nnx.Param(jnp.zeros(count))
        self.height = nnx.Param(jnp.zeros(()))

    def __call__(self, x: Float[Array, " n"]) -> Float[Array, " n"]:
        """The curve's height at x."""
        slopes = _ends(self.slopes[...])
        places, middle, unit, step = graded(slopes.size, self.span)
        lengths, centre = np.diff(places), slopes.size // 2
        # By the trapezoid rule a slope counts half on either side of its knot; at the end of a sum there is one side.
        before, after = np.pad(0.5 * lengths, (1, 0)), np.pad(0.5 * lengths, (0, 1))
        heights = _sums_from(slopes * (before + after), centre) + slopes * before
        heights = heights + (self.height[...] - before[centre] * slopes[centre])
        place = _arcsinh((jax.lax.stop_gradient(x) - middle) / unit) / step + 0.5 * (slopes.size - 1)
        index = _index(place, slopes.size)
        left, right = _two_at(slopes, index)
        piece = _at(jnp.asarray(np.stack([places[:-1], lengths], axis=1)), index)
        start, length = piece[:, 0], piece[:, 1]
        share = (x - start) / length
        inside = jnp.clip(share, 0.0, 1.0)
        beyond = (share - inside) * jnp.where(share < 0, left, right)
        return _at(heights, index) + length * (left * inside + 0.5 * (right - left) * inside**2 + beyond)


class Grading(NamedTuple):
    """Where the knots of a discriminator's curve lie: at middle + unit × sinh(step × k), k counted from the middle."""

    places: Float[np.ndarray, " knots"]
    middle: float
    unit: float
    step: float


@lru_cache(maxsize=64)
def graded(count: int, span: tuple[float, float]) -> Grading:
    """Knots that reach three times as far as the span and lie the closer together, the nearer to its middle."""
    low, high = span
    middle, unit = 0.5 * (low + high), EVEN_PART * (high - low)
    step = 2 * math.asinh(0.5 * REACH / EVEN_PART) / max(count - 1, 1)
    places = middle + unit * np.sinh(step * (np.arange(count) - 0.5 * (count - 1)))
    return Grading(places.astype(np.float32), middle, unit, step)


def _sums_from(values: Float[Array, " n"], start: int) -> Float[Array, " n"]:
    """The sum of the values from `start` up to each, it left out; before `start`, of those from each on, negative.

    In rows, by products with triangles: XLA's own way costs a CPU twice as many kernels to compile, and as long to run.
    """
    row = math.isqrt(values.size) + 1
    ahead = -start % row  # so that a row begins at `start`
    rows = -(-(values.size + ahead) // row)
    table = jnp.pad(values, (ahead, rows * row - values.size - ahead)).reshape(rows, row)
    within = table @ np.triu(np.ones((row, row), np.float32), 1)
    lower = np.tril(np.ones((rows, rows), np.float32), -1)
    above = (lower - lower[(start + ahead) // row]) @ (within[:, -1] + table[:, -1])
    return (within + above[:, None]).reshape(-1)[ahead : ahead + values.size]


def _arcsinh(t: Float[Array, " n"]) -> Float[Array, " n"]:
    """The inverse of sinh, for sizes up to 1e15: one kernel to compile, where JAX's own, which knows all, is three."""
    size = jnp.minimum(jnp.abs(t), FARTHEST)
    return jnp.sign(t) * jnp.log1p(size + size**2 / (1.0 + jnp.sqrt(1.0 + size**2)))


def _ends(values: Float[Array, " n"]) -> Float[Array, " knots"]:
    """Values at two knots at least: a single one holds everywhere."""
    return values if values.size > 1 else jnp.tile(values, 2)


def _index(place: Float[Array, " n"], count: int) -> Int[Array, " n"]:
    """The knot before each place; the first or the last but one where there is none."""
    return jnp.clip(jnp.floor(place), 0, count - 2).astype(jnp.int32)


def _two_at(values: Float[Array, " knots"], index: Int[Array, " n"]) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """What stands at places, and right after them: looked up together."""
    two = jax.vmap(lambda place: jax.lax.dynamic_slice(values, (place,), (2,)))(index)
    return two[:, 0], two[:, 1]


def _at(values: Float[Array, "knots *columns"], index: Int[Array, " n"]) -> Float[Array, "n *columns"]:
    return values.at[index].get(mode="promise_in_bounds")
