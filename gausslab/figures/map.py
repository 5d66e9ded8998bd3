"""The map: G beside the inverse CDF that it ought to become."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation

from gausslab.figures.drawing import Drawing, View
from gausslab.figures.palette import FOLD_HATCH, TEXT, TITLE, dress, faded, key, theme_named
from gausslab.frame import Flat, Frame

NAMED_FLATS = 3  # the heaviest flats get their mass in words
NAMED_MASS = 0.01  # lighter ones get none


def draw_map(ax: Axes, frame: Frame, *, theme: str = "light", view: View | None = None) -> Drawing[Frame]:
    """Draws G(z) solid against F⁻¹ dotted, G's values in order thin, and marks where G turns back or stands still.

    Args:
        ax: empty axes.
        frame: what to draw.
        theme: a key of `THEMES`.
        view: the limits; those of the frame itself where none are given.

    Returns:
        The artists, and the way to move them to another frame.

    Raises:
        BadInput: where there is no such theme.
    """
    look = theme_named(theme)
    limits = view or View.of([frame])
    low, high = limits.window
    dress(ax, look)
    ax.set_xlim(*limits.latent)
    ax.set_ylim(low, high)
    ax.set_xlabel("z, the noise that goes in", fontsize=TEXT, color=look.text, labelpad=2)
    ax.set_ylabel("x, the sample that comes out", fontsize=TEXT, color=look.text)
    title = ax.set_title("The map G", loc="left", fontsize=TITLE, fontweight="bold", color=look.text, pad=38)

    # Folds reach from floor to ceiling whatever x is: their y is a share of the axes' height.
    folds = PolyCollection(
        [],
        facecolors=[faded(look.fold, 0.16)],
        edgecolors=[faded(look.fold, 0.40)],
        hatch=FOLD_HATCH,
        linewidths=0,
        transform=ax.get_xaxis_transform(),
        zorder=1,
    )
    ax.add_collection(folds, autolim=False)
    (ordered,) = ax.plot([], [], **look.rearranged.line(), zorder=2)
    (generator,) = ax.plot([], [], **look.generator.line(), zorder=3)
    (ideal,) = ax.plot([], [], **look.target.line(), zorder=4)
    flats = LineCollection([], colors=look.flat, linewidths=4.0, zorder=3.5, capstyle="butt")
    ax.add_collection(flats, autolim=False)
    names = [
        ax.annotate(
            "",
            (low, low),
            (0, 0),
            textcoords="offset points",
            fontsize=TEXT,
            color=look.text,
            bbox={"facecolor": look.background, "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
            annotation_clip=True,
            zorder=6,
        )
        for _ in range(NAMED_FLATS)
    ]
    key(
        ax,
        look,
        [
            Line2D([], [], **look.target.line(), label="ideal F⁻¹(z)"),
            Line2D([], [], **look.generator.line(), label="G(z)"),
            Line2D([], [], **look.rearranged.line(), label="G, sorted"),
            Patch(
                facecolor=faded(look.fold, 0.16),
                edgecolor=faded(look.fold, 0.9),
                hatch=FOLD_HATCH,
                linewidth=0,
                label="G turns back",
            ),
            Line2D([], [], color=look.flat, linewidth=4.0, solid_capstyle="butt", label="G stands still"),
        ],
        columns=3,
    )

    def update(frame: Frame) -> None:
        scene = frame.scene
        # The far ends of F⁻¹ may be infinite, and a diverged G may be anything: far outside is outside enough.
        floor, roof = low - 2 * (high - low), high + 2 * (high - low)
        ideal.set_data(scene.z, np.clip(scene.ideal, floor, roof))
        generator.set_data(scene.z, np.clip(frame.g, floor, roof))
        ordered.set_data(scene.z, np.clip(frame.rearranged, floor, roof))
        folds.set_verts([((a, 0.0), (a, 1.0), (b, 1.0), (b, 0.0)) for a, b in frame.folds])
        flats.set_segments([((flat.start, flat.x), (flat.stop, flat.x)) for flat in frame.flats])
        heaviest = sorted((flat for flat in frame.flats if low <= flat.x <= high), key=lambda flat: -flat.mass)
        named = [flat for flat in heaviest if flat.mass >= NAMED_MASS][:NAMED_FLATS]
        for place, name in enumerate(names):
            name.set_visible(place < len(named))
            if place < len(named):
                _name(name, named[place], limits)

    update(frame)
    return Drawing(moving=(folds, ordered, generator, ideal, flats, *names), scenic=(title,), update=update)


def _name(name: Annotation, flat: Flat, limits: View) -> None:
    middle = 0.5 * (flat.start + flat.stop)
    along = (middle - limits.latent[0]) / (limits.latent[1] - limits.latent[0])
    lower_half = flat.x < 0.5 * (limits.window[0] + limits.window[1])
    name.xy = (middle, flat.x)
    name.set_position((0, 6 if lower_half else -6))
    name.set_verticalalignment("bottom" if lower_half else "top")
    name.set_horizontalalignment("left" if along < 0.25 else "right" if along > 0.75 else "center")
    name.set_text(f"holds {flat.mass:.0%}")
