"""Exact distances between the law of G(z) and the target, the modes it covers, and the noise floor of a batch.

Both laws have piecewise-linear CDFs: that of G on its latent grid, and the target's quantile function on the same grid
(or, where the target is data, the staircase of the sample). Between two corners of either graph the difference is a
straight line, whose integrals are elementary; no sum over a grid stands in for an integral. Only JS and KL need the
window's cells. `docs/exactness.md` derives each reading and says what is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from scipy.special import gammaln, rel_entr, xlog1py, xlogy

from gausslab.errors import BadInput
from gausslab.frame import Readings, Scene
from gausslab.pushforward import END, Pushforward, empirical, graded_levels, push

# A sample with more distinct values than this is drawn as the polygon of as many of its quantiles.
MOST_ATOMS = 8192
# A mode is covered when it holds this part of the target's own share.
COVERED = 0.25
# Differences of the CDF lose their digits below this; the density takes over.
THIN = 1e-9


@runtime_checkable
class Target(Protocol):
    """What a target must offer; arrays are float64."""

    @property
    def sample(self) -> Any:
        """The sorted data, or None for a density."""
        ...

    @property
    def mean(self) -> float:
        """Expected value; nan or inf where there is none."""
        ...

    @property
    def std(self) -> float:
        """Standard deviation; nan or inf where there is none."""
        ...

    @property
    def spread(self) -> float:
        """Finite scale: the standard deviation, or a robust one."""
        ...

    @property
    def window(self) -> tuple[float, float]:
        """The stretch of x that is shown."""
        ...

    @property
    def mode_edges(self) -> Any:
        """The valleys between modes, from −inf to inf."""
        ...

    @property
    def mode_masses(self) -> Any:
        """The target's mass in each mode."""
        ...

    @property
    def label(self) -> str:
        """Its name in a legend."""
        ...

    @property
    def density_label(self) -> str:
        """What its density curve is."""
        ...

    def pdf(self, x: Any) -> Any:
        """Density."""
        ...

    def cdf(self, x: Any) -> Any:
        """Probability of values ≤ x."""
        ...

    def ppf(self, u: Any) -> Any:
        """Quantile at level u."""
        ...

    def isf(self, u: Any) -> Any:
        """Quantile at level 1 − u."""
        ...


@dataclass(frozen=True, eq=False)
class Reference:
    """The target's side of every reading, computed once while the target stands still."""

    scene: Scene
    law: Pushforward  # the target's CDF: interpolated on the latent grid, or the staircase of the data
    cell_masses: Float[np.ndarray, " bins"]  # of p (a KDE for data): below the window, its cells, above it
    finite_wasserstein: bool  # the target has a mean
    finite_wasserstein2: bool  # the target has a variance
    finite_energy: bool  # the target's tails fall faster than |x|^(−1/2)

    @cached_property
    def graph(self) -> _Graph:
        """The CDF of the target, ready for integration over x."""
        return _graph(*self.law.path, before=0.0)

    @cached_property
    def quantiles(self) -> _Graph:
        """The quantile function of the target, ready for integration over levels."""
        knots, heights = self.law.path
        return _graph(heights, knots, before=knots[0])


class _Graph(NamedTuple):
    """A polygon y(x), constant beyond its ends; entry i holds from corner i−1 to corner i."""

    corners: Float[np.ndarray, " n"]
    start: Float[np.ndarray, " n+1"]
    value: Float[np.ndarray, " n+1"]
    slope: Float[np.ndarray, " n+1"]


class _Difference(NamedTuple):
    """The difference of two polygons: linear on consecutive intervals."""

    width: Float[np.ndarray, " intervals"]
    left: Float[np.ndarray, " intervals"]
    right: Float[np.ndarray, " intervals"]


