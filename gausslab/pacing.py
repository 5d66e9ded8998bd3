"""How a run's steps are cut into calls of the compiled program: quick ones, and never so long that nobody is heard.

How they are cut changes no bit of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

FRAMES_PER_CALL = 10  # enough to hide the cost of a call, few enough for checkpoints that lie close
LONGEST_CALL = 0.15  # seconds of training without a word, and without an ear for Ctrl-C
STEPPING = 2.0  # seconds of steps for each second of looking, at least, where looks are dear
NO_STEPS = np.zeros(FRAMES_PER_CALL, np.int32)
FADING = 0.7  # share of the past, from call to call, in what is known of the pace


@dataclass
class Timing:
    """Where the time went, in seconds."""

    compiling: float = 0.0
    training: float = 0.0
    steps: int = 0  # taken in that time
    looking: float = 0.0  # of a call that takes no step: its looks alone
    lately: tuple[float, float] = (0.0, 0.0)  # seconds and steps, the past faded

    @property
    def steps_per_second(self) -> float:
        """Steps taken in a second of training; 0 before the first."""
        return self.steps / self.training if self.training else 0.0

    @property
    def pace(self) -> float:
        """Seconds that a step took lately; 0 before the first."""
        seconds, steps = self.lately
        return seconds / steps if steps else 0.0

    def note(self, seconds: float, steps: int) -> None:
        """Count in one call of training."""
        self.training += seconds
        self.steps += steps
        # Looks cost what they cost however few steps lie between them: a call is not cut short for their sake.
        stepping = max(seconds - self.looking, 0.02 * seconds)
        self.lately = (FADING * self.lately[0] + stepping, FADING * self.lately[1] + steps)


def next_stops(step: int, goal: int, every: int, pace: float, looking: float = 0.0) -> list[int]:
    """Where the next call looks: at multiples of `every` and at the goal; between two where they lie too far apart.

    Args:
        step: where the run stands.
        goal: where it is to stop, beyond that.
        every: steps between two frames.
        pace: seconds that a step takes; 0 where nobody knows, and a single step will tell.
        looking: seconds that the looks of a call take.
    """
    furthest = step + (max(1, int(max(LONGEST_CALL, STEPPING * looking) / pace)) if pace else 1)
    first = (step // every + 1) * every
    multiples = list(range(first, min(goal, furthest + 1), every)[:FRAMES_PER_CALL])
    if goal <= furthest and len(multiples) < FRAMES_PER_CALL:
        return [*multiples, goal]
    return multiples or [furthest]


def padded(lengths: Sequence[int] | np.ndarray, looks: int = FRAMES_PER_CALL) -> Int[np.ndarray, " frames"]:
    """Steps before each frame of one call of so many looks; the rest of them look again without a step."""
    return np.pad(np.asarray(lengths, np.int32), (0, looks - len(lengths)))
