"""Where the panels of a picture go: plain arithmetic in inches, so that words keep one size and never run together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from gausslab.errors import BadInput

PANELS = ("densities", "map", "game")
LEAST = 0.9375  # share of a plan's own size below which the words run into each other
EDGE = 0.80  # inches left of every row, so that rows of one panel each stand in line
BETWEEN_GAMES = 0.70  # inches between two axes of the game, which share their captions
NARROW = 11.0  # inches: a narrower strip of words has its sentence above its numbers
NARROWEST = 6.4  # inches that the numbers need


class Cell(NamedTuple):
    """What one kind of panel asks for, in inches: room for its words around it, and the size it is best drawn at."""

    left: float
    right: float
    top: float
    bottom: float
    width: float
    height: float


class Box(NamedTuple):
    """Where one set of axes goes, in inches from the lower left corner."""

    left: float
    bottom: float
    right: float
    top: float


class Plan(NamedTuple):
    """Rows of panels between a strip of headings and a strip of words."""

    rows: tuple[tuple[str, ...], ...]  # from the top, each a key of CELLS
    header: float  # inches
    footer: float  # inches

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches at which every panel has the size that it is best drawn at."""
        widths = [sum(_gaps(row)) + sum(CELLS[name].width for name in row) for row in self.rows]
        heights = [CELLS[row[0]].top + CELLS[row[0]].height + CELLS[row[0]].bottom for row in self.rows]
        return max(NARROWEST, *widths), self.header + sum(heights) + self.footer

    def fit(self, width: float, height: float) -> float:
        """How many times as large the plan can be drawn on a page of this size."""
        own = self.size
        return min(width / own[0], height / own[1])

    def boxes(self, width: float, height: float) -> list[Box]:
        """Where each panel goes on a page of this size, row by row."""
        firsts = [CELLS[row[0]] for row in self.rows]
        free = height - self.header - self.footer - sum(cell.top + cell.bottom for cell in firsts)
        share = free / sum(cell.height for cell in firsts)
        top = height - self.header
        found = []
        for row, first in zip(self.rows, firsts, strict=True):
            top -= first.top
            bottom = top - share * first.height
            found += _across(row, width, bottom, top)
            top = bottom - first.bottom
        return found


def _across(row: Sequence[str], width: float, bottom: float, top: float) -> list[Box]:
    gaps = _gaps(row)
    share = (width - sum(gaps)) / sum(CELLS[name].width for name in row)
    left, found = 0.0, []
    for gap, name in zip(gaps, row, strict=False):
        left += gap
        found.append(Box(left, bottom, left + share * CELLS[name].width, top))
        left = found[-1].right
    return found


def _gaps(row: Sequence[str]) -> list[float]:
    """Inches before the first panel, between each two, and after the last."""
    between = [
        BETWEEN_GAMES if (before, after) == ("game", "game") else CELLS[before].right + CELLS[after].left
        for before, after in pairwise(row)
    ]
    return [EDGE, *between, CELLS[row[-1]].right]


def checked(panels: Sequence[str]) -> tuple[str, ...]:
    """The names of some panels in the order in which they are wanted.

    Raises:
        BadInput: no name, an unknown one, or one twice.
    """
    names = tuple(panels)
    if not names or len(set(names)) < len(names) or not set(names) <= set(PANELS):
        raise BadInput(
            f"Expected some of the panels {', '.join(PANELS)}, each once, got {', '.join(names) or 'none'}: "
            "name those to draw."
        )
    return names


def plans(panels: Sequence[str], games: int) -> list[Plan]:
    """The ways to lay out a run's panels: densities and map side by side, or one beneath the other.

    The game is a strip above the others where it is named first, and beneath them otherwise.

    Args:
        panels: as `checked` gives them.
        games: axes that the game has.
    """
    main = [name for name in panels if name != "game"]
    game = ["game"] * games if "game" in panels else []
    wide = [tuple(row) for row in (main, game) if row]
    tall = [(name,) for name in (*main, *game)]
    if panels[0] == "game":
        wide.reverse()
        tall = [*tall[len(main) :], *tall[: len(main)]]
    return [_with_words(tuple(rows)) for rows in (wide, tall)]


def _with_words(rows: tuple[tuple[str, ...], ...]) -> Plan:
    wide = Plan(rows, 0.0, 0.95)
    return wide if wide.size[0] >= NARROW else Plan(rows, 0.0, 1.55)


def best(candidates: Sequence[Plan], width: float, height: float) -> Plan:
    """The plan whose words are largest on a page of this shape."""
    return max(candidates, key=lambda plan: plan.fit(width, height))


CELLS: dict[str, Cell] = {
    "densities": Cell(left=0.80, right=0.80, top=0.72, bottom=0.45, width=6.34, height=3.17),
    "map": Cell(left=0.70, right=0.25, top=0.72, bottom=0.45, width=3.91, height=3.17),
    "game": Cell(left=0.80, right=0.25, top=0.33, bottom=0.45, width=3.45, height=1.13),
}
