"""Two small sets of real 1D data that come with the package: `load("faithful")`, `load("galaxies")`."""

from __future__ import annotations

import csv
import difflib
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from gausslab.errors import BadInput


class Dataset(NamedTuple):
    """What is known of one packaged file."""

    file: str
    columns: tuple[str, ...]  # the first is the one taken when none is named
    help: str
    source: str


def load(name: str, column: str | None = None) -> Float[np.ndarray, " n"]:
    """One column of a packaged data set, in the order of the file.

    Raises:
        BadInput: There is no such data set, or it has no such column.
    """
    if name not in DATASETS:
        raise BadInput(f"Expected a data set out of {', '.join(DATASETS)}, got {_quoted(name, DATASETS)}.")
    dataset = DATASETS[name]
    column = dataset.columns[0] if column is None else column
    if column not in dataset.columns:
        raise BadInput(
            f"Expected a column of {name} out of {', '.join(dataset.columns)}, got {_quoted(column, dataset.columns)}."
        )
    text = (files(__name__) / dataset.file).read_text(encoding="utf-8")
    return np.array([float(row[column]) for row in csv.DictReader(text.splitlines())], dtype=np.float64)


def _quoted(name: str, known: dict[str, Dataset] | tuple[str, ...]) -> str:
    nearest = difflib.get_close_matches(name, list(known), n=1)
    shown = repr(name if len(name) <= 40 else name[:37] + "...")
    return f"{shown}; did you mean {nearest[0]}" if nearest else f"{shown}; take one of these"


DATASETS: dict[str, Dataset] = {
    "faithful": Dataset(
        "faithful.csv",
        ("waiting_minutes", "eruption_minutes"),
        "272 eruptions of the Old Faithful geyser, 1985; two modes",
        "Azzalini and Bowman 1990",
    ),
    "galaxies": Dataset(
        "galaxies.csv",
        ("velocity_km_per_s",),
        "velocities of 82 galaxies from the Corona Borealis region; three to six modes",
        "Roeder 1990",
    ),
}
