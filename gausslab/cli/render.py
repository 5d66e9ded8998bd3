"""The command that draws saved runs again: `gausslab render`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from gausslab.errors import BadInput

PICTURE, POSTER, TOGETHER = "final.png", "poster.pdf", "together"
FILM_FORMATS = {"mp4": 120, "gif": 50}  # and the most pictures a second of each
POSTER_FORMATS = (".pdf", ".svg", ".png")
THEMES = ("light", "dark")
PANELS = ("densities", "map", "game")
LAYOUTS = ("beside", "overlaid")
SIDES = (128, 7680)  # pixels
SPEEDS = (0.05, 100.0)
DEFAULT = object()  # --poster without a file

_FOLDER = click.Path(path_type=Path, file_okay=False)
_OF_A_FILM = {"fps": "--fps", "size": "--size", "speed": "--speed", "layout": "--layout"}


def _render(folders: tuple[Path, ...], **given: Any) -> int:
    film, poster, told = _checked(folders, given)
    from gausslab.files import animate, final_picture, load
    from gausslab.files import poster as draw_poster

    runs = [load(folder) for folder in folders]
    progress = False if given["quiet"] else None
    look = {"theme": given["theme"], "panels": told.pop("panels")}
    written: dict[str, Path] = {}
    if len(runs) == 1 and (film or not poster):
        written["picture"] = final_picture(runs[0], folders[0] / PICTURE, **look)
    if poster:
        written["poster"] = draw_poster(runs[0], poster, theme=given["theme"])
    if film:
        path = folders[0] / f"{'training' if len(runs) == 1 else TOGETHER}.{film}"
        written["film"] = animate(runs[0] if len(runs) == 1 else runs, path, progress=progress, **look, **told)
    if given["as_json"]:
        click.echo(json.dumps({**runs[0].summary().as_json(), "out": str(folders[0])}, allow_nan=False))
    elif given["quiet"]:
        click.echo(folders[0])
    else:
        for what, path in written.items():
            click.echo(f"{what:<16}{path}")
    return 0


def _checked(folders: tuple[Path, ...], given: dict[str, Any]) -> tuple[str | None, Path | None, dict[str, Any]]:
    """Which film and poster to make, and how: all that can be said before a run is loaded.

    Raises:
        BadInput: flags that contradict one another, or a value out of its range.
    """
    film, no_film, poster = given["film"], given["no_film"], given["poster"]
    if film and no_film:
        raise BadInput("expected either --film or --no-film, got both; leave one out")
    if film is not None and film not in FILM_FORMATS:
        raise BadInput(
            f"expected --film to be followed by {' or '.join(FILM_FORMATS)}, or by another flag, got {film!r}; "
            "put the folder before it"
        )
    film = film or (None if no_film or poster or given["as_json"] else next(iter(FILM_FORMATS)))
    count = len(folders)
    if count > 4 or (count > 1 and (poster or not film)):
        what = f"got {count}" if count > 4 else "got no film to make of them"
        raise BadInput(f"expected a film of 1 to 4 runs together, {what}; draw pictures and posters one by one")
    needless = [flag for name, flag in _OF_A_FILM.items() if given[name] is not None and not film]
    if needless:
        raise BadInput(f"expected {needless[0]} to go with a film, got no film to make; add --film, or leave it out")
    if given["layout"] and count == 1:
        raise BadInput("expected --layout to go with 2 to 4 runs, got one; name the others too")
    told: dict[str, Any] = {"panels": _panels(given["panel"])}
    if film:
        told |= _film_settings(film, given)
    return film, _poster_path(poster, folders[0]), told


def _film_settings(film: str, given: dict[str, Any]) -> dict[str, Any]:
    told = {name: given[name] for name in ("fps", "speed", "layout") if given[name] is not None}
    fastest = FILM_FORMATS[film]
    if not 1 <= told.get("fps", 1) <= fastest:
        raise BadInput(f"expected --fps from 1 to {fastest} for {film}, got {told['fps']}; choose one in between")
    if not SPEEDS[0] <= told.get("speed", 1.0) <= SPEEDS[1]:
        raise BadInput(
            f"expected --speed from {SPEEDS[0]} to {SPEEDS[1]:g}, got {told['speed']}; choose one in between"
        )
    if given["size"] is not None:
        told["size"] = _size(given["size"])
    return told


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})\s*[xX×]\s*(\d{1,5})", text.strip())
    sides = [int(side) for side in found.groups()] if found else []
    if not sides or any(not SIDES[0] <= side <= SIDES[1] or side % 2 for side in sides):
        raise BadInput(
            f"expected --size as WIDTHxHEIGHT, both even and from {SIDES[0]} to {SIDES[1]} pixels, got {text[:40]!r}; "
            "take 1920x1080, for example"
        )
    return sides[0], sides[1]


def _panels(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    if not set(names) <= set(PANELS) or len(set(names)) < len(names):
        raise BadInput(
            f"expected --panel as some of {','.join(PANELS)}, each once, with commas between, got {text[:60]!r}; "
            "name those to draw"
        )
    return names


def _poster_path(given: Any, folder: Path) -> Path | None:
    if given is None or given is DEFAULT:
        return folder / POSTER if given is DEFAULT else None
    path = Path(given)
    if path.suffix.lower() not in POSTER_FORMATS:
        raise BadInput(f"expected --poster to name a file in {', '.join(POSTER_FORMATS)}, got {path.name!r}; rename it")
    return path


render = click.Command(
    "render",
    callback=_render,
    help="Draw a saved run again: picture and film, or a poster; or film 2 to 4 runs together.",
    short_help="Draw picture, film or poster of a saved run.",
    epilog="""\b
Examples:
  gausslab render runs/001-normal-4-1.25 --film --fps 60 --panel densities,map --size 1920x1080
  gausslab render runs/001-normal-4-1.25 --poster talk.svg
  gausslab render runs/001-normal-4-1.25 runs/002-normal-4-1.25 --layout overlaid""",
    params=[
        click.Argument(["folders"], type=_FOLDER, metavar="DIR...", nargs=-1, required=True),
        click.Option(
            ["--film"],
            is_flag=False,
            flag_value="mp4",
            metavar="[mp4|gif]",
            help="Write a film.  [default: mp4; none with --json or --poster]",
        ),
        click.Option(["--no-film"], is_flag=True, help="Write no film."),
        click.Option(
            ["--poster"],
            is_flag=False,
            flag_value=DEFAULT,
            type=click.UNPROCESSED,
            metavar="[FILE]",
            help="Write 8 moments beside one another, as .pdf, .svg or .png.  [default: poster.pdf in DIR]",
        ),
        click.Option(["--panel"], metavar="NAMES", help=f"Which of {','.join(PANELS)} to draw, in which order."),
        click.Option(
            ["--theme"], type=click.Choice(THEMES), default="light", show_default=True, help="Look of the pictures."
        ),
        click.Option(["--size"], metavar="WxH", help="Pixels of the film; words grow with it.  [default: 1280x720]"),
        click.Option(["--fps"], type=int, help="Pictures a second: smoother, not longer.  [default: 30]"),
        click.Option(["--speed"], type=float, help="How many times as fast to play.  [default: 1]"),
        click.Option(["--layout"], type=click.Choice(LAYOUTS), help="How to show several runs.  [default: beside]"),
        click.Option(
            ["--json", "as_json"], is_flag=True, help="Print one JSON object of the run's readings and nothing else."
        ),
        click.Option(["--quiet"], is_flag=True, help="Print nothing but the run's folder, and show no progress."),
    ],
)
