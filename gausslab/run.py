"""A run: an experiment, what was done to it, and its frames.

    run = train(Experiment(target="normal(4, 1.25)"), steps=5000)
    run.frames[-1]; run.summary(); run.learned; run.events; run.save("runs/first")
    branch = run.at(1200).change({"generator.rate": 1e-4}).train(1000)

The same experiment and the same events give the same bits again, in whatever chunks the run was trained.
"""

from __future__ import annotations

import copy
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jaxtyping import Int
from tqdm.auto import tqdm

from gausslab import looking, programs, training
from gausslab.callbacks.watching import Watcher, watched
from gausslab.checkpoints import Checkpoints, Mark
from gausslab.diagnosis import Failure, blame
from gausslab.errors import BadInput
from gausslab.events import PAUSE, Event, Events
from gausslab.force import TARGET_KNOBS, Force, Rules, following, keys, parsed
from gausslab.frame import Frame
from gausslab.game import State
from gausslab.looking import Observation
from gausslab.observing import Frames, Reel, Units, frame, shapes
from gausslab.pacing import FRAMES_PER_CALL, NO_STEPS, Timing, next_stops, padded
from gausslab.pushforward import push
from gausslab.settings import Experiment
from gausslab.summary import Summary
from gausslab.targets import Target
from gausslab.updates import Moves

if TYPE_CHECKING:
    from scipy.stats import rv_histogram

    from gausslab.figures import Movie

LONGEST_HOP = 1000  # steps of a replay between two checkpoints
UNBOUNDED = {"wasserstein", "kl", "reverse_kl", "pearson", "squared_hellinger", "jeffreys"}


