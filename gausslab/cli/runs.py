"""The commands that train a run and draw it: train, resume and render."""

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
from gausslab.settings import settings

if TYPE_CHECKING:
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
    **options: Any,
) -> int:
    showing = _showing(options)
    changes = {name: value for name, value in options.items() if value is not None} | assignments(assigned)
    if column is not None and data is None:
        raise BadInput("expected --column to go with --data FILE, got it alone; name the file")
    if data is not None:
        if "target" in changes:
            raise BadInput("expected either --target or --data, got both; leave one out")
        from gausslab.targets import from_file

        changes["target"] = from_file(data, column).text
    chosen = experiment(recipe, config, changes)
    _check_writable(out or RUNS)
    from gausslab.files import check_free, replaying
    from gausslab.run import begin

    if out is not None:
        check_free(out)
    if config and not changes:
        return _go_on(replaying(config, progress=showing.progress), out, showing)
    return _go_on(_training(begin(chosen, ahead=True), chosen.steps, showing), out, showing)


def _resume(folder: Path, steps: str, **options: Any) -> int:
    showing = _showing(options)
    more = experiment(None, None, {"steps": steps}).steps
    return _go_on(_training(_loaded(folder), more, showing), folder, showing)


def _render(folder: Path, **options: Any) -> int:
    showing = _showing(options)
    run = _loaded(folder)
    from gausslab.files import final_picture

    showing.say(f"picture         {final_picture(run, folder / PICTURE, theme=showing.theme)}")
    _shoot(run, folder, showing)
    _report(run, folder, showing)
    return 0


def _loaded(folder: Path) -> Run:
    from gausslab.files import load

    return load(folder)


def _training(run: Run, steps: int, showing: Showing) -> Iterator[Run]:
    for _ in run.training(steps, progress=showing.progress):
        yield run


def _go_on(chunks: Iterator[Run], out: Path | None, showing: Showing) -> int:
    """Train a run chunk by chunk, save it whatever happens, and tell about it."""
    from gausslab.files import save

    with _interruptions() as interruptions:
        run = next(chunks)
        while not interruptions:
            if next(chunks, None) is None:
                break
        folder = save(run, out or _fresh(run.target.label), theme=showing.theme, progress=showing.progress)
    showing.say(f"{run.summary()}\npicture         {folder / PICTURE}")
    if run.failure:
        click.echo(f"gausslab: {run.failure.sentence} What there is was saved in {folder}.", err=True)
    elif interruptions:
        click.echo(f"gausslab: stopped at step {run.step:,}; what there is was saved in {folder}.", err=True)
    else:
        _shoot(run, folder, showing)
    _report(run, folder, showing)
    return BROKE_DOWN if run.failure else INTERRUPTED if interruptions else 0


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
def _interruptions() -> Iterator[list[int]]:
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
  gausslab train --recipe vanilla --set generator.rate=1e-4""",
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
        flag(next(setting for setting in settings() if setting.path == "steps"), required=True),
        *_SHOWING_OPTIONS,
    ],
)

render = click.Command(
    "render",
    callback=_render,
    help="Draw picture and film of a saved run again.",
    params=[click.Argument(["folder"], type=_FOLDER, metavar="DIR"), *_SHOWING_OPTIONS],
)
