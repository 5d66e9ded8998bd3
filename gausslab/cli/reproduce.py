"""The command that runs published experiments again and holds its figures against theirs."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from gausslab.cli.tables import lined_up
from gausslab.errors import BadInput

if TYPE_CHECKING:
    from gausslab.reproductions.findings import Outcome

ALL = "all"
COLUMNS = ("verdict", "what", "ours", "bar", "published")  # the longest last, where it can be folded
NO_FIGURE = "—"


def _complete(context: click.Context, option: click.Parameter, start: str) -> list[CompletionItem]:
    from gausslab.reproductions.table import REPRODUCTIONS

    titles = {**{name: paper.title for name, paper in REPRODUCTIONS.items()}, ALL: "every paper"}
    return [CompletionItem(name, help=title) for name, title in titles.items() if name.startswith(start)]


def _reproduce(names: tuple[str, ...], seeds: int | None, write: Path | None, as_json: bool, quiet: bool) -> None:
    from gausslab.reproductions.findings import Options
    from gausslab.reproductions.page import check_place
    from gausslab.reproductions.page import write as write_page
    from gausslab.reproductions.table import REPRODUCTIONS

    unknown = [name for name in names if name not in (*REPRODUCTIONS, ALL)]
    if unknown:
        raise BadInput(
            f"expected papers out of {', '.join(REPRODUCTIONS)} or {ALL}, got {unknown[0][:40]!r}; choose one of these"
        )
    chosen = list(REPRODUCTIONS) if ALL in names else list(dict.fromkeys(names))
    if write is not None:
        if len(chosen) < len(REPRODUCTIONS) or seeds is not None:
            raise BadInput("expected --write with `all` and every seed, got less; the page holds all that is judged")
        check_place(write)
    outcomes: dict[str, Outcome] = {}
    for name in chosen:
        outcomes[name] = REPRODUCTIONS[name].measure(Options(seeds, False if quiet else None))
        if not as_json:
            click.echo(f"{REPRODUCTIONS[name].title}\n{_table(outcomes[name])}\n")
    if as_json:
        click.echo(json.dumps({name: _as_json(name, outcome) for name, outcome in outcomes.items()}, allow_nan=False))
    if write is not None:
        write_page(write, outcomes)
        if not as_json:
            click.echo(f"page            {write}")


def _table(outcome: Outcome) -> str:
    rows: list[dict[str, Any]] = [dict(zip(COLUMNS, COLUMNS, strict=True))]
    for finding in outcome.findings:
        cells = finding.as_json()
        rows.append({column: cells[column] or NO_FIGURE for column in COLUMNS})
    return lined_up(rows, shutil.get_terminal_size().columns if sys.stdout.isatty() else None)


def _as_json(name: str, outcome: Outcome) -> dict[str, Any]:
    from gausslab.reproductions.table import REPRODUCTIONS

    paper = REPRODUCTIONS[name]
    return {
        "title": paper.title,
        "source": paper.source,
        "findings": [finding.as_json() for finding in outcome.findings],
    }


reproduce = click.Command(
    "reproduce",
    callback=_reproduce,
    help="Run published experiments again: the paper's figure, ours, and whether ours is good enough.",
    short_help="Reproduce published tables.",
    epilog="""\b
Papers:
  dirac-gan     Mescheder et al. 2018: which training methods converge
  f-gan         Nowozin et al. 2016: a normal fitted under five divergences
  connoisseur   Zaheer et al. 2017: can GANs learn simple 1D distributions?
  first-order   Li et al. 2018: an optimal discriminator, and its steps
  all           every one of them, a few minutes""",
    params=[
        click.Argument(["names"], nargs=-1, required=True, metavar="PAPER...", shell_complete=_complete),
        click.Option(
            ["--seeds"],
            type=click.IntRange(1, 100),
            metavar="INTEGER",
            help="Train fewer or more seeds than the bars name; with fewer, nothing trained is judged.",
        ),
        click.Option(
            ["--write"],
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Also write all of it as a page with pictures, such as docs/papers.md.",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON object instead."),
        click.Option(["--quiet"], is_flag=True, help="Show no progress."),
    ],
)