@dataclass(eq=False)
class Run:
    """A training run: where it stands, and all that it has shown so far."""

    experiment: Experiment
    state: State
    moves: Moves
    units: Units
    events: list[Event] = field(default_factory=Events)  # an Events, which shows itself as a table
    frames: Frames = field(default_factory=Frames)
    failure: Failure | None = None
    timing: Timing = field(default_factory=Timing)
    first: int | None = None  # the earliest step that can be had again; None: where it stands
    checkpoints: Checkpoints = field(default_factory=Checkpoints, repr=False)
    parsed: dict[str, Target] = field(default_factory=dict, repr=False)  # a file is read once, and may then go
    _rules: Rules = field(init=False, repr=False)
    _force: Force = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.state, self.moves = programs.at_home(self.state), programs.at_home(self.moves)
        self.events = Events(self.events)
        self.frames.drawn_by(_picture)
        if self.first is None:
            self.first = self.step
        self._rules = Rules(self.experiment.structure(), self.units, keys(self.experiment.seed)[1], self.parsed)
        knobs, text = following(self.experiment.knobs(), self.experiment.target, self.events)
        self._force = self._rules.force(knobs, text)

    @property
    def step(self) -> int:
        """Steps taken so far."""
        return int(self.state.step)

    @property
    def knobs(self) -> dict[str, float]:
        """The values in force now, by dotted path."""
        return dict(self._force.knobs)

    @property
    def text(self) -> str:
        """The text of the target in force, before its location and scale move it."""
        return self._force.text

    @property
    def target(self) -> Target:
        """The target as it stands now."""
        return self._force.look.target

    @property
    def seek_seconds(self) -> float:
        """How long `at` may take: the most steps between two checkpoints, at this run's pace; nan before its first."""
        return self.timing.pace * self.checkpoints.largest_gap(self.step) if self.timing.pace else math.nan

    def change(self, values: Mapping[str, Any]) -> Run:
        """Turn knobs, or set another target, from the next step on; the run records it as events.

        Args:
            values: new values by dotted path, e.g. {"generator.rate": 1e-4, "location": 2.0, "target": "comb(3)"}.

        Raises:
            BadInput: no knob, or a value that it cannot take; nothing is changed then.
        """
        old: dict[str, float | str] = {**self._force.knobs, "target": self.text}
        fixed = sorted(set(values) - set(old))
        if fixed:
            raise BadInput(
                f"expected knobs that can turn in mid-run, got {fixed[0]}; start a new run for it, "
                f"or turn one of {', '.join(self._force.knobs)}"
            )
        now = self.experiment.changed({**old, **values})
        turned = now.knobs()
        for path in self._rules.gates:
            if (turned[path] > 0) != (self._force.knobs[path] > 0):
                raise BadInput(f"expected {path} to stay on its side of 0 in mid-run; start a new run to cross it")
        new = {**turned, "target": now.target}
        self._take_up([Event(self.step, path, new[path]) for path in values if new[path] != old[path]])
        return self

    def pause(self) -> Run:
        """Note that somebody stopped here to look; it changes nothing, and a replay stops here too."""
        if Event(self.step, PAUSE, "") not in self.events[-1:]:
            self.events.append(Event(self.step, PAUSE, ""))
        return self

    def do(self, event: Event) -> Run:
        """Do what was done to a run, now.

        Raises:
            BadInput: as `change`.
        """
        return self.pause() if event.knob == PAUSE else self.change({event.knob: event.value})

    def _take_up(self, events: Sequence[Event]) -> None:
        """Do what is known to be possible."""
        self._force = self._rules.after(self._force, events)
        if TARGET_KNOBS & {event.knob for event in events}:
            # A new target is a new game for the schedule and the average, though not for the weights.
            self.state = self.state._replace(clock=programs.at_home(np.int32(0)))
        self.events.extend(events)

    def train(self, steps: int, *, progress: bool | None = None, watchers: Sequence[Watcher] = ()) -> Run:
        """Go on for some steps; stops by itself where a NaN turns up.

        Args:
            steps: how many.
            progress: show a progress bar; None shows one on a terminal and in a notebook.
            watchers: who is shown its frames, such as `gausslab.callbacks.TensorBoard("logs")`.
        """
        for _ in watched(self, self.training(steps, progress=progress), watchers):
            pass
        return self

    def resume(self, steps: int, *, progress: bool | None = None) -> Run:
        """Go on for some steps: the same bits as if the run had never stopped."""
        return self.train(steps, progress=progress)

    def training(self, steps: int, *, progress: bool | None = None) -> Iterator[int]:
        """Train in chunks, yielding the step reached after each, so that a caller may stop between two.

        Where frames lie far apart, a chunk ends between two of them: the run then has a last frame for the moment,
        which stays if the caller stops there.
        """
        if steps < 1:
            raise BadInput(f"expected at least 1 step to train, got {steps}")
        if self.failure:
            raise BadInput(f"expected a run that can go on, got one that broke down; {self.failure.sentence}")
        self._warm_up()
        self.frames.passing = False
        self.mark()
        goal = self.step + steps
        hidden = not (sys.stderr.isatty() or "ipykernel" in sys.modules) if progress is None else not progress
        with tqdm(total=steps, disable=hidden, unit="step", unit_scale=True, desc="training", leave=False) as bar:
            while self.step < goal and not self.failure:
                started, before = time.perf_counter(), self.step
                self._take(goal)
                self.mark()
                self.timing.note(time.perf_counter() - started, self.step - before)
                bar.update(self.step - before)
                yield self.step

    def mark(self) -> None:
        """Remember where the run stands, if that is far enough from where it was last remembered."""
        if self.checkpoints.wants(self.step):
            self.checkpoints.keep(self._here())

    def _here(self) -> Mark:
        state, moves = jax.tree.map(np.asarray, (self.state, self.moves))
        nbytes = sum(leaf.nbytes for leaf in jax.tree.leaves((state, moves)))
        return Mark(self.step, nbytes, state, moves, len(self.events), self._force.knobs, self.text)

    def fork(self) -> Run:
        """A run of its own that stands where this one stands, and has shown nothing yet; it copies no weights."""
        other = copy.copy(self)
        other.events, other.frames = Events(self.events), Frames(picture=_picture)
        other.timing, other.checkpoints = (
            Timing(lately=self.timing.lately, looking=self.timing.looking),
            self.checkpoints.only(list),
        )
        return other

    def at(self, step: int, *, looks: int = FRAMES_PER_CALL) -> Run:
        """The run as it stood at a step, with all that it had shown until then; this one stays as it is.

        What was done at that very step is not done yet, so that something else can be done instead. The nearest
        checkpoint before is restored and the rest replayed, within `seek_seconds`; the bits are the same.

        Args:
            step: of the run.
            looks: of one call of the compiled program, which is another program for each number.

        Raises:
            BadInput: a step that the run has not taken, or one before it began.
        """
        known = self._known(step)
        done = [event for event in self.events if event.step < step]
        other = self._restored(known[-1]) if known else begin(self.experiment, known=self.parsed)
        reel: Reel | None = None
        ahead = done[len(other.events) :]
        for stop in sorted({step, *(event.step for event in ahead)}):
            reel = self._replay(other, stop, looks) or reel
            other._take_up([event for event in ahead if event.step == stop])
        other.frames, other.timing = (
            self.frames.until(step),
            Timing(lately=self.timing.lately, looking=self.timing.looking),
        )
        other.checkpoints = self.checkpoints.only(
            lambda marks: [mark for mark in marks if mark.step <= step and mark.events <= len(done)]
        )
        if not other.frames or other.frames.last_step < step:
            other.frames.add((reel or other.advance(padded([], looks))).part(slice(1)))
        return other

    def replay(self, step: int) -> int:
        """How many steps `at` has to take again to get to a step.

        Raises:
            BadInput: as `at`.
        """
        known = self._known(step)
        return step - (known[-1].step if known else 0)

    def _known(self, step: int) -> list[Mark]:
        """The checkpoints from which a step can be had again; none where that is from the very start."""
        assert self.first is not None
        done = sum(event.step < step for event in self.events)
        known = [mark for mark in self.checkpoints.until(step) if mark.events <= done]
        if not self.first <= step <= self.step or (self.first > 0 and not known):
            raise BadInput(f"expected a step of the run, {self.first} to {self.step}, got {step}; train it further")
        return known

    def _restored(self, mark: Mark) -> Run:
        other = self.fork()
        other.state, other.moves = programs.at_home((mark.state, mark.moves))
        other.failure, other.events = None, Events(self.events[: mark.events])
        if (mark.knobs, mark.text) != (self._force.knobs, self.text):
            other._force = self._rules.force(mark.knobs, mark.text)
        return other

    def _replay(self, other: Run, step: int, looks: int) -> Reel | None:
        """Take another run of the same bits on to a step, remembering the way if it is long."""
        reel = None
        while other.step < step:
            if reel is not None:
                self.checkpoints.insert(other._here())
            reel = other.advance(padded([min(step - other.step, LONGEST_HOP)], looks))
        return reel

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
        if not observations.finite.all():
            observations = self._back_to_last_good(before, moves, observations)
        return Reel(self._force.look, self.knobs, observations)

    def _back_to_last_good(self, before: State, moves: Moves, observations: Observation) -> Observation:
        """Replay to the last step that left nothing but finite numbers, and find out what went wrong after it."""
        good = int(np.argmin(observations.finite))
        broken = int(observations.step[good])
        again = np.zeros_like(observations.step)
        again[0] = broken - 1 - int(before.step)
        self.state, self.moves, last = self._advanced(before, moves, again)
        seen = jax.tree.map(lambda some, one: np.concatenate([some[:good], one[:1]]), observations, last)
        reel = Reel(self._force.look, self.knobs, seen)
        frames = [frame(reel.look, reel.observation(place), reel.knobs) for place in range(len(reel))]
        self.failure = blame([*self.frames[-20:], *frames], broken, self.knobs, self._bounded)
        return seen

    @property
    def _bounded(self) -> bool:
        """Whether the loss is bounded below or something holds the discriminator back."""
        held = self.experiment.penalties or self.experiment.remedies.clip_weights
        return self.experiment.loss not in UNBOUNDED or bool(held)

    def _warm_up(self) -> None:
        """Compile, and record the frame before the first step."""
        if self.timing.compiling and self.frames:
            return
        started = time.perf_counter()
        *_, first = self._advanced(self.state, self.moves, NO_STEPS)
        if not self.frames:
            self.frames.add(Reel(self._force.look, self.knobs, first).part(slice(1)))
        self.timing.compiling += time.perf_counter() - started
        started = time.perf_counter()
        self._advanced(self.state, self.moves, NO_STEPS)
        self.timing.looking = time.perf_counter() - started

    def _advanced(self, state: State, moves: Moves, steps: np.ndarray) -> tuple[State, Moves, Observation]:
        force, view = self._force, self._force.look.view
        structure, steps_of_each = self._rules.structure, jax.device_put(steps)
        state, moves, words = training.train_and_look(structure, force.conditions, state, moves, view, steps_of_each)
        return state, moves, looking.to_host(words, view)

    def glance(self, looks: int = FRAMES_PER_CALL) -> Reel:
        """What is to be seen where it stands, without what takes its steps: that may still be in the compiler.

        Args:
            looks: of one call of the program that looks, which is another program for each number; all are the same.
        """
        force, moment = self._force, looking.moment(self.state, self.moves, np.bool_(True))
        moments = jax.tree.map(lambda leaf: np.repeat(np.asarray(leaf)[None], looks, axis=0), moment)
        words = training.seen(self._rules.structure, force.conditions, programs.at_home(moments), force.look.view)
        return Reel(force.look, self.knobs, looking.to_host(words, force.look.view))

    def _take(self, goal: int) -> None:
        """Take the steps of one call, and keep what was seen at multiples of `frame_every` and at the goal."""
        before, every = self.step, self.experiment.frame_every
        stops = next_stops(before, goal, every, self.timing.pace, self.timing.looking)
        reel = self.advance(padded(np.diff([before, *stops])))
        steps = reel.observations.step
        # Padding looks again at the last step, and so may the look at the last good step of a run that broke down.
        fresh = np.diff(steps, prepend=before) > 0
        if fresh.any():
            self.frames.drop_passing()
        self.frames.add(reel.part(fresh & ((steps % every == 0) | (steps == goal))))
        if self.frames.last_step < self.step:
            self.frames.add(reel.part(slice(len(reel) - 1, None)))
            self.frames.passing = not self.failure
        elif self.failure:
            self.frames.passing = False

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

    def movie(self, **how: Any) -> Movie:
        """A film that plays in place in a notebook; `gausslab.files.movie` says what it takes.

        Raises:
            BadInput: a run without frames, a setting out of its range, or a film of more than 24 MB.
        """
        from gausslab.files import movie

        return movie(self, **how)

    def _repr_png_(self) -> bytes | None:
        return _picture(self.frames[-1], self.frames) if self.frames else None


