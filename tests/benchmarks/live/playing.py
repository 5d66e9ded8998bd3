"""A playhead without a stage: it asks for frames as `gausslab/lab/stage/playhead.js` does, and counts them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

AHEAD = 0.45  # seconds; as in playhead.js and asking.js, down to WATCHDOG
CHUNK = 12  # frames at full pace
RESERVE = 0.1  # seconds
WATCHDOG = 2.5  # seconds
LONGEST_TICK = 0.1  # seconds


@dataclass
class Playhead:
    """Frames ahead of what would be shown, and the one request that is under way; times are in seconds."""

    speed: float  # steps per second
    knobs: dict[str, float] = field(default_factory=dict)
    steps: list[int] = field(default_factory=list)  # of the frame that is shown and those ahead of it
    position: float = 0.0  # in frames, from the first of them
    scenes: list[str] = field(default_factory=list)
    version: int = 0
    sequence: int = 0
    epoch: int = 0
    waiting: dict[str, Any] | None = None
    failure: str | None = None
    stale: bool = False
    urgent: bool = False
    frame_rate: float = 1.0  # frames a second, which each answer says
    sent_at: float = -math.inf
    turned_at: dict[int, float] = field(default_factory=dict)  # by version, as long as no frame has it
    fresh: int = 0  # frames that have been shown
    repeated: int = 0  # requests sent again, for want of an answer
    delays: list[float] = field(default_factory=list)  # from each turn of a knob to the first frame that has it

    @property
    def ahead(self) -> float:
        """Frames that are still to be shown."""
        return max(0.0, len(self.steps) - 1 - self.position)

    @property
    def rate(self) -> float:
        """Frames a second at full pace."""
        return min(self.frame_rate, max(1.0, self.speed))

    def turn(self, path: str, value: float, now: float) -> None:
        """Move a slider."""
        self.knobs[path] = value
        self.version += 1
        self.turned_at[self.version] = now
        self.stale = True
        del self.steps[math.ceil(self.position) + 1 :]

    def receive(self, header: Mapping[str, Any], now: float) -> None:
        """Take in an answer, unless it is an old one."""
        self.scenes += [name for name in header["scenes"] if name not in self.scenes]
        afresh = header["epoch"] > self.epoch or not self.steps
        if not afresh and not (self.waiting and header["seq"] == self.waiting["seq"]):
            return
        self.waiting = None
        self.epoch, self.failure, self.frame_rate = header["epoch"], header["failure"], header["frameRate"]
        if header["steps"]:
            self._join(header["steps"], afresh)
            for version in [version for version in self.turned_at if version <= header["v"]]:
                self.delays.append(now - self.turned_at.pop(version))

    def _join(self, steps: Sequence[int], afresh: bool) -> None:
        if self.stale and not afresh:
            if self.ahead >= 1:
                return
            steps = steps[:2]
        if afresh:
            self.steps, self.position = [], 0.0
        while self.steps and self.steps[-1] >= steps[0]:
            self.steps.pop()
        if self.urgent and not afresh:
            self.position = max(self.position, len(self.steps) - 0.5)
        self.steps += steps
        self.position = min(self.position, len(self.steps) - 1)
        self._pass()

    def _pass(self) -> None:
        """Let go of what has been shown."""
        passed = int(self.position)
        self.fresh += passed
        self.position -= passed
        del self.steps[:passed]

    def advance(self, now: float, elapsed: float) -> dict[str, Any] | None:
        """Move on; what is to be sent, if anything is."""
        pace = min(1.25, max(0.25, self.ahead / max(1.0, RESERVE * self.rate)))
        self.position += min(self.ahead, min(elapsed, LONGEST_TICK) * self.rate * pace)
        self._pass()
        overtaken = self.stale and self.waiting and not self.urgent
        if self.waiting and not overtaken:
            if now - self.sent_at <= WATCHDOG:
                return None
            self.repeated += 1
        elif not self.steps:
            return None
        elif self.stale:
            self._compose(1)
        elif not self.failure and self.ahead < AHEAD * self.rate:
            self._compose(max(1, round(CHUNK * self.rate / self.frame_rate)))
        else:
            return None
        self.sent_at = now
        return self.waiting

    def _compose(self, frames: int) -> None:
        self.urgent, self.stale = self.stale, False
        self.sequence += 1
        self.waiting = {
            "seq": self.sequence,
            "v": self.version,
            "epoch": self.epoch,
            "from": self.steps[-1],
            "frames": frames,
            "speed": self.speed,
            "stepsPerFrame": max(1, round(self.speed / self.frame_rate)),
            "knobs": dict(self.knobs),
            "act": "play",
            "at": 0,
            "target": None,
            "scenes": self.scenes[-16:],
        }
