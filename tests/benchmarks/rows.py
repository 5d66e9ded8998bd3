"""A row of the table of benchmarks: what was measured, the bar it must reach, and whether it does."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from os import cpu_count
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

HEADINGS = ("what", "bar", "measured", "verdict")
PACKAGES = ("jax", "flax", "optax", "numpy", "scipy")


@dataclass(frozen=True)
class Options:
    """How much to measure; the defaults are what the bars are stated for."""

    rounds: int = 15  # turns of each contestant where times are compared
    seeds: int | None = None  # of each quality benchmark; None takes the number that its bar names
    first_seed: int | None = None  # of each recipe; None begins at 0
    steps: int = 5000  # of each quality run
    targets: tuple[str, ...] = ()  # names of quality targets; empty takes all
    rivals_python: str = sys.executable  # an interpreter with PyTorch and TensorFlow
    sessions: int | None = None  # of a crowd; None takes the number that its bar names
    minutes: float | None = None  # of a visit; None takes what its bar names


class Row(NamedTuple):
    """One line of the table."""

    what: str
    bar: str  # empty where there is none
    measured: str
    met: bool | None  # None where there is no bar, or nothing could be measured
    numbers: Mapping[str, Any] = MappingProxyType({})  # all that was measured, for the JSON file

    @property
    def verdict(self) -> str:
        """The outcome in a word or two."""
        if self.met is None:
            return "not measured" if self.bar else "for information"
        return "met" if self.met else "MISSED"

    def cells(self) -> tuple[str, str, str, str]:
        """What stands under HEADINGS."""
        return self.what, self.bar, self.measured, self.verdict


def unmeasured(what: str, bar: str, reason: str) -> Row:
    """A row that says why there is no number in it."""
    return Row(what, bar, reason, None)


def as_markdown(rows: Sequence[Row]) -> str:
    """The table in Markdown."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells() for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def as_text(rows: Sequence[Row]) -> str:
    """The table in columns, for a terminal."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines)


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The table and all its numbers as plain values."""
    return [{**row._asdict(), "numbers": dict(row.numbers), "verdict": row.verdict} for row in rows]


def from_json(row: Mapping[str, Any]) -> Row:
    """A row of such a table."""
    return Row(*(row[name] for name in Row._fields))


def circumstances() -> str:
    """On what, with what and when this was measured, in one sentence."""
    models = [line.partition(":")[2].strip() for line in _processor_lines() if line.startswith("model name")]
    processor = models[0] if models else platform.processor() or platform.machine()
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"Measured on {date.today():%d %B %Y} on {cpu_count()} cores of {processor}, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}."
    )


def _processor_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
