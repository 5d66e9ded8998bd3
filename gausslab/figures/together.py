"""Several runs in one picture, moment by moment: side by side or one over the other, and the race between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import Bbox, TransformedBbox

from gausslab.errors import BadInput
from gausslab.figures.densities import draw_densities
from gausslab.figures.drawing import MEASURES, Drawing, View, inside, one_line, plain
from gausslab.figures.game import distance_axes, distance_of
from gausslab.figures.layout import PANELS, Plan, best, checked, plans
from gausslab.figures.map import draw_map
from gausslab.figures.palette import (
    DASH_DOT,
    LONG_DASHES,
    SHORT_DASHES,
    SOLID,
    TEXT,
    TITLE,
    Stroke,
    Theme,
    dress,
    faded,
    key,
    theme_named,
)
from gausslab.figures.panel import Board, axes_in, page
from gausslab.frame import Frame

LAYOUTS = ("beside", "overlaid")
MOST_RUNS = 4  # as many dashes and colours as can be told apart over one another
HEADER = 0.42  # inches for the names above the columns
LINE = 0.30  # inches for what is said of each run


class Track(NamedTuple):
    """One run of several."""

    label: str
    frames: Sequence[Frame]  # what it shows at each moment of the film


def strokes(look: Theme) -> list[Stroke]:
    """How each run's curves look where several are drawn over one another."""
    colours = (look.generator.colour, look.discriminator.colour, look.rearranged.colour, look.text)
    return [Stroke(*pair, 1.8) for pair in zip(colours, (SOLID, LONG_DASHES, DASH_DOT, SHORT_DASHES), strict=True)]


def plans_for_several(tracks: Sequence[Track], layout: str, panels: Sequence[str]) -> list[Plan]:
    """The ways to lay out several runs.

    Raises:
        BadInput: no such panel or layout, one run or more than four, or runs with another number of moments.
    """
    wanted = checked(panels)
    if layout not in LAYOUTS:
        raise BadInput(f"Expected a layout out of {', '.join(LAYOUTS)}, got {layout!r}: choose one of these.")
    if not 2 <= len(tracks) <= MOST_RUNS:
        raise BadInput(f"Expected 2 to {MOST_RUNS} runs to show together, got {len(tracks)}: choose some.")
    counts = {len(track.frames) for track in tracks}
    if len(counts) > 1 or not min(counts):
        raise BadInput(f"Expected as many frames of each run, got {sorted(counts)}: take one a moment, of every run.")
    footer = LINE * len(tracks) + 0.20
    if layout == "overlaid":
        return [plan._replace(footer=footer) for plan in plans(wanted, 1)]
    rows = tuple(("game",) if name == "game" else (name,) * len(tracks) for name in wanted)
    return [Plan(rows, HEADER, footer)]


def board_of_several(
    tracks: Sequence[Track],
    index: int = 0,
    *,
    layout: str,
    panels: Sequence[str],
    theme: str,
    size: tuple[float | int, float | int],
    dpi: float | int,
) -> Board:
    """Makes the figure of several runs and keeps hold of what moves in it.

    Raises:
        BadInput: as `plans_for_several`, or no such theme, or a size that is too small to hold the words.
    """
    look = theme_named(theme)
    plan = best(plans_for_several(tracks, layout, panels), *size)
    figure = page(plan, look, size, dpi)
    view = View.of([frame for track in tracks for frame in track.frames])
    moving: list[Artist] = []
    scenic: list[Artist] = []
    movers: list[Callable[[int], None]] = []
    boxes = iter(plan.boxes(*size))
    for depth, row in enumerate(plan.rows):
        for place, name in enumerate(row):
            box = next(boxes)
            ax = axes_in(figure, box)
            if name == "game":
                drawing = draw_race(ax, tracks, index, theme=theme)
            elif layout == "overlaid":
                draw = draw_densities_together if name == "densities" else draw_maps_together
                drawing = draw(ax, tracks, index, theme=theme, view=view)
            else:
                drawing = _column(ax, name, tracks[place], index, theme, view)
            moving += drawing.moving
            scenic += drawing.scenic
            movers.append(drawing.update)
            if layout == "beside" and depth == 0 and name != "game":
                _heading(figure, look, tracks[place].label, strokes(look)[place], box.left, size)
    if layout == "beside" and plan.rows[0] == ("game",):
        for place, box in enumerate(plan.boxes(*size)[1 : 1 + len(tracks)]):
            _heading(figure, look, tracks[place].label, strokes(look)[place], box.left, size, above=box.top + 0.72)
    say, words = _standings(figure, look, tracks, plan.footer)
    moving += words
    movers.append(say)

    def update(index: int) -> None:
        for move in movers:
            move(index)

    say(index)
    return Board(figure, tuple(moving), tuple(scenic), update)


