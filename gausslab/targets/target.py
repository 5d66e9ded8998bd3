"""A target: a density p with its CDF F and quantile function F⁻¹, tabulated once in logit space.

What takes time belongs to a `Profile`, the target as it was written; a `Target` is a profile moved to a location and
stretched by a scale, which costs nothing.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from gausslab.errors import BadInput
from gausslab.targets.distribution import Distribution
from gausslab.targets.limits import LARGEST_NUMBER
from gausslab.targets.modes import valleys
from gausslab.targets.sample import Sample

Numbers = ArrayLike | float | int  # checkers that hold a float to be no complex do not see it in ArrayLike

LOGIT_LIMIT = 16.0
TABLE_SIZE = 4097

LOGITS = np.linspace(-LOGIT_LIMIT, LOGIT_LIMIT, TABLE_SIZE)
LOWER = 1 / (1 + np.exp(-LOGITS[LOGITS <= 0]))  # u = F, where it is the smaller one
UPPER = 1 / (1 + np.exp(LOGITS[LOGITS > 0]))  # 1 − u, where that is

_MARGIN = 0.08  # of the window's width, on either side
_REACH = 3.0  # a tail is shown up to this many times the distance from the median to the 10 % or 90 % quantile


@dataclass(frozen=True, eq=False)
class Profile:
    """A distribution and everything that is worked out from it once, on demand."""

    distribution: Distribution
    written: Callable[[], str]  # its canonical textual form, which for a million values is long
    label: str
    density_label: str = "density"

    @cached_property
    def text(self) -> str:
        """The canonical textual form."""
        return self.written()

    @cached_property
    def table(self) -> Float[np.ndarray, " 4097"]:
        """F⁻¹(sigmoid(l)) on LOGITS."""
        with _quietly():
            table = np.concatenate([self.distribution.ppf(LOWER), self.distribution.isf(UPPER)])
        if not (np.abs(table) <= LARGEST_NUMBER).all():
            worst = table[np.argmax(~(np.abs(table) <= LARGEST_NUMBER))]
            raise BadInput(
                f"expected {self.label} to have quantiles within ±{LARGEST_NUMBER:g}, got {worst:g}; "
                "its tails are too heavy or its parameters too extreme, so take milder ones"
            )
        table = np.maximum.accumulate(table)  # rounding may step back by a digit
        table.flags.writeable = False
        return table

    @cached_property
    def mean(self) -> float:
        """The mean; nan or inf where there is none."""
        with _quietly():
            return float(self.distribution.mean())

    @cached_property
    def std(self) -> float:
        """The standard deviation; nan or inf where there is none."""
        with _quietly():
            return float(self.distribution.std())

    @cached_property
    def centre_and_spread(self) -> tuple[float, float]:
        """Mean and standard deviation, or median and half the 16 to 84 percent range where either is not finite."""
        if np.isfinite(self.mean) and np.isfinite(self.std):
            return self.mean, self.std
        low, median, high = self.quantiles(np.array([0.16, 0.5, 0.84]))
        return float(median), float(high - low) / 2

    @cached_property
    def support(self) -> tuple[float, float]:
        """The lowest and highest value."""
        with _quietly():
            low, high = self.distribution.support()
        return float(low), float(high)

    @cached_property
    def mode_edges(self) -> Float[np.ndarray, " edges"]:
        """The basins' edges, from -inf to inf."""
        low, high = self.quantiles(np.array([1e-4, 1 - 1e-4]))
        levels = np.linspace(0, 1, 4097)[1:-1]
        x = np.unique(np.concatenate([np.linspace(low, high, 4097), self.quantiles(levels)]))
        with np.errstate(all="ignore"):
            density, F = np.asarray(self.distribution.pdf(x)), np.asarray(self.distribution.cdf(x))
        least_rise = self.distribution.least_rise if isinstance(self.distribution, Sample) else 0.0
        return np.concatenate([[-np.inf], valleys(x, np.nan_to_num(density, posinf=np.inf), F, least_rise), [np.inf]])

    @cached_property
    def mode_masses(self) -> Float[np.ndarray, " modes"]:
        """The mass in each basin."""
        inner = np.asarray(self.distribution.cdf(self.mode_edges[1:-1]))
        return np.diff(np.concatenate([[0.0], inner, [1.0]]))

    @cached_property
    def window(self) -> tuple[float, float]:
        """The bulk, every mode, and as much of the tails as leaves them room."""
        first, last = 0.05 * self.mode_masses[0], 1 - 0.05 * self.mode_masses[-1]
        levels = np.array([0.001, 0.1, 0.5, 0.9, 0.999, first, last])
        lowest, lower, median, upper, highest, in_first, in_last = self.quantiles(levels)
        low = min(max(lowest, median - _REACH * (median - lower)), in_first)
        high = max(min(highest, median + _REACH * (upper - median)), in_last)
        if not low < high:  # data that are nearly all alike
            low, high = self.support
        margin = _MARGIN * (high - low)
        return float(low - margin), float(high + margin)

    @property
    def sample(self) -> Float[np.ndarray, " n"] | None:
        """The sorted values where the target is data."""
        return self.distribution.values if isinstance(self.distribution, Sample) else None

    def quantiles(self, u: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Quantiles read off the table: quick, and right to a few millionths."""
        return np.interp(np.log(u) - np.log1p(-u), LOGITS, self.table)


@dataclass(frozen=True, eq=False)
class Target:
    """What a generator is to learn: a profile, at a location and a scale.

    Methods take and return float64 arrays of any shape.
    """

    profile: Profile
    location: float = 0.0  # how far the centre has been moved
    scale: float = 1.0  # how much it has been stretched around its centre

    @property
    def text(self) -> str:
        """The canonical textual form: `parse(target.text)` is the same target, bit for bit."""
        return f"moved({self.profile.text}{self._movement})" if self._is_moved else self.profile.text

    @property
    def label(self) -> str:
        """A short name for a legend."""
        return f"moved({self.profile.label}{self._movement})" if self._is_moved else self.profile.label

    @property
    def density_label(self) -> str:
        """What the curve p is: the density itself, or an estimate from data."""
        return self.profile.density_label

    @cached_property
    def sample(self) -> Float[np.ndarray, " n"] | None:
        """The sorted values where the target is data, else None."""
        return None if self.profile.sample is None else self.onward(self.profile.sample)

    @property
    def support(self) -> tuple[float, float]:
        """The lowest and the highest possible value."""
        low, high = self.onward(np.array(self.profile.support))
        return float(low), float(high)

    @property
    def mean(self) -> float:
        """The mean, exactly; nan or inf where there is none."""
        return float(self.onward(np.asarray(self.profile.mean)))

    @property
    def std(self) -> float:
        """The standard deviation, exactly; nan or inf where there is none."""
        return self.profile.std * self.scale

    @property
    def centre(self) -> float:
        """The mean, or the median where mean or std is not finite."""
        return self.profile.centre_and_spread[0] + self.location

    @property
    def spread(self) -> float:
        """The standard deviation, or half the 16 to 84 percent range where mean or std is not finite."""
        return self.profile.centre_and_spread[1] * self.scale

    @property
    def window(self) -> tuple[float, float]:
        """The stretch of x worth showing."""
        low, high = self.onward(np.array(self.profile.window))
        return float(low), float(high)

    @property
    def mode_edges(self) -> Float[np.ndarray, " edges"]:
        """The valleys that part the modes, from -inf to inf."""
        return self.onward(self.profile.mode_edges)

    @property
    def mode_masses(self) -> Float[np.ndarray, " modes"]:
        """The target's own mass in each mode."""
        return self.profile.mode_masses

    def pdf(self, x: Numbers) -> Float[np.ndarray, " ..."]:
        """The density at x, in 1/x; for data, the KDE."""
        return np.asarray(self._ask(self.profile.distribution.pdf, self._back(x)) / self.scale)

    def cdf(self, x: Numbers) -> Float[np.ndarray, " ..."]:
        """The probability of values up to x."""
        return self._ask(self.profile.distribution.cdf, self._back(x))

    def sf(self, x: Numbers) -> Float[np.ndarray, " ..."]:
        """The probability of values above x, exact in the upper tail."""
        return self._ask(self.profile.distribution.sf, self._back(x))

    def ppf(self, u: Numbers) -> Float[np.ndarray, " ..."]:
        """The quantile at level u in [0, 1]; for data, the sample's."""
        return self.onward(self._ask(self.profile.distribution.ppf, np.asarray(u, dtype=np.float64)))

    def isf(self, q: Numbers) -> Float[np.ndarray, " ..."]:
        """The value that is exceeded with probability q, exact in the upper tail."""
        return self.onward(self._ask(self.profile.distribution.isf, np.asarray(q, dtype=np.float64)))

    def logit_quantiles(self) -> Float[np.ndarray, " 4097"]:
        """F⁻¹(sigmoid(l)) for l uniform on [-16, 16].

        A linear look-up in it is right to 8e-6 relative to 1 + |x| for a density without gaps.
        """
        return self.onward(self.profile.table)

    def moved(self, location: float = 0.0, scale: float = 1.0) -> Target:
        """The target moved and stretched around its centre: x → centre + location + scale·(x − centre).

        Raises:
            BadInput: A location that is not finite, or a scale that is not positive.
        """
        if not abs(location) <= LARGEST_NUMBER:
            raise BadInput(f"Expected a location within ±{LARGEST_NUMBER:g}, got {location:g}; take a smaller one.")
        if not 1 / LARGEST_NUMBER <= scale <= LARGEST_NUMBER:
            raise BadInput(f"Expected a scale between 0 and {LARGEST_NUMBER:g}, got {scale:g}; take a positive one.")
        return replace(self, location=self.location + location, scale=self.scale * scale)

    @property
    def _is_moved(self) -> bool:
        return (self.location, self.scale) != (0.0, 1.0)

    @property
    def _movement(self) -> str:
        return f", {written(self.location)}, {written(self.scale)}"

    def onward(self, x: Float[np.ndarray, " ..."]) -> Float[np.ndarray, " ..."]:
        """Where values of the unmoved profile go."""
        if not self._is_moved:
            return x
        centre = self.profile.centre_and_spread[0]
        return np.asarray((centre + self.location) + self.scale * (x - centre))

    def _back(self, x: Numbers) -> np.ndarray:
        x = np.asarray(x, dtype=np.float64)
        if not self._is_moved:
            return x
        centre = self.profile.centre_and_spread[0]
        return np.asarray(centre + (x - (centre + self.location)) / self.scale)

    def _ask(self, question: Callable[[np.ndarray], np.ndarray], points: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(question(points.ravel()), dtype=np.float64).reshape(points.shape)


@contextmanager
def _quietly() -> Iterator[None]:
    """SciPy warns of limits on the way to right answers; the answers are checked instead."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def checked(profile: Profile) -> Target:
    """A profile as a target, once it is certain that it can be learnt.

    Raises:
        BadInput: Its quantiles overflow, or it is too narrow for its place.
    """
    table = profile.table
    centre, spread = profile.centre_and_spread
    if not spread > 1e-9 * abs(centre) or (not table[0] < table[-1] and profile.sample is None):
        raise BadInput(
            f"expected {profile.label} to spread over more than a billionth of its distance from 0, got a spread of "
            f"{spread:g} around {centre:g}; move it nearer to 0 or widen it"
        )
    reach = float(np.abs(table - centre).max()) / spread
    if reach > LARGEST_NUMBER:
        raise BadInput(
            f"expected {profile.label} to have tails that float32 can hold, got quantiles {reach:.3g} spreads away "
            "from its centre; take a milder shape"
        )
    return Target(profile)


def written(number: float) -> str:
    """A number in the shortest way that reads back as the same bits."""
    text = repr(float(number))
    return text[:-2] if text.endswith(".0") else text
