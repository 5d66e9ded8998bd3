"""The noise floor: how far one batch of a law's own draws lies from it."""

from __future__ import annotations

import numpy as np
import scipy
from jaxtyping import Float

from gausslab.errors import BadInput
from gausslab.metrics.graphs import THIN
from gausslab.pushforward import Pushforward


def noise_floor(law: Pushforward, batch: int, stratified: bool = False) -> float:
    """Expected W1 between a law and one batch drawn from it: what no generator can be told apart from.

    Independent draws: ∫ E|Binomial(n, F)/n − F| dx, with de Moivre's closed form of the mean absolute deviation
    (Diaconis & Zabell 1991, Closed form summation for classical distributions). Stratified draws, one jittered in each
    1/n of probability: ∫ 2 f (1 − f)/n dx, f the fractional part of nF.

    Args:
        law: that the batch is drawn from.
        batch: n, at least 1.
        stratified: one draw in each stratum.

    Returns:
        W1 in units of x.

    Raises:
        BadInput: a batch of no samples.
    """
    if batch < 1:
        raise BadInput(f"The noise floor needs a batch of at least 1 sample, not {batch}: raise the batch size.")
    knots, heights = law.path
    width, low, rise = np.diff(knots), heights[:-1], np.diff(heights)
    if stratified:
        # Along a straight piece dx is proportional to dF, so the mean over F is that over x.
        mean = np.divide(
            _stratified_primitive(heights[1:], batch) - _stratified_primitive(low, batch),
            rise,
            out=_stratified_deviation(low, batch),
            where=rise > THIN,
        )
        return float((width * mean).sum())
    nodes, weights = np.polynomial.legendre.leggauss(4)
    deviation = _binomial_deviation(low[:, None] + rise[:, None] * (nodes + 1) / 2, batch)
    return float((width[:, None] * deviation * weights).sum()) / 2


def _binomial_deviation(p: Float[np.ndarray, "..."], n: int) -> Float[np.ndarray, "..."]:
    """E|Binomial(n, p)/n − p| = 2 ν C(n, ν) p^ν (1 − p)^(n−ν+1) / n with ν = ⌊np⌋ + 1."""
    nu = np.minimum(np.floor(n * p) + 1, n)
    log_binomial = scipy.special.gammaln(n + 1) - scipy.special.gammaln(nu + 1) - scipy.special.gammaln(n - nu + 1)
    return 2 * nu / n * np.exp(log_binomial + scipy.special.xlogy(nu, p) + scipy.special.xlog1py(n - nu + 1, -p))


def _stratified_deviation(p: Float[np.ndarray, " n"], n: int) -> Float[np.ndarray, " n"]:
    fraction = np.mod(n * p, 1.0)
    return 2 * fraction * (1 - fraction) / n


def _stratified_primitive(p: Float[np.ndarray, " n"], n: int) -> Float[np.ndarray, " n"]:
    """The integral of the stratified deviation from 0 to p: 1/(3n²) for every whole stratum."""
    fraction, whole = np.modf(n * p)
    return (whole / 3 + fraction**2 - 2 * fraction**3 / 3) / n**2
