"""What a session remembers of a run: frames over all of it, bounded in number and thinned evenly, not cut."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from gausslab.frame import Frame
from gausslab.observing import Reel, frame, named, stacked


class Entry(NamedTuple):
    """One look at a run, from which its frame can be worked out again."""

    reel: Reel  # of a single look
    verdict: str
    sentence: str

    def frame(self) -> Frame:
        """Everything that could be seen."""
        seen = frame(self.reel.look, self.reel.observation(0), self.reel.knobs)
        return replace(seen, verdict=self.verdict, diagnosis=self.sentence)


@dataclass(eq=False)
class Timeline:
    """Looks in the order of their steps, `spacing` steps apart or more."""

    most: int
    spacing: int = 1
    steps: list[int] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.steps)

    def record(self, reel: Reel, place: int, verdict: str, sentence: str) -> None:
        """Remember one look of a stretch, unless it is too near to the last one."""
        step = int(reel.observations.step[place])
        if self.steps and step < self.steps[-1] + self.spacing:
            return
        self.steps.append(step)
        self.entries.append(Entry(_alone(reel, place), verdict, sentence))
        if len(self) > self.most:
            self._thin()

    def _thin(self) -> None:
        self.spacing = max(2 * self.spacing, 2 * (self.steps[-1] - self.steps[0]) // self.most)
        kept = [0]
        for place, step in enumerate(self.steps):
            if step >= self.steps[kept[-1]] + self.spacing:
                kept.append(place)
        self.steps = [self.steps[place] for place in kept]
        self.entries = [self.entries[place] for place in kept]

    def forget_after(self, step: int) -> None:
        """Drop what was seen later than a step."""
        place = bisect_right(self.steps, step)
        del self.steps[place:], self.entries[place:]

    def nearest(self, step: int) -> Entry:
        """The last look at or before a step; the first one where there is none."""
        return self.entries[max(bisect_right(self.steps, step) - 1, 0)]


def _alone(reel: Reel, place: int) -> Reel:
    """One look of a stretch, copied: a view of it would keep the whole stretch in memory."""
    arrays = named(reel.observations)
    return Reel(
        reel.look, reel.knobs, stacked({name: array[place : place + 1].copy() for name, array in arrays.items()})
    )
