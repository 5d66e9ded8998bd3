"""Colours, dashes and hatches: what each thing looks like, in a light and a dark theme.

The colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with any common colour blindness
can tell apart. No meaning hangs on colour alone: every line has its own dashes and every area its own hatch or sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.legend import Legend

from gausslab.errors import BadInput

TITLE = 11.0  # points
TEXT = 9.0  # points: the smallest that is read at 1280×720

SOLID = "solid"
DOTTED = (0, (1.0, 1.3))
LONG_DASHES = (0, (6.0, 2.0))
SHORT_DASHES = (0, (2.5, 1.8))
DASH_DOT = (0, (6.0, 1.5, 1.0, 1.5))

TOO_MUCH_HATCH = "////"
TOO_LITTLE_HATCH = "...."
FOLD_HATCH = "xxx"
FLOOR_HATCH = "\\\\\\"


class Stroke(NamedTuple):
    """How a line looks."""

    colour: str
    dashes: Any  # a line style as matplotlib takes it
    width: float  # points

    def line(self) -> dict[str, Any]:
        """The stroke as keyword arguments of a `Line2D`."""
        return {"color": self.colour, "linestyle": self.dashes, "linewidth": self.width}


@dataclass(frozen=True)
class Theme:
    """A background and, on it, the look of everything that is drawn."""

    background: str
    text: str
    muted: str  # captions and ticks
    grid: str
    target: Stroke  # p and F⁻¹
    generator: Stroke  # p_g and G
    rearranged: Stroke  # G's values in order
    discriminator: Stroke  # D
    optimal: Stroke  # D*
    certainty: Stroke  # max(D*, 1 − D*)
    fold: str  # where G turns back
    flat: str  # where G stands still
    modes: tuple[str, ...]  # neighbouring modes take neighbouring colours, then from the start again


def theme_named(name: str) -> Theme:
    """Looks a theme up.

    Raises:
        BadInput: where there is none of this name.
    """
    if name not in THEMES:
        raise BadInput(f"Expected a theme out of {', '.join(THEMES)}, got {name!r}: choose one of these.")
    return THEMES[name]


def faded(colour: str, opacity: float) -> tuple[float, float, float, float]:
    """The colour with an opacity in [0, 1]."""
    red, green, blue, _ = to_rgba(colour)
    return red, green, blue, opacity


def dress(ax: Axes, theme: Theme) -> None:
    """Puts the theme on empty axes: background, frame, ticks and a faint grid."""
    ax.set_facecolor(theme.background)
    ax.tick_params(colors=theme.muted, labelcolor=theme.text, labelsize=TEXT, length=3.0, width=0.8, pad=3.0)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(theme.muted)
        spine.set_linewidth(0.8)
    ax.grid(visible=True, color=theme.grid, linewidth=0.6)
    ax.set_axisbelow(True)


def key(ax: Axes, theme: Theme, handles: Sequence[Artist], columns: int, *, beside_title: bool = False) -> Legend:
    """Puts a legend above the axes, where nothing drawn can run into it."""
    corner = ("lower right", (1.0, 1.0)) if beside_title else ("lower left", (0.0, 1.0))
    return ax.legend(
        handles=list(handles),
        loc=corner[0],
        bbox_to_anchor=corner[1],
        ncols=columns,
        frameon=False,
        fontsize=TEXT,
        labelcolor=theme.text,
        borderaxespad=0.1,
        borderpad=0.25,
        handlelength=2.2,
        handletextpad=0.5,
        columnspacing=1.1,
        labelspacing=0.3,
    )


THEMES: dict[str, Theme] = {
    "light": Theme(
        background="#FFFFFF",
        text="#22252B",
        muted="#5F6670",
        grid="#E9EBEE",
        target=Stroke("#0072B2", DOTTED, 2.2),
        generator=Stroke("#D55E00", SOLID, 1.8),
        rearranged=Stroke("#7A3E6B", DASH_DOT, 1.2),
        discriminator=Stroke("#009E73", LONG_DASHES, 1.8),
        optimal=Stroke("#00664A", SHORT_DASHES, 1.2),
        certainty=Stroke("#8F6B00", DASH_DOT, 1.4),
        fold="#CC79A7",
        flat="#22252B",
        modes=("#0072B2", "#E69F00", "#56B4E9", "#D55E00", "#009E73", "#CC79A7", "#F0E442"),
    ),
    "dark": Theme(
        background="#0E1117",
        text="#F2F3F5",
        muted="#A9B0BA",
        grid="#23282F",
        target=Stroke("#56B4E9", DOTTED, 2.2),
        generator=Stroke("#E69F00", SOLID, 1.8),
        rearranged=Stroke("#DDA0C4", DASH_DOT, 1.2),
        discriminator=Stroke("#2BC79A", LONG_DASHES, 1.8),
        optimal=Stroke("#A6EBD3", SHORT_DASHES, 1.2),
        certainty=Stroke("#F0E442", DASH_DOT, 1.4),
        fold="#CC79A7",
        flat="#F2F3F5",
        modes=("#56B4E9", "#E69F00", "#0072B2", "#D55E00", "#2BC79A", "#CC79A7", "#F0E442"),
    ),
}
