"""The normal distribution, to the same bits as `scipy.stats.norm`, without the half second that loading it costs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Float

Numbers = Float[np.ndarray, "*shape"]


@dataclass(frozen=True)
class Normal:
    """N(centre, deviation²)."""

    centre: float
    deviation: float  # above 0

    def pdf(self, x: Numbers) -> Numbers:
        """The density."""
        t = self._standard(x)
        return np.asarray(np.exp(-(t**2) / 2.0) / math.sqrt(2 * math.pi) / self.deviation)

    def cdf(self, x: Numbers) -> Numbers:
        """The probability of values up to x."""
        return np.asarray(scipy.special.ndtr(self._standard(x)))

    def sf(self, x: Numbers) -> Numbers:
        """The probability of values above x."""
        return np.asarray(scipy.special.ndtr(-self._standard(x)))

    def ppf(self, u: Numbers) -> Numbers:
        """The quantile at level u."""
        return np.asarray(scipy.special.ndtri(u) * self.deviation + self.centre)

    def isf(self, q: Numbers) -> Numbers:
        """The value that is exceeded with probability q."""
        return np.asarray(-scipy.special.ndtri(q) * self.deviation + self.centre)

    def mean(self) -> float:
        """The mean."""
        return self.centre

    def std(self) -> float:
        """The standard deviation."""
        return self.deviation

    def support(self) -> tuple[float, float]:
        """All numbers."""
        return -math.inf, math.inf

    def _standard(self, x: Numbers) -> Numbers:
        return (np.asarray(x) - self.centre) / self.deviation
