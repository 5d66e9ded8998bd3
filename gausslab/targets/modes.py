"""The modes of a target: the basins of its density between the valleys.

A basin counts as a mode if its peak stands clear of both valleys beside it (PROMINENCE; and for data by more than
chance) and if it holds enough mass (SHARE of the largest basin's). So numerical wiggles and single
outliers are none, and a sharp peak of 2 % is one.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

PROMINENCE = 0.1  # a valley lies at least this much below the lower of its two peaks, relative to that peak
SHARE = 0.01
VANISHING = 1e-12  # of the largest density: below this, all of it counts as one flat valley


def valleys(
    x: Float[np.ndarray, " n"], density: Float[np.ndarray, " n"], F: Float[np.ndarray, " n"], least_rise: float
) -> Float[np.ndarray, " k"]:
    """The positions of the valleys that part the modes, in rising order.

    Args:
        x: A fine grid in rising order.
        density: On the grid; may be infinite.
        F: The CDF on the grid.
        least_rise: Of √density, for a peak to be none of chance's; 0 where the density is exact.
    """
    finite = np.isfinite(density)
    highest = float(density[finite].max(initial=0.0)) or 1.0
    height = np.clip(np.where(finite, density, highest), VANISHING * highest, highest)
    starts = np.flatnonzero(np.append(True, np.diff(height) != 0))  # a plateau is one point
    ends = np.append(starts[1:], len(x)) - 1
    found = _lows(height[starts], least_rise)
    places = [(starts[i] + ends[i]) // 2 for i in found]
    edges = np.array([(x[starts[i]] + x[ends[i]]) / 2 for i in found])
    return _merged(edges, height[places], np.diff(np.concatenate([[0.0], F[places], [1.0]])))


def _lows(height: np.ndarray, least_rise: float) -> list[int]:
    """The indices of the lows that part highs, where each rise and fall between them is a clear one."""
    turns = np.flatnonzero(np.diff(np.sign(np.diff(height))) != 0) + 1 if len(height) > 2 else np.array([], dtype=int)
    roots = np.sqrt(height)

    def clear(low: int, high: int) -> bool:
        return bool(height[low] <= (1 - PROMINENCE) * height[high] and roots[high] - roots[low] >= least_rise)

    found: list[int] = []
    low, high, rising = 0, 0, True
    for i in [0, *turns.tolist(), len(height) - 1]:
        if rising:
            high = i if height[i] > height[high] else high
            if clear(i, high):
                low, rising = i, False
        else:
            low = i if height[i] < height[low] else low
            if clear(low, i):
                found.append(low)
                high, rising = i, True
    return found


def _merged(edges: np.ndarray, heights: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """Basins with too little mass join the neighbour behind the shallower valley."""
    while len(edges):
        smallest = int(np.argmin(masses))
        if masses[smallest] >= SHARE * masses.max():
            break
        beside = [i for i in (smallest - 1, smallest) if 0 <= i < len(edges)]
        valley = max(beside, key=lambda i: heights[i])
        masses[valley] += masses[valley + 1]
        masses, edges, heights = np.delete(masses, valley + 1), np.delete(edges, valley), np.delete(heights, valley)
    return edges
