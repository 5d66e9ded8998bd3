"""What two experiments, or two runs, have in common, and in what they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gausslab.events import PAUSE, Event
from gausslab.settings import Experiment

if TYPE_CHECKING:
    from gausslab.run import Run

BESIDE_THE_GAME = {"steps", "frame_every"}  # change no bit of any step
OF_THE_TARGET = {"target", "location", "scale"}
MOST_EVENTS = 6  # told one by one
NONE = "none"  # a penalty that one of two has, and the other has not


class Difference(NamedTuple):
    """A setting in which two experiments differ."""

    path: str  # dotted
    first: Any  # None: it has no such penalty
    second: Any

    def __str__(self) -> str:
        return f"{self.path} {shown(self.first)} | {shown(self.second)}"


def shown(value: Any) -> str:
    """A setting's value in a sentence."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "×".join(map(str, value)) or NONE
    return f"{value:g}" if isinstance(value, float) else str(value)


def differing(first: Experiment, second: Experiment) -> list[Difference]:
    """Every setting in which two experiments differ, but for how long they train and how often they are looked at."""
    one, other = first.values, second.values
    paths = [*one, *(path for path in other if path not in one)]
    pairs = (Difference(path, one.get(path), other.get(path)) for path in paths if path not in BESIDE_THE_GAME)
    return [pair for pair in pairs if pair.first != pair.second]


def differences(first: Experiment | Run, second: Experiment | Run) -> str:
    """In one line: the settings in which two differ, as `path first | second`, and what was done to one only."""
    parts = [str(pair) for pair in differing(_experiment(first), _experiment(second))]
    ours, theirs = _deeds(first), _deeds(second)
    shared = _shared(ours, theirs)
    for name, events in (("the first", ours[shared:]), ("the second", theirs[shared:])):
        parts += [f"{event} ({name} only)" for event in events[:MOST_EVENTS]]
        if len(events) > MOST_EVENTS:
            parts.append(f"{len(events) - MOST_EVENTS} more events of {name}")
    return "; ".join(parts) or "no difference"


def likeness(experiment: Experiment) -> str:
    """The recipe that an experiment comes nearest to, and in how many settings it differs; its target counts last."""
    from gausslab.recipes import RECIPES

    def distance(name: str) -> tuple[int, int]:
        paths = {pair.path for pair in differing(RECIPES[name].experiment(seed=experiment.seed), experiment)}
        return len(paths - OF_THE_TARGET), len(paths)

    nearest = min(RECIPES, key=distance)
    others, _ = distance(nearest)
    return nearest + (f" + {others} setting{'s' * (others > 1)}" if others else "")


def parted(first: Run, second: Run) -> int | None:
    """The last step up to which two runs are one and the same; None where they are not even that at the start."""
    if differing(first.experiment, second.experiment):
        return None
    ours, theirs = _deeds(first), _deeds(second)
    shared = _shared(ours, theirs)
    return min(first.step, second.step, *(event.step for event in (*ours[shared:], *theirs[shared:])))


def own_events(run: Run, step: int) -> list[Event]:
    """What was done to a run from a step on, pauses left out."""
    return [event for event in _deeds(run) if event.step >= step]


def _experiment(one: Experiment | Run) -> Experiment:
    return one if isinstance(one, Experiment) else one.experiment


def _deeds(one: Experiment | Run) -> list[Event]:
    return [] if isinstance(one, Experiment) else [event for event in one.events if event.knob != PAUSE]


def _shared(ours: Sequence[Event], theirs: Sequence[Event]) -> int:
    """How many of the first events are the same."""
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(ours), len(theirs)))
