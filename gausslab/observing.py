"""From the training's state to frames: the only door from JAX to NumPy.

The device hands over observations, a few thousand numbers each; every exact reading of a frame follows from one on the
host, by NumPy alone, and only when somebody looks at it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, cast, overload

import jax
import numpy as np
import scipy
from jaxtyping import Array, Float

from gausslab import metrics, programs
from gausslab.diagnosis import PAST, diagnose
from gausslab.frame import Frame
from gausslab.game import Conditions, State
from gausslab.looking import Moment, Observation, View, moment, samples
from gausslab.losses import LOSSES, Loss, exact_discriminator_loss, exact_generator_loss
from gausslab.pushforward import POINTS, flats, folds, graded_levels, push, push_sample
from gausslab.sampling import TargetTable
from gausslab.settings import Experiment, Latent
from gausslab.targets import TABLE_SIZE, Target
from gausslab.targets.target import Profile
from gausslab.training import initial
from gausslab.updates import Moves

Numbers = np.ndarray | Array

CELLS = 512
PAIRED_CELLS = 128  # an exact value over all pairs costs the square of the cells
STANDING_STILL = 0.01  # |dG/du| below this, in units of the target's spread, is a flat
FRAMES_KEPT = 512  # finished frames kept at hand; older ones are worked out again when asked for


@dataclass(frozen=True)
class Units:
    """How the run's own units, in which networks see x, relate to x: x = origin + unit × value."""

    origin: float
    unit: float

    def to_x(self, values: Numbers) -> Float[np.ndarray, "..."]:
        """Values of the run in units of x."""
        return np.asarray(self.origin + self.unit * np.asarray(values, dtype=float))

    def from_x(self, x: Numbers) -> Float[np.ndarray, "..."]:
        """Points x in the run's own units."""
        return np.asarray((np.asarray(x, dtype=float) - self.origin) / self.unit)


@dataclass(frozen=True, eq=False)
class Lens:
    """How a run is looked at while target and structure stand still."""

    structure: Experiment
    target: Target  # where its knobs have moved it
    units: Units
    reference: metrics.Reference
    view: View


@lru_cache(maxsize=8)
def lens(structure: Experiment, target: Target, units: Units) -> Lens:
    """Lay the grids on which a target and a generator are compared."""
    mapped = None if structure.sampled else structure.latent
    still = _at_rest(target.profile, mapped, structure.batch, structure.stratified)
    ideal = target.onward(still.scene.ideal)
    reference = metrics.moved(still, cast(metrics.Target, target), ideal)
    view = View(_device(still.scene.z), _device(units.from_x(reference.scene.x)))
    return Lens(structure, target, units, reference, view)


@lru_cache(maxsize=32)
def _at_rest(profile: Profile, latent: Latent | None, batch: int, stratified: bool) -> metrics.Reference:
    """What is compared with before location and scale move it, which is most of the work.

    The latent is None where G is no map of one z, and followed along the levels of its own quantiles.
    """
    levels = _levels(profile)
    z = latent_quantiles(latent, levels) if latent else levels
    return metrics.reference(cast(metrics.Target, Target(profile)), levels, z, CELLS, batch, stratified)


@lru_cache(maxsize=32)
def _levels(profile: Profile) -> Float[np.ndarray, " points"]:
    """Levels at which a target is followed; moving or widening it changes none of them."""
    return graded_levels(quantile=Target(profile).ppf)


def latent_quantiles(latent: Latent, levels: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
    """The latent's quantile function; a normal latent is cut where float32 runs out of levels."""
    if latent.kind == "normal":
        return scipy.special.ndtri(np.clip(levels, 2.0**-24, 1 - 2.0**-24))
    return latent.low + (latent.high - latent.low) * levels


def target_table(target: Target, units: Units) -> TargetTable:
    """What training draws reals from.

    Args:
        target: unmoved; its location and scale stay knobs.
        units: of the run.
    """
    return TargetTable(
        _device(units.from_x(target.logit_quantiles())),
        _device(units.from_x(np.array(target.centre))),
        _device(np.array(units.unit)),
    )


def shapes(structure: Experiment, looks: int) -> tuple[Conditions, State, Moves, Moment, View]:
    """What a structure's programs are called with, as shapes: enough to compile them before anything is there.

    Args:
        structure: static.
        looks: of one call.
    """

    def row(*size: int) -> Any:
        return jax.ShapeDtypeStruct(size, np.float32)

    key = jax.eval_shape(jax.random.key, 0)
    conditions = Conditions(
        {path: row() for path in structure.knobs()}, TargetTable(row(TABLE_SIZE), row(), row()), key
    )
    state, moves = programs.at_home(
        (initial.eval_shape(structure.beginning(), key), Moves(*(row(),) * len(Moves._fields)))
    )
    moments = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct((looks, *leaf.shape), leaf.dtype),
        moment(state, moves, jax.ShapeDtypeStruct((), np.bool_)),
    )
    return conditions, state, moves, programs.at_home(moments), View(row(POINTS), row(CELLS))