def reference(
    target: Target,
    levels: Float[np.ndarray, " points"],
    z: Float[np.ndarray, " points"],
    cells: int = 512,
    batch: int = 256,
    stratified: bool = False,
) -> Reference:
    """Compute the target's side of every reading, and the scene that all frames share.

    Args:
        target: the density to be learnt.
        levels: the latent's CDF on the grid, from 0 to 1.
        z: the latent grid; the levels themselves where the latent has more than one dimension.
        cells: how many equal cells the window is cut into.
        batch: samples in one batch, for the noise floor.
        stratified: batches are drawn in strata, one sample from each 1/batch of probability.

    Raises:
        BadInput: a quantile function or density of the target that is not finite where it must be.
    """
    ideal = _quantiles(target, levels)
    law = _law(target, ideal, levels)
    low, high = (float(end) for end in target.window)
    edges = np.linspace(low, high, cells + 1)
    x = (edges[1:] + edges[:-1]) / 2
    has_mean, has_variance = bool(np.isfinite(target.mean)), bool(np.isfinite(target.std))
    scene = Scene(
        label=target.label,
        density_label=target.density_label,
        is_sample=target.sample is not None,
        window=(low, high),
        edges=edges,
        x=x,
        p=np.asarray(target.pdf(x), dtype=float),
        F=np.asarray(target.cdf(x), dtype=float),
        z=np.asarray(z, dtype=float),
        u=np.asarray(levels, dtype=float),
        ideal=ideal,
        mean=float(target.mean),
        std=float(target.std),
        spread=float(target.spread),
        mode_edges=np.asarray(target.mode_edges, dtype=float),
        mode_masses=np.asarray(target.mode_masses, dtype=float),
        noise_floor=noise_floor(law, batch, stratified) if has_mean else float("inf"),
    )
    return Reference(
        scene=scene,
        law=law,
        cell_masses=_cell_masses(target, edges),
        finite_wasserstein=has_mean,
        finite_wasserstein2=has_mean and has_variance,
        finite_energy=has_mean or _tails_are_light(target),
    )


def moved(still: Reference, target: Target, ideal: Float[np.ndarray, " points"]) -> Reference:
    """The target's side of every reading, once the target has been moved and stretched: no density is asked again.

    Args:
        still: the same of the target where it stood.
        target: where it stands now.
        ideal: F⁻¹ on the latent grid, moved and stretched likewise.
    """
    scene, stretch = still.scene, float(target.spread) / still.scene.spread
    low, high = (float(end) for end in target.window)
    edges = np.linspace(low, high, scene.edges.size)
    here = replace(
        scene,
        label=target.label,
        window=(low, high),
        edges=edges,
        x=(edges[1:] + edges[:-1]) / 2,
        p=scene.p / stretch,
        ideal=ideal,
        mean=float(target.mean),
        std=float(target.std),
        spread=float(target.spread),
        mode_edges=np.asarray(target.mode_edges, dtype=float),
        noise_floor=scene.noise_floor * stretch,
    )
    return replace(still, scene=here, law=_law(target, ideal, scene.u))


def _law(target: Target, ideal: Float[np.ndarray, " points"], levels: Float[np.ndarray, " points"]) -> Pushforward:
    """The law that a generator is measured against."""
    if target.sample is None:
        return push(ideal, levels)
    law = empirical(np.asarray(target.sample, dtype=float))
    if law.knots.size <= MOST_ATOMS:
        return law
    fine = graded_levels(MOST_ATOMS + 1)
    return push(law.ppf(fine), fine)


def readings(law: Pushforward, values_at_levels: Float[np.ndarray, " points"], reference: Reference) -> Readings:
    """Every distance between p_g and the target.

    W1, W2, KS, energy, MAE and MSE are exact for the two piecewise-linear laws; where the target is data they are to
    the sample's staircase. W1 and MAE are inf where the target has no mean (Cauchy), W2 and MSE where it has no
    variance, the energy distance where its tails fall no faster than |x|^(−1/2): there the integrals diverge, whatever
    G does. `folding` is finite always: what diverges cancels.

    JS and KL compare the masses of the window's cells and of the two outer ones (for data: the KDE's). Merging points
    into cells can only lower a divergence, so they are lower bounds of the continuous ones, and zero for a perfect G.
    KL is inf where one law has mass, more than `law.resolution` in all, on cells where the other has none.

    Args:
        law: of G(z), by `push` or `push_sample`.
        values_at_levels: G on the reference's latent grid; the law's quantiles where the latent has more dimensions.
        reference: the target's side.

    Raises:
        BadInput: values that are not finite, or not one for each level.
    """
    scene = reference.scene
    values = np.asarray(values_at_levels, dtype=float)
    if values.size != scene.u.size or not np.isfinite(values).all():
        raise BadInput(
            f"The readings need a finite G(z) at each of the {scene.u.size} levels of the reference, but got "
            f"{int(np.isfinite(values).sum())} finite values of {values.size}: evaluate G on scene.z."
        )
    knots, heights = law.path
    vertical = _difference(_graph(knots, heights, before=0.0), reference.graph)
    horizontal = _difference(_graph(heights, knots, before=knots[0]), reference.quantiles)
    if scene.is_sample:
        pointwise = _difference(_graph(scene.u, values, before=values[0]), reference.quantiles)
    else:
        error = values - scene.ideal
        pointwise = _Difference(np.diff(scene.u), error[:-1], error[1:])
    wasserstein = _integral_of_modulus(vertical)
    squared = _integral_of_square(horizontal)
    mse = _integral_of_square(pointwise)

    low, high = scene.window
    inner = law.masses(scene.edges)
    below = float(law.cdf_before(np.array(low)))
    above = 1.0 - float(law.cdf(np.array(high)))
    generated = np.concatenate([[below], inner, [above]])
    p = reference.cell_masses
    middle = (generated + p) / 2
    mode_masses = np.diff(law.cdf(scene.mode_edges))

    def unless(finite: bool, value: float) -> float:
        return value if finite else float("inf")

    wasserstein = unless(reference.finite_wasserstein, wasserstein)
    return Readings(
        wasserstein=wasserstein,
        wasserstein_over_std=wasserstein / scene.spread,
        wasserstein2=unless(reference.finite_wasserstein2, float(np.sqrt(squared))),
        ks=_largest_modulus(vertical),
        js=max(0.0, float(rel_entr(p, middle).sum() + rel_entr(generated, middle).sum()) / 2),
        kl=_kl(p, generated, law.resolution),
        reverse_kl=_kl(generated, p, law.resolution),
        energy=unless(reference.finite_energy, float(np.sqrt(2 * _integral_of_square(vertical)))),
        mae=unless(reference.finite_wasserstein, _integral_of_modulus(pointwise)),
        mse=unless(reference.finite_wasserstein2, mse),
        folding=max(0.0, mse - squared),
        mean=law.mean,
        std=law.std,
        mode_masses=mode_masses,
        modes_covered=int(np.count_nonzero(mode_masses >= COVERED * scene.mode_masses)),
        outside=max(0.0, below + above),
    )


