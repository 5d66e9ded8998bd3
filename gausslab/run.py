"""A run: an experiment, what was done to it, and its frames.

    run = train(Experiment(target="normal(4, 1.25)"), steps=5000)
    run.frames[-1]; run.summary(); run.learned; run.save("runs/first")

The same experiment and the same events give the same bits again, in whatever chunks the run was trained.
"""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int
from tqdm.auto import tqdm

from gausslab import training
from gausslab.diagnosis import Failure, blame
from gausslab.errors import BadInput
from gausslab.frame import Frame
from gausslab.game import Conditions, State
from gausslab.observing import Frames, Lens, Reel, Units, frame, lens, target_table, to_host
from gausslab.pushforward import push
from gausslab.settings import Experiment, settings
from gausslab.summary import Summary
from gausslab.targets import Target, parse
from gausslab.training import Observation
from gausslab.updates import Moves

if TYPE_CHECKING:
    from scipy.stats import rv_histogram

FRAMES_PER_CALL = 25  # enough to hide the cost of a call, few enough for a lively progress bar
NO_STEPS = np.zeros(FRAMES_PER_CALL, np.int32)
UNBOUNDED = {"wasserstein", "kl", "reverse_kl", "pearson", "squared_hellinger", "jeffreys"}
TARGET_KNOBS = {"target", "location", "scale"}


class Event(NamedTuple):
    """Something that a person did to a run: before the step after `step`, a knob took a value."""

    step: int
    knob: str  # dotted path, or "target"
    value: float | str


@dataclass
class Timing:
    """Where the time went, in seconds."""

    compiling: float = 0.0
    training: float = 0.0
    steps: int = 0  # taken in that time

    @property
    def steps_per_second(self) -> float:
        """Steps taken in a second of training; 0 before the first."""
        return self.steps / self.training if self.training else 0.0


