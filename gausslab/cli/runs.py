"""The commands that train a run: train and resume."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gausslab.cli.flags import assignments, complete_assignment, complete_recipe, experiment, flag, setting_flags
from gausslab.errors import BadInput
from gausslab.settings import Experiment

if TYPE_CHECKING:
    from gausslab.events import Event
    from gausslab.files import OnItsWay
    from gausslab.run import Run

BROKE_DOWN, INTERRUPTED = 1, 130
RUNS = Path("runs")  # where runs go that are given no folder
PICTURE = "final.png"
FILM_FORMATS = ("mp4", "gif")
THEMES = ("light", "dark")

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True)
class Showing:
    """What is drawn and printed of a run."""

    film: str | None  # a member of FILM_FORMATS; None for no film
    theme: str
    as_json: bool
    quiet: bool

    @property
    def progress(self) -> bool | None:
        """Whether to show progress bars; None is for a terminal only."""
        return False if self.quiet else None

    def say(self, text: str) -> None:
        """Print something for a person, unless a program is reading or nobody wants to know."""
        if not (self.as_json or self.quiet):
            click.echo(text)


_SHOWING_OPTIONS = [
    click.Option(
        ["--film"], type=click.Choice(FILM_FORMATS), help="Which film to write.  [default: mp4; none with --json]"
    ),
    click.Option(["--no-film"], is_flag=True, help="Write no film."),
    click.Option(
        ["--theme"], type=click.Choice(THEMES), default="light", show_default=True, help="Look of the pictures."
    ),
    click.Option(
        ["--json", "as_json"], is_flag=True, help="Print one JSON object of the run's readings and nothing else."
    ),
    click.Option(["--quiet"], is_flag=True, help="Print nothing but the run's folder, and show no progress."),
]


def _showing(options: dict[str, Any]) -> Showing:
    film, no_film = options.pop("film"), options.pop("no_film")
    if film and no_film:
        raise BadInput("expected either --film or --no-film, got both; leave one out")
    as_json, quiet, theme = options.pop("as_json"), options.pop("quiet"), options.pop("theme")
    return Showing(film or (None if no_film or as_json else FILM_FORMATS[0]), theme, as_json, quiet)


def _train(
    data: Path | None,
    column: str | None,
    recipe: str | None,
    config: Path | None,
    assigned: tuple[str, ...],
    out: Path | None,
    checkpoint_every: int | None,
    killed: Path | None,
    **options: Any,
) -> int:
    showing = _showing(options)
    changes = {name: value for name, value in options.items() if value is not None} | assignments(assigned)
    if killed is not None:
        if changes or any(choice is not None for choice in (data, column, recipe, config, out)):
            raise BadInput("expected --resume alone, as it goes on with a run as that was begun; leave the rest out")
        return _finish(killed, checkpoint_every, showing)
    if column is not None and data is None:
        raise BadInput("expected --column to go with --data FILE, got it alone; name the file")
    if data is not None:
        if "target" in changes:
            raise BadInput("expected either --target or --data, got both; leave one out")
        from gausslab.targets import from_file

        changes["target"] = from_file(data, column).text
    chosen = experiment(recipe, config, changes)
    _check_writable(out or RUNS)
    from gausslab.files import Plan, check_free, going_on, replaying
    from gausslab.run import begin

    if out is not None:
        check_free(out)
    if config and not changes:
        chunks = replaying(config, progress=showing.progress)
    else:
        events = _events(recipe, chosen.steps)
        chunks = going_on(begin(chosen, ahead=True), Plan(chosen.steps, events), progress=showing.progress)
    return _go_on(chunks, out, checkpoint_every, showing)


def _events(recipe: str | None, steps: int) -> tuple[Event, ...]:
    """What a recipe says is done to its run within so many steps."""
    from gausslab.recipes import RECIPES

    return tuple(event for event in RECIPES[recipe].events if event.step < steps) if recipe else ()


def _finish(folder: Path, every: int | None, showing: Showing) -> int:
    """Take a run that was killed or stopped to the end that it was on its way to."""
    from gausslab.files import going_on, load_on_its_way

    run, plan = load_on_its_way(folder)
    if plan is None:
        showing.say(f"{run.summary()}\nThis run has reached its end; `gausslab resume` with --steps trains it further.")
        _report(run, folder, showing)
        return BROKE_DOWN if run.failure else 0
    return _go_on(going_on(run, plan, progress=showing.progress), folder, every or plan.every, showing)


def _resume(folder: Path, steps: str, **options: Any) -> int:
    showing = _showing(options)
    more = experiment(None, None, {"steps": steps}).steps
    from gausslab.files import Plan, going_on, load_on_its_way

    run, before = load_on_its_way(folder)
    if run.failure:
        raise BadInput(f"expected a run that can go on, got one that broke down; {run.failure.sentence}")
    goal = run.step + more
    left = before.events if before else ()
    plan = Plan(goal, tuple(event for event in left if event.step <= goal), before.stops if before else ())
    plan = plan._replace(stops=tuple(stop for stop in plan.stops if stop <= goal))
    return _go_on(going_on(run, plan, progress=showing.progress), folder, None, showing)


def _go_on(chunks: Iterator[OnItsWay], out: Path | None, every: int | None, showing: Showing) -> int:
    """Train a run chunk by chunk, save it whatever happens, and tell about it.

    Args:
        chunks: of the training; the last one has no plan.
        out: the folder to save to; a new one if None.
        every: steps between two saves on the way; None for none.
        showing: what is drawn and printed.
    """
    from gausslab.files import Autosave, Plan, save

    with interruptions() as caught:
        run, plan = next(chunks)
        folder = out or _fresh(run.target.label)
        autosave, saved = Autosave(run, folder), -1
        while plan is not None and not caught:
            if every and run.step // every > saved:
                autosave.save(plan._replace(every=every))
                saved = run.step // every
            run, plan = next(chunks)
        # First what cannot be had again: drawing, and reading every frame, may take long.
        autosave.save((plan or Plan(run.step))._replace(every=every))
    if run.failure:
        click.echo(f"gausslab: {run.failure.sentence} What there is was saved in {folder}.", err=True)
    elif plan is not None:
        click.echo(f"gausslab: stopped at step {run.step:,}; what there is was saved in {folder}.", err=True)
    try:
        save(run, folder, theme=showing.theme, history=plan is None, plan=plan, progress=showing.progress)
    except KeyboardInterrupt:
        click.echo(f"gausslab: stopped before it was drawn; the run itself was saved in {folder}.", err=True)
        return INTERRUPTED
    showing.say(f"{run.summary()}\npicture         {folder / PICTURE}")
    if plan is None and not run.failure:
        _shoot(run, folder, showing)
    _report(run, folder, showing)
    return BROKE_DOWN if run.failure else INTERRUPTED if plan is not None else 0


def _shoot(run: Run, folder: Path, showing: Showing) -> None:
    if showing.film is None:
        return
    from gausslab.files import animate

    film = folder / f"training.{showing.film}"
    animate(run, film, theme=showing.theme, progress=showing.progress)
    showing.say(f"film            {film}")


def _report(run: Run, folder: Path, showing: Showing) -> None:
    if showing.as_json:
        click.echo(json.dumps({**run.summary().as_json(), "out": str(folder)}, allow_nan=False))
    elif showing.quiet:
        click.echo(folder)


@contextmanager
def interruptions() -> Iterator[list[int]]:
    """Collect what would interrupt: the first Ctrl-C is noted and waits for a good moment, the second acts at once."""
    caught: list[int] = []

    def note(signal_number: int, frame: Any) -> None:
        caught.append(signal_number)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield caught
    finally:
        signal.signal(signal.SIGINT, before)


def _fresh(label: str) -> Path:
    """A folder of RUNS that is not there yet: a number, and what was learnt."""
    numbers = [int(found[0]) for path in RUNS.glob("*") if (found := re.match(r"\d+", path.name))]
    readable = re.sub(r"[^\w.]+", "-", label.lower()).strip("-.")[:40].rstrip("-.")
    return RUNS / f"{max(numbers, default=0) + 1:03}-{readable}"


def _check_writable(folder: Path) -> None:
    """Make sure, before any work, that a folder can be written, or made.

    Raises:
        BadInput: it cannot.
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise BadInput(f"expected a folder to write in, got the file {nearest}; name another with --out")
    if not os.access(nearest, os.W_OK):
        raise BadInput(f"expected a folder that can be written, got {nearest}; name another with --out")