def certainty(p: Float[np.ndarray, " cells"], p_g: Float[np.ndarray, " cells"]) -> Float[np.ndarray, " cells"]:
    """How sure the ideal discriminator D* = p/(p + p_g) can be of its answer: max(D*, 1 − D*).

    Where it is ½ even the best can only guess; nan where neither density has anything to judge.
    """
    total = p + p_g
    return np.divide(np.maximum(p, p_g), total, out=np.full(np.shape(total), np.nan), where=total > 0)


def best_hit_rate(
    p: Float[np.ndarray, " cells"], p_g: Float[np.ndarray, " cells"], widths: Float[np.ndarray, " cells"]
) -> float:
    """Share of samples, half of them real, that the ideal discriminator sorts rightly: (1 + TV)/2.

    It is the mean of `certainty` over ½p + ½p_g. All mass beyond the cells counts as one more of them.
    """
    masses, generated = p * widths, p_g * widths
    beyond = abs(masses.sum() - generated.sum())
    return float(0.5 + (np.abs(masses - generated).sum() + beyond) / 4)


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
    log_binomial = gammaln(n + 1) - gammaln(nu + 1) - gammaln(n - nu + 1)
    return 2 * nu / n * np.exp(log_binomial + xlogy(nu, p) + xlog1py(n - nu + 1, -p))


def _stratified_deviation(p: Float[np.ndarray, " n"], n: int) -> Float[np.ndarray, " n"]:
    fraction = np.mod(n * p, 1.0)
    return 2 * fraction * (1 - fraction) / n


def _stratified_primitive(p: Float[np.ndarray, " n"], n: int) -> Float[np.ndarray, " n"]:
    """The integral of the stratified deviation from 0 to p: 1/(3n²) for every whole stratum."""
    fraction, whole = np.modf(n * p)
    return (whole / 3 + fraction**2 - 2 * fraction**3 / 3) / n**2


def _graph(x: Float[np.ndarray, " corners"], y: Float[np.ndarray, " corners"], before: float) -> _Graph:
    """The polygon through the corners; x never decreases, and equal x make a jump."""
    width = x[1:] - x[:-1]
    slope = np.zeros(x.size + 1)
    np.divide(y[1:] - y[:-1], width, out=slope[1:-1], where=width > np.finfo(float).tiny)
    start, value = np.empty(x.size + 1), np.empty(x.size + 1)
    start[0], start[1:] = x[0], x
    value[0], value[1:] = before, y
    return _Graph(x, start, value, slope)


