"""What the players play for: each loss with its optimal discriminator in closed form.

A loss is built of three pointwise functions of D's raw output v. The discriminator minimises the mean of `real(v)`
over the target plus the mean of `fake(v)` over the generator, the generator minimises the mean of `generated(v)`.
Where `paired` is set, D is judged by differences: `real` sees D(real) − D(fake), `generated` the opposite, and
`fake` is not used. `optimal(p, q, F, G, x)` is D*, the raw output that no discriminator beats against densities p
(target) and q (generated) with CDFs F and G on the grid x; `belief` turns raw outputs into the probability "real".

The pointwise functions take JAX's arrays in training and NumPy's in a frame, where a compiled program would cost more
than it saves: they are written with the functions below, which answer in kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float

Numbers = np.ndarray | Array
Pointwise = Callable[[Any], Any]  # from Numbers to Numbers of the same kind
Curve = Float[np.ndarray, "*frames cells"]

RATIO_LIMIT = 1e12  # density ratios beyond this, or their inverses, are as good as infinite in float32
LOG_2 = float(np.log(2.0))
TIE = 5e-6  # masses of a cell, or CDFs, nearer than this are the same: the grid of G leaves that much open


class Loss(NamedTuple):
    """Two players' aims, and the best that the discriminator can do."""

    summary: str
    real: Pointwise
    fake: Pointwise
    generated: Pointwise
    optimal: Callable[[Curve, Curve, Curve, Curve, Float[np.ndarray, " cells"]], Curve]
    belief: Callable[[Curve, Curve, Curve], Curve]  # (v, v*, (p + q)/2 per cell) -> [0, 1]
    paired: bool = False


def _library(v: Numbers) -> Any:
    return np if isinstance(v, np.ndarray) else jnp


def exp(v: Numbers) -> Numbers:
    """The exponential function; infinite, and no matter for a warning, where it is too large a number."""
    with np.errstate(over="ignore"):
        return _library(v).exp(v)


def tanh(v: Numbers) -> Numbers:
    """The hyperbolic tangent."""
    return _library(v).tanh(v)


def relu(v: Numbers) -> Numbers:
    """The larger of v and 0."""
    return np.maximum(v, 0.0) if isinstance(v, np.ndarray) else jax.nn.relu(v)


def softplus(v: Numbers) -> Numbers:
    """The logarithm of 1 + eᵛ."""
    # NumPy's own logaddexp takes four times as long.
    return np.maximum(v, 0.0) + np.log1p(np.exp(-np.abs(v))) if isinstance(v, np.ndarray) else _softplus(v)


@jax.custom_jvp
def _softplus(v: Array) -> Array:
    """As in JAX, whose own has a slope that takes several times as long as this one's."""
    return jnp.logaddexp(v, 0.0)


_softplus.defjvps(lambda slope, _, v: slope * jax.nn.sigmoid(v))


def discriminator_loss(loss: Loss, real: Float[Array, " n"], fake: Float[Array, " n"], smoothing: Array) -> Array:
    """What the discriminator minimises on one batch.

    Args:
        loss: a member of LOSSES.
        real: D's raw outputs on real samples.
        fake: D's raw outputs on fakes.
        smoothing: share of the reals that are called fake (one-sided label smoothing, Salimans et al. 2016).
    """
    if loss.paired:
        gap = real - fake
        return ((1 - smoothing) * loss.real(gap) + smoothing * loss.real(-gap)).mean()
    return ((1 - smoothing) * loss.real(real) + smoothing * loss.fake(real)).mean() + loss.fake(fake).mean()


def generator_loss(loss: Loss, real: Float[Array, " n"], fake: Float[Array, " n"]) -> Array:
    """What the generator minimises on one batch; `real` matters only where the loss is paired."""
    return loss.generated(fake - real if loss.paired else fake).mean()


def exact_discriminator_loss(loss: Loss, v: Numbers, p: Numbers, q: Numbers) -> Any:
    """What the discriminator minimises, in the mean over all samples, for raw outputs v on cells of known mass.

    Args:
        loss: a member of LOSSES.
        v: raw outputs, (cells,).
        p: the target's mass in each cell, (cells,).
        q: the generator's mass in each cell, (cells,).
    """
    if loss.paired:
        return (p[:, None] * loss.real(v[:, None] - v[None]) * q[None]).sum()
    return _weighed(p, loss.real(v)) + _weighed(q, loss.fake(v))