def panel_together(
    tracks: Sequence[Track],
    *,
    panels: Sequence[str] = PANELS,
    theme: str = "light",
    size: tuple[float | int, float | int] = (12.8, 7.2),
    dpi: float | int = 100,
) -> Figure:
    """Draws several runs over one another at their last moment, and their way there.

    Args:
        tracks: 2 to 4 runs, with as many frames each.
        panels: some of `PANELS`, in the order wanted.
        theme: a key of `THEMES`.
        size: width and height in inches.
        dpi: pixels per inch.

    Raises:
        BadInput: as `plans_for_several`, or no such theme, or a size that is too small to hold the words.
    """
    last = len(tracks[0].frames) - 1 if tracks else 0
    return board_of_several(tracks, last, layout="overlaid", panels=panels, theme=theme, size=size, dpi=dpi).figure


def _column(ax: Axes, name: str, track: Track, index: int, theme: str, view: View) -> Drawing[int]:
    draw = draw_densities if name == "densities" else draw_map
    drawing = draw(ax, track.frames[index], theme=theme, view=view)
    return Drawing(drawing.moving, drawing.scenic, lambda index: drawing.update(track.frames[index]))


def _heading(
    figure: Figure,
    look: Theme,
    label: str,
    stroke: Stroke,
    left: float,
    size: tuple[float | int, float | int],
    above: float | None = None,
) -> None:
    width, height = size
    level = (height - 0.24 if above is None else above) / height
    figure.add_artist(Line2D([left / width, (left + 0.45) / width], [level, level], **stroke.line()))
    plain(
        figure.text(
            (left + 0.55) / width,
            level,
            one_line(label, 48),
            fontsize=13,
            fontweight="bold",
            color=look.text,
            va="center",
        )
    )


def draw_densities_together(
    ax: Axes, tracks: Sequence[Track], index: int = 0, *, theme: str = "light", view: View | None = None
) -> Drawing[int]:
    """Draws what every run makes over one target; a run that learns another target brings that target's curve along.

    Args:
        ax: empty axes.
        tracks: the runs.
        index: which moment.
        theme: a key of `THEMES`.
        view: the limits; those of all frames where none are given.
    """
    look = theme_named(theme)
    limits = view or View.of([frame for track in tracks for frame in track.frames])
    dress(ax, look)
    ax.set_xlim(*limits.window)
    ax.set_ylim(0.0, 1.04 * limits.ceiling)
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.set_xlabel("x", fontsize=TEXT, color=look.text, labelpad=2)
    ax.set_ylabel("density", fontsize=TEXT, color=look.text)
    scene = tracks[0].frames[index].scene
    area = ax.fill_between(scene.x, np.zeros_like(scene.x), color=faded(look.target.colour, 0.16), linewidth=0)
    targets = [ax.plot([], [], **look.target.line(), zorder=4)[0] for _ in tracks]
    made = [ax.plot([], [], **stroke.line(), zorder=3)[0] for _, stroke in zip(tracks, strokes(look), strict=False)]
    title = plain(ax.set_title(" ", loc="left", fontsize=TITLE, fontweight="bold", color=look.text, pad=38))
    handles: list[Artist] = [
        Patch(
            facecolor=faded(look.target.colour, 0.16),
            edgecolor=look.target.colour,
            linestyle=look.target.dashes,
            label="target",
        ),
        *_handles(tracks, look),
    ]
    for text in key(ax, look, handles, columns=3).get_texts():
        plain(text)

    def update(index: int) -> None:
        shown = [track.frames[index] for track in tracks]
        first = shown[0].scene
        area.set_data(first.x, 0.0, np.nan_to_num(inside(limits.ceiling, first.p)))
        for target, curve, frame in zip(targets, made, shown, strict=True):
            own = frame is shown[0] or not (
                np.array_equal(frame.scene.x, first.x) and np.array_equal(frame.scene.p, first.p)
            )
            p = inside(limits.ceiling, frame.scene.p)
            target.set_data((frame.scene.x, p) if own else ([], []))
            curve.set_data(frame.scene.x, inside(limits.ceiling, frame.p_g))
        labels = list(dict.fromkeys(frame.scene.label for frame in shown))
        title.set_text(one_line(f"Target: {' and '.join(labels)}", 60))

    update(index)
    return Drawing((*targets, *made), (area, title), update)


