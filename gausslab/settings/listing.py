"""Every setting of an experiment in turn, with its description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from gausslab.settings.describing import Part, Table
from gausslab.settings.penalties import PENALTY_WEIGHT


@dataclass(frozen=True)
class Setting:
    """One setting of an experiment, with all that a slider, a flag or a table of the docs needs to know."""

    path: str  # dotted, e.g. "generator.rate"
    value: Any
    default: Any
    help: str
    knob: bool  # acts at once; otherwise it asks for a new program
    gate: bool  # a knob that leaves its machinery out of the program at 0
    low: float | None
    high: float | None
    unit: str
    log: bool
    choices: tuple[str, ...]
    table: Table | None  # where its names come from, if they do

    @property
    def range(self) -> str:
        """Its lowest and highest value with their unit, for a person; empty where it has none."""
        if self.low is None or self.high is None:
            return ""
        low, high = (f"{bound:g}" if isinstance(bound, float) else str(bound) for bound in (self.low, self.high))
        return f"{low} to {high} {self.unit}".rstrip()


def walk(part: Part, prefix: str = "") -> Iterator[tuple[str, Any, FieldInfo]]:
    """Every setting's dotted path, its value and the field that describes it."""
    for name, info in type(part).model_fields.items():
        path, value = f"{prefix}{name}", getattr(part, name)
        if isinstance(value, Part):
            yield from walk(value, f"{path}.")
        elif path == "penalties":
            yield from ((f"{path}.{penalty}", weight, PENALTY_WEIGHT) for penalty, weight in value)
        else:
            yield path, value, info


def described(path: str, value: Any, info: FieldInfo) -> Setting:
    """A setting with all that its field says of it."""
    bounds = {key: getattr(item, key) for item in info.metadata for key in ("ge", "le") if hasattr(item, key)}
    extra = knob_facts(info)
    return Setting(
        path=path,
        value=value,
        default=info.default,
        help=info.description or "",
        knob=extra.get("knob", False),
        gate=extra.get("gate", False),
        low=bounds.get("ge"),
        high=bounds.get("le"),
        unit=extra.get("unit", ""),
        log=extra.get("log", False),
        choices=get_args(info.annotation) if get_origin(info.annotation) is Literal else (),
        table=next((item.func for item in info.metadata if isinstance(getattr(item, "func", None), Table)), None),
    )


def knob_facts(info: FieldInfo) -> Mapping[str, Any]:
    """What a knob's field says beside what Pydantic asks for."""
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