def _device(values: np.ndarray) -> Array:
    """Numbers on the device as float32, converted on the host: a conversion on the device is a program to compile."""
    return jax.device_put(np.asarray(values, np.float32))


@lru_cache(maxsize=64)
def equilibrium(loss: str) -> tuple[float, float]:
    """The discriminator's and the generator's loss where p_g = p and D = D*."""
    p = np.ones((1, 2)) / 2
    (best,) = LOSSES[loss].optimal(p, p, p, p, np.array([0.0, 1.0]))
    return (
        float(exact_discriminator_loss(LOSSES[loss], best, p[0], p[0])),
        float(exact_generator_loss(LOSSES[loss], best, p[0], p[0])),
    )


def _merged(masses: Float[np.ndarray, " cells"]) -> Float[np.ndarray, " merged"]:
    return masses.reshape(PAIRED_CELLS, -1).sum(1)


def _exact_values(
    loss: Loss,
    outputs: Sequence[Float[np.ndarray, " cells"]],
    p: Float[np.ndarray, " cells"],
    q: Float[np.ndarray, " cells"],
) -> list[float]:
    """V(G, D) for each of some raw outputs of D, on the cells' masses."""
    if loss.paired:
        both = p + q + 1e-30
        whole = _merged(both)
        outputs = [_merged(v * both) / whole for v in outputs]
        p, q = _merged(p), _merged(q)
    return [-float(exact_discriminator_loss(loss, v, p, q)) for v in outputs]


def frame(look: Lens, observation: Observation, knobs: dict[str, float]) -> Frame:
    """Work out everything that can be seen of one observation (NumPy leaves, a single frame)."""
    scene, units = look.reference.scene, look.units
    sampled = look.structure.sampled
    g = units.to_x(observation.g)
    law = push_sample(g, scene.u, samples(look.structure)) if sampled else push(g, scene.u)
    widths = np.diff(scene.edges)
    masses = law.masses(scene.edges)
    p_g, F_g = masses / widths, law.cdf(scene.x)
    p_masses = look.reference.cell_masses[1:-1]
    loss = LOSSES[look.structure.loss]
    v = np.asarray(observation.logits, dtype=float)
    # A cell where neither has mass that the grids can tell from none says nothing: it counts as a tie.
    there = np.maximum(p_masses, masses) > law.resolution
    p_there, q_there = (np.where(there, part, law.resolution) for part in (p_masses, masses))
    best = loss.optimal(p_there, q_there, scene.F, F_g, units.from_x(scene.x))
    mixture = p_masses + masses
    value, optimal_value = _exact_values(loss, [v, best], p_masses, masses)
    discriminator_rest, generator_rest = equilibrium(look.structure.loss)
    return Frame(
        step=int(observation.step),
        scene=scene,
        p_g=p_g,
        F_g=F_g,
        g=g,
        rearranged=law.ppf(scene.u),
        folds=() if sampled else folds(scene.z, g),
        flats=() if sampled else flats(scene.z, scene.u, g, STANDING_STILL * scene.spread),
        logits=v,
        optimal_logits=best,
        discriminator=loss.belief(v, best, mixture),
        optimal_discriminator=loss.belief(best, best, mixture),
        value=value,
        optimal_value=optimal_value,
        equilibrium_discriminator_loss=discriminator_rest,
        equilibrium_generator_loss=generator_rest,
        push=units.unit * np.asarray(observation.push, dtype=float),
        discriminator_loss=float(observation.moves.discriminator_loss),
        generator_loss=float(observation.moves.generator_loss),
        discriminator_gradient=float(observation.moves.discriminator_gradient),
        generator_gradient=float(observation.moves.generator_gradient),
        real=units.to_x(observation.real),
        fake=units.to_x(observation.fake),
        readings=metrics.readings(law, law.ppf(scene.u) if sampled else g, look.reference),
        sampled=sampled,
        knobs=knobs,
        finite=bool(observation.finite),
    )


