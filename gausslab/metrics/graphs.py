"""Graphs made of straight pieces, the difference of two, and its integrals, which are elementary."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

# Differences of a CDF lose their digits below this; a value at a point takes over.
THIN = 1e-9


class Graph(NamedTuple):
    """A polygon y(x), constant beyond its ends; entry i holds from corner i−1 to corner i."""

    corners: Float[np.ndarray, " n"]
    start: Float[np.ndarray, " n+1"]
    value: Float[np.ndarray, " n+1"]
    slope: Float[np.ndarray, " n+1"]


class Difference(NamedTuple):
    """The difference of two polygons: linear on consecutive intervals."""

    width: Float[np.ndarray, " intervals"]
    left: Float[np.ndarray, " intervals"]
    right: Float[np.ndarray, " intervals"]


def polygon(x: Float[np.ndarray, " corners"], y: Float[np.ndarray, " corners"], before: float) -> Graph:
    """The polygon through the corners; x never decreases, and equal x make a jump."""
    width = x[1:] - x[:-1]
    slope = np.zeros(x.size + 1)
    np.divide(y[1:] - y[:-1], width, out=slope[1:-1], where=width > np.finfo(float).tiny)
    start, value = np.empty(x.size + 1), np.empty(x.size + 1)
    start[0], start[1:] = x[0], x
    value[0], value[1:] = before, y
    return Graph(x, start, value, slope)


def difference(one: Graph, other: Graph) -> Difference:
    """The difference of two polygons on the intervals between the corners of both.

    An interval of no width weighs nothing, so jumps need no care: on either side of one, the right branch is taken.
    """
    size = one.corners.size
    corners = np.concatenate([one.corners, other.corners])
    order = np.argsort(corners, kind="stable")
    corners = corners[order]
    mine = np.cumsum(order < size)[:-1]
    yours = np.arange(1, corners.size) - mine
    at = corners[:-1]
    width = corners[1:] - at
    my_slope, your_slope = one.slope[mine], other.slope[yours]
    left = one.value[mine] + my_slope * (at - one.start[mine])
    left -= other.value[yours] + your_slope * (at - other.start[yours])
    return Difference(width, left, left + (my_slope - your_slope) * width)


def integral_of_modulus(difference: Difference) -> float:
    """∫ |d|, exact also where d changes sign: two triangles there, a trapezium elsewhere."""
    width, left, right = difference
    total = np.abs(left) + np.abs(right)
    twice_mean = np.divide(left * left + right * right, total, out=total, where=left * right < 0)
    # A sum, not a dot product, which BLAS spreads over threads: the reading must not wait for another core.
    return float((width * twice_mean).sum()) / 2


def integral_of_square(difference: Difference) -> float:
    """∫ d²."""
    width, left, right = difference
    return float((width * (left * left + left * right + right * right)).sum()) / 3


def largest_modulus(difference: Difference) -> float:
    """Sup |d|, from both sides of every corner."""
    width, left, right = difference
    return float(np.where(width > 0, np.maximum(np.abs(left), np.abs(right)), 0.0).max())
