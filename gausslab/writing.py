"""Single files: whole or absent, never half, and refused in a sentence."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gausslab.errors import BadInput


@contextmanager
def whole_or_absent(path: str | os.PathLike[str], suffixes: Sequence[str]) -> Iterator[Path]:
    """Lends a path beside the wanted one; what was written there takes its place only where nothing failed.

    Raises:
        BadInput: where the suffix is none of those, or the folder is not there.
    """
    wanted = Path(path)
    suffix = wanted.suffix.lower()
    if suffix not in suffixes:
        raise BadInput(f"Expected a file name that ends in {', '.join(suffixes)}, got {wanted.name!r}: rename it.")
    if not wanted.parent.is_dir():
        raise BadInput(f"Expected a folder to write {wanted.name!r} in, got {str(wanted.parent)!r}: make it first.")
    partial = wanted.with_name(f".{wanted.stem}-{secrets.token_hex(4)}{suffix}")
    try:
        yield partial
        os.replace(partial, wanted)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def refusals_told(path: str | os.PathLike[str]) -> Iterator[None]:
    """What the system refuses becomes a sentence.

    Raises:
        BadInput: where something in it raises an OSError.
    """
    try:
        yield
    except OSError as error:
        name = "".join(letter if letter.isprintable() else "?" for letter in os.fspath(path)[:200])
        raise BadInput(
            f"expected to write {name}, got {error.strerror or str(error)!r}; check the disk, or choose another folder"
        ) from error
