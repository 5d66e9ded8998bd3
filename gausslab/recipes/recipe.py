"""What a recipe is: an experiment with a story, and a claim that can be checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from gausslab.events import Event
from gausslab.frame import Frame
from gausslab.settings import Experiment


class Claim(NamedTuple):
    """What a recipe's run must show: in words, and as a pure function of the run's frames."""

    words: str
    holds: Callable[[Sequence[Frame]], bool]


class Recipe(NamedTuple):
    """A named experiment: what to watch, and which settings differ from the default."""

    title: str
    story: str  # what to watch, and why
    settings: Mapping[str, Any]  # by dotted path
    attempt: str = ""  # a thing to try
    claim: Claim | None = None
    events: tuple[Event, ...] = ()  # what is done to the run on its way
    shows: tuple[str, ...] = ()  # verdicts of the diagnosis that name what is the matter here; empty: nothing is
    layers: tuple[str, ...] = ()  # of the densities on the page, that are off elsewhere
    cures: str = ""  # the failure that this is the cure of

    def experiment(self, **changes: Any) -> Experiment:
        """The recipe's experiment, with some settings changed."""
        return Experiment().changed({**self.settings, **changes})
