"""What a run's folder is made of: names, limits, and the manifest that tells a whole file from a damaged one."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gausslab import __version__
from gausslab.errors import BadInput
from gausslab.settings import FORMAT
from gausslab.targets.limits import MAX_VALUES

EXPERIMENT, FRAMES, CHECKPOINT = "experiment.toml", "frames.safetensors", "checkpoint.safetensors"
MANIFEST = "manifest.json"
HISTORY, SUMMARY, PICTURE, THUMBNAIL = "history.parquet", "summary.json", "final.png", "thumbnail.png"
DATA = re.compile(r"data(-[1-9]\d{0,5})?\.npy")  # data.npy, data-2.npy, ...
MORE_FRAMES = re.compile(r"frames-([1-9]\d{0,3})\.safetensors")  # of a run saved on its way: the frames since the last
DRAWINGS = (".png", ".svg", ".pdf", ".mp4", ".gif")  # drawn of a run, and drawn again when it is saved again
OF_THE_SYSTEM = {".DS_Store", "Thumbs.db", "desktop.ini"}  # file managers leave these behind

LARGEST_MANIFEST = LARGEST_SUMMARY = 2**20  # bytes
LARGEST = {EXPERIMENT: 2**26, FRAMES: 2**33, CHECKPOINT: 2**30}  # bytes
LARGEST_DATA = 8 * MAX_VALUES + 2**16  # bytes
LIBRARIES = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy")


class Described(BaseModel):
    """What is read from a file and described here: strict about names and kinds."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


Kind = TypeVar("Kind", bound=Described)


class Entry(Described):
    """One file as it was written."""

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(Described):
    """The files without which there is no run, and what they were written with."""

    format: int
    kind: Literal["gausslab run"]
    written_with: dict[str, str]  # versions: other ones may give other bits
    files: dict[str, Entry]


def is_part(name: str) -> bool:
    """Whether a file of this name belongs to a run's folder and may be replaced with it."""
    drawn = name in {HISTORY, SUMMARY, MANIFEST} | OF_THE_SYSTEM or name.lower().endswith(DRAWINGS)
    return drawn or largest(name) is not None


def largest(name: str) -> int | None:
    """How many bytes a file of this name may have; None where a run can do without it."""
    if DATA.fullmatch(name):
        return LARGEST_DATA
    return LARGEST[FRAMES] if MORE_FRAMES.fullmatch(name) else LARGEST.get(name)


def frames_name(place: int) -> str:
    """The file of frames at a place, counted from 0: frames.safetensors, frames-2.safetensors, ..."""
    return f"frames-{place + 1}.safetensors" if place else FRAMES


def frames_names(files: Collection[str]) -> list[str]:
    """The files of frames among the files of a run, in their order.

    Raises:
        BadInput: one of them is missing.
    """
    count = sum(name == FRAMES or bool(MORE_FRAMES.fullmatch(name)) for name in files)
    names = [frames_name(place) for place in range(max(count, 1))]
    for name in names:
        if name not in files:
            raise BadInput(f"expected it to list {name}, got a list without it; {RESTORE}")
    return names


def write_manifest(folder: Path, known: Mapping[str, Entry] | None = None) -> dict[str, Entry]:
    """Write down the size and SHA-256 of each file that a run cannot do without.

    Args:
        folder: where they are.
        known: those that have been looked at before, and have not changed.

    Returns:
        What was written down, by name.
    """
    names = sorted(name for name in os.listdir(folder) if largest(name) is not None)
    files = {name: (known or {}).get(name) or _entry(folder / name) for name in names}
    told = {name: entry.model_dump() for name, entry in files.items()}
    whole = {"format": FORMAT, "kind": "gausslab run", "written_with": _versions(), "files": told}
    write_json(folder / MANIFEST, whole)
    return files


@cache
def _versions() -> dict[str, str]:
    return {"gausslab": __version__} | {library: version(library) for library in LIBRARIES}


