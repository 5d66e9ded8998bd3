"""The phase plane of a game with one parameter a player: the field, and the ways that are taken through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gausslab.errors import BadInput
from gausslab.figures.palette import LONG_DASHES, TEXT, TITLE, Theme, dress, theme_named

COLUMNS = 5
INCHES = 2.35  # of one plane


class Plane(NamedTuple):
    """A field on a grid, and trajectories through it."""

    title: str
    theta: Float[np.ndarray, "rows columns"]
    psi: Float[np.ndarray, "rows columns"]
    toward_theta: Float[np.ndarray, "rows columns"]
    toward_psi: Float[np.ndarray, "rows columns"]
    paths: Mapping[str, Float[np.ndarray, "points 2"]]  # by what they are called in a legend; two at most


def draw_phase(ax: Axes, plane: Plane, *, theme: str = "light") -> None:
    """Draws a plane: arrows of one length that say where to, trajectories, and the equilibrium at (0, 0).

    Args:
        ax: empty axes.
        plane: what to draw.
        theme: a key of `THEMES`.

    Raises:
        BadInput: where there is no such theme, or more than two trajectories.
    """
    look = theme_named(theme)
    if len(plane.paths) > 2:
        raise BadInput(f"Expected at most 2 trajectories in a plane, got {len(plane.paths)}: draw another plane.")
    dress(ax, look)
    ax.set_title(plane.title, loc="left", fontsize=TEXT, fontweight="bold", color=look.text, pad=4)
    length = np.hypot(plane.toward_theta, plane.toward_psi)
    length = np.where(length > 0, length, 1.0)
    ax.quiver(
        plane.theta,
        plane.psi,
        plane.toward_theta / length,
        plane.toward_psi / length,
        color=look.muted,
        alpha=0.55,
        angles="xy",
        pivot="mid",
        scale=22,
        width=0.006,
    )
    for path, line in zip(plane.paths.values(), _strokes(look), strict=False):
        ax.plot(*path.T, **line)
    ax.plot(0, 0, marker="+", markersize=9, markeredgewidth=1.6, color=look.text, linestyle="none", zorder=4)
    ax.set_xlim(float(plane.theta.min()), float(plane.theta.max()))
    ax.set_ylim(float(plane.psi.min()), float(plane.psi.max()))
    ax.set_aspect("equal")


def planes(several: Sequence[Plane], *, theme: str = "light") -> Figure:
    """Draws several planes side by side, with one legend.

    Raises:
        BadInput: where there is no such theme, or nothing to draw.
    """
    look = theme_named(theme)
    if not several:
        raise BadInput("Expected at least one plane to draw, got none: name a method.")
    rows, columns = -(-len(several) // COLUMNS), min(COLUMNS, len(several))
    figure = Figure(
        figsize=(INCHES * columns, INCHES * rows + 0.75), dpi=100, facecolor=look.background, layout="constrained"
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for place, ax in enumerate(axes.flat):
        if place >= len(several):
            ax.set_visible(False)
            continue
        draw_phase(ax, several[place], theme=theme)
    for ax in axes[-1]:
        ax.set_xlabel("θ", fontsize=TEXT, color=look.text)
    for ax in axes[:, 0]:
        ax.set_ylabel("ψ", fontsize=TEXT, color=look.text)
    names = list(several[0].paths)
    handles = [Line2D([], [], **line, label=name) for name, line in zip(names, _strokes(look), strict=False)]
    figure.legend(
        handles=handles, loc="outside upper left", ncols=2, frameon=False, fontsize=TITLE, labelcolor=look.text
    )
    return figure


def _strokes(look: Theme) -> tuple[dict, dict]:
    first, second = look.generator, look.discriminator
    return (
        {"color": first.colour, "linestyle": "solid", "linewidth": 1.0},
        {"color": second.colour, "linestyle": LONG_DASHES, "linewidth": 1.0},
    )
