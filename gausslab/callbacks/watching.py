"""What a watcher is, and how a run in training is shown to it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from gausslab.errors import BadInput
from gausslab.frame import Frame
from gausslab.history import row

if TYPE_CHECKING:
    from gausslab.run import Run

EVERY = 10  # frames: each look works out a frame and its diagnosis, some milliseconds


@runtime_checkable
class Watcher(Protocol):
    """Whoever wants to know how a run is doing. Nothing that it does can change a bit of the run."""

    every: int  # frames between two looks; the first and the last are always shown

    def began(self, run: Run) -> None:
        """Training begins, or goes on."""
        ...

    def saw(self, frame: Frame) -> None:
        """The run has come to this frame."""
        ...

    def ended(self, run: Run) -> None:
        """Training has come to an end: at its last step, at a NaN, or at an interruption."""
        ...


def watched(run: Run, reached: Iterator[int], watchers: Sequence[Watcher]) -> Iterator[int]:
    """Pass a training's steps through, and show its new frames to some watchers.

    Args:
        run: what is being trained.
        reached: `run.training(...)`.
        watchers: all of them are told of the end, also where one of them or the training fails.

    Raises:
        BadInput: a watcher that would look at no frame.
    """
    for watcher in watchers:
        if watcher.every < 1:
            raise BadInput(f"expected a watcher to look every 1 frame or more, got {watcher.every}; take 1 for all")
    fresh = len(run.frames)
    shown = [-1] * len(watchers)
    begun: list[Watcher] = []
    try:
        for watcher in watchers:
            watcher.began(run)
            begun.append(watcher)
        for step in reached:
            # The last frame may be one for the moment, which the next one replaces.
            settled = len(run.frames) - int(run.frames.passing)
            for place in range(fresh, settled):
                for number, watcher in enumerate(watchers):
                    if place % watcher.every == 0:
                        watcher.saw(run.frames[place])
                        shown[number] = place
            fresh = max(fresh, settled)
            yield step
        last = len(run.frames) - 1
        for number, watcher in enumerate(watchers):
            if last >= 0 and shown[number] != last:
                watcher.saw(run.frames[last])
    finally:
        _tell_the_end(run, begun)


def _tell_the_end(run: Run, watchers: Sequence[Watcher]) -> None:
    if watchers:
        try:
            watchers[0].ended(run)
        finally:
            _tell_the_end(run, watchers[1:])


def numbers(frame: Frame) -> dict[str, float]:
    """Every finite number of a frame by name; masses of modes as mode_mass.0 and so on, knobs as knob.<path>.

    `step` is left out: it is the axis.
    """
    told: dict[str, Any] = row(frame)
    masses = told.pop("mode_masses")
    told |= {f"mode_mass.{place}": mass for place, mass in enumerate(masses)}
    del told["step"]
    return {
        name: float(value) for name, value in told.items() if isinstance(value, int | float) and math.isfinite(value)
    }
