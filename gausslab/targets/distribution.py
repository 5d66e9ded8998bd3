"""What a target is made of: anything that answers pdf, cdf, sf, ppf, isf, mean, std and support, as SciPy's do."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Distribution(Protocol):
    """A one-dimensional distribution over float64 arrays."""

    def pdf(self, x: np.ndarray, /) -> Any:
        """The density."""
        ...

    def cdf(self, x: np.ndarray, /) -> Any:
        """The probability of values up to x."""
        ...

    def sf(self, x: np.ndarray, /) -> Any:
        """The probability of values above x, exact in the upper tail."""
        ...

    def ppf(self, u: np.ndarray, /) -> Any:
        """The quantile at level u."""
        ...

    def isf(self, q: np.ndarray, /) -> Any:
        """The value that is exceeded with probability q."""
        ...

    def mean(self) -> Any:
        """The mean; nan or inf where there is none."""
        ...

    def std(self) -> Any:
        """The standard deviation; nan or inf where there is none."""
        ...

    def support(self) -> Any:
        """The lowest and the highest value."""
        ...
