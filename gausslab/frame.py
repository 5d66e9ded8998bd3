"""A frame: a NumPy record of all that can be seen of a run at one step.

Nothing here computes: `gausslab.observing` fills a frame in, and figures, the diagnosis, files and the lab read it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

Measure = Literal["W1", "KS"]
UNITS: dict[Measure, str] = {"W1": " σ", "KS": ""}  # of a distance, as it is written behind its number


class Flat(NamedTuple):
    """A stretch of the latent on which G stands still: an atom, or nearly one, of p_g."""

    start: float  # latent z at which it begins
    stop: float  # latent z at which it ends
    x: float  # where the mass sits
    mass: float  # probability that it holds, in [0, 1]


class Fold(NamedTuple):
    """A stretch of the latent on which G runs against its own overall direction."""

    start: float
    stop: float


@dataclass(frozen=True, eq=False)
class Readings:
    """Every distance between p_g and the target, and what p_g is like. Exact unless the frame is sampled."""

    wasserstein: float  # W1 = ∫|F_g − F| dx, in units of x
    wasserstein_over_std: float  # W1 in units of the target's spread
    wasserstein2: float  # W2, in units of x
    ks: float  # sup |F_g − F|, in [0, 1]
    js: float  # Jensen–Shannon divergence in nats, in [0, log 2]
    kl: float  # KL(p ‖ p_g) in nats; inf where p has mass and p_g has none
    reverse_kl: float  # KL(p_g ‖ p) in nats
    energy: float  # energy distance (2 ∫ (F_g − F)² dx)^½
    mae: float  # ∫ |G(z) − F⁻¹(z)| dz
    mse: float  # ∫ (G(z) − F⁻¹(z))² dz
    folding: float  # mse − W2² ≥ 0: the part of the error that is only folding
    mean: float  # of p_g
    std: float  # of p_g
    mode_masses: Float[np.ndarray, " modes"]  # mass of p_g in each basin of the target
    modes_covered: int  # modes that hold at least a quarter of their share
    outside: float  # mass of p_g outside the window

    @property
    def measure(self) -> Measure:
        """What tells how far p_g is from the target: KS where that has no mean, and W1 is infinite."""
        return "KS" if math.isinf(self.wasserstein_over_std) else "W1"

    @property
    def distance(self) -> float:
        """How far p_g is from the target: W1 in units of the target's spread, or KS."""
        return self.by(self.measure)

    def by(self, measure: Measure) -> float:
        """How far it is by one of the two, whichever tells it here."""
        return self.ks if measure == "KS" else self.wasserstein_over_std


@dataclass(frozen=True, eq=False)
class Scene:
    """What stays the same from frame to frame while the target stands still: the grids and the target on them."""

    label: str  # of the target, for a legend
    density_label: str  # what the curve p is: the density itself, or an estimate from data
    is_sample: bool  # the target is data: distances are to the sample, p is a KDE
    window: tuple[float, float]  # the stretch of x that is shown
    x: Float[np.ndarray, " cells"]  # cell centres
    edges: Float[np.ndarray, " cells+1"]  # cell edges of the x grid
    p: Float[np.ndarray, " cells"]  # target density
    F: Float[np.ndarray, " cells"]  # target CDF at x
    z: Float[np.ndarray, " points"]  # latent grid; quantile levels where G is no map of one z
    u: Float[np.ndarray, " points"]  # the latent's CDF at z, in [0, 1]
    ideal: Float[np.ndarray, " points"]  # F⁻¹(u): the map that G ought to become
    mean: float  # of the target; may be nan
    std: float  # of the target; may be inf
    spread: float  # the finite scale of the target: its std, or a robust one
    mode_masses: Float[np.ndarray, " modes"]  # the target's own mass in each mode
    mode_edges: Float[np.ndarray, " modes+1"]  # the valleys between modes, from -inf to inf
    noise_floor: float  # expected W1 of one batch drawn from the target itself


@dataclass(frozen=True, eq=False)
class Frame:
    """All that can be seen at one step."""

    step: int
    scene: Scene
    p_g: Float[np.ndarray, " cells"]  # generated density
    F_g: Float[np.ndarray, " cells"]  # generated CDF at x
    g: Float[np.ndarray, " points"]  # G(z) on scene.z
    rearranged: Float[np.ndarray, " points"]  # the quantile function of p_g at scene.u
    folds: tuple[Fold, ...]
    flats: tuple[Flat, ...]
    logits: Float[np.ndarray, " cells"]  # D's raw output at x
    optimal_logits: Float[np.ndarray, " cells"]  # D*'s raw output at x
    discriminator: Float[np.ndarray, " cells"]  # D(x) as the belief "real", in [0, 1]
    optimal_discriminator: Float[np.ndarray, " cells"]  # D*(x), likewise
    value: float  # V(G, D)
    optimal_value: float  # V(G, D*)
    equilibrium_discriminator_loss: float  # the discriminator's loss where p_g = p
    equilibrium_generator_loss: float  # the generator's loss there
    push: Float[np.ndarray, " cells"]  # −∂(generator's loss of one fake at x)/∂x: the way a fake at x is pushed
    discriminator_loss: float  # in its last update; a loss or gradient is NaN before the player has moved
    generator_loss: float
    discriminator_gradient: float  # norm of the discriminator's last gradient
    generator_gradient: float
    real: Float[np.ndarray, " rug"]  # a batch of the target
    fake: Float[np.ndarray, " rug"]  # a batch of the generator
    readings: Readings
    sampled: bool  # p_g comes from samples, 65,536 of them or fewer of a large G, not from the exact push-forward
    knobs: dict[str, float] = field(default_factory=dict)  # the values in force at this step
    finite: Bool[np.ndarray, ""] | bool = True  # False: a NaN or an infinity stopped the run after this frame
    diagnosis: str = ""  # one plain sentence
    verdict: str = ""  # the kind of diagnosis: a key of gausslab.diagnosis.VERDICTS
    picture: Callable[[Frame], bytes] | None = field(default=None, repr=False)  # draws it as a PNG, for notebooks

    def _repr_png_(self) -> bytes | None:
        return self.picture(self) if self.picture else None
