"""`gausslab duel`: two experiments in lock-step."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from gausslab.cli.flags import assignments, complete_assignment, complete_recipe
from gausslab.cli.runs import INTERRUPTED, interruptions
from gausslab.errors import BadInput
from gausslab.settings import Experiment

if TYPE_CHECKING:
    from gausslab.contest import Contestant, Duel

MOST_STEPS = next(setting.high for setting in Experiment().settings if setting.path == "steps")


def _duel(
    first: str,
    second: str | None,
    steps: int | None,
    seed: int | None,
    both: tuple[str, ...],
    differing: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> int:
    if second is None and not differing:
        raise BadInput("expected two to compare, got one; name another one, or change a setting with --second")
    for_both, for_second = assignments(both), assignments(differing)
    one = _contestant(first, for_both)
    other = _contestant(first if second is None else second, for_both | for_second)
    from gausslab.contest import dueling

    chunks = dueling(one, other, steps, seed=seed, progress=False if quiet or as_json else None)
    with interruptions() as caught:
        done: Duel = next(chunks)
        while not caught and (more := next(chunks, None)):
            done = more
    done = done.called(_name(first, for_both), _name(second or first, for_both | for_second))
    click.echo(json.dumps(done.as_json(), ensure_ascii=False) if as_json else done.verdict if quiet else str(done))
    return INTERRUPTED if caught else 0


def _contestant(name: str, changes: dict[str, str]) -> Contestant:
    if not changes:
        return name
    from gausslab.contest import named
    from gausslab.settings import Experiment

    _, found = named(name)
    if not isinstance(found, Experiment):
        raise BadInput(f"expected a recipe to change, got the saved run {name}; fork it in Python with run.at(step)")
    return found.changed(changes)


def _name(name: str, changes: dict[str, str]) -> str:
    return " ".join([name, *(f"{path}={value}" for path, value in changes.items())])


duel = click.Command(
    "duel",
    callback=_duel,
    help="Train two side by side, on one seed and the same batches, and say who is ahead.\n\n"
    "A and B are recipes or folders of saved runs; B may be left out where --second changes A.",
    short_help="Train two side by side and say who is ahead.",
    epilog="""\b
Examples:
  gausslab duel vanilla steady --steps 3000
  gausslab duel vanilla --second penalties.r1=1
  gausslab duel runs/001-normal-4-1.25 steady --json""",
    params=[
        click.Argument(["first"], metavar="A", shell_complete=complete_recipe),
        click.Argument(["second"], metavar="[B]", required=False, shell_complete=complete_recipe),
        click.Option(
            ["--steps"],
            type=click.IntRange(1, int(MOST_STEPS or 0)),
            help="Steps to which both are trained.  [default: the most that either has or asks for]",
        ),
        click.Option(["--seed"], type=click.IntRange(0, 2**32 - 1), help="Seed of both.  [default: that of A]"),
        click.Option(
            ["--both"],
            multiple=True,
            metavar="NAME=VALUE",
            shell_complete=complete_assignment,
            help="Change a setting of both, as in target='comb(8)'. May be repeated.",
        ),
        click.Option(
            ["--second", "differing"],
            multiple=True,
            metavar="NAME=VALUE",
            shell_complete=complete_assignment,
            help="Change a setting of B only. May be repeated.",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON object and nothing else."),
        click.Option(["--quiet"], is_flag=True, help="Print nothing but who is ahead."),
    ],
)
