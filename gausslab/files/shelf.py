"""A folder of saved runs: what is in it, read quickly, and the one door from a run's name to its place on the disk."""

from __future__ import annotations

import os
import tomllib
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from gausslab.errors import BadInput
from gausslab.files import layout
from gausslab.files.whole import moved, recover, removed

LONGEST_NAME = 80  # characters
MOST_BYTES = 200  # of a name on the disk, where a save in progress adds to it
BETWEEN = " ._-+=,()"  # what a name may have beside letters, marks and digits
DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"} | {
    f"{kind}{digit}" for kind in ("com", "lpt") for digit in "0123456789¹²³"
}
LONGEST_TEXT = 400  # characters of what a listing shows of anything

Number = Annotated[float | None, Field(strict=True)]


class Saved(NamedTuple):
    """A saved run as a list shows it."""

    name: str
    target: str
    recipe: str
    steps: int | None
    wasserstein: float | None  # W1 at the end, in units of the target's spread
    verdict: str
    diagnosis: str  # one sentence; what is wrong with the folder where it is damaged
    saved: str  # when, ISO 8601 in UTC
    damaged: bool = False


class _Summary(BaseModel):
    """What a list needs of summary.json, which may hold more."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    target: str
    steps: int = Field(ge=0, strict=True)
    wasserstein_over_std: Number = None
    verdict: str = ""
    diagnosis: str = ""
    recipe: str = ""
    saved: str = ""


def saved_runs(folder: str | os.PathLike[str]) -> list[Saved]:
    """The runs in a folder, by name; a damaged one is among them and says what is wrong with it.

    No tensor is read and no frame worked out.

    Raises:
        BadInput: there is no such folder, or it cannot be read.
    """
    place = Path(folder)
    with layout.naming(place):
        if "\0" in os.fspath(folder) or not place.is_dir():
            raise BadInput("expected a folder of saved runs, got none; check the path")
        names = os.listdir(place)
    hidden = {name[1 : -len(".previous")] for name in names if name.startswith(".") and name.endswith(".previous")}
    found = [_saved(place / name) for name in sorted({*names, *hidden}) if not name.startswith(".")]
    return [one for one in found if one is not None]


def _saved(path: Path) -> Saved | None:
    """One run; None for what does not look like one."""
    try:
        if path.is_symlink():
            return None
        folder = recover(path)
        if not folder.is_dir() or not any((folder / name).exists() for name in (layout.MANIFEST, layout.CHECKPOINT)):
            return None
        layout.check_sizes(folder)
        return _summed_up(folder)
    except (BadInput, OSError) as error:
        name = layout.shown(path.name)
        return Saved(name, "", "", None, None, "damaged", f"Damaged: {error}.", _written(path), damaged=True)


def _summed_up(folder: Path) -> Saved:
    try:
        summary = _Summary.model_validate_json(layout.read_bytes(folder / layout.SUMMARY, layout.LARGEST_SUMMARY))
    except (BadInput, ValueError, RecursionError):
        return _without_summary(folder)
    return Saved(
        layout.shown(folder.name),
        _cut(summary.target),
        _cut(summary.recipe),
        summary.steps,
        summary.wasserstein_over_std,
        _cut(summary.verdict),
        _cut(summary.diagnosis),
        _cut(summary.saved) or _written(folder),
    )


def _without_summary(folder: Path) -> Saved:
    """What experiment.toml alone tells; the run is whole all the same."""
    path = folder / layout.EXPERIMENT
    with layout.naming(path):
        try:
            told: dict[str, Any] = tomllib.loads(layout.read_bytes(path, layout.LARGEST_SUMMARY).decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise (
                error
                if isinstance(error, BadInput)
                else BadInput(f"expected TOML, got a text with a fault; {layout.RESTORE}")
            ) from None
    taken = told.get("taken")
    words = "Its summary.json is lost or damaged; saving the run again writes a new one."
    steps = taken if type(taken) is int else None
    return Saved(
        layout.shown(folder.name), _cut(str(told.get("target", ""))), "", steps, None, "", words, _written(folder)
    )


def _cut(text: str) -> str:
    return layout.shown(text[:LONGEST_TEXT]) if len(text) > 160 or not text.isprintable() else text


def _written(folder: Path) -> str:
    """When the folder was last written to."""
    try:
        return datetime.fromtimestamp(folder.lstat().st_mtime, UTC).isoformat(timespec="seconds")
    except (OSError, OverflowError, ValueError):
        return ""


def place_of(folder: str | os.PathLike[str], name: str) -> Path:
    """Where the run of this name is, or would be: always right inside the folder.

    Raises:
        BadInput: what is given is no name, or leads elsewhere.
    """
    path = Path(folder) / checked(name)
    if path.is_symlink():
        raise BadInput(f"expected a run in {layout.shown(folder)}, got a link named {name}; name the run itself")
    return path


def checked(name: str) -> str:
    """A name that is safe on every disk, in the composed form (NFC).

    Raises:
        BadInput: it is not; the sentence says why.
    """
    name = unicodedata.normalize("NFC", name)
    told = repr(layout.shown(name)) if name else "none"
    rest = "name it with letters, digits, spaces and . _ - + = , ( )"
    if not name.strip():
        raise BadInput(f"expected a name for a run, got {told}; {rest}")
    if len(name) > LONGEST_NAME or len(name.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise BadInput(f"expected a name of at most {LONGEST_NAME} characters, got {len(name):,}; shorten it")
    strange = next(
        (letter for letter in name if letter not in BETWEEN and unicodedata.category(letter)[0] not in "LMN"), ""
    )
    if strange:
        raise BadInput(f"expected a name without {strange!a}, got {told}; {rest}")
    if name[0] in ".- " or name[-1] in ". ":
        raise BadInput(f"expected a name that begins and ends with a letter or digit, got {told}; change its ends")
    if name.split(".")[0].rstrip().casefold() in DEVICES:
        raise BadInput(f"expected a name that no system keeps for a device, got {told}; choose another one")
    return name


def rename(folder: str | os.PathLike[str], name: str, new: str) -> Path:
    """Give a run another name.

    Returns:
        Where it is now.

    Raises:
        BadInput: no such run, no name, or a name that is taken.
    """
    source, destination = _run_at(folder, name), place_of(folder, new)
    moved(source, destination)
    return destination


def delete(folder: str | os.PathLike[str], name: str) -> None:
    """Remove a run, damaged or whole.

    Raises:
        BadInput: no such run, or a folder that holds something else as well; nothing is removed then.
    """
    removed(_run_at(folder, name))


def _run_at(folder: str | os.PathLike[str], name: str) -> Path:
    # What is listed there may have been named by other means; it leads nowhere else either.
    listed = Path(folder).is_dir() and name in os.listdir(folder) and not name.startswith(".")
    path = Path(folder) / name if listed else place_of(folder, name)
    if path.is_symlink() or _saved(path) is None:
        raise BadInput(
            f"expected the name of a run in {layout.shown(folder)}, got {name!r}; `gausslab runs` lists them"
        )
    return path
