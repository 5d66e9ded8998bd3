"""Writing figures: whole or absent, never half."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from gausslab.errors import BadInput

PICTURES = (".png", ".svg", ".pdf")


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Writes a figure as the suffix of the path says: .png, .svg or .pdf.

    Returns:
        The path.

    Raises:
        BadInput: where the suffix is another, or the folder is not there.
        OSError: where the file cannot be written; an older file of that name is then untouched.
    """
    with whole_or_absent(path, PICTURES) as partial:
        # No date: the same figure gives the same file, as far as the format can.
        metadata = {".png": None, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}[partial.suffix]
        figure.savefig(
            partial, format=partial.suffix[1:], dpi="figure", facecolor=figure.get_facecolor(), metadata=metadata
        )
    return Path(path)


def png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG, as a notebook shows it."""
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi="figure", facecolor=figure.get_facecolor())
    return picture.getvalue()


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
