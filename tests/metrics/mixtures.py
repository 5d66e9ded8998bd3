"""Targets made of SciPy distributions or of data, and what maps onto them read."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from gausslab.metrics import readings, reference
from gausslab.pushforward import graded_levels, push

LEVELS = graded_levels()


class Mixture:
    """A target made of SciPy distributions, or of data."""

    label = "test"
    density_label = "p"

    def __init__(self, parts, weights=None, window=None, mode_edges=(-np.inf, np.inf), sample=None):
        self.parts = parts
        self.weights = np.full(len(parts), 1 / len(parts)) if weights is None else np.array(weights)
        self.sample = None if sample is None else np.sort(np.asarray(sample, dtype=float))
        if self.sample is None:
            self.mean = float(self._mix(lambda part: part.mean()))
            finite = np.isfinite(self.mean)
            square = self._mix(lambda part: part.var() + part.mean() ** 2) if finite else np.inf
            self.std = float(np.sqrt(square - self.mean**2)) if finite else np.inf
        else:
            self.mean, self.std = float(self.sample.mean()), float(self.sample.std())
        self.spread = self.std if np.isfinite(self.std) else float(self.isf(0.25) - self.ppf(0.25)) / 2
        self.centre = float(self.ppf(np.array(0.5)))
        self.window = window or (self.centre - 4 * self.spread, self.centre + 4 * self.spread)
        self.mode_edges = np.array(mode_edges)
        self.mode_masses = np.diff(self.cdf(self.mode_edges))

    def _mix(self, value):
        return sum(weight * value(part) for weight, part in zip(self.weights, self.parts, strict=True))

    def pdf(self, x):
        return self._mix(lambda part: part.pdf(x))

    def cdf(self, x):
        if self.sample is not None:
            return np.searchsorted(self.sample, x, "right") / self.sample.size
        return self._mix(lambda part: part.cdf(x))

    def ppf(self, u):
        if self.sample is not None:
            return np.quantile(self.sample, u, method="inverted_cdf")
        if len(self.parts) == 1:
            return self.parts[0].ppf(u)
        return self._invert(np.asarray(u), lambda x: self.cdf(x))

    def isf(self, u):
        if self.sample is not None:
            return self.ppf(1 - np.asarray(u))
        if len(self.parts) == 1:
            return self.parts[0].isf(u)
        return self._invert(-np.asarray(u), lambda x: -self._mix(lambda part: part.sf(x)))

    def _invert(self, level, rising):
        low, high = np.full(level.shape, -100.0), np.full(level.shape, 100.0)
        for _ in range(60):
            middle = (low + high) / 2
            below = rising(middle) < level
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return high


@dataclass(frozen=True)
class Data:
    """What `stats.gaussian_kde` lacks to be a part of a mixture."""

    kde: stats.gaussian_kde

    def pdf(self, x):
        return self.kde.pdf(np.ravel(x)).reshape(np.shape(x))


def data(sample):
    sample = np.asarray(sample, dtype=float)
    return Mixture([Data(stats.gaussian_kde(sample))], window=(sample.min() - 1, sample.max() + 1), sample=sample)


TARGETS = {
    "normal": Mixture([stats.norm(4, 1.25)]),
    "far normal": Mixture([stats.norm(1000, 1e-2)]),
    "uniform": Mixture([stats.uniform(-2, 4)], window=(-2.5, 2.5)),
    "exponential": Mixture([stats.expon()], window=(-0.5, 9.0)),
    "lognormal": Mixture([stats.lognorm(0.5)], window=(-0.2, 6.0)),
    "beta": Mixture([stats.beta(0.5, 0.5)], window=(0.0, 1.0)),
    "gamma": Mixture([stats.gamma(0.3)], window=(0.0, 4.0)),
    "student_t": Mixture([stats.t(3)]),
    "mixture": Mixture([stats.norm(-2, 0.5), stats.laplace(3, 1)], [0.3, 0.7], mode_edges=(-np.inf, -0.4, np.inf)),
    "two modes": Mixture([stats.norm(-3, 0.5), stats.norm(3, 0.5)], mode_edges=(-np.inf, 0, np.inf)),
}


NORMAL = TARGETS["normal"]


def read(target, values, levels=LEVELS, **options):
    values = np.asarray(values, dtype=float)
    return readings(push(values, levels), values, reference(target, levels, levels, **options))


def normal_values(mean, std, levels=LEVELS):
    return stats.norm.ppf(np.clip(levels, 1.2e-7, 1 - 1.2e-7), mean, std)
