"""`gausslab runs`: the saved runs of a folder, listed, renamed and deleted."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gausslab.cli.tables import lined_up
from gausslab.errors import BadInput
from gausslab.files.choosing import COLUMNS

if TYPE_CHECKING:
    from gausslab.files import Saved

HERE = Path("runs")
HEADING = {
    "name": "NAME",
    "target": "TARGET",
    "recipe": "RECIPE",
    "steps": "STEPS",
    "wasserstein": "W1/σ",
    "saved": "SAVED (UTC)",
    "diagnosis": "DIAGNOSIS",
}
LONGEST_CELL = 32  # characters of a target or a recipe in the table
NOTHING = "–"

_FOLDER = click.Path(path_type=Path, file_okay=False)
_IN = click.Option(
    ["--in", "folder"], type=_FOLDER, default=HERE, show_default=True, help="Folder that holds the runs."
)


class Shelf(click.Group):
    """A group whose first word may be a folder instead of a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read `gausslab runs FOLDER` as `gausslab runs list FOLDER`."""
        if not args or (args[0] not in self.commands and args[0] not in self.get_help_option_names(ctx)):
            args = ["list", *args]
        return super().parse_args(ctx, args)


def _list(folder: Path, sort: str | None, reverse: bool, filters: tuple[str, ...], as_json: bool) -> None:
    from gausslab.files import saved_runs
    from gausslab.files.choosing import chosen

    found = chosen(saved_runs(folder), filters, sort or "name", reverse)
    if as_json:
        click.echo(json.dumps([one._asdict() for one in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo(f"no run in {folder}" + (" that fits" if filters else ""))
        return
    rows = [HEADING, *map(_row, found)]
    click.echo(lined_up(rows, shutil.get_terminal_size().columns if sys.stdout.isatty() else None))


def _row(one: Saved) -> dict[str, Any]:
    wasserstein = NOTHING if one.wasserstein is None else f"{one.wasserstein:.4f}"
    return {
        "name": one.name,
        "target": _short(one.target),
        "recipe": _short(one.recipe),
        "steps": NOTHING if one.steps is None else f"{one.steps:,}",
        "wasserstein": wasserstein,
        "saved": one.saved[:16].replace("T", " "),
        "diagnosis": one.diagnosis or NOTHING,
    }


def _short(text: str) -> str:
    return (text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…") or NOTHING


def _rename(name: str, new: str, folder: Path) -> None:
    from gausslab.files import rename

    click.echo(rename(folder, name, new))


def _delete(name: str, folder: Path, yes: bool) -> None:
    from gausslab.files import delete, saved_runs

    found = next((one for one in saved_runs(folder) if one.name == name), None)
    if found is None:
        raise BadInput(f"expected the name of a run in {folder}, got {name[:80]!r}; `gausslab runs` lists them")
    if not yes:
        told = "damaged" if found.damaged else f"{found.target}, {found.steps or 0:,} steps"
        if not click.confirm(f"Delete {name} ({told})?", err=True):
            click.echo("kept")
            return
    delete(folder, name)


shelf = Shelf(
    "runs",
    help="List the saved runs of a folder; rename and delete them.",
    epilog="""\b
Examples:
  gausslab runs
  gausslab runs results --sort wasserstein --filter recipe=vanilla --filter 'steps>1000'
  gausslab runs rename 003-comb-8 'eight modes'
  gausslab runs delete 'eight modes'""",
    commands=[
        click.Command(
            "list",
            callback=_list,
            help="List the saved runs of FOLDER: `gausslab runs FOLDER` is enough.",
            params=[
                click.Argument(["folder"], type=_FOLDER, default=HERE),
                click.Option(["--sort"], type=click.Choice(COLUMNS), help="Order by this column.  [default: name]"),
                click.Option(["--reverse"], is_flag=True, help="The other way round."),
                click.Option(
                    ["--filter", "filters"],
                    multiple=True,
                    metavar="TEXT",
                    help="Only runs that have TEXT in them; or COLUMN=TEXT, steps>N, wasserstein<X. May be repeated.",
                ),
                click.Option(["--json", "as_json"], is_flag=True, help="Print a JSON list instead."),
            ],
        ),
        click.Command(
            "rename",
            callback=_rename,
            help="Give a run another name.",
            params=[click.Argument(["name"]), click.Argument(["new"]), _IN],
        ),
        click.Command(
            "delete",
            callback=_delete,
            help="Remove a run; it is asked for once.",
            params=[click.Argument(["name"]), _IN, click.Option(["--yes"], is_flag=True, help="Ask nothing.")],
        ),
    ],
)
