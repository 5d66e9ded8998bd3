"""An uploaded file: which columns of numbers it has, and the target that one of them makes."""

from __future__ import annotations

import io
from pathlib import PurePath

import numpy as np

from gausslab.errors import BadInput
from gausslab.settings import LIMITS
from gausslab.targets import Target, from_bytes

ENDINGS = ("csv", "tsv", "txt", "npy", "parquet", "png", "jpg", "jpeg", "bmp", "tif", "tiff", "webp", "gif")


def columns(content: bytes, name: str) -> list[str]:
    """The columns to choose from; none where the file has a single one, or is an image.

    What cannot be read has none either: `target` then says why.
    """
    ending = PurePath(name).suffix.lower()
    try:
        if ending == ".parquet":
            import pyarrow.parquet as pq

            return [str(column) for column in pq.ParquetFile(io.BytesIO(content)).schema_arrow.names]
        if ending in (".csv", ".tsv", ".txt"):
            import pandas as pd

            head = pd.read_csv(io.BytesIO(content), sep="\t" if ending == ".tsv" else None, nrows=50, engine="python")
            numeric = head.select_dtypes("number").columns
            return [str(column) for column in numeric] if len(head.columns) > 1 else []
        if ending == ".npy":
            array = np.load(io.BytesIO(content), allow_pickle=False)
            if array.dtype.names:
                return list(array.dtype.names)
            return [str(place + 1) for place in range(array.shape[1])] if array.ndim == 2 and array.shape[1] > 1 else []
    except (ValueError, OSError, EOFError):
        return []
    return []


def target(content: bytes, name: str, column: str | None) -> Target:
    """The target that a column of an uploaded file makes.

    Raises:
        BadInput: the file is too large or unreadable, or the column is not of numbers.
    """
    if len(content) > LIMITS.upload:
        most = LIMITS.upload // 1_000_000
        raise BadInput(f"expected a file of at most {most} MB, got {len(content) / 1e6:.1f} MB; take fewer rows")
    made = from_bytes(content, name, column)
    if made.sample is not None and made.sample.size > LIMITS.values:
        raise BadInput(
            f"expected at most {LIMITS.values:,} values in the lab, got {made.sample.size:,}; take every k-th"
        )
    return made
