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
from gausslab.figures.map import draw_map
from gausslab.figures.palette import TEXT, Theme, theme_named
from gausslab.frame import Frame

SMALLEST = (12.0, 6.75)  # inches: below, the words run into each other


class Board(NamedTuple):
    """A figure whose artists can be moved to another frame."""

    figure: Figure
    moving: tuple[Artist, ...]  # change from frame to frame
    scenic: tuple[Artist, ...]  # change only where the scene does
    update: Callable[[Frame, int], None]  # a frame, and its index in the history


def panel(
    frame: Frame,
    frames: Sequence[Frame] | None = None,
    *,
    theme: str = "light",
    size: tuple[float | int, float | int] = (12.8, 7.2),
    dpi: float | int = 100,
) -> Figure:
    """Draws all that can be seen at one step: densities, the map, the history, the diagnosis and the key numbers.

    Args:
        frame: what to draw.
        frames: the history that it belongs to; without it there is no game, and densities and map are taller.
        theme: a key of `THEMES`.
        size: width and height in inches.
        dpi: pixels per inch: the way to a smaller or larger picture of the same layout.

    Returns:
        A figure of its own, known to nobody else: `save` it, or show it in a notebook.

    Raises:
        BadInput: where there is no such theme, or the size is too small to hold the words.
    """
    history = list(frames or ())
    index = max((place for place, past in enumerate(history) if past.step <= frame.step), default=0)
    index = next((place for place, past in enumerate(history) if past is frame), index)
    return board(frame, history, index, theme=theme, size=size, dpi=dpi).figure


def board(
    frame: Frame,
    history: Sequence[Frame],
    index: int,
    *,
    theme: str,
    size: tuple[float | int, float | int],
    dpi: float | int,
) -> Board:
    """Makes the panel's figure and keeps hold of what moves in it.

    Raises:
        BadInput: where there is no such theme, or the size is too small to hold the words.
    """
    look = theme_named(theme)
    width, height = size
    if not (width >= SMALLEST[0] and height >= SMALLEST[1] and dpi > 0):
        raise BadInput(
            f"Expected a panel of at least {SMALLEST[0]:g} × {SMALLEST[1]:g} inches and dpi above 0, got "
            f"{width:g} × {height:g} at {dpi:g} dpi: lower dpi instead to make the picture smaller."
        )
    figure = Figure(figsize=size, dpi=dpi, facecolor=look.background)
    FigureCanvasAgg(figure)

    def place(left: float, bottom: float, right: float, top: float) -> Axes:
        return figure.add_axes((left / width, bottom / height, (right - left) / width, (top - bottom) / height))

    # Inches. Words have one size on every panel, so margins have too; what is left is shared out between the axes.
    footer, game = 0.95, 0.0
    if history:
        game = 0.27 * (height - 3.0)
    floor = footer + 0.45
    base = floor + (game + 0.78 if history else 0.0)
    top, split = height - 0.72, 0.585 * width
    views = View.of([*history, frame])
    densities = draw_densities(place(0.80, base, split - 0.35, top), frame, theme=theme, view=views)
    curve = draw_map(place(split + 1.15, base, width - 0.25, top), frame, theme=theme, view=views)
    moving, scenic = [*densities.moving, *curve.moving], [*densities.scenic, *curve.scenic]

    past = None
    if history:
        several = any(len(past.scene.mode_masses) > 1 for past in history)
        count = 3 if several else 2
        room = (width - 0.80 - 0.25 - 0.70 * (count - 1)) / count
        lefts = [0.80 + (room + 0.70) * place for place in range(count)]
        past = draw_game([place(left, floor, left + room, floor + game) for left in lefts], history, index, theme=theme)
        moving += past.moving

    say, words = _footer(figure, look, footer)
    moving += words

    def update(frame: Frame, index: int) -> None:
        densities.update(frame)
        curve.update(frame)
        if past is not None:
            past.update(index)
        say(frame)

    say(frame)
    return Board(figure, tuple(moving), tuple(scenic), update)


def _footer(figure: Figure, look: Theme, tall: float) -> tuple[Callable[[Frame], None], list[Text]]:
    """The strip of words beneath: the diagnosis on the left, the key numbers with their captions on the right."""
    width, height = figure.get_size_inches()
    captions = ("step", "distance\nW₁/σ", "largest gap\nof CDFs (KS)", "modes\ncovered")
    each = 1.15
    start = width - 0.25 - each * len(captions)
    left, right, line = 0.25 / width, 1 - 0.25 / width, tall / height
    figure.add_artist(Line2D([left, right], [line, line], color=look.grid, linewidth=1.0))
    sentence = plain(
        figure.text(
            0.25 / width, 0.5 * tall / height, "", fontsize=11.5, color=look.text, va="center", linespacing=1.25
        )
    )
    values = []
    for place, caption in enumerate(captions):
        middle = (start + (place + 0.5) * each) / width
        values.append(
            figure.text(
                middle,
                0.72 * tall / height,
                "",
                fontsize=14,
                fontweight="bold",
                color=look.text,
                ha="center",
                va="center",
            )
        )
        figure.text(
            middle,
            0.48 * tall / height,
            caption,
            fontsize=TEXT,
            color=look.muted,
            ha="center",
            va="top",
            linespacing=1.1,
        )
    columns = int((start - 0.45) * 72 / (11.5 * 0.56))

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