def exact_generator_loss(loss: Loss, v: Numbers, p: Numbers, q: Numbers) -> Any:
    """What the generator minimises, likewise."""
    if loss.paired:
        return (p[:, None] * loss.generated(v[None] - v[:, None]) * q[None]).sum()
    return _weighed(q, loss.generated(v))


def _weighed(masses: Numbers, values: Numbers) -> Any:
    """The sum of values, each times its mass; where there is no mass even an infinity weighs nothing."""
    # A sum, not a dot product: NumPy's may be spread over threads, and wait for another core.
    return (masses * _library(values).where(masses > 0, values, 0.0)).sum()


def ratio(p: Curve, q: Curve) -> Curve:
    """Density ratio p/q, kept within float32; 1 where neither has mass."""
    tiny = np.finfo(np.float64).tiny
    return np.clip((p + tiny) / (q + tiny), 1 / RATIO_LIMIT, RATIO_LIMIT)


def _log_ratio(p: Curve, q: Curve, F: Curve, G: Curve, x: Float[np.ndarray, " cells"]) -> Curve:
    return np.log(ratio(p, q))


def _side(p: Curve, q: Curve) -> Curve:
    """1 where the target has more mass, −1 where the generator has, 0 where it is a tie."""
    return np.where(np.abs(p - q) > TIE, np.sign(p - q), 0.0)


def _sigmoid_belief(shift: float = 0.0, slope: float = 1.0) -> Callable[[Curve, Curve, Curve], Curve]:
    return lambda v, best, mixture: scipy.special.expit(slope * (v - shift))


def _centred(v: Curve, mixture: Curve) -> Curve:
    return v - (v * mixture).sum(-1, keepdims=True) / mixture.sum(-1, keepdims=True)


def _centred_belief(v: Curve, best: Curve, mixture: Curve) -> Curve:
    """Belief where D is free up to a constant: the one that centres it over what both players show."""
    return scipy.special.expit(_centred(v, mixture))


def _potential(p: Curve, q: Curve, F: Curve, G: Curve, x: Float[np.ndarray, " cells"]) -> Curve:
    """Kantorovich potential: slope 1 up where the generator's CDF is ahead, down where it lags (Villani 2009, 5.16)."""
    slope = _side(G, F)
    steps = 0.5 * (slope[..., 1:] + slope[..., :-1]) * np.diff(x)
    return np.concatenate([np.zeros_like(F[..., :1]), np.cumsum(steps, axis=-1)], axis=-1)


def _potential_belief(v: Curve, best: Curve, mixture: Curve) -> Curve:
    reach = np.abs(_centred(best, mixture)).max(-1, keepdims=True)
    return np.clip(0.5 + 0.5 * _centred(v, mixture) / np.maximum(reach, 1e-6), 0, 1)


def _jeffreys_fake(v: Numbers) -> Numbers:
    """f*(T) at T = f′(eᵛ) = v + 1 − e⁻ᵛ, which needs no Lambert W: u f′(u) − f(u) at u = eᵛ."""
    return v + exp(v) - 1


