"""What a person did to a run, in order, each with the step after which it was done."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import NamedTuple

PAUSE = "pause"  # changes nothing: somebody stopped there to look


class Event(NamedTuple):
    """Something that a person did to a run: before the step after `step`, a knob took a value."""

    step: int
    knob: str  # dotted path, "target", or "pause"
    value: float | str  # empty for a pause

    def __str__(self) -> str:
        value = self.value if isinstance(self.value, str) else f"{self.value:g}"
        return f"step {self.step:,}: {self.knob} {value}".rstrip()


class Events(list[Event]):
    """A list of events that shows itself as a table, in a terminal and in a notebook."""

    def rows(self) -> list[tuple[str, str, str]]:
        """Step, knob and value of each, for a person to read."""
        return [(f"{step:,}", knob, value if isinstance(value, str) else f"{value:g}") for step, knob, value in self]

    def __str__(self) -> str:
        if not self:
            return "nothing was done to this run"
        rows = [("step", "knob", "value"), *self.rows()]
        steps, knobs = (max(len(row[column]) for row in rows) for column in (0, 1))
        return "\n".join(f"{step:>{steps}}  {knob:<{knobs}}  {value}".rstrip() for step, knob, value in rows)

    def _repr_html_(self) -> str:
        return html_table(("step", "knob", "value"), self.rows())


def html_table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table for a notebook, every text of it escaped."""
    head = "".join(f"<th style='text-align:left'>{html.escape(text)}</th>" for text in headings)
    body = "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(text)}</td>" for text in row) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"
