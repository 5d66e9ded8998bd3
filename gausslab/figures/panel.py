"""The whole panel: densities, map, history, and in words what is going on."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from typing import NamedTuple

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from gausslab.errors import BadInput
from gausslab.figures.densities import draw_densities
from gausslab.figures.drawing import View, plain
from gausslab.figures.game import draw_game
from gausslab.figures.layout import LEAST, NARROW, PANELS, Box, Plan, best, checked, plans
from gausslab.figures.map import draw_map
from gausslab.figures.palette import TEXT, Theme, theme_named
from gausslab.frame import Frame


class Board(NamedTuple):
    """A figure whose artists can be moved to another moment."""

    figure: Figure
    moving: tuple[Artist, ...]  # change from moment to moment
    scenic: tuple[Artist, ...]  # change only where the scene does
    update: Callable[[int], None]  # brings them to the moment of this index


def panel(
    frame: Frame,
    frames: Sequence[Frame] | None = None,
    *,
    panels: Sequence[str] = PANELS,
    theme: str = "light",
    size: tuple[float | int, float | int] = (12.8, 7.2),
    dpi: float | int = 100,
) -> Figure:
    """Draws all that can be seen at one step: densities, the map, the history, the diagnosis and the key numbers.

    Args:
        frame: what to draw.
        frames: the history that it belongs to; without it there is no game, and densities and map are taller.
        panels: some of `PANELS`, in the order wanted; the game is a strip, on top where it is named first.
        theme: a key of `THEMES`.
        size: width and height in inches.
        dpi: pixels per inch: the way to a smaller or larger picture of the same layout.

    Returns:
        A figure of its own, known to nobody else: `save` it, or show it in a notebook.

    Raises:
        BadInput: where there is no such theme or panel, or the size is too small to hold the words.
    """
    history = list(frames or ())
    index = max((place for place, past in enumerate(history) if past.step <= frame.step), default=0)
    index = next((place for place, past in enumerate(history) if past is frame), index)
    return board(frame, history, index, panels=panels, theme=theme, size=size, dpi=dpi).figure


def plans_for(frames: Sequence[Frame], panels: Sequence[str]) -> list[Plan]:
    """The ways to lay out the panels of a run that these are the frames of.

    Raises:
        BadInput: where there is no such panel, or none but the game, and no history.
    """
    wanted = checked(panels)
    if not frames:
        wanted = tuple(name for name in wanted if name != "game")
    if not wanted:
        raise BadInput("Expected frames to draw the game from, got none: pass the history, or add another panel.")
    several = any(len(past.scene.mode_masses) > 1 for past in frames)
    return plans(wanted, 3 if several else 2)


def board(
    frame: Frame,
    history: Sequence[Frame],
    index: int,
    *,
    panels: Sequence[str],
    theme: str,
    size: tuple[float | int, float | int],
    dpi: float | int,
) -> Board:
    """Makes the panel's figure and keeps hold of what moves in it; its moments are those of the history.

    Raises:
        BadInput: where there is no such theme or panel, or the size is too small to hold the words.
    """
    look = theme_named(theme)
    plan = best(plans_for(history, panels), *size)
    figure = page(plan, look, size, dpi)
    boxes = plan.boxes(*size)
    views = View.of([*history, frame])
    moving: list[Artist] = []
    scenic: list[Artist] = []
    movers: list[Callable[[Frame], None]] = []
    games: list[Axes] = []
    for name, box in zip((name for row in plan.rows for name in row), boxes, strict=True):
        ax = axes_in(figure, box)
        if name == "game":
            games.append(ax)
            continue
        draw = draw_densities if name == "densities" else draw_map
        drawing = draw(ax, frame, theme=theme, view=views)
        moving += drawing.moving
        scenic += drawing.scenic
        movers.append(drawing.update)
    past = draw_game(games, history, index, theme=theme) if games else None
    if past is not None:
        moving += past.moving
    say, words = _footer(figure, look, plan.footer)
    moving += words
    movers.append(say)

    def update(index: int) -> None:
        for move in movers:
            move(history[index])
        if past is not None:
            past.update(index)

    say(frame)
    return Board(figure, tuple(moving), tuple(scenic), update)


def page(plan: Plan, look: Theme, size: tuple[float | int, float | int], dpi: float | int) -> Figure:
    """An empty figure for a plan.

    Raises:
        BadInput: where the size is too small to hold the words.
    """
    width, height = size
    if not (plan.fit(width, height) >= LEAST and dpi > 0):
        least = [round(LEAST * side + 0.004, 2) for side in plan.size]
        raise BadInput(
            f"Expected a panel of at least {least[0]:g} × {least[1]:g} inches and dpi above 0, got "
            f"{width:g} × {height:g} at {dpi:g} dpi: lower dpi instead to make the picture smaller."
        )
    figure = Figure(figsize=size, dpi=dpi, facecolor=look.background)
    FigureCanvasAgg(figure)
    return figure


def axes_in(figure: Figure, box: Box) -> Axes:
    """Empty axes in a box of inches."""
    width, height = figure.get_size_inches()
    return figure.add_axes(
        (box.left / width, box.bottom / height, (box.right - box.left) / width, (box.top - box.bottom) / height)
    )


def _footer(figure: Figure, look: Theme, tall: float) -> tuple[Callable[[Frame], None], list[Text]]:
    """The strip of words beneath: the diagnosis on the left, the key numbers with their captions on the right."""
    width, height = figure.get_size_inches()
    captions = ("step", "distance\nW₁/σ", "largest gap\nof CDFs (KS)", "modes\ncovered")
    narrow = width < NARROW
    each = (width - 0.5) / len(captions) if narrow else 1.15
    start = width - 0.25 - each * len(captions)
    low = 0.85 if narrow else tall  # inches from the floor that the numbers take
    middle = 0.5 * (low + tall) if narrow else 0.5 * tall
    room = width - 0.5 if narrow else start - 0.45
    left, right, line = 0.25 / width, 1 - 0.25 / width, tall / height
    figure.add_artist(Line2D([left, right], [line, line], color=look.grid, linewidth=1.0))
    sentence = plain(
        figure.text(left, middle / height, "", fontsize=11.5, color=look.text, va="center", linespacing=1.25)
    )
    values = []
    for place, caption in enumerate(captions):
        across = (start + (place + 0.5) * each) / width
        values.append(
            figure.text(
                across,
                0.72 * low / height,
                "",
                fontsize=14,
                fontweight="bold",
                color=look.text,
                ha="center",
                va="center",
            )
        )
        figure.text(
            across,
            0.48 * low / height,
            caption,
            fontsize=TEXT,
            color=look.muted,
            ha="center",
            va="top",
            linespacing=1.1,
        )
    columns = int(room * 72 / (11.5 * 0.56))

    def say(frame: Frame) -> None:
        readings = frame.readings
        sentence.set_text("\n".join(textwrap.wrap(frame.diagnosis, columns, max_lines=3, placeholder=" …")))
        said = (
            f"{frame.step:,}",
            _number(readings.wasserstein_over_std, "#.2g"),
            _number(readings.ks, ".3f"),
            f"{readings.modes_covered} of {len(frame.scene.mode_masses)}",
        )
        for value, words in zip(values, said, strict=True):
            value.set_text(words)

    return say, [sentence, *values]


def _number(value: float, style: str) -> str:
    return format(value, style).rstrip(".") if math.isfinite(value) else "—"
