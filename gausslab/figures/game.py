"""The game: losses, distance and masses of the modes, over the steps of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogFormatterSciNotation,
    LogLocator,
    MaxNLocator,
    NullFormatter,
)
from matplotlib.transforms import Bbox, TransformedBbox

from gausslab.errors import BadInput
from gausslab.figures.drawing import MEASURES, Drawing
from gausslab.figures.palette import (
    FLOOR_HATCH,
    SHORT_DASHES,
    TEXT,
    TITLE,
    Theme,
    dress,
    faded,
    key,
    theme_named,
)
from gausslab.frame import Frame

Series = Float[np.ndarray, " frames"]
Head = tuple[Line2D, Series]  # the point at the end of a curve, and where it is at each frame


def draw_game(
    axes: Sequence[Axes], frames: Sequence[Frame], index: int | None = None, *, theme: str = "light"
) -> Drawing[int]:
    """Draws the history of a run up to one of its frames; the limits are those of the whole history.

    Args:
        axes: two or three empty axes: the losses with the values that they have where p_g = p; W1 in units of the
            target's spread, on a log axis, above the floor that one batch of the target itself would read; and, with a
            third, the mass in each mode as a stacked strip, with the target's own shares dashed.
        frames: the history.
        index: the last frame to show; the last of all where none is given.
        theme: a key of `THEMES`.

    Returns:
        The artists, and the way to move them to another index into the frames.

    Raises:
        BadInput: where there are no frames, no such theme, or another number of axes.
    """
    look = theme_named(theme)
    if not frames:
        raise BadInput("Expected at least one frame to draw, got none: train for at least one step first.")
    if len(axes) not in (2, 3):
        raise BadInput(f"Expected 2 or 3 axes to draw the game on, got {len(axes)}: pass losses, distance and modes.")
    steps = np.array([frame.step for frame in frames], dtype=float)
    first, last = float(steps.min()), float(steps.max())
    span = (first, last if last > first else first + 1.0)
    for ax in axes:
        dress(ax, look)
        ax.set_xlim(span[0], span[1] + 0.015 * (span[1] - span[0]))
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
        ax.set_xlabel("step", fontsize=TEXT, color=look.text, labelpad=1)

    shown = Bbox([[span[0] - 1.0, 0.0], [span[1], 1.0]])
    curves: list[Artist] = []
    heads: list[Head] = []
    for ax, draw in zip(axes, (_draw_losses, _draw_distance, _draw_modes), strict=False):
        past, tips = draw(ax, frames, steps, look)
        # All curves are whole from the beginning, and seen through a window that opens to the right: only the window
        # and the points at the heads of the curves have to move.
        for artist in past:
            artist.set_clip_box(TransformedBbox(shown, ax.get_xaxis_transform()))
        curves += past
        heads += tips

    def update(index: int) -> None:
        shown.set_points(np.array([[span[0] - 1.0, 0.0], [steps[index], 1.0]]))
        for head, values in heads:
            head.set_data(steps[index : index + 1], values[index : index + 1])

    update(len(frames) - 1 if index is None else index)
    return Drawing(moving=(*curves, *(head for head, _ in heads)), scenic=(), update=update)


def _draw_losses(ax: Axes, frames: Sequence[Frame], steps: Series, look: Theme) -> tuple[list[Artist], list[Head]]:
    ax.set_title("Losses", loc="left", fontsize=TITLE, fontweight="bold", color=look.text, pad=5)
    pairs = (
        ("discriminator_loss", "equilibrium_discriminator_loss", look.discriminator),
        ("generator_loss", "equilibrium_generator_loss", look.generator),
    )
    past: list[Artist] = []
    heads: list[Head] = []
    everything = []
    for loss, balance, stroke in pairs:
        values, balances = _series(frames, loss), _series(frames, balance)
        past += ax.plot(steps, balances, color=stroke.colour, linestyle=SHORT_DASHES, linewidth=1.0)
        past += ax.plot(steps, values, color=stroke.colour, linestyle=stroke.dashes, linewidth=1.3)
        (head,) = ax.plot([], [], marker="o", markersize=5.0, color=stroke.colour, linestyle="none")
        heads.append((head, values))
        everything.append((values[np.isfinite(values)], balances[np.isfinite(balances)]))
    losses = np.concatenate([values for values, _ in everything])
    balances = np.concatenate([balances for _, balances in everything])
    # The few wildest losses of a run would flatten all the others.
    ends = np.concatenate([np.quantile(losses, [0.01, 0.99]) if losses.size else losses, balances])
    low, high = (float(ends.min()), float(ends.max())) if ends.size else (0.0, 1.0)
    room = 0.12 * (high - low) or 0.5
    ax.set_ylim(low - room, high + room)
    ax.yaxis.set_major_locator(MaxNLocator(4))
    key(
        ax,
        look,
        [
            Line2D([], [], color=look.discriminator.colour, linestyle=look.discriminator.dashes, label="D"),
            Line2D([], [], color=look.generator.colour, label="G"),
            Line2D([], [], color=look.muted, linestyle=SHORT_DASHES, linewidth=1.0, label="if G were perfect"),
        ],
        columns=3,
        beside_title=True,
    )
    return past, heads


def _draw_distance(ax: Axes, frames: Sequence[Frame], steps: Series, look: Theme) -> tuple[list[Artist], list[Head]]:
    distance = np.array([distance_of(frame) for frame in frames])
    noise, named = distance_axes(ax, frames, steps, distance, look)
    curve = ax.plot(steps, distance, color=look.generator.colour, linewidth=1.5)
    (head,) = ax.plot([], [], marker="o", markersize=5.0, color=look.generator.colour, linestyle="none")
    if named:
        key(ax, look, named, columns=1, beside_title=True)
    return [noise, *curve], [(head, distance)]


def distance_of(frame: Frame) -> float:
    """How far p_g is from the target, as a log axis can show it: NaN where it is zero, or not finite."""
    distance = float(frame.readings.distance)
    return distance if math.isfinite(distance) and distance > 0 else math.nan


def distance_axes(
    ax: Axes, frames: Sequence[Frame], steps: Series, distances: np.ndarray, look: Theme
) -> tuple[Artist, list[Artist]]:
    """Make axes those of distances, with what chance alone would leave shaded.

    Args:
        ax: empty axes.
        frames: of one run, for the noise floor.
        steps: where they stand.
        distances: of all runs that will be drawn.
        look: the theme.

    Returns:
        The shade, and what the legend says of it: nothing where there is none.
    """
    title = f"Distance {MEASURES[frames[-1].readings.measure]}"
    ax.set_title(title, loc="left", fontsize=TITLE, fontweight="bold", color=look.text, pad=5)
    floor = np.array([frame.scene.noise_floor / frame.scene.spread for frame in frames], dtype=float)
    floor[~(np.isfinite(floor) & (floor > 0))] = np.nan
    known = np.concatenate([distances[np.isfinite(distances)], floor[np.isfinite(floor)]])
    low, high = (float(known.min()), float(known.max())) if known.size else (0.01, 1.0)
    low, high = low / 2.0, max(high * 1.5, 10.0 * low)
    ax.set_yscale("log")
    ax.set_ylim(low, high)
    decades(ax, low, high)
    shade = {"facecolor": faded(look.muted, 0.20), "edgecolor": faded(look.muted, 0.7), "linewidth": 0}
    noise = ax.fill_between(steps, low, floor, where=np.isfinite(floor).tolist(), hatch=FLOOR_HATCH, **shade)
    named = np.isfinite(floor).any()
    return noise, [Patch(hatch=FLOOR_HATCH, label="chance alone", **shade)] if named else []


def _draw_modes(ax: Axes, frames: Sequence[Frame], steps: Series, look: Theme) -> tuple[list[Artist], list[Head]]:
    ax.set_title("Mass in each mode", loc="left", fontsize=TITLE, fontweight="bold", color=look.text, pad=5)
    made = _stacked([frame.readings.mode_masses for frame in frames])
    due = _stacked([frame.scene.mode_masses for frame in frames])
    ax.grid(visible=False)
    ax.set_ylim(0.0, 1.0)
    ax.set_yticks([0.0, 0.5, 1.0], labels=["0", "½", "1"])
    past: list[Artist] = []
    for mode in range(made.shape[1] - 1):
        colour = look.modes[mode % len(look.modes)]
        past.append(
            ax.fill_between(
                steps, made[:, mode], made[:, mode + 1], facecolor=faded(colour, 0.75), edgecolor=look.background
            )
        )
    for share in due.T[1:-1]:
        past += ax.plot(steps, share, color=look.text, linestyle=SHORT_DASHES, linewidth=1.2)
    dashes = Line2D([], [], color=look.text, linestyle=SHORT_DASHES, linewidth=1.2, label="the target's")
    key(ax, look, [dashes], columns=1, beside_title=True)
    (head,) = ax.plot([], [], marker="v", markersize=5.0, color=look.text, linestyle="none", clip_on=False)
    return past, [(head, np.ones_like(steps))]


def _series(frames: Sequence[Frame], name: str) -> Series:
    """One number of every frame; NaN, and so a gap in the curve, where it is not finite."""
    values = np.array([getattr(frame, name) for frame in frames], dtype=float)
    return np.where(np.isfinite(values), values, np.nan)


def _stacked(masses: Sequence[np.ndarray]) -> Float[np.ndarray, "frames bounds"]:
    """Running sums from 0 on; a target with fewer modes than others in the history ends in empty ones."""
    most = max(row.size for row in masses)
    padded = np.array([np.pad(np.asarray(row, dtype=float), (0, most - row.size)) for row in masses])
    return np.concatenate([np.zeros((len(padded), 1)), np.cumsum(padded, axis=1)], axis=1)


def decades(ax: Axes, low: float, high: float) -> None:
    """Puts ticks on a log axis that a value can be read by, however few powers of ten it holds."""
    # Less than two decades hold at most one power of ten, which is too few ticks to read a value by.
    subdivisions = (1.0,) if high / low > 200.0 else (1.0, 2.0, 5.0) if high / low < 30.0 else (1.0, 3.0)
    ticks = [tick for tick in LogLocator(subs=subdivisions).tick_values(low, high) if low <= tick <= high]
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    wordy = low < 1e-4 or high > 1e4
    ax.yaxis.set_major_formatter(LogFormatterSciNotation() if wordy else FuncFormatter(lambda tick, _: f"{tick:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_minor_locator(FixedLocator([]))
