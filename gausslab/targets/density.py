"""Targets given by a density alone: it is integrated numerically, and the integral is inverted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from gausslab.errors import BadInput
from gausslab.targets.cells import TOLERANCE, Cells, integrate
from gausslab.targets.formula import Formula
from gausslab.targets.limits import MAX_WORK

CELLS = 512  # to begin with: peaks wider than a thousandth of the bounds are found at once


class Effort(NamedTuple):
    """How hard to try to integrate a density of SciPy."""

    cells: int  # to begin with
    reach: float  # of the stretched coordinate: x from e^-reach to e^reach scales away from its origin
    tolerance: float  # see `integrate`
    budget: int  # values of the density


QUICK = Effort(CELLS, 60.0, TOLERANCE, MAX_WORK)


class Axis(NamedTuple):
    """A stretched axis: x as a function of t, t as a function of x, and dx/dt."""

    to_x: Callable[[np.ndarray], np.ndarray]
    to_t: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Integrated:
    """A distribution whose CDF and quantiles come from its density, integrated over a stretched coordinate t."""

    cells: Cells
    density: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]]  # of x, normalised
    bounds: tuple[float, float]
    to_x: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]]
    to_t: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]]
    moments: tuple[float, float] | None = None  # mean and std, where they are known better than by the integral

    def pdf(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The density; zero outside the bounds."""
        low, high = self.bounds
        inside = (x >= low) & (x <= high)
        return np.where(inside, self.density(np.where(inside, x, low)), 0.0)

    def cdf(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The probability of values up to x."""
        return self.cells.masses_at(self.to_t(np.clip(x, *self.bounds)))[0]

    def sf(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The probability of values above x."""
        return self.cells.masses_at(self.to_t(np.clip(x, *self.bounds)))[1]

    def ppf(self, u: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The quantile at level u."""
        return self.to_x(self.cells.quantiles(u))

    def isf(self, q: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The value that is exceeded with probability q."""
        return self.to_x(self.cells.upper_quantiles(q))

    def mean(self) -> float:
        """The mean."""
        return self.cells.mean if self.moments is None else self.moments[0]

    def std(self) -> float:
        """The standard deviation."""
        return self.cells.std if self.moments is None else self.moments[1]

    def support(self) -> tuple[float, float]:
        """The bounds."""
        return self.bounds


def from_formula(formula: Formula, low: float, high: float) -> Integrated:
    """The distribution on [low, high] whose density is proportional to a formula.

    Raises:
        BadInput: Reversed bounds, or a density that is negative, undefined, zero everywhere or improper.
    """
    if not low < high:
        raise BadInput(f"expected bounds low < high, got {low:g} and {high:g}; swap or widen them")

    def checked(x: np.ndarray) -> np.ndarray:
        values = formula(x)
        _check_values(x, values)
        return np.maximum(values, 0.0)

    cells = integrate(checked, np.linspace(low, high, CELLS + 1), budget=MAX_WORK // formula.operations)

    def normalised(x: np.ndarray) -> np.ndarray:
        values = formula(x)
        # A hole such as sin(x)/x at 0 is filled from beside it.
        beside = np.clip(x + np.where(x < (low + high) / 2, 1e-9, -1e-9) * (high - low), low, high)
        return np.maximum(np.where(np.isnan(values), formula(beside), values), 0.0) / cells.total

    return Integrated(cells, normalised, (low, high), np.asarray, np.asarray)


def from_scipy_density(distribution: Any, effort: Effort) -> Integrated:
    """A distribution of SciPy with slow quantiles, integrated over a stretched axis.

    Bounded supports are integrated as they are; otherwise x = a + s·eᵗ on a half line and x = m + s·sinh t on the
    line, which reach both the tails and a singular end.

    Raises:
        BadInput: The density could not be integrated to a thousandth.
    """
    low, high = (float(end) for end in distribution.support())
    lower, middle, upper = (float(x) for x in distribution.ppf(np.array([0.25, 0.5, 0.75])))
    edges = np.linspace(-effort.reach, effort.reach, effort.cells + 1)
    if np.isfinite(low) and np.isfinite(high):
        edges, axis = np.linspace(low, high, effort.cells + 1), Axis(np.asarray, np.asarray, np.ones_like)
    elif np.isfinite(low) or np.isfinite(high):
        end, side = (low, 1.0) if np.isfinite(low) else (high, -1.0)
        axis = _half_line(end, side, abs(middle - end))
    else:
        axis = _line(middle, (upper - lower) / 2)

    def stretched(t: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            values = distribution.pdf(axis.to_x(t)) * axis.slope(t)
        # Far outside, a product of zero and infinity comes out as nan.
        return np.where(np.isfinite(values), np.maximum(values, 0.0), 0.0)

    cells = integrate(stretched, edges, budget=effort.budget, tolerance=effort.tolerance, position=axis.to_x)
    if abs(cells.total - 1) > 1e-3:
        raise BadInput(
            f"expected a density of SciPy with integral 1, got {cells.total:.4g} at these parameters; take milder ones"
        )

    def from_cells(x: np.ndarray) -> np.ndarray:
        t = axis.to_t(x)
        with np.errstate(all="ignore"):
            return cells.density_at(t) / axis.slope(t)

    pdf = distribution.pdf if effort is QUICK else from_cells
    return Integrated(cells, pdf, (low, high), axis.to_x, axis.to_t)


def _half_line(end: float, side: float, scale: float) -> Axis:
    def to_x(t: np.ndarray) -> np.ndarray:
        return end + side * scale * np.exp(side * t)

    def to_t(x: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return side * np.log(side * (x - end) / scale)

    def slope(t: np.ndarray) -> np.ndarray:
        return scale * np.exp(side * t)

    return Axis(to_x, to_t, slope)


def _line(middle: float, scale: float) -> Axis:
    def to_x(t: np.ndarray) -> np.ndarray:
        return middle + scale * np.sinh(t)

    def to_t(x: np.ndarray) -> np.ndarray:
        return np.arcsinh((x - middle) / scale)

    def slope(t: np.ndarray) -> np.ndarray:
        return scale * np.cosh(t)

    return Axis(to_x, to_t, slope)


def _check_values(x: np.ndarray, values: np.ndarray) -> None:
    if np.isnan(values).any():
        where = x[np.argmax(np.isnan(values))]
        raise BadInput(
            f"expected a density defined between its bounds, got no number at x = {where:.6g}; "
            "change the formula or its bounds"
        )
    finite = values[np.isfinite(values)]
    lowest = float(finite.min(initial=0.0))
    if lowest < -1e-12 * float(finite.max(initial=0.0)) or np.isneginf(values).any():
        where = x[np.argmin(values)]
        raise BadInput(
            f"expected a density that is nowhere negative, got {values.min():.6g} at x = {where:.6g}; "
            "square it, add a constant or narrow its bounds"
        )
