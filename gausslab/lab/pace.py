"""How fast a session goes: measured, so that an answer keeps to its turn and the film to its pace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gausslab.settings import LIMITS

FRAMES_PER_CALL = 4  # of one compiled program: few enough for a quick answer, enough to hide the cost of a call
SHARE = 0.7  # of the time that a frame is shown that may go into making it
MEMORY = 0.8  # share of the past in each estimate
PROMPT = 0.02  # seconds that an answer to a hand on a slider takes, where a frame takes no longer
MOST_SURPRISE = 2.0  # that is believed at once
DEAREST_FRAME = 1.0  # seconds
PATIENCE = 3.0  # times as long as a dear frame, for the steps before it
LEAST_HOP = 25
TOO_LONG = 3  # turns of one call after which the next one is shorter


@dataclass
class Pace:
    """Running estimates, in seconds."""

    step: float = 3e-4
    frame: float = 2e-3
    steps_per_second: float = 0.0
    hop: int = 100  # steps of one call that takes a turn, with few frames between them
    surprised: bool = False  # by the last call

    def turned(self, times: float) -> None:
        """Expect steps to take so many times as long."""
        self.step *= times

    def shared(self, runs: float) -> None:
        """Expect another number of runs to be taken on at the same time.

        Args:
            runs: how many times as many as before.
        """
        self.step, self.frame = self.step * runs, self.frame * runs

    @contextmanager
    def making(self, frames: int, steps: int) -> Iterator[None]:
        """Time the making of some frames with so many steps in all."""
        started = time.perf_counter()
        yield
        spent = time.perf_counter() - started
        expected = frames * self.frame + steps * self.step
        # Both estimates take their share of the surprise; a large one was a compilation, or a busy moment, unless
        # another follows: then it is a wide network.
        again, self.surprised = self.surprised, spent > MOST_SURPRISE * expected
        surprise = MEMORY + (1 - MEMORY) * min(spent / expected, MOST_SURPRISE)
        surprise = spent / expected if again and self.surprised else surprise
        self.frame = min(max(self.frame * surprise, 1e-4), DEAREST_FRAME)
        if steps:
            self.step = min(max(self.step * surprise, 1e-6), 1.0)
            self.steps_per_second = steps / spent
        if steps >= self.hop:
            # By trial: on a busy machine the two estimates above cannot be told from each other.
            if spent < LIMITS.turn:
                self.hop = min(2 * self.hop, LIMITS.steps_per_frame)
            elif spent > TOO_LONG * LIMITS.turn:
                self.hop = max(self.hop // 2, LEAST_HOP)

    def steps_for(self, wanted: int, speed: float, frame_rate: int = LIMITS.frame_rate) -> int:
        """Steps before each frame: as many as wanted, where that leaves the film its frames a second.

        Args:
            wanted: steps per frame; what counts where there is a speed.
            speed: steps per second; 0 is as fast as it goes.
            frame_rate: frames a second.
        """
        # Where a frame takes longer than that, its steps are thought as dear as it is, and are not.
        left = max(SHARE / frame_rate - self.frame, PATIENCE * self.frame if self.at_once(2) == 1 else 0.0)
        most = max(1, int(left / self.step))
        most = min(most, LIMITS.steps_per_frame)
        return most if speed == 0 else min(max(wanted, 1), most)

    def at_once(self, frames: int, steps: int = 0) -> int:
        """How many of some frames to make in one call: one where each is dear.

        Args:
            frames: that are wanted.
            steps: before each.
        """
        return max(1, min(frames, FRAMES_PER_CALL, int(LIMITS.turn / (self.frame + steps * self.step))))

    def few(self, frames: int, steps: int) -> int:
        """How many of some frames to make where a hand may move on before they are shown.

        Args:
            frames: that are wanted.
            steps: before each.
        """
        return max(1, min(frames, int(PROMPT / (self.frame + steps * self.step))))

    def promptly(self, frames: int, steps: int) -> tuple[int, int]:
        """How many of some frames to make where a hand waits for the first of them, and how many steps before each.

        Args:
            frames: that are wanted.
            steps: before each; fewer where even a single frame would take too long.
        """
        if steps and self.frame + steps * self.step > PROMPT:
            return 1, max(1, min(steps, int((PROMPT - self.frame) / self.step)))
        return self.few(frames, steps), steps

    def hops(self, frames: int) -> tuple[int, int]:
        """How to go on fast: of one call, the frames that leave most of its turn to the steps, and steps before each.

        Args:
            frames: that are wanted at most.
        """
        count = max(1, min(frames, int(LIMITS.turn / 2 / self.frame)))
        return count, max(1, self.hop // count)

    def fits(self, frames: int, steps: int, left: float) -> bool:
        """Whether there is time left for some more frames."""
        return frames * self.frame + steps * self.step <= left
