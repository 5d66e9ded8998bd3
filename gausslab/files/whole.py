"""A folder that is whole or absent: written aside, made safe on disk, then put in its place by renaming.

At every moment either the old folder or the new one is whole. The old one steps aside under a hidden name just before
the new one takes its place, so that a process killed between the two leaves both, and `recover` puts the old one back.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from gausslab.errors import BadInput
from gausslab.files.layout import CHECKPOINT, EXPERIMENT, MANIFEST, is_part, listed, shown

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def check_free(path: str | os.PathLike[str]) -> Path:
    """The folder that a run would be saved to, links followed: absent, empty, or an earlier run.

    Raises:
        BadInput: it is something else, or holds something that is no part of a run; it is left as it is.
    """
    with _as_sentence(path):
        folder = _followed(path)
        if not folder.exists():
            return folder
        remedy = "choose another folder"
        if not folder.is_dir():
            raise BadInput(f"expected a folder to save the run to, got the file {shown(path)}; {remedy}")
        names = set(os.listdir(folder))
        if names and not {EXPERIMENT, CHECKPOINT, MANIFEST} <= names:
            raise BadInput(f"expected an empty folder or an earlier run, got {shown(path)} with other files; {remedy}")
        foreign = [name for name in names if not is_part(name) or not (folder / name).is_file()]
        if foreign:
            raise BadInput(
                f"expected nothing but a run in {shown(path)}, which is to be replaced, got {listed(foreign)} as well; "
                f"move it away or {remedy}"
            )
        return folder


@contextmanager
def replaced(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Lend an empty folder beside the wanted one; it takes the wanted one's place only where nothing failed.

    Raises:
        BadInput: the place is taken by something else, or cannot be written; nothing is changed then.
    """
    with _as_sentence(path):
        folder = check_free(path)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.parent):
            _put_back(folder)
            _clear(folder)
            check_free(folder)
            partial = _aside(folder)
            try:
                partial.mkdir()
                yield partial
                _make_safe(partial)
                _take_place(partial, folder)
            finally:
                shutil.rmtree(partial, ignore_errors=True)  # not there where all went well; else cleared by the next


def recover(path: str | os.PathLike[str]) -> Path:
    """The folder of a run, put back first where a process was killed in the moment of replacing it.

    Raises:
        BadInput: it cannot be put back.
    """
    with _as_sentence(path):
        folder = _followed(path)
        if not folder.exists() and _previous(folder).exists():
            with _locked(folder.parent):  # whoever is just replacing it has done so when the lock is free
                _put_back(folder)
        return folder


def moved(source: Path, destination: Path) -> None:
    """Give a run's folder another name beside its own.

    Raises:
        BadInput: the name is taken, or cannot be given.
    """
    with _as_sentence(destination, "rename a run to"), _locked(source.parent):
        _put_back(source)
        # On a disk that knows no capitals, a name that differs in them only is the run's own.
        if destination.exists() and not destination.samefile(source):
            raise BadInput(f"expected a name that is free, got {shown(destination.name)}; choose another one")
        os.rename(source, destination)
        _flush(source.parent)


def removed(folder: Path) -> None:
    """Remove a run's folder; at every moment it is there as a whole or not at all.

    Raises:
        BadInput: it holds something that is no part of a run, or cannot be removed; nothing is removed then.
    """
    with _as_sentence(folder, "remove the run"), _locked(folder.parent):
        _put_back(folder)
        foreign = [name for name in os.listdir(folder) if not is_part(name)]
        if foreign:
            raise BadInput(f"expected nothing but a run in {shown(folder)}, got {listed(foreign)} too; move it away")
        unwanted = _aside(folder)
        os.rename(folder, unwanted)
        _flush(folder.parent)
        shutil.rmtree(unwanted)


def _followed(path: str | os.PathLike[str]) -> Path:
    if "\0" in os.fspath(path):
        raise BadInput(f"expected the path of a folder, got {shown(path)} with a NUL in it; correct it")
    return Path(os.path.realpath(path))


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.saving-{secrets.token_hex(4)}")


def _previous(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.previous")


def _put_back(folder: Path) -> None:
    if not folder.exists() and _previous(folder).exists():
        os.rename(_previous(folder), folder)


def _clear(folder: Path) -> None:
    """Remove what killed processes left; whoever holds the lock knows that nobody is writing there now."""
    for name in os.listdir(folder.parent):
        if name.startswith(f".{folder.name}.saving-") or name == _previous(folder).name:
            shutil.rmtree(folder.with_name(name))


def _take_place(partial: Path, folder: Path) -> None:
    previous = _previous(folder)
    try:
        if folder.exists():
            os.rename(folder, previous)
        os.rename(partial, folder)
    except BaseException:
        _put_back(folder)
        raise
    _flush(folder.parent)
    if previous.exists():
        # Renamed once more, so that what bears the name of a previous run is never one half removed.
        unwanted = _aside(folder)
        os.rename(previous, unwanted)
        shutil.rmtree(unwanted, ignore_errors=True)  # the run is saved; a remainder is cleared by the next save


def _make_safe(folder: Path) -> None:
    for path in folder.iterdir():
        _flush(path)
    _flush(folder)


def _flush(path: Path) -> None:
    """Have the disk hold what was written; Windows does so for files only, and needs them opened for writing."""
    if sys.platform == "win32":
        if path.is_dir():
            return
        descriptor = os.open(path, os.O_RDWR)
    else:
        descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process or thread at a time save into a folder; the system frees the lock of a killed one."""
    if sys.platform == "win32":  # has no lock on folders: there two savers of one path must not meet
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _as_sentence(path: str | os.PathLike[str], deed: str = "save the run to") -> Iterator[None]:
    try:
        yield
    except (OSError, SafetensorError) as error:
        number = getattr(error, "errno", None)
        remedy = "make room there" if number in FULL else "check the disk, or choose another folder"
        if number in FORBIDDEN:
            remedy = "choose a folder that you may write in"
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"expected to {deed} {shown(path)}, got {reason!r}; {remedy}") from error
