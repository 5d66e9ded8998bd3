"""Files of data: one column of numbers out of CSV, TSV, text, Parquet or NPY, or the grey pixels of an image.

Nothing that is read here can run anything: NPY without pickles, Parquet through Arrow, images through Pillow.
"""

from __future__ import annotations

import difflib
import io
import math
import warnings
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gausslab.errors import BadInput
from gausslab.targets.limits import MAX_PIXELS, MAX_UPLOAD_BYTES, MAX_VALUES
from gausslab.targets.reading import shortened

if TYPE_CHECKING:
    import pandas as pd


class Column(NamedTuple):
    """Numbers as they came from a file."""

    values: np.ndarray
    column: str | None  # None: the file has no columns to choose from
    label: str


def read_column(content: bytes, name: str, column: str | None = None) -> Column:
    """One column of a file's content; the name's ending says of which kind it is.

    Raises:
        BadInput: An unknown ending, unreadable content, or a column that is missing, ambiguous or not of numbers.
    """
    ending = PurePath(name).suffix.lower()
    where = shortened(name)
    if ending not in READERS:
        raise BadInput(f"expected a file ending in {', '.join(READERS)}, got {where}; convert it to one of these")
    if not content:
        raise BadInput(f"expected data in {where}, got an empty file; check how it was written")
    return READERS[ending](content, name, column)


def _text(content: bytes, name: str, column: str | None) -> Column:
    import pandas as pd

    where = shortened(name)
    if len(content) > MAX_UPLOAD_BYTES:
        raise BadInput(
            f"expected at most {MAX_UPLOAD_BYTES // 1_000_000} MB of text in {where}, got {len(content):,} bytes; "
            "save it as Parquet or NPY, or take fewer rows"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"expected text in UTF-8 in {where}, got other bytes at {error.start + 1}; re-save it") from None
    if not text.strip() or "\0" in text:
        raise BadInput(
            f"expected rows of text in {where}, got {'zero bytes' if text.strip() else 'blanks only'}; re-save it"
        )
    first = text.lstrip().splitlines()[0]
    separator = "\t" if name.lower().endswith((".tsv", ".tab")) else max(",;\t", key=first.count)
    headed = any(not _is_number(cell) for cell in first.split(separator))
    try:
        table = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            header=0 if headed else None,
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            index_col=False,
        )
    except (ValueError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ").rstrip(".").splitlines()[0]
        raise BadInput(f"expected rows of equal length in {where}, got: {reason}; correct that row") from None
    table.columns = (
        [str(label).strip() for label in table.columns] if headed else [str(i + 1) for i in range(table.shape[1])]
    )
    first_row = 2 if headed else 1
    chosen = _chosen(table, where, column, _counts_as_numeric)
    cells = table[chosen].iloc[:, 0] if table.columns.duplicated().any() else table[chosen]
    cells = cells[: int(np.flatnonzero((cells != "").to_numpy())[-1]) + 1] if (cells != "").any() else cells
    values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~np.isfinite(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        came = shortened(str(cells.iloc[row])) if str(cells.iloc[row]).strip() else "an empty cell"
        raise BadInput(
            f"expected a finite number in row {row + first_row} of column {shortened(chosen)} of {where}, got {came}; "
            "correct or remove it"
        )
    return Column(values, chosen, chosen if headed else PurePath(name).stem)


def _parquet(content: bytes, name: str, column: str | None) -> Column:
    import pyarrow as pa
    import pyarrow.parquet as pq

    where = shortened(name)
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        if file.metadata.num_rows > MAX_VALUES:
            raise BadInput(
                f"expected at most {MAX_VALUES:,} rows in {where}, got {file.metadata.num_rows:,}; take every k-th"
            )
        schema = file.schema_arrow
        numeric = {
            field.name
            for field in schema
            if pa.types.is_integer(field.type) or pa.types.is_floating(field.type) or pa.types.is_boolean(field.type)
        }
        chosen = _pick(list(schema.names), [label for label in schema.names if label in numeric], where, column)
        if chosen not in numeric:
            raise BadInput(
                f"expected numbers in column {shortened(chosen)} of {where}, got {schema.field(chosen).type}; "
                "choose another column"
            )
        array = file.read(columns=[chosen]).column(0)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"expected a Parquet file in {where}, got one that Arrow cannot read; write it again") from None
    if array.null_count:
        row = int(np.argmax(array.is_null().to_numpy()))
        raise BadInput(
            f"expected a finite number in row {row + 1} of column {shortened(chosen)} of {where}, got an empty cell; "
            "remove or fill it"
        )
    return Column(array.to_numpy().astype(np.float64), chosen, chosen)


def _npy(content: bytes, name: str, column: str | None) -> Column:
    where = shortened(name)
    array = _npy_array(content, where)
    if array.dtype.names:
        names = [field for field in array.dtype.names if array.dtype[field].kind in "biuf"]
        chosen = _pick(list(array.dtype.names), names, where, column)
        array = array[chosen].ravel()
    elif array.ndim == 2 and array.shape[1] > 1:
        names = [str(i + 1) for i in range(array.shape[1])]
        chosen = _pick(names, names, where, column)
        array = array[:, names.index(chosen)]
    else:
        chosen = None
        if column is not None:
            raise BadInput(
                f"expected no column for {where}, which holds a single one, got {shortened(column)}; leave it out"
            )
    if array.dtype.kind not in "biuf":
        raise BadInput(f"expected numbers in {where}, got an array of {array.dtype}; save it as float64")
    return Column(array.ravel().astype(np.float64), chosen, PurePath(name).stem if chosen is None else chosen)


def _npy_array(content: bytes, where: str) -> np.ndarray:
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape, _, dtype = header(stream)
    except (ValueError, EOFError, OverflowError, MemoryError, RecursionError, TypeError):
        raise BadInput(f"expected an NPY file in {where}, got something else; write it with numpy.save") from None
    if dtype.hasobject:
        raise BadInput(
            f"expected plain numbers in {where}, got pickled Python objects, which are never opened; save it as float64"
        )
    count, left = math.prod(shape), len(content) - stream.tell()
    if len(shape) > 2 or count < 0 or count * dtype.itemsize > left:
        raise BadInput(
            f"expected one or two dimensions and {count * dtype.itemsize:,} bytes of data in {where}, got "
            f"{len(shape)} and {left:,}; write it again with numpy.save"
        )
    stream.seek(0)
    return np.load(stream, allow_pickle=False)


def _image(content: bytes, name: str, column: str | None) -> Column:
    from PIL import Image, UnidentifiedImageError

    where = shortened(name)
    if column is not None:
        raise BadInput(f"expected no column for the image {where}, got {shortened(column)}; leave it out")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content)) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise BadInput(
                        f"expected at most {MAX_PIXELS:,} pixels in {where}, got {width * height:,}; make it smaller"
                    )
                deep = image.mode.startswith(("I", "F"))
                pixels = np.asarray(image if deep else image.convert("L"), dtype=np.float64)
    except BadInput:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        raise BadInput(f"expected an image in {where}, got one that Pillow cannot read; save it again as PNG") from None
    # Every k-th pixel keeps the distribution of intensities, which averaging pixels would not.
    step = math.ceil(math.sqrt(pixels.size / MAX_VALUES))
    thinned = f", every {step}th pixel of every {step}th row" if step > 1 else ""
    brightest = 255.0 if not deep else 65535.0 if pixels.max(initial=0) > 1 else 1.0
    return Column(pixels[::step, ::step].ravel() / brightest, None, f"pixels of {PurePath(name).name}{thinned}")


