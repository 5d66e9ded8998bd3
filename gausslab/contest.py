"""Two experiments in lock-step, on one seed and the same batches: which of them is ahead, and by how much.

print(duel("vanilla", "steady", 2000))
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gausslab.comparing import differences, differing
from gausslab.errors import BadInput
from gausslab.events import Event, html_table
from gausslab.frame import UNITS, Measure, Readings
from gausslab.recipes import RECIPES
from gausslab.run import Run, begin
from gausslab.settings import Experiment

if TYPE_CHECKING:
    import pandas as pd

FRAMES_PER_ROUND = 10  # after which it is the other's turn
OF_THE_BATCHES = {"seed", "batch", "stratified", "latent.dimension", "latent.stratified", "update"}

Contestant = str | PathLike[str] | Experiment | Run


class Side(NamedTuple):
    """One of the two."""

    name: str
    run: Run
    ahead: deque[Event]  # what is still to be done to it, in order


@dataclass(frozen=True, eq=False)
class Duel:
    """Two runs that were trained side by side."""

    first: Run
    second: Run
    names: tuple[str, str]

    @property
    def differences(self) -> str:
        """In what the two differ, in one line."""
        return differences(self.first, self.second)

    @property
    def same_batches(self) -> bool:
        """Whether both see the same noise, and reals at the same levels of their targets."""
        return not OF_THE_BATCHES & {pair.path for pair in differing(self.first.experiment, self.second.experiment)}

    @property
    def wasserstein(self) -> tuple[float, float]:
        """W1 of each where it stands, in units of its target's spread; infinite for one that broke down."""
        return self._far("W1")

    @property
    def measure(self) -> Measure:
        """What tells who is ahead: KS where one of the targets has no mean, and W1 is infinite."""
        return "KS" if "KS" in [_last(run).measure for run in (self.first, self.second)] else "W1"

    @property
    def distances(self) -> tuple[float, float]:
        """How far each is from its target by that measure; infinite for one that broke down."""
        return self._far(self.measure)

    def _far(self, measure: Measure) -> tuple[float, float]:
        first, second = (math.inf if run.failure else _last(run).by(measure) for run in (self.first, self.second))
        return first, second

    @property
    def ahead(self) -> str | None:
        """The name of the one that is nearer to its target; None where both are level."""
        first, second = self.distances
        return None if first == second else self.names[0 if first < second else 1]

    @property
    def by(self) -> float:
        """By how much it is nearer: the difference of the two distances."""
        first, second = self.distances
        return 0.0 if first == second else abs(first - second)

    @property
    def race(self) -> pd.DataFrame:
        """How far both are from their targets, at each step at which both have a frame."""
        import pandas as pd

        measure = self.measure
        curves = [{int(step): place for place, step in enumerate(_steps(run))} for run in (self.first, self.second)]
        steps = sorted(curves[0].keys() & curves[1].keys())
        rows: dict[str, list[float]] = {"step": list(steps)}
        for name, run, places in zip(("first", "second"), (self.first, self.second), curves, strict=True):
            rows[name] = [run.frames.plain(places[step]).readings.by(measure) for step in steps]
        return pd.DataFrame(rows)

    @property
    def verdict(self) -> str:
        """Who is ahead, in one sentence."""
        if self.ahead is None:
            return f"Level after {self.first.step:,} steps."
        best, worst = sorted(self.distances)
        if math.isinf(worst):
            return f"{self.ahead} is ahead: the other broke down."
        by, near, far = (f"{distance:.4f}{UNITS[self.measure]}" for distance in (self.by, best, worst))
        return f"{self.ahead} is ahead by {by}: {self.measure} is {near} against {far}."

    def called(self, first: str, second: str) -> Duel:
        """The same with other names."""
        return replace(self, names=_told_apart(first, second))

    def rows(self) -> list[tuple[str, str, str]]:
        """What the two have to show, side by side."""
        one, other = (dict(run.summary().rows()) for run in (self.first, self.second))
        return [(name, one[name], other[name]) for name in one if name != "speed"]

    def as_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        finite = [value if math.isfinite(value) else None for value in self.wasserstein]
        return {
            "names": list(self.names),
            "differences": self.differences,
            "same_batches": self.same_batches,
            "ahead": self.ahead,
            "by": self.by if math.isfinite(self.by) else None,
            "wasserstein_over_std": finite,
            "measure": self.measure,
            "first": self.first.summary().as_json(),
            "second": self.second.summary().as_json(),
        }

    def __str__(self) -> str:
        rows = [("", *self.names), *self.rows()]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        table = "\n".join(f"{name:<{widths[0]}}  {one:<{widths[1]}}  {other}".rstrip() for name, one, other in rows)
        return f"{table}\n\n{self.verdict}\nThey differ in: {self.differences}."

    def _repr_html_(self) -> str:
        words = html_table(("", *self.names), self.rows())
        return words + html_table((self.verdict,), [(f"They differ in: {self.differences}.",)])


