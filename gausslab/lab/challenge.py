"""Whom a run is to be compared with, and how an address says so.

`rival=vanilla` is a recipe, `rival=penalties.r1:1;generator.rate:0.002` this run with some settings changed, and
`rival=run:…` another run, compressed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from gausslab.comparing import NONE, differing, likeness, shown
from gausslab.errors import BadInput
from gausslab.events import PAUSE, Event
from gausslab.lab import link
from gausslab.lab.controls import LABELS
from gausslab.recipes import RECIPES
from gausslab.run import Run
from gausslab.settings import LIMITS, Experiment
from gausslab.targets import parse

SAME = ("seed", "steps", "frame_every")  # in which two that are compared cannot differ
OF_THE_TARGET = frozenset({"target", "location", "scale"})
ANOTHER_RUN = "run:"
TOLD = 2  # changes that make a name


@dataclass(frozen=True)
class Challenge:
    """A rival, as it is chosen: a recipe, the run itself with some settings changed, or another run."""

    name: str
    recipe: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)  # by dotted path; None: a penalty that it has not
    opening: link.Opening | None = None
    branch: int | None = None  # which of the session's own it is

    @property
    def events(self) -> tuple[Event, ...]:
        """What is done to it on its way, whatever is done to the run that it is compared with."""
        if self.opening:
            return tuple(event for event in self.opening.events if event.knob != PAUSE)
        return tuple(event for event in RECIPES[self.recipe].events if event.knob != PAUSE) if self.recipe else ()

    @property
    def follows(self) -> bool:
        """Whether it has done to it what was done to the run that it is compared with."""
        return not self.opening and not self.events

    def experiment(self, own: Experiment) -> Experiment:
        """The rival of an experiment: on the same seed; a recipe is taken to the same target.

        Raises:
            BadInput: a change that cannot be, or a rival that is too large for the lab.
        """
        if self.opening:
            found = self.opening.experiment.changed({"seed": own.seed})
        elif self.recipe:
            kept = {"seed": own.seed, "target": own.target, "location": own.location, "scale": own.scale}
            found = RECIPES[self.recipe].experiment(**kept)
        else:
            found = changed(own, self.changes)
        LIMITS.check(found)
        return found

    @property
    def text(self) -> str:
        """As it stands in an address."""
        if self.opening:
            return ANOTHER_RUN + link.pack(link.write(self.opening))
        return self.recipe or ";".join(f"{path}:{_written(value)}" for path, value in self.changes.items())


def of_recipe(name: str) -> Challenge:
    """A recipe as the rival, on the target of the run that it is compared with."""
    return Challenge(name, recipe=name)


def with_changes(own: Experiment, changes: Mapping[str, Any]) -> Challenge:
    """A run itself, with some settings changed.

    Args:
        own: its experiment, as it stands.
        changes: by dotted path; None takes a penalty away.

    Raises:
        BadInput: no change, or one that cannot be.
    """
    made = _with(own, changes)
    if not differing(own, changed(own, changes)):
        path = next(iter(changes), "a setting")
        raise BadInput(f"expected a rival with another {path}, got the same; choose another value, or another setting")
    return made


def _with(own: Experiment, changes: Mapping[str, Any]) -> Challenge:
    unwanted = [path for path in changes if path in SAME]
    if unwanted:
        raise BadInput(f"expected a rival on the same seed and steps, got another {unwanted[0]}; change something else")
    made = changed(own, changes)
    values = made.values
    told = {path: values.get(path) for path in changes}
    return Challenge(_named(made, told), changes=told)


def of_run(opening: link.Opening, name: str = "", branch: int | None = None) -> Challenge:
    """Another run as the rival: a saved one, or a branch."""
    return Challenge(name or likeness(opening.experiment), opening=opening, branch=branch)


def of_branch(run: Run, number: int | None, name: str = "") -> Challenge:
    """A branch as the rival: what was done to it is done again."""
    return of_run(opening(run.experiment, run.events), name, number)


def opening(experiment: Experiment, events: Iterable[Event]) -> link.Opening:
    """A run from its start, as a link opens it."""
    return link.Opening(likeness(experiment).partition(" + ")[0], experiment, tuple(events))


def between(own: Experiment, other: Experiment) -> Challenge:
    """The rival that an experiment is of another one."""
    changes = {pair.path: pair.second for pair in differing(own, other) if pair.path not in SAME}
    return Challenge(_named(other, changes), changes=changes)


def read(text: str, own: Experiment) -> Challenge:
    """The rival that an address asks for.

    Raises:
        BadInput: something in it that is not understood, or that goes too far.
    """
    if text in RECIPES:
        return of_recipe(text)
    if text.startswith(ANOTHER_RUN):
        query = dict(parse_qsl(link.unpack(text.removeprefix(ANOTHER_RUN)).removeprefix("?"), keep_blank_values=True))
        return of_run(link.read(query))
    changes: dict[str, Any] = {}
    for part in text.split(";"):
        path, colon, value = part.partition(":")
        if not colon:
            raise BadInput(f"expected a recipe or path:value as the rival in the link, got {part[:40]!r}; correct it")
        if path == "target":
            value = parse(value, files=False).text
        changes[path] = None if value == NONE and path.startswith("penalties.") else value
    return _with(own, changes)


def changed(experiment: Experiment, changes: Mapping[str, Any]) -> Experiment:
    """An experiment with some settings changed; None takes a penalty away.

    Raises:
        BadInput: a path that is no setting, or a value that it cannot take.
    """
    kept = dict(experiment.penalties)
    for path in [path for path, value in changes.items() if value is None]:
        kept.pop(path.partition(".")[2], None)
    others = {path: value for path, value in changes.items() if value is not None}
    return experiment.changed({"penalties": kept, **others})


def apart(paths: Iterable[str]) -> frozenset[str]:
    """The settings in which two go ways of their own, where they differ in some: a target is one with its place."""
    found = frozenset(paths) - {PAUSE}
    return found | OF_THE_TARGET if found & OF_THE_TARGET else found


def _named(made: Experiment, changes: Mapping[str, Any]) -> str:
    if not 1 <= len(changes) <= TOLD:
        return likeness(made)
    return "with " + ", ".join(f"{_label(path)} {shown(value)}" for path, value in changes.items())


def _label(path: str) -> str:
    group, _, name = path.rpartition(".")
    return LABELS.get(path) or (f"{name} penalty" if group == "penalties" else path.replace(".", " ").replace("_", " "))


def _written(value: Any) -> str:
    return NONE if value is None else link.written(value)
