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
        lengths = np.diff(places)
        climbed = jnp.cumsum(0.5 * lengths * (slopes[1:] + slopes[:-1]))
        heights = jnp.concatenate([jnp.zeros(1), climbed])
        heights = heights + (self.height[...] - heights[slopes.size // 2])
        place = jnp.arcsinh((jax.lax.stop_gradient(x) - middle) / unit) / step + 0.5 * (slopes.size - 1)
        before = _index(place, slopes.size)
        left, right, length = _at(slopes, before), _at(slopes, before + 1), _at(jnp.asarray(lengths), before)
        share = (x - _at(jnp.asarray(places), before)) / length
        inside = jnp.clip(share, 0.0, 1.0)
        beyond = (share - inside) * jnp.where(share < 0, left, right)
        return _at(heights, before) + length * (left * inside + 0.5 * (right - left) * inside**2 + beyond)


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


def _ends(values: Float[Array, " n"]) -> Float[Array, " knots"]:
    """Values at two knots at least: a single one holds everywhere."""
    return values if values.size > 1 else jnp.tile(values, 2)


def _index(place: Float[Array, " n"], count: int) -> Int[Array, " n"]:
    """The knot before each place; the first or the last but one where there is none."""
    return jnp.clip(jnp.floor(place), 0, count - 2).astype(jnp.int32)


def _at(values: Float[Array, " knots"], index: Int[Array, " n"]) -> Float[Array, " n"]:
    return values.at[index].get(mode="promise_in_bounds")
