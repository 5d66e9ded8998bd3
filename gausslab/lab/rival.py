"""The rival of a session's run: a second run in lock-step with it, on the same seed and the same batches.

Whatever moves the session's run moves it as well, so that both stand at the same step at every frame: it is taken on
frame by frame, goes back with it, turns the same knobs but for those in which the two differ.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from gausslab.comparing import differing
from gausslab.errors import BadInput
from gausslab.events import Event
from gausslab.frame import Frame
from gausslab.lab.challenge import SAME, Challenge, apart, between, changed, of_branch, opening
from gausslab.lab.pace import FRAMES_PER_CALL
from gausslab.lab.timeline import Timeline
from gausslab.lab.transplant import transplanted
from gausslab.observing import Reel, frame
from gausslab.run import Run, begin
from gausslab.settings import LIMITS, Experiment

STANDING = ("generator.steps", "discriminator.steps")  # at 0, a player stands still, and so does the rival's
NO_WORDS = ("healthy", "")  # are said of it
TOLD = 4  # differences in the line on the stage


class Snapshot(NamedTuple):
    """Where the rival stood before some frames were made."""

    at: int
    run: Run
    script: tuple[Event, ...]


@dataclass(eq=False)
class Rival:
    """A run in lock-step with another one, to which it is compared."""

    challenge: Challenge
    run: Run
    apart: frozenset[str]  # settings that are turned on the other side only
    script: deque[Event] = field(default_factory=deque)  # its own, still to be done
    at: int = 0  # the step of the other side; its own run stands at the same, unless it broke down before
    past: Timeline = field(default_factory=lambda: Timeline(LIMITS.history))
    seen: Frame | None = None
    _snapshots: list[Snapshot] = field(default_factory=list)
    _differences: tuple[Any, list[str]] | None = None

    @classmethod
    def begun(cls, challenge: Challenge, own: Experiment, events: Sequence[Event]) -> Rival:
        """A rival at step 0.

        Args:
            challenge: who it is.
            own: the experiment that it is compared with, as it began.
            events: what is done to that on its way.

        Raises:
            BadInput: a rival that cannot be, or that is too large for the lab.
        """
        experiment = challenge.experiment(own)
        ways = {pair.path for pair in differing(own, experiment)} | {*challenge.changes}
        if not challenge.follows:
            ways |= {event.knob for event in {*events} ^ {*challenge.events}}
        rival = cls(challenge, begin(experiment), apart(ways), deque(challenge.events))
        rival.run.checkpoints.budget = LIMITS.checkpoints
        return rival

    @property
    def experiment(self) -> Experiment:
        """Its experiment as it stands, with every knob where it has been turned to."""
        return self.run.experiment.changed(self.run.knobs | {"target": self.run.text})

    def follow(self, steps: Sequence[int], snapshots: int) -> list[Frame]:
        """Go on to the steps at which the other side was looked at.

        Args:
            steps: one for each frame, none of them before where it stands.
            snapshots: how many of them are kept, to go back to.
        """
        self.run.mark()
        self._snapshots.append(Snapshot(self.at, self.run.fork(), tuple(self.script)))
        del self._snapshots[:-snapshots]
        frames = []
        for reel, place in self._taken(steps):
            if reel is not None:
                self.past.record(reel, place, *NO_WORDS)
                self.seen = frame(reel.look, reel.observation(place), reel.knobs)
            assert self.seen is not None
            frames.append(self.seen)
        return frames

    def _taken(self, steps: Sequence[int]) -> list[tuple[Reel | None, int]]:
        """One look for each step; none where it has broken down before."""
        looks: list[tuple[Reel | None, int]] = []
        while len(looks) < len(steps):
            left = steps[len(looks) :]
            self._follow_script()
            if self.run.failure:
                looks += [(None, 0)] * len(left)
                break
            due = self.script[0].step if self.script else left[-1]
            near = [step for step in left if step <= due]
            reel = self._advanced(near or [due])
            looks += [(reel, place) for place in range(min(len(near), len(reel)))]
        self.at = steps[-1]
        return looks

    def _advanced(self, steps: Sequence[int]) -> Reel:
        # As many looks as the session takes at a time: another number would be another program.
        vector = np.diff([self.run.step, *steps]).astype(np.int32)
        return self.run.advance(np.pad(vector, (0, max(0, FRAMES_PER_CALL - len(vector)))))

    def _follow_script(self) -> None:
        while self.script and self.script[0].step <= self.run.step:
            self.run.do(self.script.popleft())

    def go_back(self, step: int) -> None:
        """Drop what was made ahead of a step, as the other side has done, with the same bits."""
        early = [place for place, snapshot in enumerate(self._snapshots) if snapshot.at <= step]
        if not early:
            return
        self.at, run, script = self._snapshots[early[-1]]
        self.run, self.script = run.fork(), deque(script)
        del self._snapshots[early[-1] + 1 :]
        if step > self.at:
            self._taken([step])
        self.past.forget_after(step)
        if self.past.entries:
            self.seen = self.past.nearest(step).frame()

    def turn(self, values: Mapping[str, Any]) -> None:
        """Turn the knobs that the other side has turned, but for those in which the two differ."""
        if self.run.failure:
            return  # it stands where it broke down
        known = self.run.knobs | {"target": self.run.text}
        turned = {path: self._mirrored(path, value, known) for path, value in values.items() if path in known}
        self.run.change({path: value for path, value in turned.items() if value != known[path]})

    def _mirrored(self, path: str, value: Any, now: Mapping[str, Any]) -> Any:
        if path not in self.apart:
            return value
        if path not in STANDING:
            return now[path]
        if value == 0:
            return 0.0
        turned = [event.value for event in self.run.events if event.knob == path and event.value]
        return turned[-1] if turned else self.run.experiment.knobs()[path]

    def remembered(self, step: int) -> Frame:
        """The last remembered frame at or before a step."""
        return self.past.nearest(step).frame()

    def sought(self, step: int) -> Frame:
        """The frame at a step of the other side; the last one where it broke down before."""
        try:
            (reel,) = self.run.at(min(step, self.run.step), looks=FRAMES_PER_CALL).frames.reels
        except BadInput:  # from before the networks were changed
            return self.remembered(step)
        return frame(reel.look, reel.observation(0), reel.knobs)

    def forked(self, step: int, values: Mapping[str, Any]) -> Rival:
        """A rival for a branch that leaves the other side at a step.

        Args:
            step: of both.
            values: knobs that are turned there.
        """
        broken = self.run.failure and step > self.run.step
        run = self.run.fork() if broken else self.run.at(min(step, self.run.step), looks=FRAMES_PER_CALL).fork()
        script = deque(event for event in self.challenge.events if event.step >= step)
        past = self.past.until(step)
        other = replace(self, run=run, script=script, at=step, past=past, _snapshots=[], _differences=None)
        other.seen = past.nearest(step).frame()
        other.turn(values)
        return other

    def rebuilt(self, before: Experiment, new: Experiment) -> Rival | None:
        """The rival with the settings that the other side has taken up in mid-run, weights kept where they fit.

        Returns:
            None where none of them do.
        """
        run = transplanted(self.run, self._mine(before, new))
        if run is None or self.run.failure:
            return None
        run.checkpoints.budget = LIMITS.checkpoints
        run.mark()
        return replace(self, challenge=between(new, run.experiment), run=run, script=deque(), _snapshots=[])

    def again(self, before: Experiment, new: Experiment) -> Rival:
        """The rival from step 0, where the other side begins anew.

        Args:
            before: the other side's experiment as it stood.
            new: that with which it begins.
        """
        mine, challenge = self._mine(before, new), self.challenge
        if challenge.events or challenge.experiment(new) != mine:
            challenge = replace(between(new, mine), name=challenge.name)
        return Rival.begun(challenge, new, ())

    def _mine(self, before: Experiment, new: Experiment) -> Experiment:
        """Its experiment as it stands, with what has become another in the other side's."""
        pairs = differing(before, new)
        shared = {pair.path: pair.second for pair in pairs if pair.path not in self.apart or pair.path in SAME}
        return changed(self.experiment, shared)

    def swapped(self, run: Run, past: Timeline, seen: Frame) -> Rival:
        """The run that it was compared with, as the rival of this one.

        Raises:
            BadInput: it has broken down.
        """
        if self.run.failure:
            raise BadInput(
                f"expected two sides that go on, got a rival that broke down at step {self.run.step:,}; "
                "start both again (0), or end the duel"
            )
        own, other = self.run.experiment, run.experiment
        challenge = between(own, other)
        if [*run.events] != [*self.run.events]:
            challenge = of_branch(run, None)
        return replace(self, challenge=challenge, run=run, script=deque(), past=past, seen=seen, _snapshots=[])

    def met(self, number: int | None, run: Run, current: int) -> Challenge:
        """The challenge for a branch that is entered; one that is the rival itself meets the branch that is left.

        Args:
            number: of the branch.
            run: that is left.
            current: the number of its branch.
        """
        if number is None or number != self.challenge.branch:
            return self.challenge
        return of_branch(run, current)

    def asked(self, last: int | None = None) -> Challenge:
        """The challenge that makes this rival again, for the experiment and the events of the other side.

        Args:
            last: step up to which what was done to another run is told; all of it if None.
        """
        if self.challenge.follows:
            return self.challenge
        done = [*self.run.events, *self.script]
        told = [event for event in done if last is None or event.step <= last]
        return replace(self.challenge, recipe="", opening=opening(self.run.experiment, told))

    def told(self, own: Run) -> dict[str, Any]:
        """What the stage is told of it.

        Args:
            own: the run that it is compared with.
        """
        force = (own.knobs, own.text, self.run.knobs, self.run.text)
        if self._differences is None or self._differences[0] != force:
            now = own.experiment.changed(own.knobs | {"target": own.text})
            self._differences = (force, [str(pair) for pair in differing(now, self.experiment)])
        pairs = self._differences[1]
        more = f" and {len(pairs) - TOLD} more" if len(pairs) > TOLD else ""
        past = "" if [*own.events] == [*self.run.events] else "what was done before"
        return {
            "name": self.challenge.name,
            "differences": "; ".join(pairs[:TOLD]) + more or past or "nothing",
            "all": "; ".join(pairs),
            "broken": self.run.step if self.run.failure else None,
            "reason": self.run.failure.sentence if self.run.failure else "",
        }
