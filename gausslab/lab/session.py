"""One visitor's session: a run that plays, answered a chunk of frames at a time. It knows nothing of Streamlit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from typing import Any
from uuid import uuid4

from gausslab.errors import BadInput
from gausslab.lab.agenda import Agenda
from gausslab.lab.answering import AS_TYPED, Answering
from gausslab.lab.branches import Branches, Ghost, Stand, ghost
from gausslab.lab.challenge import Challenge
from gausslab.lab.layers import Layers, look_into
from gausslab.lab.pace import Pace
from gausslab.lab.playback import SAID_FIRST, Playback
from gausslab.lab.preparing import Preparation, prepare
from gausslab.lab.protocol import Line, Request
from gausslab.lab.rival import Rival
from gausslab.lab.timeline import Timeline
from gausslab.lab.transplant import transplanted
from gausslab.lab.turns import LOOK_UP
from gausslab.run import Event, Run, begin
from gausslab.settings import LIMITS, Experiment
from gausslab.targets import parse


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
        self.epoch = 0
        self.playback = Playback(agenda)
        self._answering = Answering(self)
        self._begin(experiment, events, max(step, events[-1].step if events else 0))
        if self.goal:
            self.playback.agenda.stand(self.goal, events)

    @classmethod
    def standing(cls, stand: Stand) -> Session:
        """A session that goes on with a run from where it was left, and waits there until it is asked to.

        Raises:
            BadInput: an experiment that is too large for the lab.
        """
        session = cls(stand.run.experiment)
        session._take_up(stand)
        session.playback.goal = session.step
        return session

    def _begin(self, experiment: Experiment, script: Sequence[Event] = (), goal: int = 0) -> None:
        self.identity = uuid4().hex
        self.from_start = True  # experiment and events alone give the same bits again
        self.branches = Branches()
        self.preparation: Preparation | None = None  # of what has been asked for, while its program is being compiled
        self._answering.forget()
        self.playback.begin(begin(experiment), script, goal)

    @property
    def run(self) -> Run:
        """The run as it stands, frames made ahead included."""
        return self.playback.run

    @property
    def rival(self) -> Rival | None:
        """The other side of a duel."""
        return self.playback.rival

    @property
    def past(self) -> Timeline:
        """What is remembered of the run."""
        return self.playback.past

    @property
    def pace(self) -> Pace:
        """How fast it goes."""
        return self.playback.pace

    @property
    def stops(self) -> list[int]:
        """The steps at which the recipe would have a person look."""
        return self.playback.agenda.stops

    @property
    def step(self) -> int:
        """Steps taken so far, frames made ahead included."""
        return self.playback.step

    @property
    def version(self) -> int:
        """The version of the stage's knobs that are in force."""
        return self._answering.version

    @property
    def goal(self) -> int:
        """The step of a link at which to stand; 0 where there is none, or it has been left behind."""
        return self.playback.goal

    @property
    def experiment(self) -> Experiment:
        """The experiment as it stands, with every knob where it has been turned to."""
        return self.run.experiment.changed(self.run.knobs | {"target": self.run.text})

    @property
    def intended(self) -> Experiment:
        """The experiment with all that has been asked for, also what is still being compiled."""
        return self.experiment.changed(self.preparation.values) if self.preparation else self.experiment

    @property
    def prepares(self) -> bool:
        """Whether something that has been asked for is still being compiled."""
        return self.preparation is not None or self.playback.stands_by

    def answer(self, request: Request | None, given_up: Callable[[], bool] = lambda: False) -> list[Line]:
        """Do what the stage asks for, within one turn of the server.

        Args:
            request: checked; None is the page's first sight of the session.
            given_up: asked now and then, whether the stage wants something else by now.

        Raises:
            BadInput: a knob that there is not, or a value that it cannot take; the session is as it was then.
        """
        return self._answering.answer(request, given_up)

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
        stand = self.playback.parted(step, self.from_start)
        before = stand.run.knobs | {"target": stand.run.text}
        stand.run.change(values)
        if self.rival:
            stand = stand._replace(rival=self.rival.forked(step, values))
        self.branches.grow(step, before, *self._left())
        self._take_up(stand)
        return self.playback.so_far()

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
            return self.playback.look()
        return self.playback.so_far()

    def _left(self) -> tuple[Stand, Ghost]:
        """This branch as it is left."""
        frames = [line.frame for line in self.playback.so_far()]
        return self.playback.stand(self.from_start), ghost(uuid4().hex[:12], frames)

    def _take_up(self, stand: Stand) -> None:
        self.playback.take_up(stand)
        self.from_start = stand.from_start
        self.epoch += 1

    @property
    def tree(self) -> list[dict[str, Any]]:
        """The branches as the stage shows them; none where there is only one."""
        return self.branches.tree(self.run, self.playback.seen) if self.playback.seen else []

    def layers(self, station: str) -> Layers | None:
        """The hidden layers of "G" or "D" as they stand; None where a unit is no function of one number."""
        return look_into(self.run, station, self.playback.look_at) if self.playback.look_at else None

    def change(self, values: Mapping[str, Any]) -> None:
        """Turn knobs, or set another target, from the next step on.

        Raises:
            BadInput: no knob, or a value that it cannot take; nothing is changed then.
        """
        now: dict[str, Any] = self.run.knobs | {"target": self.run.text}
        new = {path: value for path, value in values.items() if now.get(path) != value}
        if not new:
            return
        if "target" in new:
            self._check_target(new["target"])
        self.playback.turn(new)

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
        if self.preparation and self.preparation.challenge:
            self.settle()
        before, values = self.intended, {**(AS_TYPED if "target" in values else {}), **values}
        new = before.changed(values)
        LIMITS.check(new)
        if new == before:
            return
        if "target" in values:
            self._check_target(new.target)
        if new.structure() == before.structure() and new.seed == before.seed:
            # A penalty whose removal is still being compiled is a knob of the run alone.
            knobs = {path: value for path, value in new.knobs().items() if path in self.run.knobs}
            self.change(knobs | {"target": new.target})
            if self.preparation:
                self.preparation = self.preparation.also(values)
            self.epoch += 1
            return
        asked = {**(self.preparation.values if self.preparation else {}), **values}
        # Both sides of a duel are to be seen at every step: there is nothing to look at before both can train.
        self.preparation = prepare(asked, new, to_look=self.rival is None)
        self.settle(LIMITS.turn if playing else None)

    def await_preparation(self, seconds: float, given_up: Callable[[], bool]) -> None:
        """Wait for what is being compiled, if anything is, but not longer than a while.

        Args:
            seconds: at most.
            given_up: asked now and then.
        """
        ends = time.monotonic() + seconds
        awaited = self.preparation.awaited if self.preparation else self.playback.awaited
        while awaited and not given_up() and (left := ends - time.monotonic()) > 0:
            if wait(awaited, min(left, LOOK_UP), FIRST_COMPLETED).done:
                return

    def settle(self, patience: float | None = None) -> None:
        """Take up the settings that another program was being compiled for, once they can be looked at.

        Args:
            patience: seconds to wait for that; None waits as long as it takes.
        """
        if self.preparation is None:
            return
        try:
            self.preparation.wait(patience)
        except Exception:
            self.preparation = None  # or it would fail again at every answer
            raise
        if not self.preparation.is_ready:
            return
        new, ready, self.preparation = self.intended, self.preparation, None
        if ready.challenge:
            self._meet(ready.challenge)
        else:
            self._rebuild(new)
        self.playback.stand_by(ready.loop)
        self.epoch += 1

    def _rebuild(self, new: Experiment) -> None:
        before, run = self.experiment, transplanted(self.run, new)
        if run is None:
            self._begin(new)
            self.playback.rival = self.rival and self.rival.again(before, new)
            return
        self.playback.rival = self.rival and self.rival.rebuilt(before, new)
        self.playback.go_on_with(run)
        self.from_start = False

    def restart(self, seed: int | None = None, agenda: Sequence[Event] | None = None) -> None:
        """Begin anew with every setting as it stands, but for those that the recipe itself turns on the way.

        Args:
            seed: another one, or None for the same.
            agenda: what the recipe does to its run; as before if None.
        """
        self.settle()
        loop = self.playback.loop
        now, begun = self.experiment, self.run.experiment.knobs()
        planned = self.playback.agenda.events
        turned = {event.knob: begun[event.knob] for event in planned if event.knob in begun}
        if agenda is not None:
            self.playback.agenda, turned = Agenda(agenda), {}
        new = now.changed(turned | {"seed": (now.seed if seed is None else seed) % 2**32})
        self._begin(new)
        self.playback.stand_by(loop)
        self.playback.rival = self.rival and self.rival.again(now, new)
        self.epoch += 1

    def duel(self, challenge: Challenge, *, playing: bool = False) -> None:
        """Set a rival beside the run; both begin at step 0 and are taken to where the run stands, in lock-step.

        Args:
            challenge: who the rival is.
            playing: let the run play on alone while the rival's program is compiled.

        Raises:
            BadInput: a rival that cannot be, or a run that cannot be had again from its start; nothing is changed then.
        """
        self.settle()
        self.playback.wait()
        self._way_here()
        if playing:
            self.preparation = prepare({}, challenge.experiment(self.run.experiment), challenge)
            self.settle(LIMITS.turn)
            return
        self._meet(challenge)
        self.epoch += 1

    def _meet(self, challenge: Challenge) -> None:
        events, goal = self._way_here()
        rival = Rival.begun(challenge, self.run.experiment, [*events, *self.playback.agenda.events])
        self.end_duel()
        self.playback.begin(begin(self.run.experiment, known=self.run.parsed), events, goal)
        self.playback.rival = rival
        self.pace.shared(2)

    def _way_here(self) -> tuple[list[Event], int]:
        """What has to be done to both sides of a duel, beside what the recipe does, and the step to take them to."""
        planned, done = self.playback.agenda.events, (*self.run.events, *self.playback.script)
        goal = max(self.goal, self.step)
        if not self.from_start:
            raise BadInput(
                "expected a run whose every step can be had again, got one whose networks were changed on its way; "
                "start it again (0), then choose the rival"
            )
        if goal > LIMITS.link_steps:
            raise BadInput(
                f"expected a run of at most {LIMITS.link_steps:,} steps for a duel, got {goal:,}; start it again (0)"
            )
        return [event for event in done if event not in planned], goal

    def swap(self) -> list[Line]:
        """Go on with the rival, and have the run be the rival's rival.

        Returns:
            Some frames on the way to where both stand, and the one there.

        Raises:
            BadInput: there is no rival, or it has broken down.
        """
        seen = self.playback.seen
        if not (self.rival and seen and self.rival.seen):
            raise BadInput("expected a duel, got a run alone; choose a rival under Duel in the sidebar")
        rival = self.rival.swapped(self.run, self.past, seen)
        self._take_up(Stand(self.rival.run, self.rival.past, (), None, None, SAID_FIRST, self.from_start, rival))
        return self.playback.so_far()

    def end_duel(self) -> None:
        """Go on alone, in every branch."""
        if self.rival:
            self.pace.shared(1 / 2)
        self.playback.rival = None
        self.branches.end_duel()
