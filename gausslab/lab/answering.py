"""What a session does for each thing that its stage asks for, within one turn of the server."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gausslab.errors import BadInput
from gausslab.lab.protocol import Line, Request
from gausslab.lab.turns import TURNS
from gausslab.targets import from_points, parse

if TYPE_CHECKING:
    from gausslab.lab.session import Session

OPENING = 12  # frames of the first answer
HAND = 0.25  # seconds since a knob was turned in which it is likely to be turned again
TRAINING = ("step", "discriminator", "generator", "optimal")  # acts that wait for a program that is being compiled
ELSEWHERE = ("fork", "branch", "swap")  # acts that leave the run for another
AS_TYPED = {"location": 0.0, "scale": 1.0}  # where a new target stands


@dataclass
class Answering:
    """The side of a session that its stage talks to."""

    session: Session
    version: int = 0  # of the stage's knobs that are in force
    turned_at: float = -math.inf  # by the clock that only goes on

    def forget(self) -> None:
        """Begin with another run."""
        self.version, self.turned_at = 0, -math.inf

    def answer(self, request: Request | None, given_up: Callable[[], bool]) -> list[Line]:
        """Do what the stage asks for; `Session.answer` says what is given and raised."""
        session, playback = self.session, self.session.playback
        if request is None:
            return playback.so_far() if playback.stands else playback.look() + playback.advance(OPENING, 1, hurry=False)
        if request.act == "share":
            return []
        if request.epoch != session.epoch or self._follow_preparation(request):
            # Asked before the page changed the session: what the stage holds is void, and so are its knobs.
            if playback.stands:
                return playback.so_far()
            if request.act != "play":
                return playback.look()
            return playback.advance(*session.pace.promptly(OPENING, self._steps(request)))
        if (request.act in TRAINING and request.steps_per_frame) or request.act in ELSEWHERE:
            playback.wait()
        if request.act == "seek":
            return [playback.seek(session.step if request.at is None else request.at)]
        if request.act in ("restart", "seed"):
            session.restart(session.run.experiment.seed + (request.act == "seed"))
            return playback.look()
        if request.act in ("fork", "branch", "drop"):
            return self._branch_off(request)
        if request.act == "peace":
            session.end_duel()
            return []
        if request.act == "swap":
            playback.go_back(request.start)
            return session.swap()
        turned = request.v != self.version or request.target is not None
        if turned:
            self._turn(request)
        elif request.start < session.step and request.act not in ("play", "pause"):
            playback.go_back(request.start)
        return self._act(request, turned, given_up)

    def _act(self, request: Request, turned: bool, given_up: Callable[[], bool]) -> list[Line]:
        playback, pace = self.session.playback, self.session.pace
        if request.act == "pause":
            return []
        if request.start >= playback.goal or request.act != "play":
            playback.leave_the_way()
        if request.act in ("discriminator", "generator"):
            return playback.half(request.act)
        if request.act == "optimal":
            return playback.until_optimal()
        if request.act == "step":
            return playback.advance(request.frames, request.steps_per_frame, hurry=False)
        steps = self._steps(request)
        frames, now = request.frames, time.monotonic()
        # A hand that moves on waits for the first frame; what comes after it will soon be void.
        if turned:
            self.turned_at = now
            return playback.advance(*pace.promptly(frames, steps))
        if now - self.turned_at < HAND:
            frames = pace.few(frames, steps)
        return playback.advance(frames, steps, given_up=given_up)

    def _branch_off(self, request: Request) -> list[Line]:
        session = self.session
        if request.act == "drop":
            session.branches.remove(session.branches.left(request.at))
            return []
        session.playback.go_back(request.start)
        lines = session.enter(request.at) if request.act == "branch" else session.fork(request.at, request.knobs)
        self.version = request.v
        return lines

    def _steps(self, request: Request) -> int:
        if request.steps_per_frame == 0:
            return 0
        return self.session.pace.steps_for(request.steps_per_frame, request.speed, TURNS.frame_rate)

    def _turn(self, request: Request) -> None:
        values: dict[str, Any] = dict(request.knobs)
        if request.target:
            wish = request.target
            target = parse(wish.text, files=False) if wish.text else from_points(*zip(*wish.drawn or (), strict=True))
            values |= AS_TYPED | {"target": target.text}
        playback, here = self.session.playback, self.session.run
        playback.go_back(request.start)
        try:
            self.session.change(values)
        except BadInput:
            playback.run = here
            raise
        self.version = request.v

    def _follow_preparation(self, request: Request) -> bool:
        """Take up what has been compiled meanwhile, with the knobs as they were turned last.

        Returns:
            Whether the stage's frames are void by that, and what it asked for with them.
        """
        preparation = self.session.preparation
        plays = request.act == "play"
        if preparation is None or not ((plays and preparation.is_ready) or request.act in TRAINING):
            return False
        if request.v != self.version or request.target:
            self._turn(request)
        self.session.settle()
        return plays or preparation.challenge is not None  # both sides of a duel have a way to go first
