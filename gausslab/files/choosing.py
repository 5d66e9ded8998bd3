"""Which saved runs of a folder are wanted, and in which order: the same for the command line and the page."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from gausslab.errors import BadInput

if TYPE_CHECKING:
    from gausslab.files.shelf import Saved

COLUMNS = ("name", "target", "recipe", "steps", "wasserstein", "diagnosis", "saved")
NUMBERS = ("steps", "wasserstein")
SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<=": lambda value, bound: value <= bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    ">": lambda value, bound: value > bound,
    "=": lambda value, bound: value == bound,
}

_SIGN = "|".join(SIGNS)
_FILTER = re.compile(rf"({'|'.join(COLUMNS)})\s*({_SIGN})\s*(.+)")


def chosen(
    runs: Iterable[Saved], filters: Iterable[str] = (), sort: str = "name", reverse: bool = False
) -> list[Saved]:
    """The runs that pass every filter, in order.

    Args:
        runs: to choose from.
        filters: each a word that is to turn up anywhere, COLUMN=WORD, or a comparison of a number, as in steps>1000.
        sort: a member of COLUMNS; runs without a number come last.
        reverse: the other way round.

    Raises:
        BadInput: a comparison with something that is no number.
    """
    tests = [_test(text) for text in filters]
    found = [one for one in runs if all(test(one) for test in tests)]
    return sorted(found, key=lambda one: _rank(one, sort), reverse=reverse)


def words(text: str) -> list[str]:
    """The filters that somebody has typed into one field, with blanks between."""
    return re.sub(rf"\s*({_SIGN})\s*", r"\1", text).split()


def _rank(one: Saved, column: str) -> tuple[bool, Any]:
    value = getattr(one, column)
    if column in NUMBERS:
        return value is None, 0 if value is None else value
    return False, str(value).casefold()


def _test(text: str) -> Callable[[Saved], bool]:
    found = _FILTER.fullmatch(text.strip())
    if not found:
        word = text.casefold()
        return lambda one: any(word in str(getattr(one, column)).casefold() for column in COLUMNS)
    column, sign, value = found.groups()
    if column not in NUMBERS:
        if sign != "=":
            raise BadInput(f"expected {column}=WORD, got {text[:60]!r}; only {' and '.join(NUMBERS)} are compared")
        return lambda one: value.casefold() in str(getattr(one, column)).casefold()
    try:
        bound = float(value)
    except ValueError:
        bound = math.nan
    if math.isnan(bound):
        raise BadInput(f"expected a number behind {column}{sign}, got {value[:40]!r}; as in steps>1000")
    return lambda one: _holds(getattr(one, column), sign, bound)


def _holds(value: float | None, sign: str, bound: float) -> bool:
    return value is not None and SIGNS[sign](value, bound)
