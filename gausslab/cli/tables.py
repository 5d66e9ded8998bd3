"""A command for each table: `gausslab losses` and its sisters."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import click

from gausslab.cli.flags import choices, every_setting, written
from gausslab.settings import PENALTY_TABLE, Experiment, Table

Rows = list[dict[str, Any]]
NARROWEST = 30  # characters left to the last column, however narrow the terminal


def _members(table: Table) -> Callable[[], Rows]:
    return lambda: [{"name": name, "summary": member.summary} for name, member in table.members().items()]


def _targets() -> Rows:
    from gausslab.targets import FORMS, TARGETS

    families = [{"target": f"{name}({family.signature})", "summary": family.help} for name, family in TARGETS.items()]
    forms = [{"target": form.example, "summary": form.help} for form in FORMS.values()]
    sums = {"target": "0.3*normal(-2, 0.5) + 0.7*laplace(3, 1)", "summary": "a mixture; its weights are normalised"}
    other = {"target": "any of scipy.stats", "summary": "by its own name and parameters, such as skewnorm(4)"}
    return [*families, sums, *forms, other]


def _recipes() -> Rows:
    from gausslab.recipes import RECIPES

    return [{"name": name, "title": recipe.title, "story": recipe.story} for name, recipe in RECIPES.items()]


def _settings() -> Rows:
    return [
        {
            "setting": item.path,
            "default": item.value,
            "allowed": item.range
            or (f"see `gausslab {item.table.command}`" if item.table else ", ".join(choices(item))),
            "turns": "at once" if item.knob else "from the start",
            "summary": item.help,
        }
        for item in every_setting()
    ]


def lined_up(rows: Rows, width: int | None) -> str:
    """Rows in columns; the last column is folded where the lines would be wider than `width`."""
    texts = [[written(cell) for cell in row.values()] for row in rows]
    widths = [max(len(row[column]) for row in texts) for column in range(len(texts[0]) - 1)]
    indent = sum(widths) + 2 * len(widths)
    lines = []
    for *cells, last in texts:
        head = "".join(f"{cell:<{size}}  " for cell, size in zip(cells, widths, strict=True))
        folded = [last] if width is None else textwrap.wrap(last, max(NARROWEST, width - indent))
        lines += [head + folded[0], *(" " * indent + line for line in folded[1:])]
    return "\n".join(line.rstrip() for line in lines)


def _listing(name: str, rows: Callable[[], Rows], what: str) -> click.Command:
    @click.command(name, help=what)
    @click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead.")
    def listing(as_json: bool) -> None:
        if as_json:
            click.echo(json.dumps(rows(), indent=1))
            return
        click.echo(lined_up(rows(), shutil.get_terminal_size().columns if sys.stdout.isatty() else None))

    return listing


def listings() -> list[click.Command]:
    """The commands that list something: those of the settings' own tables, and four more."""
    tables: Mapping[str, Table] = {item.table.command: item.table for item in Experiment().settings if item.table}
    tables = {**tables, PENALTY_TABLE.command: PENALTY_TABLE}
    named = [_listing(name, _members(table), f"List the {name} that there are.") for name, table in tables.items()]
    return [
        *named,
        _listing("targets", _targets, "List what can be learnt, as --target takes it."),
        _listing("recipes", _recipes, "List the named experiments, each with its story."),
        _listing("settings", _settings, "List every setting that --set takes, with default and bounds."),
    ]