def draw_maps_together(
    ax: Axes, tracks: Sequence[Track], index: int = 0, *, theme: str = "light", view: View | None = None
) -> Drawing[int]:
    """Draws the map G of every run beside the inverse CDF that each ought to become.

    Args:
        ax: empty axes.
        tracks: the runs.
        index: which moment.
        theme: a key of `THEMES`.
        view: the limits; those of all frames where none are given.
    """
    look = theme_named(theme)
    limits = view or View.of([frame for track in tracks for frame in track.frames])
    low, high = limits.window
    floor, roof = low - 2 * (high - low), high + 2 * (high - low)
    dress(ax, look)
    ax.set_xlim(*limits.latent)
    ax.set_ylim(low, high)
    ax.set_xlabel("z, the noise that goes in", fontsize=TEXT, color=look.text, labelpad=2)
    ax.set_ylabel("x, the sample that comes out", fontsize=TEXT, color=look.text)
    ax.set_title("The map G", loc="left", fontsize=TITLE, fontweight="bold", color=look.text, pad=38)
    ideals = [ax.plot([], [], **look.target.line(), zorder=4)[0] for _ in tracks]
    maps = [ax.plot([], [], **stroke.line(), zorder=3)[0] for _, stroke in zip(tracks, strokes(look), strict=False)]
    # The runs' names, which would have to be cut here, stand beside the densities and under the picture.
    key(ax, look, [Line2D([], [], **look.target.line(), label="ideal F⁻¹(z)")], columns=1)

    def update(index: int) -> None:
        for ideal, curve, track in zip(ideals, maps, tracks, strict=True):
            frame = track.frames[index]
            ideal.set_data(frame.scene.z, np.clip(frame.scene.ideal, floor, roof))
            curve.set_data(frame.scene.z, np.clip(frame.g, floor, roof))

    update(index)
    return Drawing((*ideals, *maps), (), update)


def draw_race(ax: Axes, tracks: Sequence[Track], index: int | None = None, *, theme: str = "light") -> Drawing[int]:
    """Draws W1/σ of every run over the steps, up to one moment, above what chance alone would read.

    Args:
        ax: empty axes.
        tracks: the runs.
        index: the last moment to show; the last of all where none is given.
        theme: a key of `THEMES`.
    """
    look = theme_named(theme)
    dress(ax, look)
    steps = np.array([[frame.step for frame in track.frames] for track in tracks], dtype=float)
    distances = np.array([[distance_of(frame) for frame in track.frames] for track in tracks])
    noise, named = distance_axes(ax, tracks[0].frames, steps[0], distances, look)
    start, stop = float(steps.min()), max(float(steps.max()), float(steps.min()) + 1.0)
    ax.set_xlim(start, stop + 0.015 * (stop - start))
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
    ax.set_xlabel("step", fontsize=TEXT, color=look.text, labelpad=1)
    shown = Bbox([[start - 1.0, 0.0], [stop, 1.0]])
    curves: list[Artist] = [noise]
    heads = []
    for place, stroke in zip(range(len(tracks)), strokes(look), strict=False):
        curves += ax.plot(steps[place], distances[place], **stroke.line())
        heads += ax.plot([], [], marker="o", markersize=5.0, color=stroke.colour, linestyle="none")
    for artist in curves:
        artist.set_clip_box(TransformedBbox(shown, ax.get_xaxis_transform()))
    handles = [*_handles(tracks, look, most=24), *named]
    for text in key(ax, look, handles, columns=len(handles), beside_title=True).get_texts():
        plain(text)

    def update(index: int) -> None:
        shown.set_points(np.array([[start - 1.0, 0.0], [steps[:, index].max(), 1.0]]))
        for place, head in enumerate(heads):
            head.set_data(steps[place, index : index + 1], distances[place, index : index + 1])

    update(steps.shape[1] - 1 if index is None else index)
    return Drawing((*curves, *heads), (), update)


def _handles(tracks: Sequence[Track], look: Theme, most: int = 30) -> list[Line2D]:
    pairs = zip(tracks, strokes(look), strict=False)
    return [Line2D([], [], **stroke.line(), label=one_line(track.label, most)) for track, stroke in pairs]


def _standings(
    figure: Figure, look: Theme, tracks: Sequence[Track], tall: float
) -> tuple[Callable[[int], None], list[Text]]:
    """The strip of words beneath: a line for each run, and who is ahead."""
    width, height = figure.get_size_inches()
    figure.add_artist(
        Line2D([0.25 / width, 1 - 0.25 / width], [tall / height, tall / height], color=look.grid, linewidth=1.0)
    )
    lines = []
    for place, stroke in zip(range(len(tracks)), strokes(look), strict=False):
        level = (tall - 0.10 - LINE * (place + 0.5)) / height
        figure.add_artist(Line2D([0.25 / width, 0.70 / width], [level, level], **stroke.line()))
        lines.append(plain(figure.text(0.80 / width, level, "", fontsize=11.0, color=look.text, va="center")))
    longest = int((width - 1.05) * 72 / (11.0 * 0.56))

    def say(index: int) -> None:
        frames = [track.frames[index] for track in tracks]
        distances = [distance_of(frame) for frame in frames]
        nearest = min((distance for distance in distances if not math.isnan(distance)), default=math.nan)
        alone = distances.count(nearest) == 1
        for line, track, frame, distance in zip(lines, tracks, frames, distances, strict=True):
            measure = MEASURES[frame.readings.measure]
            number = "—" if math.isnan(distance) else f"{distance:#.2g}".rstrip(".")
            ahead = ", ahead" if alone and distance == nearest else ""
            words = f"{one_line(track.label, 40)}: step {frame.step:,}, {measure} {number}{ahead}. {frame.diagnosis}"
            line.set_text(one_line(words, longest))

    return say, lines
