"""The branches of a session: ways of one run that parted at some step, of which one is gone on with.

The others stand where they were left. Of each the stage shows where it ended, as a ghost, and how far it had come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from gausslab.errors import BadInput
from gausslab.frame import Frame
from gausslab.lab.controls import LABELS
from gausslab.lab.rival import Rival
from gausslab.lab.timeline import Timeline
from gausslab.observing import Lens
from gausslab.run import Run
from gausslab.settings import LIMITS

TOLD = 3  # differences in a label


class Stand(NamedTuple):
    """All that a session needs to go on with a branch where it was left."""

    run: Run
    past: Timeline
    recent: tuple[Frame, ...]  # that the next diagnosis compares with
    first: Frame | None
    look: Lens | None
    words: tuple[str, str]
    from_start: bool
    rival: Rival | None = None


class Ghost(NamedTuple):
    """What is shown of a branch that was left."""

    identity: str  # by which the stage knows it
    last: Frame
    steps: list[int]
    distances: list[float]  # W1 over the target's spread at those steps


@dataclass(eq=False)
class Branch:
    """One way of a session's run."""

    number: int
    parent: int | None  # None for the first
    step: int  # at which it left its parent
    before: Mapping[str, Any]  # knobs and target in force at that step; none where it left nothing
    stand: Stand | None = None  # None for the one that is gone on with
    ghost: Ghost | None = None  # likewise

    def label(self, run: Run) -> str:
        """What it does otherwise, in a few words.

        Args:
            run: of this branch.
        """
        if not self.before:
            return "first"
        now = run.knobs | {"target": run.text}
        changed = [path for path, value in self.before.items() if now.get(path) != value]
        words = [_told(run, path, now[path]) for path in sorted(changed, key="target".__ne__)]
        return ", ".join(words[:TOLD]) + (", …" if len(words) > TOLD else "") or "as it was"


def _told(run: Run, path: str, value: Any) -> str:
    if path == "target":
        return run.parsed[run.text].label
    if path == "location":
        value += run.parsed[run.text].centre
    elif path == "scale":
        value *= run.parsed[run.text].spread
    return f"{LABELS.get(path, path.replace('.', ' ').replace('_', ' '))} {value:.3g}"


@dataclass(eq=False)
class Branches:
    """All branches of a session, in the order in which they began."""

    current: Branch = field(default_factory=lambda: Branch(0, None, 0, {}))
    members: dict[int, Branch] = field(default_factory=dict)
    _next: int = 1

    def __post_init__(self) -> None:
        self.members[self.current.number] = self.current

    def __len__(self) -> int:
        return len(self.members)

    def check_room(self) -> None:
        """See to it that one more is allowed.

        Raises:
            BadInput: there are as many as a session may have.
        """
        if len(self) >= LIMITS.branches:
            raise BadInput(
                f"expected at most {LIMITS.branches} branches, got one more; remove one that you are done with"
            )

    def left(self, number: int | None) -> Branch:
        """A branch that is not gone on with.

        Raises:
            BadInput: there is none of this number, or it is the one in force.
        """
        found = None if number is None else self.members.get(number)
        if found is None or found is self.current:
            raise BadInput(f"expected a branch that was left, got {number}; reload the page")
        return found

    def grow(self, step: int, before: Mapping[str, Any], stand: Stand, ghost: Ghost) -> None:
        """Leave the branch in force where it stands, for a new one that begins at one of its steps."""
        self.leave(stand, ghost)
        self.current = Branch(self._next, self.current.number, step, before)
        self.members[self._next] = self.current
        self._next += 1

    def leave(self, stand: Stand, ghost: Ghost) -> None:
        """Leave the branch in force where it stands."""
        self.current.stand, self.current.ghost = stand, ghost

    def enter(self, branch: Branch) -> Stand:
        """Go on with a branch that was left."""
        assert branch.stand is not None
        stand, branch.stand, branch.ghost = branch.stand, None, None
        self.current = branch
        return stand

    def remove(self, branch: Branch) -> None:
        """Forget a branch; those that left it have left its own parent then."""
        del self.members[branch.number]
        for other in self.members.values():
            if other.parent == branch.number:
                other.parent, other.step = branch.parent, min(other.step, branch.step)
        if branch.parent is None:
            heir = next(iter(self.members.values()))
            heir.parent, heir.step = None, 0
            for other in self.members.values():
                if other.parent is None and other is not heir:
                    other.parent = heir.number

    def end_duel(self) -> None:
        """Forget the rivals of those that were left."""
        for branch in self.members.values():
            branch.stand = branch.stand and branch.stand._replace(rival=None)

    def tree(self, run: Run, seen: Frame) -> list[dict[str, Any]]:
        """One entry for each branch as the stage shows it; none where there is only one.

        Args:
            run: in force.
            seen: its last frame.
        """
        if len(self) == 1:
            return []
        return [self._entry(branch, run, seen) for branch in self.members.values()]

    def _entry(self, branch: Branch, run: Run, seen: Frame) -> dict[str, Any]:
        own = branch.stand.run if branch.stand else run
        last = branch.ghost.last if branch.ghost else seen
        return {
            "number": branch.number,
            "parent": branch.parent,
            "step": branch.step,
            "end": own.step,
            "label": branch.label(own),
            "distance": last.readings.distance,
            "measure": last.readings.measure,
            "ghost": branch.ghost.identity if branch.ghost else None,
        }

    def ghosts(self, known: frozenset[str]) -> dict[str, Ghost]:
        """Those that the stage does not hold yet, by their identity."""
        found = [branch.ghost for branch in self.members.values() if branch.ghost]
        return {ghost.identity: ghost for ghost in found if ghost.identity not in known}


def ghost(identity: str, frames: Sequence[Frame]) -> Ghost:
    """The ghost of a branch from its frames, the last of which is where it stands."""
    distances = [frame.readings.distance for frame in frames]
    return Ghost(identity, frames[-1], [frame.step for frame in frames], distances)


def evenly(count: int, most: int) -> list[int]:
    """Places spread evenly over a list, its ends included."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(most, count)).tolist()})
