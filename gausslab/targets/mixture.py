"""Mixtures: weighted sums of distributions, with quantiles found by Newton's method between brackets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from gausslab.targets.target import Target


@dataclass(frozen=True, eq=False)
class Mixture:
    """A weighted sum of distributions; the weights sum to 1."""

    weights: Float[np.ndarray, " components"]
    components: tuple[Target, ...]

    def pdf(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The density."""
        return self._sum([component.pdf(x) for component in self.components])

    def cdf(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The probability of values up to x."""
        return np.minimum(self._sum([component.cdf(x) for component in self.components]), 1.0)

    def sf(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The probability of values above x."""
        return np.minimum(self._sum([component.sf(x) for component in self.components]), 1.0)

    def ppf(self, u: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The quantile at level u."""
        return self._invert(u, upper=False)

    def isf(self, q: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The value that is exceeded with probability q."""
        return self._invert(q, upper=True)

    def mean(self) -> float:
        """The mean."""
        with np.errstate(all="ignore"):
            return float(self.weights @ np.array([component.mean for component in self.components]))

    def std(self) -> float:
        """The standard deviation."""
        with np.errstate(all="ignore"):
            means = np.array([component.mean for component in self.components])
            variances = np.array([component.std for component in self.components]) ** 2
            return float(np.sqrt(self.weights @ (variances + (means - self.weights @ means) ** 2)))

    def support(self) -> tuple[float, float]:
        """From the lowest to the highest value of any component."""
        lows, highs = zip(*(component.support for component in self.components), strict=True)
        return min(lows), max(highs)

    def _sum(self, terms: list[np.ndarray]) -> np.ndarray:
        total = self.weights[0] * terms[0]
        for weight, term in zip(self.weights[1:], terms[1:], strict=True):
            total = total + weight * term
        return total

    def _invert(self, level: np.ndarray, upper: bool) -> np.ndarray:
        """Solve mass(x) = level in the logarithm of the mass, in which a tail is nearly straight."""
        inside = (level > 0) & (level < 1)
        wanted = level[inside]
        low, high = self._brackets(wanted, upper)
        resolution = 1e-13 * min(float(np.diff(component.ppf([0.16, 0.84]))[0]) for component in self.components)
        sign = -1.0 if upper else 1.0
        mass = self.sf if upper else self.cdf
        x = (low + high) / 2
        active = np.arange(len(x))  # most levels settle at once; those beside a gap take their time
        with np.errstate(all="ignore"):
            while len(active):
                here, aim, at = mass(x[active]), wanted[active], x[active]
                short = sign * (here - aim) < 0  # x lies too far left
                low[active[short]], high[active[~short]] = at[short], at[~short]
                step = at - sign * here * np.log(here / aim) / self.pdf(at)
                lowest, highest = low[active], high[active]
                new = np.where((step > lowest) & (step < highest), step, (lowest + highest) / 2)
                new = np.where(here == aim, at, new)
                x[active] = new
                active = active[np.abs(new - at) > 1e-13 * np.abs(new) + resolution]
        ends = self.support()[::-1] if upper else self.support()
        found = np.where(level == 0, ends[0], np.where(level == 1, ends[1], np.nan))
        found[inside] = x
        return found

    def _brackets(self, wanted: np.ndarray, upper: bool) -> tuple[np.ndarray, np.ndarray]:
        """Neighbours on a grid of the components' own quantiles: a mixture's quantile lies between them."""
        levels = np.unique(
            np.concatenate([np.geomspace(wanted.min(initial=0.5), 0.5, 60), np.linspace(0.01, 0.99, 99)])
        )
        levels = np.append(levels, wanted.max(initial=0.5))
        quantiles = [component.isf(levels) if upper else component.ppf(levels) for component in self.components]
        grid = np.unique(np.concatenate(quantiles))
        masses = self.sf(grid) if upper else self.cdf(grid)
        if upper:
            right = np.searchsorted(-masses, -wanted, side="left")
        else:
            right = np.searchsorted(masses, wanted, side="left")
        right = np.clip(right, 1, len(grid) - 1) if len(grid) > 1 else np.zeros(len(wanted), dtype=int)
        return grid[np.maximum(right - 1, 0)], grid[right]
