"""The poster: a few moments of a run as small multiples on one scale, for a slide or a paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from gausslab.errors import BadInput
from gausslab.figures.densities import clipped_peaks
from gausslab.figures.drawing import View, inside, one_line, plain
from gausslab.figures.palette import (
    TOO_LITTLE_HATCH,
    TOO_MUCH_HATCH,
    Theme,
    dress,
    faded,
    theme_named,
)
from gausslab.frame import Frame

MOMENTS = 8
EARLIEST = 0.01  # share of the run before which next to nothing has happened
COLUMNS = 4
CELL_WIDTH, CELL_HEIGHT = 3.0, 2.05  # inches of one small multiple
LEFT, RIGHT, TOP, BOTTOM = 0.72, 0.78, 1.25, 0.62  # inches around them all
GAP, BETWEEN = 0.20, 0.50  # inches between columns, and between rows
WORDS = 10.5  # points: read from the back of a room


def moments(steps: Int[np.ndarray, " frames"], count: int = MOMENTS) -> list[int]:
    """Which frames to put on a poster: the first, the last, and between them steps that grow by one factor.

    A run changes most at its start, though not in the first hundredth of it: there the first of them stands.

    Args:
        steps: of all frames, ascending.
        count: how many to take, at least 2; all, where there are fewer.

    Returns:
        Places, ascending, all different.
    """
    if len(steps) <= count:
        return list(range(len(steps)))
    since = np.asarray(steps, dtype=float) - float(steps[0])
    wanted = np.geomspace(max(since[1], EARLIEST * since[-1]), since[-1], count - 1)[:-1]
    found = [0]
    for place, step in enumerate(wanted):
        nearest = int(np.abs(np.log(since[1:]) - math.log(step)).argmin()) + 1
        last = len(steps) - 1 - (count - 2 - place)  # leaves a frame for each moment that is still to come
        found.append(min(max(nearest, found[-1] + 1), last))
    return [*found, len(steps) - 1]


def poster(frames: Sequence[Frame], *, words: str = "", theme: str = "light") -> Figure:
    """Draws the densities of a few moments beside one another on one scale, with one legend.

    Args:
        frames: the moments, in order; up to 16.
        words: what was done, in one line, for the foot of the title.
        theme: a key of `THEMES`.

    Returns:
        A figure to `save` as .pdf or .svg, which stay sharp at any size, or as .png.

    Raises:
        BadInput: where there are no frames or too many, or no such theme.
    """
    look = theme_named(theme)
    if not 1 <= len(frames) <= 16:
        raise BadInput(f"Expected 1 to 16 moments on a poster, got {len(frames)}: choose fewer, or train a step.")
    view = View.of(frames)
    columns = min(COLUMNS, len(frames))
    rows = math.ceil(len(frames) / columns)
    inner = max(columns * CELL_WIDTH + (columns - 1) * GAP, 9.0)
    wide = (inner - (columns - 1) * GAP) / columns
    width, height = LEFT + inner + RIGHT, TOP + rows * CELL_HEIGHT + (rows - 1) * BETWEEN + BOTTOM
    figure = Figure(figsize=(width, height), dpi=150, facecolor=look.background)
    FigureCanvasAgg(figure)
    for place, frame in enumerate(frames):
        row, column = divmod(place, columns)
        left = LEFT + column * (wide + GAP)
        bottom = height - TOP - (row + 1) * CELL_HEIGHT - row * BETWEEN
        ax = figure.add_axes((left / width, bottom / height, wide / width, CELL_HEIGHT / height))
        lowest = place + columns >= len(frames)
        _cell(ax, frame, view, look, first=column == 0, last=column == columns - 1 or place == len(frames) - 1)
        _caption(figure, frame, look, (left + 0.5 * wide) / width, (bottom - (0.31 if lowest else 0.10)) / height)
        if lowest:
            ax.text(1.0, -0.03, "x", transform=ax.transAxes, fontsize=WORDS, color=look.text, ha="center", va="top")
        else:
            ax.tick_params(axis="x", labelbottom=False)
    labels = list(dict.fromkeys(frame.scene.label for frame in frames))
    plain(
        figure.text(
            LEFT / width,
            1 - 0.22 / height,
            one_line(f"Learning {' then '.join(labels)}", int(inner * 72 / (15 * 0.60))),
            fontsize=15,
            fontweight="bold",
            color=look.text,
            va="top",
        )
    )
    plain(
        figure.text(
            LEFT / width,
            1 - 0.55 / height,
            one_line(words, int(inner * 72 / (WORDS * 0.55))),
            fontsize=WORDS,
            color=look.muted,
            va="top",
        )
    )
    _legend(figure, look, frames, LEFT / width, 1 - (TOP - 0.07) / height)
    middle = (height - TOP - 0.5 * (rows * CELL_HEIGHT + (rows - 1) * BETWEEN)) / height
    figure.text(0.12 / width, middle, "density", fontsize=WORDS, color=look.text, rotation=90, ha="left", va="center")
    return figure


def _cell(ax: Axes, frame: Frame, view: View, look: Theme, *, first: bool, last: bool) -> None:
    dress(ax, look)
    ceiling = view.ceiling
    ax.set_xlim(*view.window)
    ax.set_ylim(0.0, 1.04 * ceiling)
    low, high = view.window
    # A number at the very edge would run into that of the next column.
    ticks = [tick for tick in MaxNLocator(4).tick_values(low, high) if 0.08 < (tick - low) / (high - low) < 0.92]
    ax.set_xticks(ticks, labels=[f"{tick:g}".replace("-", "−") for tick in ticks])
    heights = [height for height in MaxNLocator(3).tick_values(0.0, ceiling) if 0.0 <= height <= 1.04 * ceiling]
    ax.set_yticks(heights, labels=[f"{height:g}" for height in heights])
    ax.tick_params(labelsize=WORDS - 1, labelleft=first)
    scene, x = frame.scene, frame.scene.x
    p, p_g = inside(ceiling, scene.p), inside(ceiling, frame.p_g)
    comparable = np.where(np.isfinite(p_g), p_g, p)
    ax.fill_between(x, np.nan_to_num(p), color=faded(look.target.colour, 0.16), linewidth=0)
    # On a printed page a hatch is what tells the two areas apart.
    ax.fill_between(x, p, np.maximum(p, comparable), **_too_much(look))
    ax.fill_between(x, np.minimum(p, comparable), p, **_too_little(look))
    ax.plot(x, p_g, **look.generator._replace(width=1.3).line(), zorder=3)
    ax.plot(x, p, **look.target._replace(width=1.6).line(), zorder=4)
    for curve, stroke in ((scene.p, look.target), (frame.p_g, look.generator)):
        peaks = clipped_peaks(x, curve, 1.04 * ceiling)
        spike = {"linestyle": "none", "marker": "^", "markersize": 5.0, "zorder": 6, "clip_on": False}
        ax.plot(peaks, np.full(len(peaks), 1.02 * ceiling), color=stroke.colour, **spike)
    belief = ax.twinx()
    dress(belief, look)
    belief.grid(visible=False)
    belief.patch.set_visible(False)
    for spine in belief.spines.values():
        spine.set_visible(False)
    belief.set_ylim(0.0, 1.04)
    belief.set_yticks([0.0, 0.5, 1.0], labels=["0  fake", "½", "1  real"])
    belief.tick_params(
        axis="y", colors=look.discriminator.colour, labelcolor=look.discriminator.colour, labelsize=WORDS - 1
    )
    belief.tick_params(axis="y", labelright=last, length=3.0 if last else 0.0)
    belief.plot(x, frame.discriminator, **look.discriminator._replace(width=1.4).line(), zorder=3)


def _caption(figure: Figure, frame: Frame, look: Theme, across: float, level: float) -> None:
    distance = frame.readings.distance
    number = f"{distance:#.2g}".rstrip(".") if math.isfinite(distance) else "—"
    said = f"W₁ = {number} σ" if frame.readings.measure == "W1" else f"KS = {number}"
    words = f"step {frame.step:,}    {said}"
    figure.text(across, level, words, fontsize=WORDS, fontweight="bold", color=look.text, ha="center", va="top")


def _too_much(look: Theme) -> dict[str, Any]:
    colour = look.generator.colour
    return {
        "facecolor": faded(colour, 0.20),
        "edgecolor": faded(colour, 0.75),
        "hatch": TOO_MUCH_HATCH,
        "linewidth": 0,
    }


def _too_little(look: Theme) -> dict[str, Any]:
    colour = look.target.colour
    return {
        "facecolor": faded(colour, 0.24),
        "edgecolor": faded(colour, 0.85),
        "hatch": TOO_LITTLE_HATCH,
        "linewidth": 0,
    }


def _legend(figure: Figure, look: Theme, frames: Sequence[Frame], left: float, bottom: float) -> None:
    names = list(dict.fromkeys(frame.scene.density_label for frame in frames))
    handles = [
        Patch(
            facecolor=faded(look.target.colour, 0.16),
            edgecolor=look.target.colour,
            linestyle=look.target.dashes,
            label=f"target: {one_line(' then '.join(names), 30)}",
        ),
        Line2D([], [], **look.generator.line(), label="made by G"),
        Patch(**_too_much(look), label="too much made"),
        Patch(**_too_little(look), label="too little made"),
        Line2D([], [], **look.discriminator.line(), label="D: belief that x is real"),
    ]
    legend = figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(left, bottom),
        ncols=len(handles),
        frameon=False,
        fontsize=WORDS,
        labelcolor=look.text,
        borderaxespad=0.0,
        borderpad=0.0,
        handlelength=2.2,
        handletextpad=0.5,
        columnspacing=1.4,
    )
    plain(legend.get_texts()[0])
