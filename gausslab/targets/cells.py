"""Densities integrated cell by cell: a Legendre polynomial of degree 15 in each, halved until it fits.

A cell's density is sampled at the 16 Gauss nodes; the last two coefficients of its Legendre series say how much of it
the polynomial misses. Cells are halved until that is below 1e-10 of the mass in the nearer tail, so that quantiles are
right far out as well; towards a singularity they shrink geometrically, down to what float64 can tell apart. Cumulating
from both ends keeps the upper tail as exact as the lower one. docs/targets.md tells more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.polynomial import legendre

from gausslab.errors import BadInput

ORDER = 16
NODES, WEIGHTS = legendre.leggauss(ORDER)
_DEGREES = np.arange(ORDER)
TO_SERIES = legendre.legvander(NODES, ORDER - 1) * WEIGHTS[:, None] * (_DEGREES + 0.5)  # values at nodes to series

TOLERANCE = 1e-10  # of a cell's mass, relative to the mass in the nearer tail
FLOOR = 1e-8  # tails below this mass need no better than absolute accuracy
BLUR = 16  # units in the last place
NARROWEST = 1e-250  # beside a singularity at 0, before its density overflows
HUGE = 1e280  # densities above this count as infinite: their sums might be
UNRESOLVED = 1e-3  # largest share of the mass that may sit where float64 can halve no more
GROWTH = 0.998  # how fast the mass near a singularity must fall off, over eight halvings


@dataclass(frozen=True, eq=False)
class Cells:
    """A density over [edges[0], edges[-1]] with its cumulated mass; the total mass is 1."""

    edges: Float[np.ndarray, " edges"]
    series: Float[np.ndarray, "17 cells"]  # Legendre series of the mass from a cell's left edge, on [-1, 1]
    below: Float[np.ndarray, " edges"]  # mass to the left of each edge
    above: Float[np.ndarray, " edges"]  # mass to the right of each edge
    total: float  # mass before normalisation
    mean: float
    std: float

    def masses_at(self, t: Float[np.ndarray, " n"]) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """The masses to the left and to the right of t."""
        t = np.clip(t, self.edges[0], self.edges[-1])
        cell = np.clip(np.searchsorted(self.edges, t, side="right") - 1, 0, len(self.edges) - 2)
        left, right = self.edges[cell], self.edges[cell + 1]
        s = np.clip(2 * (t - left) / (right - left) - 1, -1, 1)
        mass = self.below[cell + 1] - self.below[cell]
        part = np.clip(legendre.legval(s, self.series[:, cell], tensor=False), 0, np.maximum(mass, 0))
        rest = np.maximum((self.above[cell] - self.above[cell + 1]) - part, 0)
        return np.minimum(self.below[cell] + part, 1.0), np.minimum(self.above[cell + 1] + rest, 1.0)

    def density_at(self, t: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The density of t, from the polynomials; zero outside the edges."""
        cell = np.clip(np.searchsorted(self.edges, t, side="right") - 1, 0, len(self.edges) - 2)
        left, right = self.edges[cell], self.edges[cell + 1]
        slope = legendre.legder(self.series[:, cell])
        density = legendre.legval(2 * (t - left) / (right - left) - 1, slope, tensor=False) * 2 / (right - left)
        return np.where((t >= self.edges[0]) & (t <= self.edges[-1]), np.maximum(density, 0.0), 0.0)

    def quantiles(self, u: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Where the mass to the left is u."""
        cell = np.clip(np.searchsorted(self.below, u, side="right") - 1, 0, len(self.edges) - 2)
        return self._solve(cell, u - self.below[cell])

    def upper_quantiles(self, q: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Where the mass to the right is q."""
        cell = len(self.edges) - 2 - np.searchsorted(self.above[::-1], q, side="right") + 1
        cell = np.clip(cell, 0, len(self.edges) - 2)
        return self._solve(cell, (self.above[cell] - self.above[cell + 1]) - (q - self.above[cell + 1]))

    def _solve(self, cell: np.ndarray, part: np.ndarray) -> np.ndarray:
        """Newton's method within each cell, kept between brackets."""
        series = self.series[:, cell]
        slope = legendre.legder(series)
        mass = series[0] + series[1:].sum(axis=0)  # every Legendre polynomial is 1 at 1
        part = np.clip(part, 0, np.maximum(mass, 0))
        lowest, highest = np.full(len(cell), -1.0), np.ones(len(cell))
        with np.errstate(all="ignore"):
            s = np.nan_to_num(2 * part / mass - 1)
            for _ in range(60):
                excess = legendre.legval(s, series, tensor=False) - part
                lowest, highest = np.where(excess < 0, s, lowest), np.where(excess < 0, highest, s)
                step = s - excess / legendre.legval(s, slope, tensor=False)
                inside = (step >= lowest) & (step <= highest)
                new = np.where(excess == 0, s, np.where(inside, step, (lowest + highest) / 2))
                settled = np.abs(new - s).max(initial=0) < 1e-14
                s = new
                if settled:
                    break
        left, right = self.edges[cell], self.edges[cell + 1]
        return left + (right - left) * ((s + 1) / 2)


def integrate(
    density: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]],
    edges: Float[np.ndarray, " edges"],
    *,
    budget: int,
    tolerance: float = TOLERANCE,
    position: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]] = np.asarray,
) -> Cells:
    """Integrate a density ≥ 0 from edges[0] to edges[-1].

    Args:
        density: Of t; it is called with the Gauss nodes only, never with an edge, and may be infinite.
        edges: The cells to begin with.
        budget: How many values of the density may be asked for.
        tolerance: The error that a cell may make, relative to the mass in the nearer tail.
        position: x as a function of t, for mean and std.

    Raises:
        BadInput: The integral is zero, diverges, or is too rough for the budget.
    """
    left, right = edges[:-1].copy(), edges[1:].copy()
    values = _values(density, left, right)
    spent = values.size
    totals: list[float] = []
    while True:
        masses, errors = _masses(left, right, values)
        total = float(masses.sum())
        totals.append(total)
        nearer_tail = np.minimum(np.cumsum(masses), np.cumsum(masses[::-1])[::-1])
        width = right - left
        middle = left + width / 2
        divisible = width > np.maximum(BLUR * np.spacing(np.maximum(np.abs(left), np.abs(right))), NARROWEST)
        # What an error of a few units in x's last place would do to the mass cannot be helped.
        blurred = masses / width * BLUR * np.spacing(np.abs(middle))
        rough = (errors > tolerance * np.maximum(nearer_tail, FLOOR * total) + blurred) & divisible
        count = int(rough.sum())
        if count == 0 or spent + 2 * ORDER * count > budget:
            break
        new_left = np.stack([left[rough], middle[rough]], axis=1).ravel()
        new_right = np.stack([middle[rough], right[rough]], axis=1).ravel()
        copies = np.where(rough, 2, 1)
        fresh = np.repeat(rough, copies)
        left, right, values = (np.repeat(array, copies, axis=0) for array in (left, right, values))
        left[fresh], right[fresh] = new_left, new_right
        values[fresh] = _values(density, new_left, new_right)
        spent += 2 * ORDER * count
    finite = _finite(values)
    if not 0 < total < np.inf:
        came = "zero everywhere" if finite.all() else "too large for float64"
        raise BadInput(f"expected a density that is positive somewhere, got one that is {came}; rescale or widen it")
    _check_convergence(left, masses, errors, divisible, finite, totals)
    return _cells(left, right, values, position)


