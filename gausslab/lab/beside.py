"""Two saved runs beside each other: in what they differ, who is ahead, and both in one picture."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from gausslab.contest import Duel
from gausslab.files import picture_together
from gausslab.lab.keeping import loaded
from gausslab.lab.shelves import Shelf


class Comparison(NamedTuple):
    """What there is to say of two runs."""

    names: tuple[str, str]
    differences: str  # in one line
    verdict: str  # who is ahead on W1
    picture: bytes  # PNG
    theme: str  # of the picture


def compare(shelf: Shelf, names: tuple[str, str], theme: str) -> Comparison:
    """Compare two runs of a shelf.

    Args:
        shelf: where they are.
        names: theirs.
        theme: of the picture, a key of `gausslab.figures.THEMES`.

    Raises:
        BadInput: one of them is not there, is damaged or is too large.
    """
    runs = [loaded(shelf, name) for name in names]
    duel = Duel(runs[0], runs[1], names)
    with TemporaryDirectory() as folder:
        path = picture_together(runs, Path(folder) / "together.png", labels=names, theme=theme)
        return Comparison(names, duel.differences, duel.verdict, path.read_bytes(), theme)
