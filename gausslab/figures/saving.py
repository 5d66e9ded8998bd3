"""Writing figures: whole or absent, never half."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from gausslab.writing import whole_or_absent

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
        # Publishers refuse the Type 3 fonts that PDFs get by default.
        with rc_context({"pdf.fonttype": 42}):
            figure.savefig(
                partial, format=partial.suffix[1:], dpi="figure", facecolor=figure.get_facecolor(), metadata=metadata
            )
    return Path(path)


def png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG, as a notebook shows it."""
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi="figure", facecolor=figure.get_facecolor())
    return picture.getvalue()