@dataclass(eq=False)
class Run:
    """A training run: where it stands, and all that it has shown so far."""

    experiment: Experiment
    state: State
    moves: Moves
    units: Units
    events: list[Event] = field(default_factory=list)
    frames: Frames = field(default_factory=Frames)
    failure: Failure | None = None
    timing: Timing = field(default_factory=Timing)
    _structure: Experiment = field(init=False, repr=False)
    _knobs: dict[str, float] = field(init=False, repr=False)
    _text: str = field(init=False, repr=False)
    _parsed: Target = field(init=False, repr=False)  # of that text: a file is read once, and may then go

    def __post_init__(self) -> None:
        self.frames.picture = _picture
        self._structure = self.experiment.structure()
        self._knobs, self._text = self.experiment.knobs(), self.experiment.target
        for event in self.events:
            if event.knob == "target":
                self._text = str(event.value)
            else:
                self._knobs[event.knob] = float(event.value)
        self._parsed = parse(self._text)
        self._aim()

    @property
    def step(self) -> int:
        """Steps taken so far."""
        return int(self.state.step)

    @property
    def knobs(self) -> dict[str, float]:
        """The values in force now, by dotted path."""
        return dict(self._knobs)

    @property
    def text(self) -> str:
        """The text of the target in force, before its location and scale move it."""
        return self._text

    @property
    def target(self) -> Target:
        """The target as it stands now."""
        return self._look.target

    def _aim(self) -> None:
        """Take up the target and the knobs in force."""
        if self._text != self._parsed.text:
            self._parsed = parse(self._text)
        target = self._parsed
        moved = target.moved(self._knobs["location"], self._knobs["scale"])
        self._look: Lens = lens(self._structure, moved, self.units)
        self._table = target_table(target, self.units)
        self._set_conditions()

    def _set_conditions(self) -> None:
        knobs = {path: jax.device_put(np.float32(value)) for path, value in self._knobs.items()}
        self._conditions = Conditions(knobs, self._table, _keys(self.experiment.seed)[1])

    def change(self, values: Mapping[str, Any]) -> Run:
        """Turn knobs, or set another target, from the next step on; the run records it as events.

        Args:
            values: new values by dotted path, e.g. {"generator.rate": 1e-4, "location": 2.0, "target": "comb(3)"}.

        Raises:
            BadInput: no knob, or a value that it cannot take; nothing is changed then.
        """
        fixed = sorted(set(values) - set(self._knobs) - {"target"})
        if fixed:
            raise BadInput(
                f"expected knobs that can turn in mid-run, got {fixed[0]}; start a new run for it, "
                f"or turn one of {', '.join(self._knobs)}"
            )
        now = self.experiment.changed(self._knobs | {"target": self._text} | dict(values))
        if now.structure() != self._structure:
            gates = [setting.path for setting in settings(now) if setting.gate and setting.path in values]
            raise BadInput(f"expected {gates[0]} to stay on its side of 0 in mid-run; start a new run to cross it")
        new = now.knobs() | {"target": now.target}
        old = self._knobs | {"target": self._text}
        changed = {path: new[path] for path in values if new[path] != old[path]}
        self.events.extend(Event(self.step, path, value) for path, value in changed.items())
        self._knobs, self._text = now.knobs(), now.target
        if TARGET_KNOBS & set(changed):
            # A new target is a new game for the schedule and the average, though not for the weights.
            self.state = self.state._replace(clock=jnp.zeros((), jnp.int32))
            self._aim()
        else:
            self._set_conditions()
        return self

    def train(self, steps: int, *, progress: bool | None = None) -> Run:
        """Go on for some steps; stops by itself where a NaN turns up.

        Args:
            steps: how many.
            progress: show a progress bar; None shows one on a terminal and in a notebook.
        """
        for _ in self.training(steps, progress=progress):
            pass
        return self

    def resume(self, steps: int, *, progress: bool | None = None) -> Run:
        """Go on for some steps: the same bits as if the run had never stopped."""
        return self.train(steps, progress=progress)

    def training(self, steps: int, *, progress: bool | None = None) -> Iterator[int]:
        """Train in chunks, yielding the step reached after each, so that a caller may stop between two."""
        if steps < 1:
            raise BadInput(f"expected at least 1 step to train, got {steps}")
        if self.failure:
            raise BadInput(f"expected a run that can go on, got one that broke down; {self.failure.sentence}")
        self._warm_up()
        hidden = not (sys.stderr.isatty() or "ipykernel" in sys.modules) if progress is None else not progress
        with tqdm(total=steps, disable=hidden, unit="step", unit_scale=True, desc="training", leave=False) as bar:
            started = time.perf_counter()
            reached = self.step
            for chunk in _chunks(self.step, steps, self.experiment.frame_every):
                self._take(chunk)
                now = time.perf_counter()
                self.timing.training += now - started
                self.timing.steps += self.step - reached
                bar.update(self.step - reached)
                started, reached = now, self.step
                yield self.step
                if self.failure:
                    return
                started = time.perf_counter()

    def fork(self) -> Run:
        """A run of its own that stands where this one stands, and has shown nothing yet; it copies no weights."""
        other = copy.copy(self)
        other.events, other.frames, other.timing = list(self.events), Frames(picture=_picture), Timing()
        return other

    def advance(self, steps: Int[np.ndarray, " frames"]) -> Reel:
        """Go on, and look after each so many steps, without keeping what is seen; each length is a program of its own.

        Args:
            steps: steps before each look; 0 looks again without a step.

        Returns:
            What was seen: as many looks as asked for, or fewer where the run broke down. It then stands at the last
            step that left nothing but finite numbers, which is the last look, and `failure` says why.
        """
        before, moves = self.state, self.moves
        self.state, self.moves, observations = self._advanced(before, moves, steps)
        observations = to_host(observations)
        if not observations.finite.all():
            observations = self._back_to_last_good(before, moves, observations)
        return Reel(self._look, dict(self._knobs), observations)

    def _back_to_last_good(self, before: State, moves: Moves, observations: Observation) -> Observation:
        """Replay to the last step that left nothing but finite numbers, and find out what went wrong after it."""
        good = int(np.argmin(observations.finite))
        broken = int(observations.step[good])
        again = np.zeros_like(observations.step)
        again[0] = broken - 1 - int(before.step)
        self.state, self.moves, last = self._advanced(before, moves, again)
        seen = jax.tree.map(lambda some, one: np.concatenate([some[:good], one[:1]]), observations, to_host(last))
        reel = Reel(self._look, dict(self._knobs), seen)
        frames = [frame(reel.look, reel.observation(place), reel.knobs) for place in range(len(reel))]
        self.failure = blame([*self.frames[-20:], *frames], broken, self._knobs, self._bounded)
        return seen

    @property
    def _bounded(self) -> bool:
        """Whether the loss is bounded below or something holds the discriminator back."""
        held = self.experiment.penalties or self.experiment.remedies.clip_weights
        return self.experiment.loss not in UNBOUNDED or bool(held)

    def compile(self) -> None:
        """Compile the training loop, for which the shapes of the state are enough."""
        started = time.perf_counter()
        arguments = (self._conditions, self.state, self.moves, self._look.view, jnp.asarray(NO_STEPS))
        training.advance.lower(self._structure, *arguments).compile()
        self.timing.compiling += time.perf_counter() - started

    def _warm_up(self) -> None:
        """Compile, and record the frame before the first step."""
        if self.timing.compiling and self.frames:
            return
        started = time.perf_counter()
        *_, observations = self._advanced(self.state, self.moves, NO_STEPS)
        first = to_host(observations)
        if not self.frames:
            self._record(first, 1)
        self.timing.compiling += time.perf_counter() - started

    def _advanced(self, state: State, moves: Moves, steps: np.ndarray):
        return training.advance(self._structure, self._conditions, state, moves, self._look.view, jnp.asarray(steps))

    def _take(self, chunk: np.ndarray) -> None:
        reel = self.advance(chunk)
        steps = reel.observations.step
        # Padding looks again at the last step, and so may the look at the last good step of a run that broke down.
        fresh = np.diff(steps, prepend=self.frames.last_step) > 0
        self.frames.add(Reel(reel.look, reel.knobs, jax.tree.map(lambda leaf: leaf[fresh], reel.observations)))

    def _record(self, observations, count: int) -> None:
        kept = jax.tree.map(lambda leaf: leaf[:count], observations)
        self.frames.add(Reel(self._look, dict(self._knobs), kept))

    @property
    def learned(self) -> rv_histogram:
        """What the generator has learnt, as a SciPy distribution: pdf, cdf, ppf, rvs, mean, std and the rest.

        Exact: the law of G(z) has a piecewise constant density, which is what `rv_histogram` holds.
        """
        from scipy.stats import rv_histogram  # costs half a second

        last = self.frames[-1]
        law = push(last.g, last.scene.u) if not last.sampled else push(last.rearranged, last.scene.u)
        knots, heights = law.path
        # A jump of the CDF becomes a bin as narrow as float64 can tell apart at the scale of the whole.
        apart = 1e-12 * max(np.ptp(knots), np.abs(knots).max(), 1e-300)
        edges = knots + apart * np.arange(knots.size)
        return rv_histogram((np.diff(heights), edges), density=False)

    def summary(self) -> Summary:
        """The last frame in numbers, as `gausslab train --json` prints it."""
        return Summary.of(self)

    @property
    def history(self):
        """All scalar readings as a pandas table, a row for each frame."""
        from gausslab.history import table

        return table(self.frames)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the run into a folder: whole, or not at all.

        Raises:
            BadInput: a folder that holds something else, or that cannot be written.
        """
        from gausslab.files import save

        save(self, path)

    def _repr_png_(self) -> bytes | None:
        return _picture(self.frames[-1], self.frames) if self.frames else None


def _picture(seen: Frame, frames: Sequence[Frame] | None = None) -> bytes:
    from gausslab.figures import panel, png

    return png(panel(seen, frames))


def _keys(seed: int) -> tuple[Any, Any]:
    """The key of the initial weights and the key of all draws."""
    return _two_keys(np.uint32(seed))


@partial(jax.jit, compiler_options=training.COMPILED_FOR_ONE_USE)
def _two_keys(seed: Array) -> tuple[Any, Any]:
    key = jax.random.key(seed)
    return jax.random.fold_in(key, 0), jax.random.fold_in(key, 1)


def _chunks(step: int, steps: int, every: int) -> Iterator[np.ndarray]:
    """Steps before each frame, in chunks of FRAMES_PER_CALL; frames fall on multiples of `every`, and on the end."""
    stops = [*range((step // every + 1) * every, step + steps, every), step + steps]
    lengths = np.diff([step, *stops]).astype(np.int32)
    for start in range(0, lengths.size, FRAMES_PER_CALL):
        chunk = lengths[start : start + FRAMES_PER_CALL]
        yield np.pad(chunk, (0, FRAMES_PER_CALL - chunk.size))


def begin(experiment: Experiment, *, ahead: bool = False) -> Run:
    """A run at step 0, with nothing learnt yet.

    Args:
        experiment: what to do.
        ahead: compile the training loop while the initial weights are being drawn; for a run that trains at once.
    """
    target = parse(experiment.target).moved(experiment.location, experiment.scale)
    units = Units(float(target.centre), float(target.spread)) if experiment.standardised else Units(0.0, 1.0)
    structure, key = experiment.structure(), _keys(experiment.seed)[0]
    if not ahead:
        return Run(experiment, training.initial(structure, key), training.still(), units)
    with ThreadPoolExecutor(max_workers=1) as other:
        state = other.submit(training.initial, structure, key)
        run = Run(experiment, jax.eval_shape(partial(training.unlearnt, structure), key), training.still(), units)
        run.compile()
        run.state = state.result()
    return run


def train(experiment: Experiment | None = None, *, steps: int | None = None, progress: bool | None = None) -> Run:
    """Train a generator.

    Args:
        experiment: what to do; the recipe `steady` on N(4, 1.25) if None.
        steps: how many; the experiment's own number if None. The schedule's horizon stays what the experiment says.
        progress: show a progress bar; None shows one on a terminal and in a notebook.
    """
    experiment = Experiment() if experiment is None else experiment
    run = begin(experiment, ahead=True)
    return run.train(experiment.steps if steps is None else steps, progress=progress)
