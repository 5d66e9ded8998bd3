"""What a session remembers of a run: frames over all of it, bounded in number and thinned evenly, not cut."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from gausslab.frame import Frame
from gausslab.looking import Observation
from gausslab.observing import Reel, Units, frame, lens, named, stacked
from gausslab.settings import Experiment
from gausslab.targets import Target


class Entry(NamedTuple):
    """One look at a run, from which its frame can be worked out again.

    It holds what the lens was made of: a lens weighs as much as twenty looks, and a slider makes one at every place.
    """

    structure: Experiment
    target: Target
    units: Units
    knobs: dict[str, float]
    observations: Observation  # of a single look
    verdict: str
    sentence: str

    @property
    def step(self) -> int:
        """Steps taken before the look."""
        return int(self.observations.step[0])

    @property
    def reel(self) -> Reel:
        """The look as it was taken."""
        return Reel(lens(self.structure, self.target, self.units), self.knobs, self.observations)

    def frame(self) -> Frame:
        """Everything that could be seen."""
        reel = self.reel
        seen = frame(reel.look, reel.observation(0), reel.knobs)
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
        look, knobs = reel.look, reel.knobs
        if self.entries and self.entries[-1].knobs == knobs:
            knobs = self.entries[-1].knobs
        self.steps.append(step)
        alone = _alone(reel, place)
        self.entries.append(Entry(look.structure, look.target, look.units, knobs, alone, verdict, sentence))
        if len(self) > self.most:
            self._thin()

    def _thin(self) -> None:
        """Drop one look, the earliest that has neighbours near enough; there are none fewer afterwards than allowed.

        So the past is thinned from its beginning on while new looks come in, and every gap is one spacing or two.
        """
        while True:
            for place in range(1, len(self) - 1):
                if self.steps[place + 1] - self.steps[place - 1] <= 2 * self.spacing:
                    del self.steps[place], self.entries[place]
                    return
            self.spacing *= 2

    def forget_after(self, step: int) -> None:
        """Drop what was seen later than a step."""
        place = bisect_right(self.steps, step)
        del self.steps[place:], self.entries[place:]

    def until(self, step: int) -> Timeline:
        """Those at or before a step, for a run that goes another way from there."""
        place = bisect_right(self.steps, step)
        return Timeline(self.most, self.spacing, self.steps[:place], self.entries[:place])

    def nearest(self, step: int) -> Entry:
        """The last look at or before a step; the first one where there is none."""
        return self.entries[max(bisect_right(self.steps, step) - 1, 0)]


def _alone(reel: Reel, place: int) -> Observation:
    """One look of a stretch, copied: a view of it would keep the whole stretch in memory."""
    return stacked({name: array[place : place + 1].copy() for name, array in named(reel.observations).items()})