def _chosen(table: pd.DataFrame, where: str, column: str | None, numeric: Callable[[pd.Series], bool]) -> str:
    labels = [str(label) for label in table.columns]
    if table.empty:
        raise BadInput(f"expected rows below the header of {where}, got none; add data")
    if column is None and len(labels) == 1:
        return labels[0]
    found = [label for i, label in enumerate(labels) if numeric(table.iloc[:, i])] if column is None else []
    return _pick(labels, found, where, column)


def _pick(labels: list[str], numeric: list[str], where: str, column: str | None) -> str:
    listed = ", ".join(labels[:12]) + (", ..." if len(labels) > 12 else "")
    if column is not None:
        if column in labels:
            return column
        nearest = difflib.get_close_matches(column, labels, n=1)
        remedy = f"did you mean {nearest[0]}" if nearest else "choose one of these"
        raise BadInput(f"expected a column of {where} out of {listed}, got {shortened(column)}; {remedy}")
    if len(numeric) == 1:
        return numeric[0]
    if numeric:
        choice = ", ".join(numeric[:12]) + (", ..." if len(numeric) > 12 else "")
        raise BadInput(f"expected the name of a column of {where}, got none; choose one of {choice}")
    raise BadInput(f"expected a column of numbers in {where}, got none among {listed}; check the file")


def _counts_as_numeric(cells: pd.Series) -> bool:
    import pandas as pd

    return bool(pd.to_numeric(cells.iloc[:1000], errors="coerce").notna().mean() > 0.5)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


READERS: dict[str, Callable[[bytes, str, str | None], Column]] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt"), _text),
    ".parquet": _parquet,
    ".npy": _npy,
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"), _image),
}
