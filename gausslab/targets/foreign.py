"""Targets that are Python objects: a frozen distribution of SciPy, or anything else with pdf, cdf and ppf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from gausslab.errors import BadInput
from gausslab.targets.building import as_sentence
from gausslab.targets.target import LOGITS, LOWER, UPPER, Profile, Target, checked


@dataclass(frozen=True, eq=False)
class Foreign:
    """Somebody else's distribution, with what it does not answer worked out from what it does."""

    distribution: Any

    def pdf(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The density."""
        return np.asarray(self.distribution.pdf(x), dtype=np.float64)

    def cdf(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The probability of values up to x."""
        return np.asarray(self.distribution.cdf(x), dtype=np.float64)

    def sf(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The probability of values above x."""
        own = getattr(self.distribution, "sf", None)
        return 1 - self.cdf(x) if own is None else np.asarray(own(x), dtype=np.float64)

    def ppf(self, u: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The quantile at level u."""
        return np.asarray(self.distribution.ppf(u), dtype=np.float64)

    def isf(self, q: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The value that is exceeded with probability q."""
        own = getattr(self.distribution, "isf", None)
        return self.ppf(1 - q) if own is None else np.asarray(own(q), dtype=np.float64)

    def mean(self) -> float:
        """The mean; from the quantile function where the object has none."""
        own = getattr(self.distribution, "mean", None)
        return self._expected(1) if own is None else float(own())

    def std(self) -> float:
        """The standard deviation; from the quantile function where the object has none."""
        own = getattr(self.distribution, "std", None)
        if own is not None:
            return float(own())
        return float(np.sqrt(max(self._expected(2) - self._expected(1) ** 2, 0.0)))

    def support(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        low, high = self.ppf(np.array([0.0, 1.0]))
        return float(low), float(high)

    def _expected(self, power: int) -> float:
        """∫ (F⁻¹)ᵏ du, over the logit l, where du = u (1 − u) dl; smooth, so that a plain sum is exact."""
        small = np.concatenate([LOWER, UPPER])
        table = np.concatenate([self.ppf(LOWER), self.isf(UPPER)])
        return float(np.sum(table**power * small * (1 - small)) * (LOGITS[1] - LOGITS[0]))


def from_distribution(distribution: Any, label: str) -> Target:
    """The target that is any object with pdf, cdf and ppf over arrays; sf, isf, mean and std are used if it has them.

    Its text, `distribution("label")`, says what it is but cannot be parsed: an object is no text.

    Raises:
        BadInput: The object lacks a method, or its quantiles are not finite.
    """
    with as_sentence():
        missing = [name for name in ("pdf", "cdf", "ppf") if not callable(getattr(distribution, name, None))]
        if missing:
            raise BadInput(
                f"expected an object with pdf, cdf and ppf, got a {type(distribution).__name__} without "
                f"{' and '.join(missing)}; give for example scipy.stats.norm(4, 1.25)"
            )
        text = f'distribution("{label}")'
        return checked(Profile(Foreign(distribution), lambda: text, label))