@dataclass(frozen=True, eq=False)
class Reel:
    """A stretch of observations made under the same conditions, stacked."""

    look: Lens
    knobs: dict[str, float]
    observations: Observation  # NumPy, the first axis counts frames

    def __len__(self) -> int:
        return len(self.observations.step)

    def observation(self, index: int) -> Observation:
        """One observation of the stretch."""
        return jax.tree.map(lambda leaf: leaf[index], self.observations)

    def part(self, which: slice | np.ndarray) -> Reel:
        """Some observations of the stretch, in their order."""
        return Reel(self.look, self.knobs, jax.tree.map(lambda leaf: leaf[which], self.observations))


@dataclass(eq=False)
class Frames(Sequence[Frame]):
    """The frames of a run, each worked out when it is first looked at."""

    reels: list[Reel] = field(default_factory=list)
    picture: Callable[[Frame], bytes] | None = field(default=None, repr=False)  # how each shows itself in a notebook
    passing: bool = False  # the last frame is one for the moment, of a run that is between two others
    _finished: dict[int, Frame] = field(default_factory=dict, repr=False)
    _undiagnosed: dict[int, Frame] = field(default_factory=dict, repr=False)

    def drawn_by(self, picture: Callable[[Frame], bytes]) -> None:
        """Have each show itself in a notebook, those that have been worked out already included."""
        self.picture = picture
        self._finished.clear()

    def add(self, reel: Reel) -> None:
        """Append a stretch of observations."""
        if len(reel):
            self.reels.append(reel)

    def drop_passing(self) -> None:
        """Remove the last frame where it was one for the moment."""
        if self.passing:
            last = len(self) - 1
            self._finished.pop(last, None)
            self._undiagnosed.pop(last, None)
            self.reels.pop()
            self.passing = False

    def until(self, step: int) -> Frames:
        """Those at or before a step, which share their numbers with these."""
        counts = [int(np.searchsorted(reel.observations.step, step, side="right")) for reel in self.reels]
        some = [
            reel if count == len(reel) else reel.part(slice(count))
            for reel, count in zip(self.reels, counts, strict=True)
        ]
        return Frames([reel for reel in some if len(reel)], self.picture)

    @property
    def last_step(self) -> int:
        """The step of the last frame, without working that frame out."""
        return int(self.reels[-1].observations.step[-1])

    def __len__(self) -> int:
        return sum(len(reel) for reel in self.reels)

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> list[Frame]: ...
    def __getitem__(self, index: int | slice) -> Frame | list[Frame]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"expected a frame from 0 to {len(self) - 1}, got {index}")
        return _kept(self._finished, place, self._diagnosed)

    def __iter__(self) -> Iterator[Frame]:
        return (self[place] for place in range(len(self)))

    def _diagnosed(self, place: int) -> Frame:
        past = [self.plain(earlier) for earlier in range(max(0, place - PAST), place)]
        # The first frame is taken before anybody has moved: the gradient that the game began with is in the next.
        first = replace(self.plain(0), generator_gradient=self.plain(min(1, place)).generator_gradient)
        finding = diagnose(self.plain(place), past, first)
        return replace(self.plain(place), verdict=finding.verdict, diagnosis=finding.sentence, picture=self.picture)

    def plain(self, place: int) -> Frame:
        """A frame without its diagnosis, for which dozens of earlier ones would have to be worked out."""
        return _kept(self._undiagnosed, place, self._develop)

    def _develop(self, place: int) -> Frame:
        for reel in self.reels:
            if place < len(reel):
                return frame(reel.look, reel.observation(place), reel.knobs)
            place -= len(reel)
        raise IndexError(place)


def _kept(cache: dict[int, Frame], place: int, make) -> Frame:
    if place not in cache:
        if len(cache) >= FRAMES_KEPT:
            cache.pop(next(iter(cache)))
        cache[place] = make(place)
    return cache[place]


def stacked(arrays: dict[str, Any]) -> Observation:
    """Observations from named arrays, as they come from a file."""
    moves = Moves(*(arrays[name] for name in Moves._fields))
    rest = {name: arrays[name] for name in Observation._fields if name != "moves"}
    return Observation(moves=moves, **rest)


def named(observations: Observation) -> dict[str, np.ndarray]:
    """Named arrays from observations, as they go into a file."""
    arrays = {name: getattr(observations, name) for name in Observation._fields if name != "moves"}
    return arrays | dict(observations.moves._asdict())
