"""Runs that came from one another: which left which, at what step, and how far each has come.

A run is an experiment and what was done to it, so that runs alone tell their tree: two of them are one and the same up
to the first thing that was done to only one of them.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gausslab.comparing import own_events, parted
from gausslab.frame import UNITS

if TYPE_CHECKING:
    from gausslab.run import Run

TOLD = 3  # things done at the fork, in a label


@dataclass(frozen=True)
class Branch:
    """One run among others."""

    place: int  # among the runs
    parent: int | None  # place of the run that it left; None for one that begins by itself
    step: int  # at which it left its parent; 0 where it has none
    end: int  # steps taken
    label: str  # what it does otherwise, in one line; the target it began with where it has no parent
    wasserstein: float  # W1 at its end, in units of the target's spread
    distance: str  # at its end, in words: by KS where W1 is infinite


def branches(runs: Sequence[Run]) -> tuple[Branch, ...]:
    """The tree of some runs, in their order: each is seen to have left one of those before it.

    Args:
        runs: each with a frame; a run comes before those that left it.
    """
    found: list[Branch] = []
    for place, run in enumerate(runs):
        shared = {earlier: parted(runs[earlier], run) for earlier in range(place)}
        kin = {earlier: step for earlier, step in shared.items() if step is not None}
        parent = max(kin, key=lambda earlier: (kin[earlier], -earlier), default=None)
        step = 0 if parent is None else kin[parent]
        label = run.frames.plain(0).scene.label if parent is None else _label(run, step)
        last = run.frames.plain(len(run.frames) - 1).readings
        distance = f"{last.measure} {last.distance:.4f}{UNITS[last.measure]}"
        found.append(Branch(place, parent, step, run.step, label, last.wasserstein_over_std, distance))
    return tuple(found)


def _label(run: Run, step: int) -> str:
    own = own_events(run, step)
    words = [f"{event.knob} {event.value if isinstance(event.value, str) else f'{event.value:g}'}" for event in own]
    return ", ".join(words[:TOLD]) + (", …" if len(words) > TOLD else "") or "as it was"


@dataclass(frozen=True, eq=False)
class Tree:
    """Runs that came from one another, which show themselves as a tree."""

    runs: tuple[Run, ...]

    @classmethod
    def of(cls, *runs: Run) -> Tree:
        """The tree of some runs; a run comes before those that left it."""
        return cls(runs)

    def grown(self, run: Run) -> Tree:
        """The tree with one run more."""
        return Tree((*self.runs, run))

    @property
    def branches(self) -> tuple[Branch, ...]:
        """One for each run, in their order."""
        return branches(self.runs)

    def __str__(self) -> str:
        found = self.branches
        lines: list[tuple[str, Branch]] = []

        def draw(branch: Branch, before: str, mark: str, after: str) -> None:
            where = f"from step {branch.step:,}: " if branch.parent is not None else ""
            lines.append((f"{before}{mark}{branch.place} {where}{branch.label}", branch))
            children = sorted((one for one in found if one.parent == branch.place), key=lambda one: one.step)
            for child in children:
                last = child is children[-1]
                draw(child, before + after, "└─ " if last else "├─ ", "   " if last else "│  ")

        for root in (branch for branch in found if branch.parent is None):
            draw(root, "", "", "")
        width = max((len(text) for text, _ in lines), default=0)
        return "\n".join(f"{text:<{width}}  {branch.end:>7,} steps  {branch.distance}" for text, branch in lines)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"
