"""Files of data: one column of numbers out of CSV, TSV, text, Parquet or NPY, or the grey pixels of an image.

Nothing that is read here can run anything: NPY without pickles, Parquet through Arrow, images through Pillow.
"""

from __future__ import annotations

import csv
import difflib
import io
import math
import warnings
from collections.abc import Callable
from pathlib import PurePath
from typing import NamedTuple

import numpy as np

from gausslab.errors import BadInput
from gausslab.targets.limits import MAX_PIXELS, MAX_UPLOAD_BYTES, MAX_VALUES
from gausslab.targets.reading import shortened


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
    where = shortened(name)
    rows, lines = _rows(content, name, where)
    headed = any(_number(cell) is None for cell in rows[0])
    if not headed and column is None and len(rows[0]) > 1 and len(rows) == 1:
        raise BadInput(f"expected a column of numbers in {where}, got a single row; write one number a line")
    labels = [cell.strip() for cell in rows[0]] if headed else [str(i + 1) for i in range(len(rows[0]))]
    rows, lines = (rows[1:], lines[1:]) if headed else (rows, lines)
    if not rows:
        raise BadInput(f"expected rows below the header of {where}, got none; add data")
    numeric = [label for i, label in enumerate(labels) if _looks_numeric([row[i] for row in rows[:1000]])]
    if column is None and len(labels) == 1:
        numeric = labels  # so that a wrong cell is said to be one
    chosen = _pick(labels, numeric, where, column)
    place = labels.index(chosen)
    values = np.empty(len(rows))
    for i, row in enumerate(rows):
        number = _number(row[place])
        if number is None or not math.isfinite(number):
            came = shortened(row[place]) if row[place].strip() else "an empty cell"
            raise BadInput(
                f"expected a finite number in row {lines[i]} of column {shortened(chosen)} of {where}, got {came}; "
                "correct or remove it"
            )
        values[i] = number
    return Column(values, chosen, chosen if headed else PurePath(name).stem)


def _rows(content: bytes, name: str, where: str) -> tuple[list[list[str]], list[int]]:
    """The rows that are not blank, all of the same length, and their numbers in the file."""
    if len(content) > MAX_UPLOAD_BYTES:
        raise BadInput(
            f"expected at most {MAX_UPLOAD_BYTES // 1_000_000} MB of text in {where}, got {len(content):,} bytes; "
            "save it as Parquet or NPY, or take fewer rows"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"expected text in UTF-8 in {where}, got other bytes at {error.start + 1}; re-save it") from None
    if not text.strip():
        raise BadInput(f"expected rows of text in {where}, got blanks only; re-save it")
    first = text.lstrip().splitlines()[0]
    separator = "\t" if name.lower().endswith((".tsv", ".tab")) else max(",;\t", key=first.count)
    rows: list[list[str]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        for row in reader:
            if not any(cell.strip() for cell in row) and len(row) < 2:
                continue
            if rows and len(row) != len(rows[0]):
                raise BadInput(
                    f"expected {len(rows[0])} cells in row {reader.line_num} of {where}, got {len(row)}; correct it"
                )
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as error:
        fault = f"a fault in row {reader.line_num}, {error}"
        raise BadInput(f"expected rows of text in {where}, got {fault}; correct it") from None
    return rows, lines


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


def _looks_numeric(cells: list[str]) -> bool:
    return 2 * sum(_number(cell) is not None for cell in cells) > len(cells)


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


READERS: dict[str, Callable[[bytes, str, str | None], Column]] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt"), _text),
    ".parquet": _parquet,
    ".npy": _npy,
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"), _image),
}
