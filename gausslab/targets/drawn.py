"""Targets drawn by hand: a density that is straight between points, so its CDF is exact and quick to invert."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from gausslab.errors import BadInput
from gausslab.targets.limits import LARGEST_NUMBER, MAX_POINTS


@dataclass(frozen=True, eq=False)
class Drawn:
    """The distribution with a piecewise linear density through points; two points above each other are a step."""

    x: Float[np.ndarray, " points"]
    y: Float[np.ndarray, " points"]  # normalised density
    below: Float[np.ndarray, " points"]  # mass to the left of each point
    above: Float[np.ndarray, " points"]

    def pdf(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The density; zero outside the points."""
        return np.interp(x, self.x, self.y, left=0.0, right=0.0)

    def cdf(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The probability of values up to x."""
        x, i = self._segment(x)
        along = x - self.x[i]
        return np.clip(self.below[i] + along * (self.y[i] + self._slope(i) * along / 2), 0.0, 1.0)

    def sf(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The probability of values above x."""
        x, i = self._segment(x)
        back = self.x[i + 1] - x
        return np.clip(self.above[i + 1] + back * (self.y[i + 1] - self._slope(i) * back / 2), 0.0, 1.0)

    def ppf(self, u: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The quantile at level u."""
        i = np.clip(np.searchsorted(self.below, u, side="right") - 1, 0, len(self.x) - 2)
        along = _root(u - self.below[i], self.y[i], self._slope(i))
        return np.clip(self.x[i] + along, self.x[i], self.x[i + 1])

    def isf(self, q: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The value that is exceeded with probability q."""
        last = len(self.x) - 2
        i = np.clip(last + 1 - np.searchsorted(self.above[::-1], q, side="right"), 0, last)
        back = _root(q - self.above[i + 1], self.y[i + 1], -self._slope(i))
        return np.clip(self.x[i + 1] - back, self.x[i], self.x[i + 1])

    def mean(self) -> float:
        """The mean, exactly."""
        x, weights = self._simpson()
        return float(weights @ x)

    def std(self) -> float:
        """The standard deviation, exactly."""
        x, weights = self._simpson()
        return float(np.sqrt(weights @ (x - weights @ x) ** 2))

    def support(self) -> tuple[float, float]:
        """The stretch between the first and the last point that carry mass."""
        first = int(np.searchsorted(self.below, 0.0, side="right")) - 1
        last = len(self.x) - int(np.searchsorted(self.above[::-1], 0.0, side="right"))
        return float(self.x[first]), float(self.x[last])

    def _segment(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = np.clip(x, self.x[0], self.x[-1])
        return x, np.clip(np.searchsorted(self.x, x, side="right") - 1, 0, len(self.x) - 2)

    def _slope(self, i: np.ndarray) -> np.ndarray:
        width = self.x[i + 1] - self.x[i]
        return np.where(width > 0, (self.y[i + 1] - self.y[i]) / np.where(width > 0, width, 1.0), 0.0)

    def _simpson(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions and weights that integrate density × quadratic, a cubic, exactly: Simpson's rule."""
        width = np.diff(self.x)
        middle = (self.x[:-1] + self.x[1:]) / 2
        weights = [width * self.y[:-1] / 6, width * (self.y[:-1] + self.y[1:]) / 3, width * self.y[1:] / 6]
        return np.concatenate([self.x[:-1], middle, self.x[1:]]), np.concatenate(weights)


def draw(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " m"]) -> Drawn:
    """The distribution whose density is the line through points, normalised; points are put in order of x.

    Raises:
        BadInput: Fewer than two points, a number that is not finite, a negative density, or no area under the line.
    """
    if len(x) != len(y):
        raise BadInput(f"expected as many densities as abscissae, got {len(y):,} and {len(x):,}; pair them up")
    if not 2 <= len(x) <= MAX_POINTS:
        raise BadInput(f"expected 2 to {MAX_POINTS:,} points, got {len(x):,}; draw more or thin them out")
    wrong = ~((np.abs(x) <= LARGEST_NUMBER) & (np.abs(y) <= LARGEST_NUMBER))
    if wrong.any():
        i = int(np.argmax(wrong))
        raise BadInput(f"expected finite points, got ({x[i]:g}, {y[i]:g}) as point {i + 1}; correct or remove it")
    if (y < 0).any():
        i = int(np.argmax(y < 0))
        raise BadInput(f"expected densities of at least 0, got {y[i]:g} at point {i + 1}; raise it to 0 or above")
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    masses = np.diff(x) * (y[:-1] / 2 + y[1:] / 2)
    area = float(masses.sum())
    # Under an area that is hardly one, no float holds how dense the curve is.
    if not y.max() / np.finfo(float).max < area < np.inf:
        raise BadInput(f"expected some area under the points, got {area:g}; raise the curve or widen it")
    shares = masses / area
    below = np.append(0.0, np.cumsum(shares))
    above = np.append(np.cumsum(shares[::-1])[::-1], 0.0)
    return Drawn(x, y / area, below, above)


def _root(mass: np.ndarray, density: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """How far to go from an edge of this density and slope to pass a mass: the stable root of a quadratic."""
    mass = np.maximum(mass, 0.0)
    root = density + np.sqrt(np.maximum(density**2 + 2 * slope * mass, 0.0))
    return np.where(root > 0, 2 * mass / np.where(root > 0, root, 1.0), 0.0)
