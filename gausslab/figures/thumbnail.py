"""A run at a glance: what it learns and what it makes, small, and without a word."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from gausslab.figures.drawing import View, inside
from gausslab.figures.palette import THEMES, faded
from gausslab.frame import Frame

SIZE = (3.2, 1.8)  # inches
DPI = 100
WIDTH = 1.3  # points


def thumbnail(frame: Frame) -> Figure:
    """Draws the densities of a frame as a small picture without a background, for light and dark pages alike.

    Args:
        frame: what to draw.
    """
    look = THEMES["light"]
    view = View.of([frame])
    figure = Figure(SIZE, dpi=DPI, facecolor="none")
    ax = figure.add_axes((0.02, 0.05, 0.96, 0.90))
    ax.set_axis_off()
    ax.set_xlim(*view.window)
    ax.set_ylim(0.0, 1.04 * view.ceiling)
    x = frame.scene.x
    for heights, stroke, opacity in ((frame.scene.p, look.target, 0.20), (frame.p_g, look.generator, 0.16)):
        y = np.nan_to_num(inside(view.ceiling, heights))
        ax.fill_between(x, y, color=faded(stroke.colour, opacity), linewidth=0)
        ax.plot(x, y, **stroke._replace(width=WIDTH).line())
    ax.axhline(0.0, color=look.muted, linewidth=1.0)
    return figure
