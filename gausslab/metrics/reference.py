"""The target's side of every reading, worked out once while the target stands still, and carried along as it moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from gausslab.errors import BadInput
from gausslab.frame import Scene
from gausslab.metrics.graphs import THIN, Graph, polygon
from gausslab.metrics.noise import noise_floor
from gausslab.pushforward import END, Pushforward, empirical, graded_levels, push

# A sample with more distinct values than this is drawn as the polygon of as many of its quantiles.
MOST_ATOMS = 8192


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
    def graph(self) -> Graph:
        """The CDF of the target, ready for integration over x."""
        return polygon(*self.law.path, before=0.0)

    @cached_property
    def quantiles(self) -> Graph:
        """The quantile function of the target, ready for integration over levels."""
        knots, heights = self.law.path
        return polygon(heights, knots, before=knots[0])


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
