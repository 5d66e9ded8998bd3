"""experiment.toml of a run: every setting, and what was done when; enough to have the same bits again.

Data files become part of the folder: the run then needs nothing outside it.
"""

from __future__ import annotations

import io
import math
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from gausslab.diagnosis import Failure
from gausslab.errors import BadInput
from gausslab.events import PAUSE, Event
from gausslab.files.layout import DATA, Described, shown, validated
from gausslab.observing import Reel
from gausslab.run import Run
from gausslab.settings import RECORD, Experiment, from_toml, to_toml
from gausslab.targets import Target, parse
from gausslab.targets.reading import Node, read
from gausslab.targets.target import Profile

LONGEST_VALUES = 2_000  # characters of values(...) that stay in the text
LONGEST_FIELD = 200  # characters of a column's name that a data file keeps

Step = Annotated[int, Field(ge=0, le=2**31 - 1)]


class _Event(Described):
    step: Step
    knob: str
    value: float | str


class _Failure(Described):
    step: Step
    knob: str
    sentence: str


class _Record(Described):
    taken: Step | None = None
    first: Step = 0
    goal: Step | None = None
    checkpoint_every: Annotated[int, Field(ge=1)] | None = None
    stops: list[Step] = Field(default_factory=list)
    failure: _Failure | None = None
    events: list[_Event] = Field(default_factory=list)
    ahead: list[_Event] = Field(default_factory=list)


class Plan(NamedTuple):
    """What is still to come in a run that is on its way."""

    goal: int  # the step at which it is to end
    events: tuple[Event, ...] = ()  # that are still to be done, in order
    stops: tuple[int, ...] = ()  # steps off the rhythm of frames at which it is to pause
    every: int | None = None  # steps between two saves on the way; None for none


class Script(NamedTuple):
    """An experiment and what was done to it."""

    experiment: Experiment
    taken: int  # steps
    stops: tuple[int, ...]  # steps off the rhythm of frames at which training paused, and a frame was recorded
    failure: Failure | None
    events: tuple[Event, ...]
    plan: Plan | None = None  # of a run that was saved on its way; None for one that has reached its end
    first: int = 0  # the step at which it took over weights from another experiment; 0 where it began by itself


class Packed(NamedTuple):
    """The texts of a run's targets as its folder knows them, and the files that they speak of."""

    texts: dict[str, str]  # by the text that the run has
    files: dict[str, bytes]  # NPY, by name


def write(run: Run, packed: Packed, reels: Sequence[Reel], plan: Plan | None = None) -> str:
    """Write down what was done in a run, and what is still to be done.

    Args:
        run: what to write down.
        packed: its data, as the folder knows them.
        reels: what is kept of its frames.
        plan: of a run that is on its way.
    """
    every = run.experiment.frame_every
    steps = {int(step) for reel in reels for step in reel.observations.step if step % every and step < run.step}

    def told(events: Iterable[Event]) -> list[dict[str, int | float | str]]:
        return [
            {"step": step, "knob": knob, "value": packed.texts.get(str(value), value)} for step, knob, value in events
        ]

    record: dict[str, Any] = {"taken": run.step, **({"first": run.first} if run.first else {})}
    record |= {"stops": sorted(steps), "events": told(run.events)}
    if plan is not None:
        ahead = {step for step in plan.stops if step >= run.step}
        record |= {"goal": plan.goal, "stops": sorted(steps | ahead), "ahead": told(plan.events)}
        record |= {"checkpoint_every": plan.every} if plan.every else {}
    if run.failure:
        record["failure"] = run.failure._asdict()
    experiment = run.experiment.model_copy(update={"target": packed.texts[run.experiment.target]})
    return to_toml(experiment, record)


def understand(text: str, folder: Path, *, own_data: bool) -> Script:
    """Read an experiment and what was done to it.

    Args:
        text: TOML.
        folder: what data files are relative to.
        own_data: whether the targets may name no other data than the run's own.

    Raises:
        BadInput: no TOML, a setting or an event that cannot be, or data from elsewhere.
    """
    if own_data:
        _check_own(text)
    experiment = from_toml(text, folder)
    values = tomllib.loads(text)
    record = validated(_Record, {name: values[name] for name in RECORD if name in values})
    taken = experiment.steps if record.taken is None else record.taken
    goal = taken if record.goal is None else record.goal
    if goal < taken:
        raise BadInput(f"expected a goal beyond the {taken} steps taken, got {goal}; correct it")
    if record.first > taken:
        raise BadInput(f"expected a first step up to the {taken} taken, got {record.first}; correct it")
    targets: dict[str, str] = {}
    for event in (*record.events, *record.ahead):
        if event.knob == "target" and event.value not in targets:
            reading = parse_own if own_data else _parse
            targets[str(event.value)] = reading(str(event.value), folder).text

    def done(events: Iterable[_Event]) -> list[Event]:
        return [
            Event(event.step, event.knob, targets[str(event.value)] if event.knob == "target" else event.value)
            for event in events
        ]

    events, ahead = done(record.events), done(record.ahead)
    _check_events(experiment, events, 0, taken)
    _check_events(experiment, ahead, taken, goal)
    failure = Failure(**record.failure.model_dump()) if record.failure else None
    plan = None if record.goal is None else Plan(goal, tuple(ahead), tuple(record.stops), record.checkpoint_every)
    return Script(experiment, taken, tuple(record.stops), failure, tuple(events), plan, record.first)