def _picture(seen: Frame, frames: Sequence[Frame] | None = None) -> bytes:
    from gausslab.figures import panel, png

    return png(panel(seen, frames))


def begin(
    experiment: Experiment,
    *,
    ahead: bool = False,
    looks: int = FRAMES_PER_CALL,
    glanced: Callable[[], None] | None = None,
    known: dict[str, Target] | None = None,
) -> Run:
    """A run at step 0, with nothing learnt yet.

    Args:
        experiment: what to do.
        ahead: compile the training loop while all else is being made; for a run that trains at once.
        looks: that are taken in one call of that loop.
        glanced: called once such a run can be looked at; only then is the loop compiled.
        known: targets by their text, where they have been parsed already.
    """
    known = {} if known is None else known
    target = parsed(experiment.target, known).moved(experiment.location, experiment.scale)
    units = Units(float(target.centre), float(target.spread)) if experiment.standardised else Units(0.0, 1.0)

    def standing() -> Run:
        state = training.initial(experiment.beginning(), keys(experiment.seed)[0])
        return Run(experiment, state, training.still(), units, first=0, parsed=known)

    if not ahead:
        return standing()
    started = time.perf_counter()
    structure = experiment.structure()
    conditions, state, moves, moments, view = shapes(structure, looks)
    with ThreadPoolExecutor(max_workers=2) as others:
        # What makes the first state is compiled while another program is traced, and the loop while all else is made.
        first = others.submit(training.initial.lower(structure.beginning(), conditions.key).compile)
        if glanced:
            training.compile_look(structure, conditions, moments, view)
            first.result()
            glanced()
        loop = training.programs_of(structure).advance
        compiled = others.submit(loop.lower(structure, conditions, state, moves, np.zeros(looks, np.int32)).compile)
        if not glanced:
            training.compile_look(structure, conditions, moments, view)
        run = standing()
        compiled.result()
    run.timing.compiling += time.perf_counter() - started
    return run


def train(
    experiment: Experiment | None = None,
    *,
    steps: int | None = None,
    progress: bool | None = None,
    watchers: Sequence[Watcher] = (),
) -> Run:
    """Train a generator.

    Args:
        experiment: what to do; the recipe `steady` on N(4, 1.25) if None.
        steps: how many; the experiment's own number if None. The schedule's horizon stays what the experiment says.
        progress: show a progress bar; None shows one on a terminal and in a notebook.
        watchers: who is shown its frames, such as `gausslab.callbacks.TensorBoard("logs")`.
    """
    experiment = Experiment() if experiment is None else experiment
    run = begin(experiment, ahead=True)
    return run.train(experiment.steps if steps is None else steps, progress=progress, watchers=watchers)
