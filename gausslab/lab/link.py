"""Links that open the same experiment at the same step: all of it is in the address, readable where it is simple.

`?target=normal(4,1.25)&recipe=steady&seed=3` says what differs from a recipe, each setting by its dotted path;
`step` where to go on from; `did` what was done until then and `packed` a long target, both compressed; `rival` whom it
is compared with.
"""

from __future__ import annotations

import binascii
import json
import math
import zlib
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from gausslab.errors import BadInput
from gausslab.recipes import RECIPES
from gausslab.run import Event
from gausslab.settings import LIMITS, Experiment
from gausslab.targets import parse

DEFAULT_RECIPE = "steady"
DEFAULT_TARGET = "0.35*normal(-3, 0.6) + 0.4*normal(0.5, 0.8) + 0.25*normal(4, 0.5)"
READABLE = 200  # characters of a target that stand in a link as they are
MOST_EVENTS = 1_000
UNPACKED = 200_000  # characters that may come out of a compressed part
NOT_IN_A_LINK = ("steps", "frame_every", "target", "seed")
PLAIN = "(),.*:~-_"  # stay as they are in an address


class Opening(NamedTuple):
    """What a link asks for."""

    recipe: str
    experiment: Experiment
    events: tuple[Event, ...] = ()
    step: int = 0
    rival: str = ""  # as `gausslab.lab.challenge` writes it


def default() -> Opening:
    """What the page opens where nothing else is asked for."""
    return Opening(DEFAULT_RECIPE, RECIPES[DEFAULT_RECIPE].experiment(target=DEFAULT_TARGET))


def write(opening: Opening) -> str:
    """The query of a link, from its question mark on.

    Raises:
        BadInput: it would be longer than most programs pass on, or take too long to open.
    """
    if opening.step > LIMITS.link_steps:
        raise _too_much(f"a step up to {LIMITS.link_steps:,}", f"{opening.step:,}")
    if len(opening.events) > MOST_EVENTS:
        raise _too_much(f"at most {MOST_EVENTS} changes since the start", f"{len(opening.events):,}")
    experiment, recipe = opening.experiment, RECIPES[opening.recipe].experiment()
    parts = {"target": _compact(experiment.target)}
    if len(parts["target"]) > READABLE:
        parts = {"packed": pack(experiment.target)}
    parts |= {"recipe": opening.recipe, "seed": str(experiment.seed)}
    usual = dict(recipe.values)
    for path, value in experiment.values.items():
        if path not in NOT_IN_A_LINK and value != usual.pop(path, None):
            parts[path] = written(value)
    # A penalty of the recipe that is left out here.
    parts |= {path: "none" for path in usual if path.startswith("penalties.")}
    if opening.events:
        parts["did"] = pack(json.dumps([list(event) for event in opening.events], separators=(",", ":")))
    if opening.rival:
        parts["rival"] = opening.rival
    if opening.step:
        parts["step"] = str(opening.step)
    link = "?" + "&".join(f"{name}={quote(value, safe=PLAIN)}" for name, value in parts.items())
    if len(link) > LIMITS.link:
        raise _too_much(f"at most {LIMITS.link:,} characters", f"{len(link):,}")
    return link


def _too_much(expected: str, got: str) -> BadInput:
    return BadInput(f"expected {expected} in a link, got {got}; save the experiment as TOML instead")


