"""The exact law of G(z), its folds and its flats.

G is known on a latent grid and taken as linear in between, so its CDF F_g is piecewise linear, with a jump wherever G
stands still. All of F_g then comes from one sort and a few sums: no histogram, no kernel, no sampling error.
`docs/exactness.md` derives it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy
from jaxtyping import Float

from gausslab.errors import BadInput
from gausslab.frame import Flat, Fold

POINTS = 2049
# Networks answer in float32: what moves by less than a few of its units in the last place has not moved.
ROUNDING = 8 * float(np.finfo(np.float32).eps)
# The targets' quantile tables reach from sigmoid(−16) to sigmoid(16); beyond, nobody can tell a tail from none.
LOGIT = 16.0
END = 1 / (1 + math.exp(LOGIT))
RESOLUTION = 4 * END
# A flat holds at least this probability; a fold is at least this deep, relative to the central spread of the values.
VISIBLE_MASS = 0.01
VISIBLE_DEPTH = 1e-3


@dataclass(frozen=True, eq=False)
class Pushforward:
    """A distribution whose CDF is piecewise linear, with jumps: the law of G(z), or that of a sample."""

    knots: Float[np.ndarray, " n"]  # strictly increasing
    left: Float[np.ndarray, " n"]  # the CDF just left of each knot; left[0] = 0
    right: Float[np.ndarray, " n"]  # the CDF at each knot; right[-1] = 1; right > left is an atom
    resolution: float = RESOLUTION  # probability below which a thin tail and none look alike

    @cached_property
    def path(self) -> tuple[Float[np.ndarray, " corners"], Float[np.ndarray, " corners"]]:
        """Corners (x, F) of the CDF's graph, jumps drawn in; read the other way round, the quantile function."""
        atom = self.right > self.left
        if not atom.any():
            return self.knots, self.right
        index = np.repeat(np.arange(self.knots.size), 1 + atom)
        heights = self.right[index]
        heights[np.flatnonzero(atom) + np.arange(np.count_nonzero(atom))] = self.left[atom]
        return self.knots[index], heights

    def cdf(self, x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Probability of values ≤ x (right-continuous)."""
        knots, heights = self.path
        return np.asarray(np.interp(x, knots, heights, left=0.0, right=1.0))

    def cdf_before(self, x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Probability of values < x: the CDF's limit from the left."""
        knots, heights = self.path
        return np.asarray(np.interp(-np.asarray(x), -knots[::-1], heights[::-1], left=1.0, right=0.0))

    def ppf(self, u: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Quantiles at levels u in [0, 1]: the monotone rearrangement of G."""
        knots, heights = self.path
        return np.asarray(np.interp(u, heights, knots))

    def masses(self, edges: Float[np.ndarray, " edges"]) -> Float[np.ndarray, " cells"]:
        """Probability of each cell (edges[i], edges[i+1]]; the first cell also holds its own left edge."""
        heights = self.cdf(edges)
        heights[0] = self.cdf_before(edges[:1])[0]
        return heights[1:] - heights[:-1]

    def density(self, edges: Float[np.ndarray, " edges"]) -> Float[np.ndarray, " cells"]:
        """Mean density on each cell: the exact difference quotient of the CDF; an atom is spread over its cell."""
        return self.masses(edges) / np.diff(edges)

    @cached_property
    def mean(self) -> float:
        """Expected value, exact for the piecewise-linear CDF."""
        knots, heights = self.path
        return float(((heights[1:] - heights[:-1]) * (knots[1:] + knots[:-1])).sum()) / 2

    @cached_property
    def std(self) -> float:
        """Standard deviation, exact for the piecewise-linear CDF."""
        knots, heights = self.path
        offset = knots - self.mean
        start, stop = offset[:-1], offset[1:]
        weights = heights[1:] - heights[:-1]
        return float(np.sqrt((weights * (start * start + start * stop + stop * stop)).sum() / 3))


def graded_levels(
    points: int = POINTS, quantile: Callable[[np.ndarray], np.ndarray] | None = None
) -> Float[np.ndarray, " points"]:
    """Levels of the latent's CDF from 0 to 1: half of them even in u, half in log(u/(1 − u)), which resolves tails.

    With the quantile function of a target, half of the points go where that function is steep: a map that must leap
    over the valley between two modes is then followed across it, instead of being cut by one long chord.

    Args:
        points: how many levels, at least 2.
        quantile: F⁻¹ of the target, on arrays of levels inside (0, 1); None for the plain grid.

    Raises:
        BadInput: fewer than 2 points.
    """
    if points < 2:
        raise BadInput(f"A latent grid needs at least 2 points, not {points}: ask for 2049, the usual number.")
    even = np.linspace(0.0, 1.0, points)
    if quantile is None:
        logits = np.linspace(-LOGIT, LOGIT, 16 * points)
        position = (scipy.special.expit(logits) + (logits + LOGIT) / (2 * LOGIT)) / 2
        levels = scipy.special.expit(np.interp(even, position, logits))
    else:
        fine = graded_levels(16 * (points - 1) + 1)
        heights = np.asarray(quantile(np.clip(fine, END, 1 - END)), dtype=float)
        # The outer 0.1 % keep to the plain grid: a heavy tail would otherwise draw every point to itself.
        low, high = np.interp([0.001, 0.999], fine, heights)
        heights = np.clip(heights, low, high)
        if not heights[-1] > heights[0]:
            return graded_levels(points)
        steepness = (heights - heights[0]) / (heights[-1] - heights[0])
        levels = np.interp(even, (steepness + np.linspace(0.0, 1.0, fine.size)) / 2, fine)
    levels[0], levels[-1] = 0.0, 1.0
    return levels


def push(values: Float[np.ndarray, " points"], levels: Float[np.ndarray, " points"]) -> Pushforward:
    """The exact law of G(z), G being linear between its values on the latent grid.

    The segment between grid points i and i+1 holds the probability levels[i+1] − levels[i], spread evenly between
    G's two values; where these are equal it is an atom.

    Args:
        values: G on the latent grid, in units of x.
        levels: the latent's CDF on that grid, from 0 to 1, never decreasing.

    Raises:
        BadInput: values that are not finite, or levels that do not rise from 0 to 1.
    """
    values = _finite(values, "G(z)")
    levels = np.asarray(levels, dtype=float)
    weights = levels[1:] - levels[:-1]
    if not (values.size == levels.size >= 2 and weights.min() >= 0 and levels[0] == 0 and levels[-1] == 1):
        raise BadInput(
            f"The law of G(z) needs one level for each of G's values, rising from 0 to 1, not {levels.size} levels "
            f"for {values.size} values: take them from graded_levels()."
        )
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.empty(values.size, dtype=bool)
    first[0] = True
    np.greater(ordered[1:], ordered[:-1], out=first[1:])
    knots = ordered[first]
    rank = np.empty(values.size, dtype=np.intp)
    rank[order] = np.cumsum(first) - 1
    low, high = np.minimum(rank[:-1], rank[1:]), np.maximum(rank[:-1], rank[1:])
    span = high - low

    # steps[2k] is the jump at knot k, steps[2k + 1] the rise between knot k and the next.
    steps = np.bincount(2 * low + (span == 1), weights * (span < 2), 2 * knots.size)
    wide = np.flatnonzero(span > 1)
    if wide.size:
        _add_wide_segments(steps, knots, low[wide], high[wide], weights[wide])
    heights = np.cumsum(steps)
    heights /= heights[-1]
    left = np.empty(knots.size)
    left[0] = 0.0
    left[1:] = heights[1:-1:2]
    return Pushforward(knots, left, heights[::2].copy())


def push_sample(
    quantiles: Float[np.ndarray, " points"], levels: Float[np.ndarray, " points"], samples: int
) -> Pushforward:
    """The law of G(z) from a sample, for latents of more than one dimension; not exact, good to about samples^(−1/2).

    Args:
        quantiles: of the sample, in units of x.
        levels: of these quantiles, from 0 to 1, never decreasing.
        samples: how many were drawn.

    Raises:
        BadInput: quantiles that are not finite, or levels that do not rise from 0 to 1.
    """
    # Beyond its outermost value a sample of n says nothing about tails of mass 1/n.
    return replace(push(quantiles, levels), resolution=max(RESOLUTION, 8 / samples))


def empirical(values: Float[np.ndarray, " n"]) -> Pushforward:
    """The exact law of a finite sample: equal atoms on its values, so that the CDF is a staircase.

    Raises:
        BadInput: no values, or values that are not finite.
    """
    knots, counts = np.unique(_finite(values, "the sample"), return_counts=True)
    if knots.size == 0:
        raise BadInput("A law needs at least 1 value, and the sample is empty: give it data.")
    right = np.cumsum(counts) / counts.sum()
    return Pushforward(knots, np.concatenate([[0.0], right[:-1]]), right)


def folds(z: Float[np.ndarray, " points"], values: Float[np.ndarray, " points"]) -> tuple[Fold, ...]:
    """Stretches of the latent on which G runs against its overall direction, from the turn to the turn back.

    A fold counts when it is deeper than a thousandth of the values' central 90 % and than float32 rounding.

    Raises:
        BadInput: values that are not finite.
    """
    values = _finite(values, "G(z)")
    rising = values if values[-1] >= values[0] else -values
    deepest = (np.maximum.accumulate(rising) - rising).max()
    if not deepest:  # a map that rises all the way, as many do, need not be sorted
        return ()
    ordered = _in_order(values)
    last = values.size - 1
    central = ordered[round(0.95 * last)] - ordered[round(0.05 * last)]
    depth = max(VISIBLE_DEPTH * central, ROUNDING * max(-ordered[0], ordered[-1]))
    if deepest <= depth:
        return ()
    found: list[Fold] = []
    top = bottom = 0
    falling = False
    # Only a turning point can open or close a fold, and a smooth map has few.
    sign = np.sign(rising[1:] - rising[:-1])
    moving = np.flatnonzero(sign)
    turns = moving[1:][sign[moving[1:]] != sign[moving[:-1]]]
    for index in (*turns.tolist(), last):
        height = rising[index]
        if falling:
            if height < rising[bottom]:
                bottom = index
            elif height - rising[bottom] > depth:
                found.append(Fold(float(z[top]), float(z[bottom])))
                falling, top = False, index
        elif height > rising[top]:
            top = index
        elif rising[top] - height > depth:
            falling, bottom = True, index
    if falling:
        found.append(Fold(float(z[top]), float(z[bottom])))
    return tuple(found)


def flats(
    z: Float[np.ndarray, " points"],
    levels: Float[np.ndarray, " points"],
    values: Float[np.ndarray, " points"],
    tolerance: float,
) -> tuple[Flat, ...]:
    """Stretches of the latent on which G stands still and which hold at least 1 % of the mass.

    Args:
        z: latent grid.
        levels: the latent's CDF there.
        values: G there.
        tolerance: the slope |dG/du| below which G stands still, in units of x: a hundredth of the target's spread is
            a density of a hundred times 1/spread.

    Raises:
        BadInput: values that are not finite.
    """
    values = _finite(values, "G(z)")
    # Rounding is local: the far ends of a heavy tail must not make its middle look flat.
    size = np.abs(values)
    ordered = _in_order(size)
    median = (ordered[(size.size - 1) // 2] + ordered[size.size // 2]) / 2
    rounding = ROUNDING * (np.maximum(size[1:], size[:-1]) + median)
    still = np.zeros(values.size + 1, dtype=bool)  # with one more at either end, where it is not
    np.less_equal(np.abs(values[1:] - values[:-1]), tolerance * (levels[1:] - levels[:-1]) + rounding, out=still[1:-1])
    corners = np.flatnonzero(still[1:] != still[:-1])
    found = []
    for start, stop in zip(corners[::2].tolist(), corners[1::2].tolist(), strict=True):
        mass = float(levels[stop] - levels[start])
        if mass >= VISIBLE_MASS:
            middle = (values[start:stop] + values[start + 1 : stop + 1]) / 2
            x = float((np.diff(levels[start : stop + 1]) * middle).sum()) / mass
            found.append(Flat(float(z[start]), float(z[stop]), x, mass))
    return tuple(found)


def _in_order(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """The values from the smallest on; those of a map come in a few runs, which a stable sort only has to merge."""
    return np.sort(values, kind="stable")


def _add_wide_segments(
    steps: Float[np.ndarray, " steps"],
    knots: Float[np.ndarray, " knots"],
    low: np.ndarray,
    high: np.ndarray,
    weights: Float[np.ndarray, " wide"],
) -> None:
    """Add to `steps` the segments that run over other knots: they occur only where G folds."""
    width = np.maximum(knots[high] - knots[low], np.finfo(float).tiny)
    slopes = weights / width
    count, gaps = knots.size, knots[1:] - knots[:-1]
    # A difference of sums leaves rounding behind, which a steep slope makes large: so segments are summed with those
    # of like width, and where none of them is left, nothing may be.
    scale = np.frexp(width)[1] // 16
    for kind in np.unique(scale):
        here = scale == kind
        start, stop, slope = low[here], high[here], slopes[here]
        total = np.cumsum(np.bincount(start, slope, count) - np.bincount(stop, slope, count))[:-1]
        active = np.cumsum(np.bincount(start, minlength=count) - np.bincount(stop, minlength=count))[:-1]
        steps[1:-1:2] += np.where(active > 0, np.maximum(total, 0.0), 0.0) * gaps


def _finite(values: np.ndarray, name: str) -> Float[np.ndarray, " n"]:
    """The values in float64, or a complaint that names them."""
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all():
        bad = int(np.count_nonzero(~np.isfinite(values)))
        raise BadInput(
            f"Expected finite values of {name}, but {bad} of {values.size} are NaN or infinite: "
            f"go back to the last good frame and lower the learning rate."
        )
    return values
