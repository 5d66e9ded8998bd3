"""A run that plays: frames made a little ahead, what is remembered of them, and the way back to any of them.

The stage shows frames that are made ahead. When somebody turns a knob, the frames behind that moment are void: the
playback goes back to the snapshot at that step and on from there, with the same bits as if it had never been ahead.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import numpy as np

from gausslab.diagnosis import PAST, diagnose
from gausslab.errors import BadInput
from gausslab.frame import Frame, Scene
from gausslab.lab.agenda import Agenda
from gausslab.lab.branches import Stand, evenly
from gausslab.lab.pace import FRAMES_PER_CALL, Pace
from gausslab.lab.protocol import Line
from gausslab.lab.rival import Rival
from gausslab.lab.timeline import Entry, Timeline
from gausslab.lab.turns import ALONE
from gausslab.observing import Lens, Reel, frame
from gausslab.run import Event, Run
from gausslab.settings import LIMITS

MOMENTS_ON_THE_WAY = 60  # at least, to the step of a link: a person wants to see how the run came there
SNAPSHOTS = 2 * LIMITS.look_ahead // FRAMES_PER_CALL
MOMENTS_BEFORE = 10  # a fork, that are remembered to compare with where no others are
SHOWN_AGAIN = 40  # remembered frames of a branch that is entered, and moments in the curve of a ghost
OPTIMAL_FRAMES = 20  # after each of which it is asked whether D is optimal
NEAR_OPTIMAL = 0.02  # |V(D*) − V(D)| over |V(D*) − V at rest| at which D is called optimal
SAID_FIRST = ("healthy", "")  # of a run of which nothing is seen yet


class Playback:
    """A run that plays, and a duel's other side in lock-step with it."""

    def __init__(self, agenda: Sequence[Event]) -> None:
        """A playback without a run.

        Args:
            agenda: what the recipe does to every run of it, in order.
        """
        self.agenda = Agenda(agenda)
        self.pace = Pace()
        self.rival: Rival | None = None
        self.loop: Future[None] | None = None  # what takes the run's steps, where that may still be in the compiler
        self._names: WeakKeyDictionary[Scene, str] = WeakKeyDictionary()

    def begin(self, run: Run, script: Sequence[Event] = (), goal: int = 0) -> None:
        """Take up a run at its start.

        Args:
            run: of which nothing is shown yet.
            script: what is to be done to it on its way, in order, beside what the recipe does.
            goal: step at which to stand; 0 where there is none.
        """
        run.checkpoints.budget = LIMITS.checkpoints
        self.run, self.loop = run, None
        self.agenda = Agenda(self.agenda.events)
        self._script = deque(script)
        self.goal = goal  # the step of a link at which to stand; 0 where there is none, or it has been left behind
        self._forget()

    def take_up(self, stand: Stand) -> None:
        """Go on with a run from where it was left."""
        self._forget()
        self.run, self.past, recent, self._first, self.look_at, self._words, _, self.rival = stand
        self._recent.extend(recent)
        self.agenda.stand(self.step, self.run.events)
        self.leave_the_way()

    def go_on_with(self, run: Run) -> None:
        """Have another run in the place of this one, at the same step; no way leads back behind it."""
        run.checkpoints.budget = LIMITS.checkpoints
        run.mark()
        self.run = run
        self.leave_the_way()
        self._snapshots.clear()

    def stand_by(self, loop: Future[None] | None) -> None:
        """Stand where the run is, and only look at it, until the loop that takes its steps has been compiled."""
        self.loop = loop

    @property
    def stands_by(self) -> bool:
        """Whether the run can be looked at, but not be taken on yet."""
        return self.loop is not None and not self.loop.done()

    @property
    def awaited(self) -> list[Future[None]]:
        """What it stands by for."""
        return [self.loop] if self.loop and self.stands_by else []

    def wait(self) -> None:
        """Have the run be one that can be taken on."""
        loop, self.loop = self.loop, None
        if loop:
            loop.result()

    def stand(self, from_start: bool) -> Stand:
        """Where it stands.

        Args:
            from_start: whether experiment and events alone give the run again.
        """
        words = self._words
        return Stand(self.run, self.past, tuple(self._recent), self._first, self.look_at, words, from_start, self.rival)

    def parted(self, step: int, from_start: bool) -> Stand:
        """Where a branch begins that leaves the run at a past step, with no rival.

        Raises:
            BadInput: a step that cannot be had again.
        """
        run = self.run.at(step, looks=FRAMES_PER_CALL).fork()
        past = self.past.until(step)
        recent = [seen for seen in self._recent if seen.step <= step]
        recent = recent or [entry.frame() for entry in past.entries[-MOMENTS_BEFORE:]]
        first = self._first if self._first and self._first.step <= step else None
        return Stand(run, past, tuple(recent), first, None, SAID_FIRST, from_start)

    def _forget(self) -> None:
        self.past = Timeline(LIMITS.history)
        self._snapshots: list[Run] = []
        self._recent: deque[Frame] = deque(maxlen=PAST)
        self._first: Frame | None = None
        self.seen: Frame | None = None  # the last frame made
        self.look_at: Lens | None = None  # by which it was
        self._words: tuple[str, str] = SAID_FIRST

    @property
    def step(self) -> int:
        """Steps taken so far, frames made ahead included."""
        return self.run.step

    @property
    def _updates(self) -> float:
        """Of both players, in a step."""
        return self.run.knobs["discriminator.steps"] + self.run.knobs["generator.steps"]

    @property
    def stands(self) -> bool:
        """Whether it has been taken to a step, and nobody has gone on from there."""
        return 0 < self.goal <= self.step

    @property
    def script(self) -> tuple[Event, ...]:
        """What is still to be done on the way."""
        return tuple(self._script)

    def leave_the_way(self) -> None:
        """Have no step to be taken to, and nothing to be done on the way."""
        self._script.clear()
        self.goal = 0

    def turn(self, values: Mapping[str, Any]) -> None:
        """Turn knobs, or set another target, in the rival as well; whoever does that goes on from here.

        Raises:
            BadInput: no knob, or a value that it cannot take; nothing is changed then.
        """
        updates = self._updates
        self.run.change(values)
        self.pace.turned(max(1, self._updates) / max(1, updates))
        self.run.failure = None
        self.leave_the_way()
        if self.rival:
            self.rival.turn(values)

    def name(self, scene: Scene) -> str:
        """The name by which the stage knows a scene."""
        if scene not in self._names:
            self._names[scene] = uuid4().hex[:12]
        return self._names[scene]

    def advance(
        self, frames: int, steps: int, *, hurry: bool = True, given_up: Callable[[], bool] = lambda: False
    ) -> list[Line]:
        """Train and look.

        Args:
            frames: how many are wanted; there are fewer where the turn is over before, and at least one. There is one,
                of where it stands, while it stands by.
            steps: before each frame; 0 looks again without a step.
            hurry: stop at the end of the turn.
            given_up: asked now and then; who has something else in mind by now wants no more frames.
        """
        ends = time.perf_counter() + LIMITS.turn
        if self.stands_by:
            return self._glance()
        lines: list[Line] = []
        changed = False
        while len(lines) < frames and not (lines and self.run.failure):
            if lines and not changed and 0 < self.goal <= self.step:
                break
            vector = self._vector(self.pace.at_once(frames - len(lines), steps), steps)
            left = ends - time.perf_counter()
            if lines and hurry and (given_up() or not self.pace.fits(len(vector), int(vector.sum()), left)):
                break
            lines += self._call(vector)
            changed = self._follow_script()
        if changed and self.stands:
            lines += self._call(np.zeros(1, np.int32))  # what has just been done is to be seen where it stands
        return lines

    def _vector(self, count: int, steps: int) -> np.ndarray:
        """Steps before each frame of one call."""
        if self.run.failure:
            return np.zeros(count, np.int32)
        # Never past something that has to be done.
        stops = [stop for stop in (self.agenda.next, self._script[0].step if self._script else None) if stop]
        if self.goal:
            # On the way to the step of a link: as far as a turn goes.
            stops.append(self.goal)
            count, steps = self.pace.hops(count)
            steps = max(1, min(steps, self.goal // MOMENTS_ON_THE_WAY))
        if not stops:
            return np.full(count, steps, np.int32)
        ends = np.minimum(self.step + steps * np.arange(count + 1), max(min(stops), self.step))
        vector = np.diff(ends).astype(np.int32)
        return vector[: max(1, np.count_nonzero(vector))] if steps else vector

    def _follow_script(self) -> bool:
        """Do what was done at this step, if anything was."""
        due: list[Event] = []
        while self._script and self._script[0].step <= self.step:
            due.append(self._script.popleft())
        due += self.agenda.due(self.step)
        for event in due:
            self.run.do(event)
            if self.rival and self.rival.challenge.follows:
                self.rival.turn({event.knob: event.value})
        return bool(due)

    def _call(self, steps: np.ndarray) -> list[Line]:
        self._follow_script()
        self.run.mark()
        self._snapshots.append(self.run.fork())
        del self._snapshots[:-SNAPSHOTS]
        with self.pace.making(len(steps), int(steps.sum())):
            reel = self.run.advance(np.pad(steps, (0, FRAMES_PER_CALL - len(steps))))
            count = min(len(steps), len(reel))
            frames = self._developed(reel, count)
            rivals = self.rival.follow([seen.step for seen in frames], SNAPSHOTS) if self.rival else [None] * count
            self._say(frames[-1])
        for place in range(count):
            self.past.record(reel, place, *self._words)
        return [self._line(*pair) for pair in zip(frames, rivals, strict=True)]

    def _glance(self) -> list[Line]:
        """The frame as it stands, by the program that only looks."""
        self._follow_script()
        reel = self.run.glance(FRAMES_PER_CALL).part(slice(1))
        (seen,) = self._developed(reel, 1)
        self._say(seen)
        self.past.record(reel, 0, *self._words)
        return [self._line(seen, None)]

    def _developed(self, reel: Reel, count: int) -> list[Frame]:
        with ALONE:
            frames = [frame(reel.look, reel.observation(place), reel.knobs) for place in range(count)]
        self.look_at, self.seen = reel.look, frames[-1]
        return frames

    def _line(self, seen: Frame, rival: Frame | None) -> Line:
        return Line(seen, self.name(seen.scene), *self._words, rival)

    def _say(self, seen: Frame) -> None:
        """Put into words what is seen, not more often than frames of a run are recorded.

        How far it was to another target says nothing about this one.
        """
        if self._recent and self._recent[-1].scene is not seen.scene:
            self._recent.clear()
            self._first = None
        self._first = self._first or seen
        if self.run.failure:
            self._words = ("diverged", self.run.failure.sentence)
        elif not self._recent or seen.step >= self._recent[-1].step + self.run.experiment.frame_every:
            finding = diagnose(seen, self._recent, self._first)
            self._words = (finding.verdict, finding.sentence)
            self._recent.append(seen)

    def _remembered(self, entry: Entry) -> Line:
        seen = entry.frame()
        rival = self.rival.remembered(entry.step) if self.rival else None
        return Line(seen, self.name(seen.scene), entry.verdict, entry.sentence, rival)

    def look(self) -> list[Line]:
        """The frame as it stands, without a step."""
        return self.advance(1, 0)

    def seek(self, step: int) -> Line:
        """The frame at a step, or the last remembered one before where that cannot be had in time.

        The run itself stays where it is.
        """
        step = min(step, self.step)
        entry = self.past.nearest(step)
        try:
            seconds = self.run.replay(step) * self.pace.step
        except BadInput:  # from before the networks were changed
            return self._remembered(entry)
        if entry.step == step or seconds > LIMITS.seek:
            return self._remembered(entry)
        (reel,) = self.run.at(step, looks=FRAMES_PER_CALL).frames.reels
        seen = frame(reel.look, reel.observation(0), reel.knobs)
        rival = self.rival.sought(step) if self.rival else None
        return Line(seen, self.name(seen.scene), entry.verdict, entry.sentence, rival)

    def so_far(self) -> list[Line]:
        """Frames spread over this branch, and the one where it stands."""
        entries = self.past.until(self.step - 1).entries
        return [self._remembered(entries[place]) for place in evenly(len(entries), SHOWN_AGAIN)] + self.look()

    def frames(self, most: int = LIMITS.history) -> list[Frame]:
        """Remembered frames over the whole run, taken evenly."""
        entries = list(self.past.entries)
        return [entries[place].frame() for place in evenly(len(entries), most)]

    def go_back(self, step: int) -> None:
        """Drop what was made ahead of a step, as far back as there are snapshots."""
        if step >= self.step and not self.run.failure:
            return
        early = [place for place, run in enumerate(self._snapshots) if run.step <= step]
        if not early:
            return
        place = early[-1]
        self.run = self._snapshots[place].fork()
        del self._snapshots[place + 1 :]
        if step > self.step:
            again = np.zeros(FRAMES_PER_CALL, np.int32)
            again[0] = step - self.step
            self.run.advance(again)
        self.agenda.stand(self.step, self.run.events)
        self.past.forget_after(self.step)
        while self._recent and self._recent[-1].step > self.step:
            self._recent.pop()
        if self._recent:
            self._say(self._recent.pop())  # the words in force are those of a moment that is void
        if self.rival:
            self.rival.go_back(self.step)

    def half(self, player: str) -> list[Line]:
        """One half-step: one player learns, the other stands still."""
        other = "generator" if player == "discriminator" else "discriminator"
        usual = {name: self.run.knobs[name] for name in (f"{player}.steps", f"{other}.steps")}
        self.turn({f"{player}.steps": max(1, int(usual[f"{player}.steps"])), f"{other}.steps": 0})
        lines = self.advance(1, 1, hurry=False)
        self.turn(usual)
        return lines

    def until_optimal(self) -> list[Line]:
        """Let D learn alone until it is next to optimal, or a turn's worth of steps no longer helps it."""
        usual = self.run.knobs["generator.steps"]
        self.turn({"generator.steps": 0})
        lines = self.look()
        ends = time.perf_counter() + OPTIMAL_FRAMES * LIMITS.turn
        while _gap(lines[-1].frame) > NEAR_OPTIMAL and time.perf_counter() < ends and not self.run.failure:
            lines += self.advance(FRAMES_PER_CALL, self.pace.steps_for(1, 0))
        self.turn({"generator.steps": usual})
        return lines[-LIMITS.look_ahead :]


def _gap(seen: Frame) -> float:
    """How far D is from D*, in its value, over how far D* is from a D that knows nothing."""
    reach = abs(seen.optimal_value + seen.equilibrium_discriminator_loss)
    return abs(seen.optimal_value - seen.value) / max(reach, 1e-9)