def _entry(path: Path) -> Entry:
    return Entry(bytes=path.stat().st_size, sha256=_digest(path))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write plain values, for people too."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def check(folder: Path) -> Manifest:
    """Make certain that every file of a run is there, is a plain file, and is what was written.

    Raises:
        BadInput: it is not; the sentence names the file.
    """
    manifest = check_sizes(folder)
    for name, entry in manifest.files.items():
        with naming(folder / name):
            if _digest(folder / name) != entry.sha256:
                raise BadInput(f"expected what was written, got other content (its SHA-256 differs); {RESTORE}")
    return manifest


def check_sizes(folder: Path) -> Manifest:
    """Make certain that every file of a run is there, is a plain file, and has its size: a quick look.

    Raises:
        BadInput: it is not; the sentence names the file.
    """
    with naming(folder / MANIFEST):
        content = read_bytes(folder / MANIFEST, LARGEST_MANIFEST)
        manifest = validated(Manifest, content)
        for name in (EXPERIMENT, FRAMES, CHECKPOINT):
            if name not in manifest.files:
                raise BadInput(f"expected it to list {name}, got a list without it; {RESTORE}")
        frames_names(manifest.files)
        for name in manifest.files:
            if largest(name) is None:
                raise BadInput(f"expected the files of a run, got {shown(name)} among them; {RESTORE}")
    for name, entry in manifest.files.items():
        with naming(folder / name):
            check_size(folder / name, largest(name) or 0)
            size = (folder / name).stat().st_size
            if size != entry.bytes:
                raise BadInput(f"expected the {entry.bytes:,} bytes that were written, got {size:,}; {RESTORE}")
    return manifest


RESTORE = "restore it from a copy, or run its experiment.toml again"


def check_size(path: Path, largest: int) -> None:
    """Make certain that something is a plain file, no link or device, of a size that may be opened."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        raise BadInput(f"expected a file of the run, got none; {RESTORE}") from None
    except ValueError:
        raise BadInput("expected the path of a file, got one with a NUL in it; correct it") from None
    if not stat.S_ISREG(found.st_mode):
        raise BadInput(f"expected a plain file, got a link, folder or device; {RESTORE}")
    if found.st_size > largest:
        raise BadInput(f"expected at most {largest:,} bytes, got {found.st_size:,}; {RESTORE}")


def read_bytes(path: Path, largest: int) -> bytes:
    """The content of a small file."""
    check_size(path, largest)
    return path.read_bytes()


def validated(kind: type[Kind], content: bytes | str | Mapping[str, Any]) -> Kind:
    """Read what a file describes, from JSON or from plain values.

    Raises:
        BadInput: a newer format, or something else than was asked for; the sentence says where.
    """
    try:
        if not isinstance(content, Mapping):
            content = json.loads(content)
        if isinstance(content, Mapping):
            check_format(content.get("format", FORMAT))
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "all of it"
        came = shown(repr(first["input"]))
        raise BadInput(f"{first['msg'][0].lower()}{first['msg'][1:]} at {where}, got {came}; {RESTORE}") from None
    except RecursionError:
        raise BadInput(f"expected a few levels of brackets, got too many; {RESTORE}") from None
    except ValueError as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"expected JSON, got a text with a fault ({error}); {RESTORE}") from None


def check_format(found: Any) -> None:
    """Refuse what a later version wrote."""
    if type(found) is not int or found != FORMAT:
        raise BadInput(f"expected format {FORMAT}, got {shown(repr(found))}; open it with the gausslab that wrote it")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Say in front of a sentence which file it is about; what the system refuses becomes a sentence too."""
    try:
        yield
    except BadInput as error:
        sentence = str(error)
        raise BadInput(f"{shown(path)}: {sentence[:1].lower()}{sentence[1:]}") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(f"{shown(path)}: expected a file that can be read, got {reason!r}; check it") from None


def shown(text: str | os.PathLike[str]) -> str:
    """A name or a piece of content, printable and short enough for a sentence."""
    text = "".join(letter if letter.isprintable() else "?" for letter in os.fspath(text)[:1000])
    return text if len(text) <= 160 else f"{text[:60]}...{text[-90:]}"


def listed(names: Iterable[str]) -> str:
    """A few names for a sentence."""
    found = sorted(names)
    return ", ".join(map(shown, found[:3])) + (", ..." if len(found) > 3 else "")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
