"""How a setting is described: a part of an experiment, a knob, and a name from a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def knob(
    default: float, help: str, low: float, high: float, *, unit: str = "", log: bool = False, gate: bool = False
) -> Any:
    """A setting that acts at once, on the very next step.

    Args:
        default: its value unless told otherwise.
        help: one line.
        low: lowest value allowed.
        high: highest value allowed.
        unit: what it is measured in.
        log: whether a slider for it should be logarithmic.
        gate: whether 0 leaves its machinery out of the compiled program, so that crossing 0 recompiles once.
    """
    return Field(
        default,
        ge=low,
        le=high,
        allow_inf_nan=False,
        description=help,
        json_schema_extra={"knob": True, "unit": unit, "log": log, "gate": gate},
    )


class Part(BaseModel, frozen=True):
    """A group of settings: frozen, hashable, and strict about names."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Table:
    """The table that defines the names which a setting may take, loaded when it is first asked for."""

    module: str
    name: str
    command: str  # lists it: `gausslab <command>`

    def members(self) -> Mapping[str, Any]:
        """The table itself."""
        return getattr(import_module(f"gausslab.{self.module}"), self.name)

    def __call__(self, name: str) -> str:
        """The name, once it is certain that it is in the table."""
        members = self.members()
        if name not in members:
            near = get_close_matches(name, members, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"`gausslab {self.command}` says what each is"
            raise ValueError(f"expected one of {', '.join(members)}, got {name!r}; {hint}")
        return name


def in_table(module: str, table: str, command: str) -> AfterValidator:
    """Check a name against the table that defines it."""
    return AfterValidator(Table(module, table, command))
