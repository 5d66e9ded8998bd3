"""The history of a run as Parquet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gausslab.writing import refusals_told, whole_or_absent

if TYPE_CHECKING:
    from gausslab.run import Run


def save_history(run: Run, path: str | os.PathLike[str]) -> Path:
    """Write all readings of a run to a .parquet file, a row a frame, a column a reading or a knob.

    Args:
        run: whose readings.
        path: where to; whatever was there is replaced.

    Returns:
        The path.

    Raises:
        BadInput: another suffix, or a file that cannot be written.
    """
    with refusals_told(path), whole_or_absent(path, [".parquet"]) as partial:
        run.history.to_parquet(partial, engine="pyarrow", index=False)
    return Path(path)