def _difference(one: _Graph, other: _Graph) -> _Difference:
    """The difference of two polygons on the intervals between the corners of both.

    An interval of no width weighs nothing, so jumps need no care: on either side of one, the right branch is taken.
    """
    size = one.corners.size
    corners = np.concatenate([one.corners, other.corners])
    order = np.argsort(corners, kind="stable")
    corners = corners[order]
    mine = np.cumsum(order < size)[:-1]
    yours = np.arange(1, corners.size) - mine
    at = corners[:-1]
    width = corners[1:] - at
    my_slope, your_slope = one.slope[mine], other.slope[yours]
    left = one.value[mine] + my_slope * (at - one.start[mine])
    left -= other.value[yours] + your_slope * (at - other.start[yours])
    return _Difference(width, left, left + (my_slope - your_slope) * width)


def _integral_of_modulus(difference: _Difference) -> float:
    """∫ |d|, exact also where d changes sign: two triangles there, a trapezium elsewhere."""
    width, left, right = difference
    total = np.abs(left) + np.abs(right)
    twice_mean = np.divide(left * left + right * right, total, out=total, where=left * right < 0)
    # A sum, not a dot product, which BLAS spreads over threads: the reading must not wait for another core.
    return float((width * twice_mean).sum()) / 2


def _integral_of_square(difference: _Difference) -> float:
    """∫ d²."""
    width, left, right = difference
    return float((width * (left * left + left * right + right * right)).sum()) / 3


def _largest_modulus(difference: _Difference) -> float:
    """Sup |d|, from both sides of every corner."""
    width, left, right = difference
    return float(np.where(width > 0, np.maximum(np.abs(left), np.abs(right)), 0.0).max())


def _kl(p: Float[np.ndarray, " cells"], q: Float[np.ndarray, " cells"], resolution: float) -> float:
    """KL(p ‖ q) of two lists of masses in nats; cells that q misses count only from `resolution` in all."""
    missed = q <= 0
    if p[missed].sum() > resolution:
        return float("inf")
    return max(0.0, float(rel_entr(p, np.where(missed, p, q)).sum()))


def _quantiles(target: Target, levels: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
    """F⁻¹ at the levels, the ends drawn in to sigmoid(±16), so that all are finite."""
    levels = np.asarray(levels, dtype=float)
    upper = levels > 0.5
    ideal = np.empty(levels.size)
    ideal[~upper] = target.ppf(np.maximum(levels[~upper], END))
    ideal[upper] = target.isf(np.maximum(1 - levels[upper], END))
    if not np.isfinite(ideal).all():
        worst = float(levels[~np.isfinite(ideal)][0])
        raise BadInput(
            f"The quantile function of {target.label} must be finite, but at level {worst:.3g} it is not: "
            f"choose a target with lighter tails or a proper density."
        )
    return ideal


def _cell_masses(target: Target, edges: Float[np.ndarray, " edges"]) -> Float[np.ndarray, " bins"]:
    """Masses of p below the window, in its cells and above it; of the KDE for data, whose CDF is the sample's."""
    low, high = edges[0], edges[-1]
    x, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    # Out to ten windows: beyond, a density that is already thin at the edge weighs nothing.
    ring = np.concatenate([[0.0], (high - low) * np.geomspace(1e-4, 10.0, 800)])
    # Midpoints, because a density may have a pole right on the window's edge.
    distance, thickness = (ring[1:] + ring[:-1]) / 2, np.diff(ring)
    below = float(np.asarray(target.pdf(low - distance), dtype=float) @ thickness)
    above = float(np.asarray(target.pdf(high + distance), dtype=float) @ thickness)
    if target.sample is not None:
        heights = np.asarray(target.pdf(edges), dtype=float)
        inner = (heights[:-1] + 4 * np.asarray(target.pdf(x), dtype=float) + heights[1:]) / 6 * width
        masses = np.concatenate([[below], inner, [above]])
        return masses / masses.sum()
    F = np.asarray(target.cdf(edges), dtype=float)
    masses = np.concatenate([F[:1], np.diff(F), [1 - F[-1]]])
    density = np.concatenate([[below], np.asarray(target.pdf(x), dtype=float) * width, [above]])
    masses = np.where(masses > THIN, masses, density)
    if not (np.isfinite(masses).all() and masses.min() >= 0):
        raise BadInput(f"The density of {target.label} must be finite and not negative: choose a proper density.")
    return masses


def _tails_are_light(target: Target) -> bool:
    """Both tails of F fall faster than |x|^(−1/2), judged by how far the last decade of probability reaches."""
    levels = np.array([10 * END, END])
    near, far = np.abs(np.array([target.isf(levels), target.ppf(levels)], dtype=float)).T
    # At the exponent −1/2 a tenth of the probability lies a hundred times further out.
    return bool((far <= 99.9 * near).all())
