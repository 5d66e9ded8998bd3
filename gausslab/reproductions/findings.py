"""A figure that a paper published, what this lab found for it, and whether that is good enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from tqdm.auto import tqdm

HEADINGS = ("what", "published", "ours", "bar", "verdict")
Work = TypeVar("Work")


@dataclass(frozen=True)
class Options:
    """How much to do; the defaults are what the bars are stated for."""

    seeds: int | None = None  # of everything that is trained; None takes as many as the bars name
    progress: bool | None = None  # None is for a terminal only

    def few(self, stated: int) -> bool:
        """Whether these are fewer seeds than a bar asks for, so that nothing can be judged."""
        return self.seeds is not None and self.seeds < stated

    def each(self, work: Sequence[Work], what: str) -> Iterable[Work]:
        """The pieces of some work, one by one, under a progress bar."""
        hidden = None if self.progress is None else not self.progress
        return tqdm(work, desc=what, leave=False, disable=hidden)


class Published(NamedTuple):
    """One figure of a paper."""

    what: str
    figure: str  # as the paper has it
    bar: str  # what ours must be; empty where the row is for information


class Finding(NamedTuple):
    """What came out for one published figure."""

    published: Published
    ours: str
    met: bool | None  # None where there is no bar, or too few seeds to judge by
    numbers: Mapping[str, Any] = MappingProxyType({})

    @property
    def verdict(self) -> str:
        """The outcome in a word or two."""
        if self.met is None:
            return "not judged" if self.published.bar else "for information"
        return "met" if self.met else "MISSED"

    def cells(self) -> tuple[str, str, str, str, str]:
        """What stands under HEADINGS."""
        return self.published.what, self.published.figure, self.ours, self.published.bar, self.verdict

    def as_json(self) -> dict[str, Any]:
        """All of it, as JSON takes it."""
        cells = dict(zip(HEADINGS, self.cells(), strict=True))
        return {**cells, "met": self.met, "numbers": _finite(dict(self.numbers))}


def _finite(value: Any) -> Any:
    """Numbers as JSON takes them: null for what is infinite or undefined."""
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class Picture(NamedTuple):
    """A figure of the page: its file's name without the ending, what it shows, and how it is drawn."""

    name: str
    caption: str
    draw: Callable[[], Any]  # gives a matplotlib figure


class Outcome(NamedTuple):
    """What came out for one paper."""

    findings: list[Finding]
    pictures: list[Picture]


class Reproduction(NamedTuple):
    """A paper, what it published, and how the lab does it again."""

    title: str
    source: str
    story: str  # what is done, which settings are the paper's, and what is certain of its figures
    published: tuple[Published, ...]
    measure: Callable[[Options], Outcome]
    remarks: str = ""  # what the figures say, below the table