def duel(
    first: Contestant,
    second: Contestant,
    steps: int | None = None,
    *,
    seed: int | None = None,
    progress: bool | None = None,
) -> Duel:
    """Train two side by side, on one seed and the same batches.

    A run that has the seed already keeps what it has learnt and goes on from there; the given run itself stays as it
    is. Any other contestant begins anew, and what was done to it is done again at the same steps.

    Args:
        first: the name of a recipe, an experiment, a run, or the folder of a saved one.
        second: likewise.
        steps: to which both are trained; the most that either has, or asks for, if None.
        seed: of both; that of the first if None.
        progress: show progress bars; None shows them on a terminal and in a notebook.

    Raises:
        BadInput: neither a recipe nor a run, or a number of steps that cannot be.
    """
    return deque(dueling(first, second, steps, seed=seed, progress=progress), maxlen=1)[0]


def dueling(
    first: Contestant,
    second: Contestant,
    steps: int | None = None,
    *,
    seed: int | None = None,
    progress: bool | None = None,
) -> Iterator[Duel]:
    """As `duel`, yielding it after each chunk of training, so that a caller may show it or stop."""
    found = [named(one) for one in (first, second)]
    goal = max(map(_asked, (one for _, one in found))) if steps is None else steps
    if goal < 1:
        raise BadInput(f"expected a duel of at least 1 step, got {goal}")
    seed = _experiment(found[0][1]).seed if seed is None else seed
    sides = [_side(name, one, seed, goal) for name, one in found]
    names = _told_apart(sides[0].name, sides[1].name)
    duel = Duel(sides[0].run, sides[1].run, names)
    every = FRAMES_PER_ROUND * max(side.run.experiment.frame_every for side in sides)
    deeds = {event.step for side in sides for event in side.ahead}
    for stop in sorted({*range(every, goal, every), *deeds, goal}):
        for side in sides:
            while side.run.step < stop <= goal and not side.run.failure:
                for _ in side.run.training(stop - side.run.step, progress=progress):
                    yield duel
            while side.ahead and side.ahead[0].step <= stop < goal and not side.run.failure:
                side.run.do(side.ahead.popleft())
    yield duel


def named(one: Contestant) -> tuple[str, Experiment | Run]:
    """A contestant with a name to call it by.

    Raises:
        BadInput: neither the name of a recipe nor the folder of a run.
    """
    if isinstance(one, Experiment | Run):
        return "an experiment" if isinstance(one, Experiment) else "a run", one
    text = str(one)
    if isinstance(one, str) and text in RECIPES:
        return text, RECIPES[text].experiment()
    if not Path(text).exists():
        raise BadInput(
            f"expected a recipe ({', '.join(RECIPES)}) or the folder of a saved run, got {text[:80]!r}; correct it"
        )
    from gausslab.files import load

    return Path(text).resolve().name, load(text)


def _side(name: str, one: Experiment | Run, seed: int, goal: int) -> Side:
    if isinstance(one, Experiment):
        return Side(name, begin(one.changed({"seed": seed}), ahead=True), deque())
    if one.experiment.seed != seed:
        return Side(name, begin(one.experiment.changed({"seed": seed}), ahead=True), deque(one.events))
    there = one.at(min(one.step, goal))
    return Side(name, there, deque(event for event in one.events if event.step >= there.step))


def _experiment(one: Experiment | Run) -> Experiment:
    return one if isinstance(one, Experiment) else one.experiment


def _asked(one: Experiment | Run) -> int:
    return one.steps if isinstance(one, Experiment) else max(one.step, 1)


def _told_apart(first: str, second: str) -> tuple[str, str]:
    return (first, second) if first != second else (f"{first} (first)", f"{second} (second)")


def _steps(run: Run) -> np.ndarray:
    return np.concatenate([reel.observations.step for reel in run.frames.reels])


def _last(run: Run) -> Readings:
    return run.frames.plain(len(run.frames) - 1).readings