train = click.Command(
    "train",
    callback=_train,
    help="Train a generator and write what it learnt: readings, picture and film.",
    short_help="Train a generator.",
    epilog="""\b
Examples:
  gausslab train --target 'comb(8)'
  gausslab train --data geyser.csv --column waiting_minutes
  gausslab train --recipe vanilla --set generator.rate=1e-4
  gausslab train --steps 500000 --out long --checkpoint-every 5000
  gausslab train --resume long""",
    params=[
        click.Option(
            ["--data"],
            type=_FILE,
            metavar="FILE",
            help="Learn a column of a CSV, TSV, Parquet or NPY file, or an image's pixels.",
        ),
        click.Option(["--column"], metavar="NAME", help="Which column of --data."),
        click.Option(
            ["--recipe"],
            metavar="NAME",
            shell_complete=complete_recipe,
            help="Begin with a named experiment; `gausslab recipes` lists them.",
        ),
        click.Option(
            ["--config"],
            type=_FILE,
            metavar="FILE",
            help="Begin with an experiment.toml, such as that of an earlier run.",
        ),
        click.Option(
            ["--set", "assigned"],
            metavar="NAME=VALUE",
            multiple=True,
            shell_complete=complete_assignment,
            help="Change any setting, as in generator.rate=1e-4; `gausslab settings` lists them. May be repeated.",
        ),
        click.Option(
            ["--checkpoint-every"],
            type=click.IntRange(min=1),
            metavar="STEPS",
            help="Save the run on its way, about every so many steps; a killed one goes on with --resume.",
        ),
        click.Option(
            ["--resume", "killed"],
            type=_FOLDER,
            metavar="DIR",
            help="Go on with a run that was killed or stopped, to the end that it was on its way to.",
        ),
        click.Option(
            ["--out"],
            type=_FOLDER,
            metavar="DIR",
            help="Folder to write; what an earlier run left there is replaced.  [default: a new one in runs/]",
        ),
        *_SHOWING_OPTIONS,
        *setting_flags(),
    ],
)

resume = click.Command(
    "resume",
    callback=_resume,
    help="Train a saved run further, as if it had never stopped.",
    params=[
        click.Argument(["folder"], type=_FOLDER, metavar="DIR"),
        flag(next(setting for setting in Experiment().settings if setting.path == "steps"), required=True),
        *_SHOWING_OPTIONS,
    ],
)
