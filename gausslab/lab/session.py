"""One visitor's session: a run that plays, answered a chunk of frames at a time. It knows nothing of Streamlit.

The stage shows frames that are made ahead. When somebody turns a knob, the frames behind that moment are void: the
session goes back to the snapshot at that step and on from there, with the same bits as if it had never been ahead.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import numpy as np

from gausslab.diagnosis import PAST, diagnose
from gausslab.errors import BadInput
from gausslab.frame import Frame, Scene
from gausslab.lab.agenda import Agenda
from gausslab.lab.branches import Branches, Ghost, Stand, evenly, ghost
from gausslab.lab.challenge import Challenge
from gausslab.lab.layers import Layers, look_into
from gausslab.lab.pace import FRAMES_PER_CALL, Pace
from gausslab.lab.preparing import Preparation, prepare
from gausslab.lab.protocol import Line, Request
from gausslab.lab.rival import Rival
from gausslab.lab.timeline import Entry, Timeline
from gausslab.lab.transplant import transplanted
from gausslab.observing import Lens, frame
from gausslab.run import Event, Run, begin
from gausslab.settings import LIMITS, Experiment
from gausslab.targets import from_points, parse

OPENING = 12  # frames of the first answer
MOMENTS_ON_THE_WAY = 60  # at least, to the step of a link: a person wants to see how the run came there
SNAPSHOTS = 2 * LIMITS.look_ahead // FRAMES_PER_CALL
OPTIMAL_FRAMES = 20  # after each of which it is asked whether D is optimal
NEAR_OPTIMAL = 0.02  # |V(D*) − V(D)| over |V(D*) − V at rest| at which D is called optimal
MOMENTS_BEFORE = 10  # a fork, that are remembered to compare with where no others are
SHOWN_AGAIN = 40  # remembered frames of a branch that is entered, and moments in the curve of a ghost
TRAINING = ("step", "discriminator", "generator", "optimal")  # acts that wait for a program that is being compiled
AS_TYPED = {"location": 0.0, "scale": 1.0}  # where a new target stands


class Session:
    """A run and all that the page shows of it."""

    def __init__(
        self, experiment: Experiment, events: Sequence[Event] = (), step: int = 0, agenda: Sequence[Event] = ()
    ) -> None:
        """Begin a run.

        Args:
            experiment: what to do.
            events: what was done to it, in order, where a link tells so; done again on the way to `step`.
            step: where to stand, without a stop on the way; it goes on from there when it is asked to.
            agenda: what the recipe does to its run, in order, beside and after all that.

        Raises:
            BadInput: an experiment that is too large for the lab.
        """
        LIMITS.check(experiment)
        self.agenda = Agenda(agenda)
        self.epoch = 0
        self.message = ""
        self.pace = Pace()
        self.rival: Rival | None = None
        self._names: WeakKeyDictionary[Scene, str] = WeakKeyDictionary()
        self._begin(experiment)
        self._script = deque(events)
        self._goal = max(step, events[-1].step if events else 0)
        if self._goal:
            self.agenda.stand(self._goal, events)

    @classmethod
    def standing(cls, stand: Stand) -> Session:
        """A session that goes on with a run from where it was left, and waits there until it is asked to.

        Raises:
            BadInput: an experiment that is too large for the lab.
        """
        session = cls(stand.run.experiment)
        session._take_up(stand)
        session._goal = session.step
        return session

    def _begin(self, experiment: Experiment) -> None:
        self.identity = uuid4().hex
        self.run: Run = begin(experiment)
        self.from_start = True  # experiment and events alone give the same bits again
        self.run.checkpoints.budget = LIMITS.checkpoints
        self.branches = Branches()
        self._version = 0
        self._script: deque[Event] = deque()
        self._goal = 0
        self._preparation: Preparation | None = None
        self.agenda = Agenda(self.agenda.events)
        self._forget()

    def _forget(self) -> None:
        self.past = Timeline(LIMITS.history)
        self._snapshots: list[Run] = []
        self._recent: deque[Frame] = deque(maxlen=PAST)
        self._first: Frame | None = None
        self._seen: Frame | None = None
        self._look: Lens | None = None
        self._words: tuple[str, str] = ("healthy", "")

    @property
    def step(self) -> int:
        """Steps taken so far, frames made ahead included."""
        return self.run.step

    @property
    def version(self) -> int:
        """The version of the stage's knobs that are in force."""
        return self._version

    @property
    def goal(self) -> int:
        """The step of a link at which to stand; 0 where there is none, or it has been left behind."""
        return self._goal

    @property
    def _stands(self) -> bool:
        """Whether it has been taken to a step, and nobody has gone on from there."""
        return 0 < self._goal <= self.step

    @property
    def experiment(self) -> Experiment:
        """The experiment as it stands, with every knob where it has been turned to."""
        return self.run.experiment.changed(self.run.knobs | {"target": self.run.text})

    @property
    def intended(self) -> Experiment:
        """The experiment with all that has been asked for, also what is still being compiled."""
        return self.experiment.changed(self._preparation.values) if self._preparation else self.experiment

    @property
    def prepares(self) -> bool:
        """Whether something that has been asked for is still being compiled."""
        return self._preparation is not None

    def name(self, scene: Scene) -> str:
        """The name by which the stage knows a scene."""
        if scene not in self._names:
            self._names[scene] = uuid4().hex[:12]
        return self._names[scene]

    def answer(self, request: Request | None) -> list[Line]:
        """Do what the stage asks for, within one turn of the server.

        Args:
            request: checked; None is the page's first sight of the session.

        Raises:
            BadInput: a knob that there is not, or a value that it cannot take; the session is as it was then.
        """
        if request is None:
            return self._so_far() if self._stands else self.look() + self.advance(OPENING, 1, hurry=False)
        if request.act == "share":
            return []
        if request.epoch != self.epoch or self._follow_preparation(request):
            # Asked before the page changed the session: what the stage holds is void, and so are its knobs.
            if self._stands:
                return self._so_far()
            return self.advance(OPENING, self._steps(request)) if request.act == "play" else self.look()
        if request.act == "seek":
            return [self.seek(self.step if request.at is None else request.at)]
        if request.act in ("restart", "seed"):
            self.restart(self.run.experiment.seed + (request.act == "seed"))
            return self.advance(1, 0)
        if request.act in ("fork", "branch", "drop"):
            return self._branch_off(request)
        if request.act == "peace":
            self.end_duel()
            return []
        if request.act == "swap":
            self.go_back(request.start)
            return self.swap()
        turned = request.v != self._version or request.target is not None
        if turned:
            self._turn(request)
        elif request.start < self.step and request.act not in ("play", "pause"):
            self.go_back(request.start)
        return self._act(request, turned)

    def _act(self, request: Request, turned: bool) -> list[Line]:
        if request.act == "pause":
            return []
        if request.start >= self._goal or request.act != "play":
            self._goal = 0
            self._script.clear()
        if request.act in ("discriminator", "generator"):
            return self.half(request.act)
        if request.act == "optimal":
            return self.until_optimal()
        if request.act == "step":
            return self.advance(request.frames, request.steps_per_frame, hurry=False)
        steps = self._steps(request)
        # A hand that moves on waits for the first frame; what comes after it will soon be void.
        return self.advance(self.pace.promptly(request.frames, steps) if turned else request.frames, steps)

    def _branch_off(self, request: Request) -> list[Line]:
        if request.act == "drop":
            self.branches.remove(self.branches.left(request.at))
            return []
        self.go_back(request.start)
        lines = self.enter(request.at) if request.act == "branch" else self.fork(request.at, request.knobs)
        self._version = request.v
        return lines

    def fork(self, step: int | None, values: Mapping[str, Any]) -> list[Line]:
        """Go on from a past step as another branch; this one stays where it stands.

        Args:
            step: of this branch.
            values: knobs to turn there.

        Returns:
            Some frames on the way to that step, and the one at it.

        Raises:
            BadInput: a step that cannot be had again, a knob that cannot turn, or too many branches; nothing is
                changed then.
        """
        self.branches.check_room()
        if step is None:
            raise BadInput("expected a step to fork from, got none; reload the page")
        seconds = self.run.replay(step) * self.pace.step
        if seconds > LIMITS.replay:
            raise BadInput(
                f"expected a step that is replayed within {LIMITS.replay:g} s, got one that takes {seconds:.0f} s; "
                "fork from a later one"
            )
        run = self.run.at(step, looks=FRAMES_PER_CALL).fork()
        before = run.knobs | {"target": run.text}
        run.change(values)
        rival = self.rival.forked(step, values) if self.rival else None
        past = self.past.until(step)
        recent = [seen for seen in self._recent if seen.step <= step]
        recent = recent or [entry.frame() for entry in past.entries[-MOMENTS_BEFORE:]]
        first = self._first if self._first and self._first.step <= step else None
        self.branches.grow(step, before, *self._left())
        self._take_up(Stand(run, past, tuple(recent), first, None, ("healthy", ""), self.from_start, rival))
        return self._so_far()

    def enter(self, number: int | None) -> list[Line]:
        """Go on with another branch from where it was left.

        Returns:
            Some frames on the way there, and the one at its end.

        Raises:
            BadInput: there is no such branch.
        """
        branch = self.branches.left(number)
        challenge = self.rival and self.rival.met(number, self.run, self.branches.current.number)
        self.branches.leave(*self._left())
        self._take_up(self.branches.enter(branch))
        if challenge and not self.rival and self.from_start:
            self.duel(challenge)
            return self.look()
        return self._so_far()

    def _left(self) -> tuple[Stand, Ghost]:
        """This branch as it is left."""
        frames = [*(line.frame for line in self._so_far())]
        stand = Stand(self.run, self.past, tuple(self._recent), self._first, self._look, self._words, self.from_start)
        stand = stand._replace(rival=self.rival)
        return stand, ghost(uuid4().hex[:12], frames)

    def _take_up(self, stand: Stand) -> None:
        self._forget()
        self.run, self.past, recent, self._first, self._look, self._words, self.from_start, self.rival = stand
        self._recent.extend(recent)
        self.agenda.stand(self.step, self.run.events)
        self._script.clear()
        self._goal = 0
        self.epoch += 1

    def _so_far(self) -> list[Line]:
        """Frames spread over this branch, and the one where it stands."""
        entries = self.past.until(self.step - 1).entries
        return [self._remembered(entries[place]) for place in evenly(len(entries), SHOWN_AGAIN)] + self.look()

    def _steps(self, request: Request) -> int:
        if request.steps_per_frame == 0:
            return 0
        return self.pace.steps_for(request.steps_per_frame, request.speed)

    def _turn(self, request: Request) -> None:
        values: dict[str, Any] = dict(request.knobs)
        if request.target:
            wish = request.target
            target = parse(wish.text, files=False) if wish.text else from_points(*zip(*wish.drawn or (), strict=True))
            values |= AS_TYPED | {"target": target.text}
        here = self.run
        self.go_back(request.start)
        try:
            self.change(values)
        except BadInput:
            self.run = here
            raise
        self._version = request.v

    def advance(self, frames: int, steps: int, *, hurry: bool = True) -> list[Line]:
        """Train and look.

        Args:
            frames: how many are wanted; there are fewer where the turn is over before, and at least one.
            steps: before each frame; 0 looks again without a step.
            hurry: stop at the end of the turn.
        """
        ends = time.perf_counter() + LIMITS.turn
        lines: list[Line] = []
        changed = False
        while len(lines) < frames and not (lines and self.run.failure):
            if lines and not changed and 0 < self._goal <= self.step:
                break
            vector = self._vector(min(FRAMES_PER_CALL, frames - len(lines)), steps)
            left = ends - time.perf_counter()
            if lines and hurry and not self.pace.fits(len(vector), int(vector.sum()), left):
                break
            lines += self._call(vector)
            changed = self._follow_script()
        if changed and self._stands:
            lines += self._call(np.zeros(1, np.int32))  # what has just been done is to be seen where it stands
        return lines

    def _vector(self, count: int, steps: int) -> np.ndarray:
        """Steps before each frame of one call."""
        if self.run.failure:
            return np.zeros(count, np.int32)
        # Never past something that has to be done.
        stops = [stop for stop in (self.agenda.next, self._script[0].step if self._script else None) if stop]
        if self._goal:
            # On the way to the step of a link: as far as a turn goes.
            stops.append(self._goal)
            count, steps = self.pace.hops(count)
            steps = max(1, min(steps, self._goal // MOMENTS_ON_THE_WAY))
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
            frames = [frame(reel.look, reel.observation(place), reel.knobs) for place in range(count)]
            rivals = self.rival.follow([seen.step for seen in frames], SNAPSHOTS) if self.rival else [None] * count
            self._look, self._seen = reel.look, frames[-1]
            self._say(frames[-1])
        for place in range(count):
            self.past.record(reel, place, *self._words)
        return [self._line(*pair) for pair in zip(frames, rivals, strict=True)]

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

    @property
    def tree(self) -> list[dict[str, Any]]:
        """The branches as the stage shows them; none where there is only one."""
        return self.branches.tree(self.run, self._seen) if self._seen else []

    def layers(self, station: str) -> Layers | None:
        """The hidden layers of "G" or "D" as they stand; None where a unit is no function of one number."""
        return look_into(self.run, station, self._look) if self._look else None

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

    def change(self, values: Mapping[str, Any]) -> None:
        """Turn knobs, or set another target, from the next step on.

        Raises:
            BadInput: no knob, or a value that it cannot take; nothing is changed then.
        """
        now: dict[str, Any] = self.run.knobs | {"target": self.run.text}
        new = {path: value for path, value in values.items() if now.get(path) != value}
        if not new:
            return
        self._script.clear()
        self._goal = 0
        if "target" in new:
            self._check_target(new["target"])
        self.run.change(new)
        self.run.failure = None
        if self.rival:
            self.rival.turn(new)

    def _check_target(self, text: str) -> None:
        sample = parse(text, files=False).sample
        if sample is not None and sample.size > LIMITS.values:
            raise BadInput(
                f"expected at most {LIMITS.values:,} values in the lab, got {sample.size:,}; take every k-th"
            )

    def set_up(self, values: Mapping[str, Any], *, playing: bool = False) -> None:
        """Take other settings of any kind from the page: at once, with the weights kept, or from a new start.

        Args:
            values: by dotted path.
            playing: let the run play on while another program is compiled for it.

        Raises:
            BadInput: a setting that cannot be used, or that is too large for the lab; nothing is changed then.
        """
        before, values = self.intended, {**(AS_TYPED if "target" in values else {}), **values}
        new = before.changed(values)
        LIMITS.check(new)
        if new == before:
            return
        if "target" in values:
            self._check_target(new.target)
        if new.structure() == before.structure() and new.seed == before.seed:
            self.change({path: new.knobs()[path] for path in self.run.knobs} | {"target": new.target})
            if self._preparation:
                self._preparation = self._preparation.also(values)
            self.epoch += 1
            return
        self._preparation = prepare({**(self._preparation.values if self._preparation else {}), **values}, new)
        self.settle(LIMITS.turn if playing else None)

    def settle(self, patience: float | None = None) -> None:
        """Take up the settings whose program was being compiled.

        Args:
            patience: seconds to wait for it; None waits to its end.
        """
        if self._preparation is None:
            return
        with suppress(TimeoutError):
            self._preparation.program.result(patience)
            new, self._preparation = self.intended, None
            self._rebuild(new)
            self.epoch += 1

    def _follow_preparation(self, request: Request) -> bool:
        """Take up what has been compiled meanwhile, with the knobs as they were turned last.

        Returns:
            Whether the stage's frames are void by that, and it asked for no more than the next ones.
        """
        preparation = self._preparation
        plays = request.act == "play"
        if preparation is None or not ((plays and preparation.program.done()) or request.act in TRAINING):
            return False
        if request.v != self._version or request.target:
            self._turn(request)
        self.settle()
        return plays

    def _rebuild(self, new: Experiment) -> None:
        before, run = self.experiment, transplanted(self.run, new)
        if run is None:
            self._begin(new)
            self.rival = self.rival and self.rival.again(before, new)
            return
        self.rival = self.rival and self.rival.rebuilt(before, new)
        self.run, self.from_start = run, False
        self.run.checkpoints.budget = LIMITS.checkpoints
        self.run.mark()
        self._script.clear()
        self._goal = 0
        self._snapshots.clear()

    def restart(self, seed: int | None = None, agenda: Sequence[Event] | None = None) -> None:
        """Begin anew with every setting as it stands, but for those that the recipe itself turns on the way.

        Args:
            seed: another one, or None for the same.
            agenda: what the recipe does to its run; as before if None.
        """
        self.settle()
        now, begun = self.experiment, self.run.experiment.knobs()
        turned = {event.knob: begun[event.knob] for event in self.agenda.events if event.knob in begun}
        if agenda is not None:
            self.agenda, turned = Agenda(agenda), {}
        new = now.changed(turned | {"seed": (now.seed if seed is None else seed) % 2**32})
        self._begin(new)
        self.rival = self.rival and self.rival.again(now, new)
        self.epoch += 1

    def duel(self, challenge: Challenge) -> None:
        """Set a rival beside the run; both begin at step 0 and are taken to where the run stands, in lock-step.

        Raises:
            BadInput: a rival that cannot be, or a run that cannot be had again from its start; nothing is changed then.
        """
        self.settle()
        planned = {*self.agenda.events}
        events = [event for event in (*self.run.events, *self._script) if event not in planned]
        goal = max(self._goal, self.step)
        if not self.from_start:
            raise BadInput(
                "expected a run whose every step can be had again, got one whose networks were changed on its way; "
                "start it again (0), then choose the rival"
            )
        if goal > LIMITS.link_steps:
            raise BadInput(
                f"expected a run of at most {LIMITS.link_steps:,} steps for a duel, got {goal:,}; start it again (0)"
            )
        rival = Rival.begun(challenge, self.run.experiment, [*events, *self.agenda.events])
        self.end_duel()
        self.run = begin(self.run.experiment, parsed=self.run.parsed)
        self.run.checkpoints.budget = LIMITS.checkpoints
        self._forget()
        self.agenda.stand(0, ())
        self._script, self._goal = deque(events), goal
        self.rival = rival
        self.pace.shared(2)
        self.epoch += 1

    def swap(self) -> list[Line]:
        """Go on with the rival, and have the run be the rival's rival.

        Returns:
            Some frames on the way to where both stand, and the one there.

        Raises:
            BadInput: there is no rival, or it has broken down.
        """
        if not (self.rival and self._seen and self.rival.seen):
            raise BadInput("expected a duel, got a run alone; choose a rival under Duel in the sidebar")
        rival = self.rival.swapped(self.run, self.past, self._seen)
        self._take_up(Stand(self.rival.run, self.rival.past, (), None, None, ("healthy", ""), self.from_start, rival))
        return self._so_far()

    def end_duel(self) -> None:
        """Go on alone, in every branch."""
        if self.rival:
            self.pace.shared(1 / 2)
        self.rival = None
        self.branches.end_duel()

    def half(self, player: str) -> list[Line]:
        """One half-step: one player learns, the other stands still."""
        other = "generator" if player == "discriminator" else "discriminator"
        usual = {name: self.run.knobs[name] for name in (f"{player}.steps", f"{other}.steps")}
        self.change({f"{player}.steps": max(1, int(usual[f"{player}.steps"])), f"{other}.steps": 0})
        lines = self.advance(1, 1, hurry=False)
        self.change(usual)
        return lines

    def until_optimal(self) -> list[Line]:
        """Let D learn alone until it is next to optimal, or a turn's worth of steps no longer helps it."""
        usual = self.run.knobs["generator.steps"]
        self.change({"generator.steps": 0})
        lines = self.look()
        ends = time.perf_counter() + OPTIMAL_FRAMES * LIMITS.turn
        while _gap(lines[-1].frame) > NEAR_OPTIMAL and time.perf_counter() < ends and not self.run.failure:
            lines += self.advance(FRAMES_PER_CALL, self.pace.steps_for(1, 0))
        self.change({"generator.steps": usual})
        return lines[-LIMITS.look_ahead :]


def _gap(seen: Frame) -> float:
    """How far D is from D*, in its value, over how far D* is from a D that knows nothing."""
    reach = abs(seen.optimal_value + seen.equilibrium_discriminator_loss)
    return abs(seen.optimal_value - seen.value) / max(reach, 1e-9)
