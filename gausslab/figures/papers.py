"""Figures of reproduced papers: fits, shares of games won, and maps with their errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gausslab.errors import BadInput
from gausslab.figures.palette import TEXT, TITLE, Theme, dress, faded, theme_named


class Fit(NamedTuple):
    """A density fitted to another, as well as can be and as well as it was learnt."""

    title: str
    best: Float[np.ndarray, " points"]
    learnt: Float[np.ndarray, " points"]


class Curve(NamedTuple):
    """A map that was learnt, beside the one that was asked for."""

    title: str
    z: Float[np.ndarray, " points"]
    ideal: Float[np.ndarray, " points"]
    learnt: Float[np.ndarray, " points"]


def fits(
    x: Float[np.ndarray, " points"], p: Float[np.ndarray, " points"], several: Sequence[Fit], *, theme: str = "light"
) -> Figure:
    """Draws a density and, panel by panel, what was fitted to it.

    Raises:
        BadInput: where there is no such theme, or nothing to draw.
    """
    look = theme_named(theme)
    figure = _sheet(look, len(several), height=2.5)
    axes = figure.subplots(1, len(several), sharey=True, squeeze=False)[0]
    for ax, fit in zip(axes, several, strict=True):
        dress(ax, look)
        ax.set_title(fit.title, loc="left", fontsize=TEXT, fontweight="bold", color=look.text)
        ax.plot(x, p, **look.target.line())
        ax.plot(x, fit.learnt, **look.generator.line())
        ax.plot(x, fit.best, **look.optimal.line())
        ax.set_xlabel("x", fontsize=TEXT, color=look.text)
    axes[0].set_ylabel("density", fontsize=TEXT, color=look.text)
    _legend(figure, look, {"mixture": look.target, "learnt": look.generator, "best": look.optimal})
    return figure


def maps(several: Sequence[Curve], *, theme: str = "light") -> Figure:
    """Draws maps of the latent beside the ones that they ought to be, and below each the difference.

    Raises:
        BadInput: where there is no such theme, or nothing to draw.
    """
    look = theme_named(theme)
    figure = _sheet(look, len(several), height=3.9)
    axes = figure.subplots(2, len(several), sharex="col", squeeze=False, height_ratios=(2, 1))
    for (above, below), curve in zip(axes.T, several, strict=True):
        for ax in (above, below):
            dress(ax, look)
        above.set_title(curve.title, loc="left", fontsize=TEXT, fontweight="bold", color=look.text)
        above.plot(curve.z, curve.learnt, **look.generator.line())
        above.plot(curve.z, curve.ideal, **look.target.line())
        error = curve.learnt - curve.ideal
        below.plot(curve.z, error, color=look.generator.colour, linewidth=1.0)
        # The last per cent of the noise may have to reach for infinity, and would flatten all the rest.
        reach = 2.5 * float(np.quantile(np.abs(error), 0.8)) or 1.0
        below.set_ylim(-reach, reach)
        below.set_xlabel("z", fontsize=TEXT, color=look.text)
    axes[0, 0].set_ylabel("x", fontsize=TEXT, color=look.text)
    axes[1, 0].set_ylabel("error", fontsize=TEXT, color=look.text)
    _legend(figure, look, {"G": look.generator, "the map asked for": look.target})
    return figure


def shares(names: Sequence[str], values: Sequence[float], *, theme: str = "light") -> Figure:
    """Draws shares in [0, 1] as bars, one below the other, each with its number.

    Raises:
        BadInput: where there is no such theme, or nothing to draw.
    """
    look = theme_named(theme)
    if not names:
        raise BadInput("Expected at least one share to draw, got none: name what was counted.")
    figure = Figure(figsize=(8.0, 0.28 * len(names) + 0.7), dpi=100, facecolor=look.background, layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    dress(ax, look)
    ax.grid(visible=False, axis="y")
    places = range(len(names))
    ax.barh(places, values, height=0.66, color=faded(look.generator.colour, 0.75), edgecolor=look.generator.colour)
    for place, value in zip(places, values, strict=True):
        ax.text(value + 0.01, place, f"{100 * value:.1f} %", va="center", fontsize=TEXT, color=look.text)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.set_xlim(0, 1.12)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25 %", "50 %", "75 %", "100 %"])
    ax.set_xlabel("games won", fontsize=TEXT, color=look.text)
    return figure


def _sheet(look: Theme, panels: int, height: float) -> Figure:
    if not panels:
        raise BadInput("Expected at least one panel to draw, got none: pass what is to be shown.")
    figure = Figure(figsize=(max(2.35 * panels, 4.0), height), dpi=100, facecolor=look.background, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _legend(figure: Figure, look: Theme, strokes: dict) -> None:
    handles = [Line2D([], [], **stroke.line(), label=name) for name, stroke in strokes.items()]
    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=len(handles),
        frameon=False,
        fontsize=TITLE,
        labelcolor=look.text,
    )