def pack(run: Run, ahead: Iterable[Event] = ()) -> Packed:
    """Find which of a run's targets are data that have to go into its folder, and name them there.

    The values are those that the run was trained with, whatever has become of their file.

    Args:
        run: what is saved.
        ahead: what is still to be done to it.
    """
    profiles = {reel.look.target.profile for reel in run.frames.reels} | {run.target.profile}
    profiles |= {target.profile for target in run.parsed.values()}
    known = {profile.text: profile for profile in profiles if profile.sample is not None}
    texts: dict[str, str] = {}
    names: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for text in _targets(run, ahead):
        if text in texts:
            continue
        texts[text] = text
        profile = known.get(text) or next((known[one] for one in known if text.startswith(f"moved({one}, ")), None)
        profile = profile or parse(text).profile
        if profile.sample is None or not _is_foreign(profile.text):
            continue
        if profile.text not in names:
            names[profile.text] = f"data-{len(names) + 1}.npy" if names else "data.npy"
            files[names[profile.text]] = _npy(profile)
        here = f'data("{names[profile.text]}", "{_field(profile).replace(chr(34), chr(34) * 2)}")'
        texts[text] = text.replace(profile.text, here, 1)
    return Packed(texts, files)


def parse_own(text: str, folder: Path) -> Target:
    """A target of a saved run, which may name data of its own folder only.

    Raises:
        BadInput: no target, or one that would have other files of this machine opened.
    """
    _check_own_data(text)
    return _parse(text, folder)


def _parse(text: str, folder: Path) -> Target:
    return parse(text, folder=folder)


def _targets(run: Run, ahead: Iterable[Event]) -> Iterator[str]:
    """Every target's text, in an order that going on with a run only adds to."""
    yield run.experiment.target
    yield from (str(event.value) for event in (*run.events, *ahead) if event.knob == "target")
    yield from (reel.look.target.profile.text for reel in run.frames.reels)


def _is_foreign(text: str) -> bool:
    return text.startswith("data(") or (text.startswith("values(") and len(text) > LONGEST_VALUES)


def _field(profile: Profile) -> str:
    """What the values are called, so that a legend says the same when they are read back."""
    assert profile.sample is not None
    count = f"{len(profile.sample):,} values"
    name = profile.label.removesuffix(f" ({count})")
    return "values" if name == count or len(name) > LONGEST_FIELD else name


def _npy(profile: Profile) -> bytes:
    """The values as an NPY file with one named column; version 3 of the format takes names in any script."""
    table = np.asarray(profile.sample).view([(_field(profile), "<f8")])
    stream = io.BytesIO()
    np.lib.format.write_array(stream, table, version=(3, 0), allow_pickle=False)
    return stream.getvalue()


def _check_own(text: str) -> None:
    try:
        target = tomllib.loads(text).get("target")
    except (ValueError, RecursionError):
        return  # from_toml says what is wrong with it
    if isinstance(target, str):
        _check_own_data(target)


def _check_own_data(target: str) -> None:
    for node in _nodes(read(target)):
        if node.kind == "call" and node.value == "data":
            named = [word.value for word in _nodes(node) if word.kind == "string"]
            if not named or not DATA.fullmatch(named[0]):
                raise BadInput(
                    f"expected no data but the run's own, data.npy, got {shown(named[0] if named else target)}; "
                    "run its experiment.toml again if you trust it"
                )


def _nodes(node: Node) -> Iterable[Node]:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def _check_events(experiment: Experiment, events: list[Event], step: int, last: int) -> None:
    knobs = {setting.path: setting for setting in experiment.settings if setting.knob}
    for event in events:
        if not step <= event.step <= last:
            raise BadInput(
                f"expected events in order up to step {last}, got one at {event.step} after {step}; sort them"
            )
        step = event.step
        if event.knob == PAUSE and event.value != "":
            raise BadInput(f"expected a pause without a value at step {step}, got {shown(repr(event.value))}; empty it")
        if event.knob in ("target", PAUSE):
            continue
        knob = knobs.get(event.knob)
        if knob is None:
            raise BadInput(f"expected events of knobs, got one of {shown(event.knob)}; correct its name")
        low, high = -math.inf if knob.low is None else knob.low, math.inf if knob.high is None else knob.high
        if isinstance(event.value, str) or not low <= event.value <= high:
            came = shown(repr(event.value))
            raise BadInput(f"expected {knob.path} in {low:g} to {high:g} at step {step}, got {came}; correct it")
        if isinstance(knob.value, int) and event.value != int(event.value):
            raise BadInput(f"expected a whole number for {knob.path} at step {step}, got {event.value!r}; correct it")
        if knob.gate and (event.value > 0) != (knob.value > 0):
            raise BadInput(f"expected {knob.path} to stay on its side of 0, got {event.value!r} at {step}; correct it")