def read(query: Mapping[str, str]) -> Opening:
    """What the query of an address asks for.

    Raises:
        BadInput: something in it that is not understood, or that goes too far.
    """
    parts = dict(query)
    if not parts:
        return default()
    if sum(len(name) + len(value) for name, value in parts.items()) > 2 * LIMITS.link:
        raise BadInput(f"expected a link of at most {LIMITS.link:,} characters, got a longer one; copy it again")
    recipe = parts.pop("recipe", DEFAULT_RECIPE)
    if recipe not in RECIPES:
        raise BadInput(f"expected the name of a recipe, such as {DEFAULT_RECIPE}, got {recipe[:40]!r}; correct it")
    text = parts.pop("target", RECIPES[recipe].settings.get("target", DEFAULT_TARGET))
    if "packed" in parts:
        text = unpack(parts.pop("packed"))
    changes: dict[str, Any] = {"target": parse(text, files=False).text}
    step = _step(parts.pop("step", "0"))
    events = _events(parts.pop("did", None))
    rival = parts.pop("rival", "")
    dropped = [name for name, value in parts.items() if name.startswith("penalties.") and value == "none"]
    kept = dict(RECIPES[recipe].experiment().penalties)
    for name in dropped:
        kept.pop(name.partition(".")[2], None)
        del parts[name]
    unwanted = [name for name in parts if name in NOT_IN_A_LINK and name != "seed"]
    if unwanted:
        raise BadInput(f"expected no {unwanted[0]} in a link, got one; leave it out")
    experiment = RECIPES[recipe].experiment(**changes, **({"penalties": kept} if dropped else {})).changed(parts)
    LIMITS.check(experiment)
    check_events(experiment, events)
    return Opening(recipe, experiment, events, step, rival)


def _compact(text: str) -> str:
    """A target without the blanks that a person would only have to type."""
    short = text.replace(", ", ",").replace(" + ", "+")
    return short if '"' not in text and parse(short, files=False).text == text else text


def written(value: Any) -> str:
    """A setting's value as it stands in a link."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _step(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text[:12]) <= LIMITS.link_steps):
        raise BadInput(f"expected a step from 0 to {LIMITS.link_steps:,} in the link, got {text[:20]!r}; correct it")
    return int(text)


def _events(packed: str | None) -> tuple[Event, ...]:
    if packed is None:
        return ()
    fault = BadInput("expected what was done in the link, got something else; copy the whole link again")
    try:
        found = json.loads(unpack(packed))
    except (ValueError, RecursionError):
        raise fault from None
    if not isinstance(found, list) or len(found) > MOST_EVENTS:
        raise fault
    events = []
    for item in found:
        if not (isinstance(item, list) and len(item) == 3 and type(item[0]) is int and isinstance(item[1], str)):
            raise fault
        step, knob, value = item
        if knob == "target" and isinstance(value, str):
            value = parse(value, files=False).text
        elif isinstance(value, bool | str) or not isinstance(value, int | float):
            raise fault
        if not 0 <= step <= LIMITS.link_steps:
            raise fault
        events.append(Event(step, knob, value))
    return tuple(sorted(events, key=lambda event: event.step))


def check_events(experiment: Experiment, events: Sequence[Event]) -> None:
    """See to it that what a link did can be done again.

    Raises:
        BadInput: no knob, or a value that it cannot take.
    """
    knobs, structure = experiment.knobs(), experiment.structure()
    values: dict[str, list[Any]] = {}
    for event in events:
        values.setdefault(event.knob, []).append(event.value)
    for knob, turned in values.items():
        if knob not in knobs and knob != "target":
            raise BadInput(f"expected knobs that can turn in mid-run in the link, got {knob[:40]!r}; copy it again")
        for value in set(turned) if knob == "target" else _telling(turned):
            if experiment.changed({knob: value}).structure() != structure:
                raise BadInput(f"expected {knob} in the link to stay on its side of 0; copy it again")


def _telling(values: Sequence[float]) -> set[float]:
    """Those of a knob's values that cannot be taken if any cannot: a knob has a lowest and a highest one, and steps."""
    strange = [value for value in values if not math.isfinite(value)] or [value for value in values if value % 1]
    return {min(values), max(values), *strange[:1], *(value for value in values if value == 0)}


def pack(text: str) -> str:
    """A text, compressed into characters that an address may have."""
    return urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def unpack(packed: str) -> str:
    """What has been packed.

    Raises:
        BadInput: it is damaged, or too large.
    """
    damaged = BadInput("expected a whole link, got one with a damaged part; copy it again")
    try:
        content = b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        opened = zlib.decompressobj()
        text = opened.decompress(content, UNPACKED).decode()
    except (binascii.Error, zlib.error, ValueError):
        raise damaged from None
    if opened.unconsumed_tail:
        raise BadInput(f"expected at most {UNPACKED:,} characters in a part of the link, got more; take a smaller one")
    if not opened.eof:
        raise damaged
    return text
