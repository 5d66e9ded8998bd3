"""Turns: few sessions compute at a time, so that many share the cores without getting into each other's way.

Thirty threads of Python that all compute keep each other waiting for the interpreter's lock at every return from a
compiled program: each of them is slow then, and all together are slower than one after another.
"""

from __future__ import annotations

import heapq
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from gausslab.settings import LIMITS

MEMORY = 0.95  # share of the past in how crowded it is
LOOK_UP = 0.02  # seconds after which somebody who waits asks whether it is still of use
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Turns:
    """A queue before a few places: hands on sliders go first, then who has waited longest."""

    def __init__(self, places: int) -> None:
        """Nobody waits.

        Args:
            places: how many may compute at the same time.
        """
        self._lock = threading.Lock()
        self._free = places
        self._numbers = count()  # two who came at the same moment
        self._queue: list[tuple[bool, float, int, threading.Event]] = []
        self._crowded = 0.0  # share of those who came of late and had to wait

    @property
    def frame_rate(self) -> int:
        """Frames a second that a run has now."""
        return LIMITS.frame_rate_in_a_crowd if self._crowded > 0.5 else LIMITS.frame_rate

    @contextmanager
    def turn(self, since: float, *, urgent: bool, given_up: Callable[[], bool]) -> Iterator[bool]:
        """Wait for a place and keep it for a while.

        Args:
            since: when the waiting began, by `time.monotonic`; who was sent away keeps the first moment.
            urgent: go before all who are not.
            given_up: asked now and then while waiting.

        Yields:
            Whether there is a place; there is none for who has given up.
        """
        came = threading.Event()
        with self._lock:
            self._free -= 1
            self._crowded = MEMORY * self._crowded + (1 - MEMORY) * (self._free < 0)
            if self._free >= 0:
                came.set()
            else:
                heapq.heappush(self._queue, (not urgent, since, next(self._numbers), came))
        while not came.wait(LOOK_UP):
            if given_up() and self._leave(came):
                yield False
                return
        try:
            yield True
        finally:
            with self._lock:
                self._free += 1
                if self._queue:
                    heapq.heappop(self._queue)[-1].set()

    def _leave(self, came: threading.Event) -> bool:
        """Leave the queue, unless a place has come meanwhile."""
        with self._lock:
            if came.is_set():
                return False
            self._free += 1
            self._queue = [place for place in self._queue if place[-1] is not came]
            heapq.heapify(self._queue)
            return True


# Of all sessions of a server: one more than there are cores, since who has had a program run waits for the interpreter.
TURNS = Turns(CORES + 1)
# Held by who works out frames, while others may have compiled programs run: NumPy lets go of the interpreter at each of
# its hundred calls, and two who are at it fetch it back from each other every time.
ALONE = threading.Lock()