LOSSES: dict[str, Loss] = {
    "minimax": Loss(
        "The zero-sum game of Goodfellow et al. 2014; its generator learns little while it is losing.",
        real=lambda v: softplus(-v),
        fake=softplus,
        generated=lambda v: -softplus(v),
        optimal=_log_ratio,
        belief=_sigmoid_belief(),
    ),
    "nonsaturating": Loss(
        "Goodfellow et al. 2014, section 3: the generator maximises log D instead, and learns from the start.",
        real=lambda v: softplus(-v),
        fake=softplus,
        generated=lambda v: softplus(-v),
        optimal=_log_ratio,
        belief=_sigmoid_belief(),
    ),
    "least_squares": Loss(
        "Squared distance of D to 1 on reals and 0 on fakes (Mao et al. 2017).",
        real=lambda v: 0.5 * (v - 1) ** 2,
        fake=lambda v: 0.5 * v**2,
        generated=lambda v: 0.5 * (v - 1) ** 2,
        optimal=lambda p, q, F, G, x: scipy.special.expit(np.log(ratio(p, q))),
        belief=lambda v, best, mixture: np.clip(v, 0, 1),
    ),
    "hinge": Loss(
        "D is told to stop once reals are above 1 and fakes below −1 (Lim and Ye 2017; Miyato et al. 2018).",
        real=lambda v: relu(1 - v),
        fake=lambda v: relu(1 + v),
        generated=lambda v: -v,
        optimal=lambda p, q, F, G, x: _side(p, q),
        belief=lambda v, best, mixture: np.clip(0.5 + 0.5 * v, 0, 1),
    ),
    "wasserstein": Loss(
        "Earth mover's distance in its dual (Arjovsky et al. 2017); needs a D of bounded slope: clip or penalise.",
        real=lambda v: -v,
        fake=lambda v: v,
        generated=lambda v: -v,
        optimal=_potential,
        belief=_potential_belief,
    ),
    "relativistic": Loss(
        "D compares one real with one fake (Jolicoeur-Martineau 2019, RpGAN): no mode can be forgotten for free.",
        real=lambda gap: softplus(-gap),
        fake=lambda gap: 0.0 * gap,
        generated=lambda gap: softplus(-gap),
        optimal=_log_ratio,
        belief=_centred_belief,
        paired=True,
    ),
    "kl": Loss(
        "f-GAN for KL(p ‖ q) (Nowozin et al. 2016): punishes what the generator leaves out.",
        real=lambda v: -v,
        fake=lambda v: exp(v - 1),
        generated=lambda v: -exp(v - 1),
        optimal=lambda p, q, F, G, x: 1 + np.log(ratio(p, q)),
        belief=_sigmoid_belief(shift=1.0),
    ),
    "reverse_kl": Loss(
        "f-GAN for KL(q ‖ p): punishes what the generator makes up.",
        real=lambda v: exp(-v),
        fake=lambda v: v - 1,
        generated=lambda v: 1 - v,
        optimal=_log_ratio,
        belief=_sigmoid_belief(),
    ),
    "jensen_shannon": Loss(
        "f-GAN for twice the Jensen–Shannon divergence: the minimax game up to log 4.",
        real=lambda v: softplus(-v) - LOG_2,
        fake=lambda v: softplus(v) - LOG_2,
        generated=lambda v: LOG_2 - softplus(v),
        optimal=_log_ratio,
        belief=_sigmoid_belief(),
    ),
    "pearson": Loss(
        "f-GAN for Pearson χ², ∫(p − q)²/q.",
        real=lambda v: -v,
        fake=lambda v: v**2 / 4 + v,
        generated=lambda v: -(v**2) / 4 - v,
        optimal=lambda p, q, F, G, x: 2 * (ratio(p, q) - 1),
        belief=lambda v, best, mixture: np.maximum(1 + v / 2, 0) / (1 + np.maximum(1 + v / 2, 0)),
    ),
    "squared_hellinger": Loss(
        "f-GAN for the squared Hellinger distance ∫(√p − √q)².",
        real=lambda v: exp(-v) - 1,
        fake=lambda v: exp(v) - 1,
        generated=lambda v: 1 - exp(v),
        optimal=lambda p, q, F, G, x: 0.5 * np.log(ratio(p, q)),
        belief=_sigmoid_belief(slope=2.0),
    ),
    "jeffreys": Loss(
        "f-GAN for KL both ways added, with the output activation v + 1 − e⁻ᵛ.",
        real=lambda v: exp(-v) - 1 - v,
        fake=_jeffreys_fake,
        generated=lambda v: -_jeffreys_fake(v),
        optimal=_log_ratio,
        belief=_sigmoid_belief(),
    ),
    "total_variation": Loss(
        "f-GAN for the total variation ½∫|p − q|; D* is all or nothing.",
        real=lambda v: -0.5 * tanh(v),
        fake=lambda v: 0.5 * tanh(v),
        generated=lambda v: -0.5 * tanh(v),
        optimal=lambda p, q, F, G, x: _side(p, q) * np.log(RATIO_LIMIT),
        belief=lambda v, best, mixture: 0.5 + 0.5 * np.tanh(v),
    ),
}