def _values(density: Callable, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    half = (right - left) / 2
    nodes = (left + half)[:, None] + half[:, None] * NODES
    return density(nodes.ravel()).reshape(nodes.shape)


def _masses(left: np.ndarray, right: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    finite = _finite(values)
    safe = np.where(finite[:, None], values, 0.0)
    half = (right - left) / 2
    missed = np.abs(safe @ TO_SERIES[:, -2:]).sum(axis=1) * half
    return (safe @ WEIGHTS) * half, np.where(finite, missed, np.inf)


def _finite(values: np.ndarray) -> np.ndarray:
    return np.max(np.abs(values), axis=1) < HUGE


def _check_convergence(
    left: np.ndarray,
    masses: np.ndarray,
    errors: np.ndarray,
    divisible: np.ndarray,
    finite: np.ndarray,
    totals: list[float],
) -> None:
    total = totals[-1]
    beside_infinite = np.convolve(~finite, [1, 1, 1], mode="same") > 0
    stuck = ~divisible & ((errors > TOLERANCE * total) | beside_infinite)
    unresolved = masses[stuck].sum() / total
    gains = np.diff(totals[-10:])
    grows = len(totals) > 20 and gains[-1] > 1e-6 * total and gains[-1] > GROWTH * gains[0]
    if unresolved > UNRESOLVED or grows:
        where = left[stuck][np.argmax(masses[stuck])] if unresolved > UNRESOLVED else left[np.argmax(masses)]
        raise BadInput(
            f"expected a density with a finite integral, got one that diverges near x = {where:.6g}, or nearly does; "
            "keep its bounds away from there or weaken the singularity"
        )
    infinite = divisible & ~finite
    if infinite.any():
        raise BadInput(
            f"expected a density with a finite integral and values below {HUGE:g}, got more near "
            f"x = {left[np.argmax(infinite)]:.6g}; keep its bounds away from there or rescale it"
        )
    remaining = errors[divisible & (errors > TOLERANCE * total)].sum() / total
    if remaining > UNRESOLVED:
        raise BadInput(
            "expected a density smooth enough to be integrated to a thousandth, got one that is too rough or has "
            "too many steps; simplify it or narrow its bounds"
        )


def _cells(left: np.ndarray, right: np.ndarray, values: np.ndarray, position: Callable) -> Cells:
    half = (right - left) / 2
    values = np.where(np.abs(values) < HUGE, values, 0.0)
    masses = (values @ WEIGHTS) * half
    total = float(masses.sum())
    series = (values @ TO_SERIES) * (half / total)[:, None]
    # ∫ P_k = (P_{k+1} − P_{k−1}) / (2k + 1), from −1, where the lower end is zero for k ≥ 1 and P_1 + P_0 for k = 0
    scaled = series / (2 * _DEGREES + 1)
    integrals = np.zeros((len(left), ORDER + 1))
    integrals[:, 1:] += scaled
    integrals[:, : ORDER - 1] -= scaled[:, 1:]
    integrals[:, 0] += scaled[:, 0]
    shares = masses / total
    nodes = position(((left + half)[:, None] + half[:, None] * NODES).ravel()).reshape(values.shape)
    weights = values * WEIGHTS * (half / total)[:, None]
    mean = float((weights * nodes).sum())
    return Cells(
        edges=np.append(left, right[-1]),
        series=np.ascontiguousarray(integrals.T),
        below=np.append(0.0, np.cumsum(shares)),
        above=np.append(np.cumsum(shares[::-1])[::-1], 0.0),
        total=total,
        mean=mean,
        std=float(np.sqrt((weights * (nodes - mean) ** 2).sum())),
    )
