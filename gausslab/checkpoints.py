"""What a run remembers of its way, so that it can go back: checkpoints, spread evenly within a memory budget."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from gausslab.game import State
from gausslab.updates import Moves

BUDGET = 64 * 2**20  # bytes of memory that the checkpoints of a run may take
SPACING = 100  # steps between two checkpoints, or more


class Mark(NamedTuple):
    """A checkpoint: all that a run needs to go on from a step, on the host.

    How it looks is left out, and made again: where a slider is dragged all the time, each has another target, whose
    grids weigh more than all the rest.
    """

    step: int
    nbytes: int  # memory of its numbers
    state: State
    moves: Moves
    events: int  # how many of the run's events were done
    knobs: dict[str, float]  # in force, by dotted path
    text: str  # of the target in force, before its location and scale move it


@dataclass(eq=False)
class Checkpoints:
    """Checkpoints in the order of their steps, `spacing` steps apart or more.

    Where they outgrow the budget, the spacing doubles and those between are dropped: the way back gets coarser all
    over, and is cut off nowhere.
    """

    budget: int = BUDGET
    spacing: int = SPACING
    marks: list[Mark] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.marks)

    @property
    def nbytes(self) -> int:
        """Memory that they take."""
        return sum(mark.nbytes for mark in self.marks)

    def wants(self, step: int) -> bool:
        """Whether a checkpoint at this step would be kept."""
        return not self.marks or step >= self.marks[-1].step + self.spacing

    def keep(self, mark: Mark) -> None:
        """Add a checkpoint behind the others."""
        self.marks.append(mark)
        while self.nbytes > self.budget:
            if len(self.marks) > 2:
                self._thin()
            else:
                self.marks.pop()

    def _thin(self) -> None:
        self.spacing = max(2 * self.spacing, 2 * (self.marks[-1].step - self.marks[0].step) // len(self.marks))
        kept = [self.marks[0]]
        for mark in self.marks[1:]:
            if mark.step >= kept[-1].step + self.spacing:
                kept.append(mark)
        self.marks = kept

    def insert(self, mark: Mark) -> None:
        """Add a checkpoint between the others, unless one is near; what was passed again is remembered again."""
        place = bisect_right(self.marks, mark.step, key=lambda one: one.step)
        near = [one for one in self.marks[max(place - 1, 0) : place + 1] if abs(one.step - mark.step) < self.spacing]
        if not near and self.nbytes + mark.nbytes <= self.budget:
            self.marks.insert(place, mark)

    def until(self, step: int) -> list[Mark]:
        """Those at or before a step."""
        return self.marks[: bisect_right(self.marks, step, key=lambda one: one.step)]

    def only(self, choose: Callable[[list[Mark]], list[Mark]]) -> Checkpoints:
        """Some of them, for a run that goes another way."""
        return replace(self, marks=choose(self.marks))

    def largest_gap(self, last: int) -> int:
        """Most steps from one to the next, and from the last one to a step; `last` itself where there is none."""
        steps = [0, *(mark.step for mark in self.marks), last]
        return max(later - earlier for earlier, later in pairwise(steps))
