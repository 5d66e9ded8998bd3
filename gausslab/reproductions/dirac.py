"""The game of the Dirac-GAN (Mescheder, Geiger and Nowozin 2018): the smallest in which training methods fail.

The data are all at 0, the generator puts all its mass at θ, and the discriminator is the line D(x) = ψx, with D above
0 for fakes. The discriminator climbs, and the generator descends, L(θ, ψ) = E f(ψ(θ + τε)) + E f(−ψτε), where
f(t) = −log(1 + e⁻ᵗ) and ε is standard normal. τ = 0 is the paper's game; τ > 0 gives data and fakes a density, which
is the paper's "absolutely continuous case", and is also what instance noise does. The only equilibrium is (0, 0).

A method is its vector field (θ̇, ψ̇), exact and in closed form (expectations over ε by Gauss–Hermite quadrature).
`field` and `trajectory` are pure and quick enough to follow a hand that drags the starting point.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit

from gausslab.errors import BadInput

Points = Float[np.ndarray, "*points"]
Field = Callable[[Points, Points, float], tuple[Points, Points]]  # (θ, ψ, τ) -> (θ̇, ψ̇)
Order = Literal["simultaneous", "alternating"]

START = (1.0, 1.0)
RATE = 0.2  # h
STEPS = 500
DISCRIMINATOR_STEPS = 5
NOISE = 0.7  # standard deviation of instance noise, and of data that have a density
GAMMA = 0.3
CRITICAL = 1.0  # the γ at which the eigenvalues meet
PENALTY, PENALTY_SLOPE = 0.7, 1.0  # of WGAN-GP and DRAGAN: weight, and the slope asked for
CLIP = 1.0

NODES, WEIGHTS = hermegauss(48)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


class Method(NamedTuple):
    """A way to train, its vector field, and what is published of it."""

    title: str
    field: Field
    converges: tuple[bool, bool] | None  # the paper's verdict where data have a density, and in general
    ends: tuple[str, str, str] | None  # |(θ, ψ)| after 500 steps: simultaneous, alternating with 1 and 5 D steps
    clip: float | None = None  # largest |ψ|
    smooth: bool = True  # at the equilibrium: its Jacobian exists


class _Slopes(NamedTuple):
    """First and second derivatives of L."""

    mean: Points  # E f′ on fakes
    theta: Points
    psi: Points
    theta_theta: Points
    theta_psi: Points
    psi_psi: Points


def _nodes(spread: float) -> tuple[np.ndarray, np.ndarray]:
    return (spread * NODES, WEIGHTS) if spread else (np.zeros(1), np.ones(1))


def _slopes(theta: Points, psi: Points, spread: float) -> _Slopes:
    """Derivatives of L at (θ, ψ), the data and fakes being spread by τ."""
    offset, weight = _nodes(spread)
    theta, psi = np.asarray(theta, dtype=float)[..., None], np.asarray(psi, dtype=float)[..., None]
    fake = theta + offset
    first, second = expit(-psi * fake), -expit(psi * fake) * expit(-psi * fake)
    first_real, second_real = expit(psi * offset), -expit(psi * offset) * expit(-psi * offset)
    return _Slopes(
        first @ weight,
        (psi * first) @ weight,
        (fake * first - offset * first_real) @ weight,
        (psi**2 * second) @ weight,
        (first + psi * fake * second) @ weight,
        (fake**2 * second + offset**2 * second_real) @ weight,
    )


def _gan(theta: Points, psi: Points, spread: float) -> tuple[Points, Points]:
    slopes = _slopes(theta, psi, spread)
    return -slopes.theta, slopes.psi


def _nonsaturating(theta: Points, psi: Points, spread: float) -> tuple[Points, Points]:
    offset, weight = _nodes(spread)
    fake = np.asarray(theta, dtype=float)[..., None] + offset
    slope = np.asarray(psi, dtype=float)[..., None]
    return -(slope * expit(slope * fake)) @ weight, _slopes(theta, psi, spread).psi


def _wasserstein(theta: Points, psi: Points, spread: float) -> tuple[Points, Points]:
    return -np.asarray(psi, dtype=float), np.asarray(theta, dtype=float)


def _off_one(base: Field) -> Field:
    """The cost ½ · weight · (|D′| − 1)²; D′ is ψ everywhere, so it matters not at which points it is asked for."""

    def field(theta: Points, psi: Points, spread: float) -> tuple[Points, Points]:
        toward_theta, toward_psi = base(theta, psi, spread)
        return toward_theta, toward_psi - PENALTY * (np.abs(psi) - PENALTY_SLOPE) * np.sign(psi)

    return field


def _flat(base: Field, gamma: float) -> Field:
    """R1 and R2 with weight γ: the cost ½γ D′², which is the same on reals and on fakes."""

    def field(theta: Points, psi: Points, spread: float) -> tuple[Points, Points]:
        toward_theta, toward_psi = base(theta, psi, spread)
        return toward_theta, toward_psi - gamma * psi

    return field


def _noisy(theta: Points, psi: Points, spread: float) -> tuple[Points, Points]:
    return _gan(theta, psi, float(np.hypot(spread, NOISE)))


def _consensus(share: float) -> Field:
    """Besides playing, both descend ½|v|², v being the field of the plain game; of f″ only a share is kept."""

    def field(theta: Points, psi: Points, spread: float) -> tuple[Points, Points]:
        slopes = _slopes(theta, psi, spread)
        mixed = slopes.mean + share * (slopes.theta_psi - slopes.mean)
        return (
            -slopes.theta - share * slopes.theta * slopes.theta_theta - slopes.psi * mixed,
            slopes.psi - slopes.theta * mixed - share * slopes.psi * slopes.psi_psi,
        )

    return field


def method_named(name: str) -> Method:
    """Looks a method up.

    Raises:
        BadInput: where there is none of this name.
    """
    if name not in METHODS:
        raise BadInput(f"Expected a method out of {', '.join(METHODS)}, got {name[:40]!r}: choose one of these.")
    return METHODS[name]


def field(name: str, theta: Points | float, psi: Points | float, spread: float = 0.0) -> tuple[Points, Points]:
    """The direction (θ̇, ψ̇) in which a method moves, at every one of some points.

    Args:
        name: a key of METHODS.
        theta: where the fakes are.
        psi: the discriminator's slope, of the same shape.
        spread: τ, the standard deviation of data and fakes; 0 is the paper's game.

    Raises:
        BadInput: where there is no such method.
    """
    shape = np.shape(theta)
    toward = method_named(name).field(
        np.atleast_1d(np.asarray(theta, dtype=float)), np.atleast_1d(np.asarray(psi, dtype=float)), spread
    )
    return toward[0].reshape(shape), toward[1].reshape(shape)


def trajectory(
    name: str,
    start: tuple[float, float] = START,
    steps: int = STEPS,
    *,
    rate: float = RATE,
    order: Order = "simultaneous",
    discriminator_steps: int = 1,
    spread: float = 0.0,
) -> Float[np.ndarray, "points 2"]:
    """The way of (θ, ψ) from a start, the start included.

    Args:
        name: a key of METHODS.
        start: (θ, ψ) at first.
        steps: how many to take.
        rate: h, the size of a step.
        order: both move at once, or the generator moves and then the discriminator answers, as in the authors' program.
        discriminator_steps: its moves in a step where they alternate.
        spread: τ, as in `field`.

    Raises:
        BadInput: where there is no such method.
    """
    method = method_named(name)
    limit = np.inf if method.clip is None else method.clip
    theta, psi = np.array([float(start[0])]), np.clip([float(start[1])], -limit, limit)
    path = np.empty((steps + 1, 2))
    path[0] = theta[0], psi[0]
    for step in range(steps):
        toward_theta, toward_psi = method.field(theta, psi, spread)
        theta = theta + rate * toward_theta
        if order == "simultaneous":
            psi = np.clip(psi + rate * toward_psi, -limit, limit)
        else:
            for _ in range(discriminator_steps):
                psi = np.clip(psi + rate * method.field(theta, psi, spread)[1], -limit, limit)
        path[step + 1] = theta[0], psi[0]
    return path


def eigenvalues(name: str, spread: float = 0.0) -> np.ndarray:
    """The two eigenvalues of a method's Jacobian at the equilibrium, where it has one.

    Raises:
        BadInput: where there is no such method, or its field has a kink at the equilibrium.
    """
    method = method_named(name)
    if not method.smooth:
        raise BadInput(
            f"Expected a field that is smooth at (0, 0), got {method.title}: look at its trajectory instead."
        )
    width = 1e-5
    ends = np.array([[width, 0.0], [-width, 0.0], [0.0, width], [0.0, -width]])
    values = np.array(method.field(ends[:, 0], ends[:, 1], spread))
    return np.linalg.eigvals(np.stack([values[:, 0] - values[:, 1], values[:, 2] - values[:, 3]], axis=1) / (2 * width))


def rate_of_convergence(name: str, rate: float = RATE) -> float:
    """|1 + hλ|, by which simultaneous steps shrink the distance to the equilibrium in the long run."""
    return float(np.abs(1 + rate * eigenvalues(name)).max())


def measured_rate(name: str, last: int = 200) -> float:
    """The factor by which a step shrinks the distance: the mean over the last steps of a simultaneous trajectory."""
    sizes = np.log(np.hypot(*trajectory(name).T))[-last - 1 :]
    return float(np.exp(np.polyfit(np.arange(last + 1), sizes, 1)[0]))


def converges(name: str, spread: float = 0.0) -> bool:
    """Whether a start near the equilibrium is drawn into it, as nearly in continuous time as small steps can tell."""
    path = trajectory(name, (0.1, 0.1), 2000, rate=0.02, spread=spread)
    return bool(np.hypot(*path[-1]) < 0.1 * np.hypot(*path[0]))


def ends(name: str) -> tuple[float, float, float]:
    """|(θ, ψ)| at the end: moving at once, alternating, and alternating with 5 steps of the discriminator."""
    paths = (
        trajectory(name),
        trajectory(name, order="alternating"),
        trajectory(name, order="alternating", discriminator_steps=DISCRIMINATOR_STEPS),
    )
    return tuple(float(np.hypot(*path[-1])) for path in paths)  # pyright: ignore[reportReturnType] (three of them)


METHODS: dict[str, Method] = {
    "gan": Method("GAN", _gan, (True, False), ("3.10", "1.42", "1.85")),
    "nonsaturating": Method("non-saturating GAN", _nonsaturating, None, ("0.64", "0.28", "0.14")),
    "wgan": Method("WGAN, |ψ| ≤ 1", _wasserstein, (False, False), ("1.0", "1.02", "0.92"), clip=CLIP),
    "wgan_gp": Method("WGAN-GP 0.7", _off_one(_wasserstein), (False, False), ("1.80", "1.22", "0.72"), smooth=False),
    "dragan": Method("DRAGAN 0.7", _off_one(_gan), (True, False), None, smooth=False),
    "instance_noise": Method("instance noise 0.7", _noisy, (True, True), ("0.018", "0.016", "0.033")),
    "r1": Method("R1, γ = 0.3", _flat(_gan, GAMMA), (True, True), ("2.6e-6", "2.3e-7", "9e-34")),
    "r1_critical": Method("R1, γ = 1", _flat(_gan, CRITICAL), None, ("1e-21", "7e-17", "5e-12")),
    "r2": Method("R2, γ = 0.3", _flat(_gan, GAMMA), (True, True), None),
    "nonsaturating_r1": Method(
        "non-saturating + R1, γ = 0.3", _flat(_nonsaturating, GAMMA), None, ("2.2e-6", "1.5e-7", "4e-34")
    ),
    "consensus": Method("consensus 1", _consensus(1.0), (True, True), None),
    "consensus_as_coded": Method("consensus 1, as coded", _consensus(0.5), None, ("2e-10", "1e-11", "5e-33")),
}
