"""Every distance between the law of G(z) and the target, the modes it covers, and what the ideal discriminator tells.

Of the distances only JS and KL need the window's cells.
"""

from __future__ import annotations

import numpy as np
import scipy
from jaxtyping import Float

from gausslab.errors import BadInput
from gausslab.frame import Readings
from gausslab.metrics.graphs import (
    Difference,
    difference,
    integral_of_modulus,
    integral_of_square,
    largest_modulus,
    polygon,
)
from gausslab.metrics.reference import Reference
from gausslab.pushforward import Pushforward

# A mode is covered when it holds this part of the target's own share.
COVERED = 0.25


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
    vertical = difference(polygon(knots, heights, before=0.0), reference.graph)
    horizontal = difference(polygon(heights, knots, before=knots[0]), reference.quantiles)
    if scene.is_sample:
        pointwise = difference(polygon(scene.u, values, before=values[0]), reference.quantiles)
    else:
        error = values - scene.ideal
        pointwise = Difference(scene.u[1:] - scene.u[:-1], error[:-1], error[1:])
    wasserstein = integral_of_modulus(vertical)
    squared = integral_of_square(horizontal)
    mse = integral_of_square(pointwise)

    low, high = scene.window
    inner = law.masses(scene.edges)
    below = float(law.cdf_before(np.array(low)))
    above = 1.0 - float(law.cdf(np.array(high)))
    generated = np.concatenate([[below], inner, [above]])
    p = reference.cell_masses
    middle = (generated + p) / 2
    mode_masses = np.diff(law.cdf(scene.mode_edges))

    wasserstein = _where(reference.finite_wasserstein, wasserstein)
    return Readings(
        wasserstein=wasserstein,
        wasserstein_over_std=wasserstein / scene.spread,
        wasserstein2=_where(reference.finite_wasserstein2, float(np.sqrt(squared))),
        ks=largest_modulus(vertical),
        js=max(
            0.0, float(scipy.special.rel_entr(p, middle).sum() + scipy.special.rel_entr(generated, middle).sum()) / 2
        ),
        kl=_kl(p, generated, law.resolution),
        reverse_kl=_kl(generated, p, law.resolution),
        energy=_where(reference.finite_energy, float(np.sqrt(2 * integral_of_square(vertical)))),
        mae=_where(reference.finite_wasserstein, integral_of_modulus(pointwise)),
        mse=_where(reference.finite_wasserstein2, mse),
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


def _kl(p: Float[np.ndarray, " cells"], q: Float[np.ndarray, " cells"], resolution: float) -> float:
    """KL(p ‖ q) of two lists of masses in nats; cells that q misses count only from `resolution` in all."""
    missed = q <= 0
    if p[missed].sum() > resolution:
        return float("inf")
    return max(0.0, float(scipy.special.rel_entr(p, np.where(missed, p, q)).sum()))


def _where(finite: bool, value: float) -> float:
    """A distance that is infinite where the target has no moment for it."""
    return value if finite else float("inf")
