"""The game of the Dirac-GAN (Mescheder, Geiger and Nowozin 2018): the smallest in which training methods fail.

The data are all at 0, the generator puts all its mass at θ, and the discriminator is the line D(x) = ψx, with D above
0 for fakes. The discriminator climbs, and the generator descends, L(θ, ψ) = E f(ψ(θ + τε)) + E f(−ψτε), where
f(t) = −log(1 + e⁻ᵗ) and ε is standard normal. τ = 0 is the paper's game; τ > 0 gives data and fakes a density, which
is the paper's "absolutely continuous case", and is also what instance noise does. The only equilibrium is (0, 0).

A method is its vector field (θ̇, ψ̇), exact and in closed form (expectations over ε by Gauss–Hermite quadrature).
`field` and `trajectory` are pure and quick enough to follow a hand that drags the starting point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit

from gausslab.errors import BadInput

Points = Float[np.ndarray, "*points"]
Numbers = Any  # points, or one as a plain number, which is quicker by ten times
Field = Callable[[Numbers, Numbers, float], tuple[Numbers, Numbers]]  # (θ, ψ, τ) -> (θ̇, ψ̇)
Order = Literal["simultaneous", "alternating"]
Fate = Literal["converges", "inward", "circles", "outward"]

START = (1.0, 1.0)
RATE = 0.2  # h
STEPS = 500
DISCRIMINATOR_STEPS = 5
NOISE = 0.7  # standard deviation of instance noise, and of data that have a density
GAMMA = 0.3
CRITICAL = 1.0  # the γ at which the eigenvalues meet
PENALTY, PENALTY_SLOPE = 0.7, 1.0  # of WGAN-GP and DRAGAN: weight, and the slope asked for
CLIP = 1.0
CLIPPED = 0.1  # weights of the lab's discriminator under WGAN; |weights| ≤ 1 would let 32-32 units be 1,000 steep
NEVER = 10_000_000  # steps in which the lab's instance noise halves

ARRIVED = 0.01  # share of the distance at the start that counts as converged
UNMOVED = 0.05  # change of the largest distance, from one round to a later one, that still counts as circling
EXACT = 1e-3  # digits to which eigenvalues are written down
NODES, WEIGHTS = hermegauss(48)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


class Method(NamedTuple):
    """A way to train, its vector field, and what is published of it."""

    title: str
    field: Field
    settings: Mapping[str, Any] | None  # of the lab, by dotted path, for the same method there; None: it has no such
    converges: tuple[bool, bool] | None  # the paper's verdict where data have a density, and in general
    ends: tuple[str, str, str] | None  # |(θ, ψ)| after 500 steps: simultaneous, alternating with 1 and 5 D steps
    clip: float | None = None  # largest |ψ|
    smooth: bool = True  # at the equilibrium: its Jacobian exists


class _Curvature(NamedTuple):
    """Second derivatives of L, and E f′ on fakes."""

    mean: Numbers
    theta_theta: Numbers
    theta_psi: Numbers
    psi_psi: Numbers


def _uphill(theta: Numbers, psi: Numbers, spread: float) -> tuple[Numbers, Numbers]:
    """The gradient of L at (θ, ψ), the data and fakes being spread by τ."""
    if not spread:
        first = expit(-psi * theta)
        return psi * first, theta * first
    offset = spread * NODES
    fake, slope = np.asarray(theta, dtype=float)[..., None] + offset, np.asarray(psi, dtype=float)[..., None]
    first = expit(-slope * fake)
    return (slope * first) @ WEIGHTS, (fake * first - offset * expit(slope * offset)) @ WEIGHTS


def _curvature(theta: Numbers, psi: Numbers, spread: float) -> _Curvature:
    """How the gradient of L turns."""
    if not spread:
        first = expit(-psi * theta)
        second = -first * (1 - first)
        return _Curvature(first, psi * psi * second, first + psi * theta * second, theta * theta * second)
    offset = spread * NODES
    fake, slope = np.asarray(theta, dtype=float)[..., None] + offset, np.asarray(psi, dtype=float)[..., None]
    first, first_real = expit(-slope * fake), expit(slope * offset)
    second, second_real = -first * (1 - first), -first_real * (1 - first_real)
    return _Curvature(
        first @ WEIGHTS,
        (slope**2 * second) @ WEIGHTS,
        (first + slope * fake * second) @ WEIGHTS,
        (fake**2 * second + offset**2 * second_real) @ WEIGHTS,
    )


def _gan(theta: Numbers, psi: Numbers, spread: float) -> tuple[Numbers, Numbers]:
    along_theta, along_psi = _uphill(theta, psi, spread)
    return -along_theta, along_psi


def _nonsaturating(theta: Numbers, psi: Numbers, spread: float) -> tuple[Numbers, Numbers]:
    toward_psi = _uphill(theta, psi, spread)[1]
    if not spread:
        return -psi * expit(psi * theta), toward_psi
    fake, slope = np.asarray(theta, dtype=float)[..., None] + spread * NODES, np.asarray(psi, dtype=float)[..., None]
    return -(slope * expit(slope * fake)) @ WEIGHTS, toward_psi


def _wasserstein(theta: Numbers, psi: Numbers, spread: float) -> tuple[Numbers, Numbers]:
    return -psi, theta


def _off_one(base: Field) -> Field:
    """The cost ½ · weight · (|D′| − 1)²; D′ is ψ everywhere, so it matters not at which points it is asked for."""

    def field(theta: Numbers, psi: Numbers, spread: float) -> tuple[Numbers, Numbers]:
        toward_theta, toward_psi = base(theta, psi, spread)
        return toward_theta, toward_psi - PENALTY * (np.abs(psi) - PENALTY_SLOPE) * np.sign(psi)

    return field


def _flat(base: Field, gamma: float) -> Field:
    """R1 and R2 with weight γ: the cost ½γ D′², which is the same on reals and on fakes."""

    def field(theta: Numbers, psi: Numbers, spread: float) -> tuple[Numbers, Numbers]:
        toward_theta, toward_psi = base(theta, psi, spread)
        return toward_theta, toward_psi - gamma * psi

    return field


def _noisy(theta: Numbers, psi: Numbers, spread: float) -> tuple[Numbers, Numbers]:
    return _gan(theta, psi, float(np.hypot(spread, NOISE)))


def _consensus(share: float) -> Field:
    """Besides playing, both descend ½|v|², v being the field of the plain game; of f″ only a share is kept."""

    def field(theta: Numbers, psi: Numbers, spread: float) -> tuple[Numbers, Numbers]:
        along_theta, along_psi = _uphill(theta, psi, spread)
        turns = _curvature(theta, psi, spread)
        mixed = turns.mean + share * (turns.theta_psi - turns.mean)
        return (
            -along_theta - share * along_theta * turns.theta_theta - along_psi * mixed,
            along_psi - along_theta * mixed - share * along_psi * turns.psi_psi,
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
    theta, psi = float(start[0]), _held(method, float(start[1]))
    path = np.empty((steps + 1, 2))
    path[0] = theta, psi
    with np.errstate(over="ignore", invalid="ignore"):  # of a way that has left for good
        for step in range(steps):
            theta, psi = _moved(method, theta, psi, rate, order, discriminator_steps, spread)
            path[step + 1] = theta, psi
    return path


def _held(method: Method, psi: float) -> float:
    return psi if method.clip is None else min(max(psi, -method.clip), method.clip)


def _moved(
    method: Method, theta: float, psi: float, rate: float, order: Order, discriminator_steps: int, spread: float
) -> tuple[float, float]:
    """One step of both players."""
    toward_theta, toward_psi = method.field(theta, psi, spread)
    theta = theta + rate * float(toward_theta)
    if order == "simultaneous":
        return theta, _held(method, psi + rate * float(toward_psi))
    for _ in range(discriminator_steps):
        psi = _held(method, psi + rate * float(method.field(theta, psi, spread)[1]))
    return theta, psi


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


def in_words(values: Sequence[complex] | np.ndarray) -> str:
    """A pair of eigenvalues as a ± bi, or as two real numbers; the real ones to the digits that a double root keeps."""
    real, imaginary = float(np.mean(np.real(values))), float(np.abs(np.imag(values)).max())
    if imaginary < EXACT:
        return ", ".join(f"{value:.3g}" for value in sorted(np.real(values)))
    return f"{real:.3g} ± {imaginary:.3g}i" if abs(real) > EXACT else f"±{imaginary:.3g}i"


def factor_of_a_step(
    name: str, *, rate: float = RATE, order: Order = "simultaneous", discriminator_steps: int = 1, spread: float = 0.0
) -> float:
    """By how much a step multiplies a small distance to the equilibrium, in the long run: below 1 it converges.

    The spectral radius of one step's Jacobian at (0, 0); both players at once have |1 + hλ|, λ being the eigenvalues.

    Raises:
        BadInput: where there is no such method, or its field has a kink at the equilibrium.
    """
    eigenvalues(name, spread)
    method, width = method_named(name), 1e-5
    ends = ((width, 0.0), (-width, 0.0), (0.0, width), (0.0, -width))
    moved = np.array([_moved(method, *end, rate, order, discriminator_steps, spread) for end in ends])
    return float(np.abs(np.linalg.eigvals((moved[::2] - moved[1::2]).T / (2 * width))).max())


def fate(path: Float[np.ndarray, "points 2"]) -> Fate:
    """What became of a trajectory.

    It has converged where what is left of the distance is nothing to speak of. Otherwise its largest distance in the
    last round about the equilibrium is held against that of the round half-way: an orbit that is no circle is nearer
    and farther by turns, and the first round is still under the spell of the start. Where it has not gone round four
    times, the first and the last step are compared.
    """
    distance = np.hypot(*path.T)
    if not np.isfinite(distance).all():
        return "outward"
    if distance[-1] <= ARRIVED * distance[0]:
        return "converges"
    angle = np.unwrap(np.arctan2(path[:, 1], path[:, 0]))
    rounds = np.abs(angle - angle[0]) / (2 * np.pi)
    before, after = distance[:1], distance[-1:]
    if rounds[-1] >= 4:
        half = rounds[-1] / 2
        before, after = distance[(half - 1 <= rounds) & (rounds <= half)], distance[rounds >= rounds[-1] - 1]
    change = float(after.max() / before.max())
    if abs(change - 1) <= UNMOVED:
        return "circles"
    return "outward" if change > 1 else "inward"


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


_PLAIN = {"loss": "minimax", "penalties": {}}

METHODS: dict[str, Method] = {
    "gan": Method("GAN", _gan, _PLAIN, (True, False), ("3.10", "1.42", "1.85")),
    "nonsaturating": Method(
        "non-saturating GAN", _nonsaturating, {**_PLAIN, "loss": "nonsaturating"}, None, ("0.64", "0.28", "0.14")
    ),
    "wgan": Method(
        "WGAN, |ψ| ≤ 1",
        _wasserstein,
        {**_PLAIN, "loss": "wasserstein", "remedies.clip_weights": CLIPPED},
        (False, False),
        ("1.0", "1.02", "0.92"),
        clip=CLIP,
    ),
    "wgan_gp": Method(
        "WGAN-GP 0.7",
        _off_one(_wasserstein),
        {"loss": "wasserstein", "penalties": {"wgan_gp": PENALTY / 2}},
        (False, False),
        ("1.80", "1.22", "0.72"),
        smooth=False,
    ),
    "dragan": Method(
        "DRAGAN 0.7",
        _off_one(_gan),
        {**_PLAIN, "penalties": {"dragan": PENALTY / 2}},
        (True, False),
        None,
        smooth=False,
    ),
    "instance_noise": Method(
        "instance noise 0.7",
        _noisy,
        {**_PLAIN, "remedies.instance_noise": NOISE, "remedies.noise_half_life": NEVER},
        (True, True),
        ("0.018", "0.016", "0.033"),
    ),
    "r1": Method(
        "R1, γ = 0.3",
        _flat(_gan, GAMMA),
        {**_PLAIN, "penalties": {"r1": GAMMA}},
        (True, True),
        ("2.6e-6", "2.3e-7", "9e-34"),
    ),
    "r1_critical": Method(
        "R1, γ = 1",
        _flat(_gan, CRITICAL),
        {**_PLAIN, "penalties": {"r1": CRITICAL}},
        None,
        ("1e-21", "7e-17", "5e-12"),
    ),
    "r2": Method("R2, γ = 0.3", _flat(_gan, GAMMA), {**_PLAIN, "penalties": {"r2": GAMMA}}, (True, True), None),
    "nonsaturating_r1": Method(
        "non-saturating + R1, γ = 0.3",
        _flat(_nonsaturating, GAMMA),
        {"loss": "nonsaturating", "penalties": {"r1": GAMMA}},
        None,
        ("2.2e-6", "1.5e-7", "4e-34"),
    ),
    "consensus": Method("consensus 1", _consensus(1.0), {**_PLAIN, "remedies.consensus": 1.0}, (True, True), None),
    "consensus_as_coded": Method("consensus 1, as coded", _consensus(0.5), None, None, ("2e-10", "1e-11", "5e-33")),
}
