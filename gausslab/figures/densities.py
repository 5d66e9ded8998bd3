"""The densities: the target, what the generator makes, and what the discriminator believes, over one x axis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from gausslab import metrics
from gausslab.figures.drawing import Drawing, View, inside, one_line, plain
from gausslab.figures.palette import (
    TEXT,
    TITLE,
    TOO_LITTLE_HATCH,
    TOO_MUCH_HATCH,
    Theme,
    dress,
    faded,
    key,
    theme_named,
)
from gausslab.frame import Frame

# Below zero lie lanes for the batches, in shares of the ceiling: so has D's axis its zero where the density has.
REAL_LANE, FAKE_LANE, PUSH_LANE, BOTTOM = -0.068, -0.142, -0.216, -0.26
ARROWS = 32  # at most: more would run into each other
LONGEST = 0.05  # share of the window's width
JUDGED = 0.003  # share of the ceiling from which the gap between D and D* is shaded
SIGNED_AREA = 0.02  # probability from which an area gets its sign


def draw_densities(
    ax: Axes, frame: Frame, *, theme: str = "light", view: View | None = None, certainty: bool = False
) -> Drawing[Frame]:
    """Draws p filled and dotted, p_g solid, D and D* on a right-hand axis from 0 to 1, and both batches beneath.

    Where p_g is too high the area between is hatched and signed +, where it is too low dotted and signed −. Arrows
    show which way the generator's loss pushes its samples; the longest is the strongest push in the view.

    Args:
        ax: empty axes.
        frame: what to draw.
        theme: a key of `THEMES`.
        view: the limits; those of the frame itself where none are given.
        certainty: also draw how sure the ideal discriminator p/(p + p_g) is, max(D*, 1 − D*), and say what its mean is:
            the share of samples that it sorts rightly.

    Returns:
        The artists, and the way to move them to another frame.

    Raises:
        BadInput: where there is no such theme.
    """
    look = theme_named(theme)
    limits = view or View.of([frame])
    ceiling = limits.ceiling
    belief = _axes_of_belief(ax, limits, look)

    nothing = np.zeros_like(frame.scene.x)
    target_area = ax.fill_between(frame.scene.x, nothing, color=faded(look.target.colour, 0.16), linewidth=0)
    too_much = ax.fill_between(
        frame.scene.x,
        nothing,
        facecolor=faded(look.generator.colour, 0.20),
        edgecolor=faded(look.generator.colour, 0.75),
        hatch=TOO_MUCH_HATCH,
        linewidth=0,
    )
    too_little = ax.fill_between(
        frame.scene.x,
        nothing,
        facecolor=faded(look.target.colour, 0.24),
        edgecolor=faded(look.target.colour, 0.85),
        hatch=TOO_LITTLE_HATCH,
        linewidth=0,
    )
    (generated,) = ax.plot([], [], **look.generator.line(), zorder=3)
    (target,) = ax.plot([], [], **look.target.line(), zorder=4)
    gap = belief.fill_between(frame.scene.x, nothing, color=faded(look.discriminator.colour, 0.10), linewidth=0)
    (optimal,) = belief.plot([], [], **look.optimal.line(), zorder=3)
    (discriminator,) = belief.plot([], [], **look.discriminator.line(), zorder=3)
    (sure,) = belief.plot([], [], **look.certainty.line(), zorder=3, visible=certainty)

    tick = {"linestyle": "none", "marker": "|", "markersize": 8.0, "markeredgewidth": 0.8, "alpha": 0.45}
    (real,) = ax.plot([], [], color=look.target.colour, **tick)
    (fake,) = ax.plot([], [], color=look.generator.colour, **tick)
    shafts = LineCollection([], colors=look.text, linewidths=1.1, zorder=3)
    ax.add_collection(shafts, autolim=False)
    head = {"color": look.text, "linestyle": "none", "markersize": 5.0, "markeredgewidth": 0.0}
    (leftward,) = ax.plot([], [], marker="<", **head)
    (rightward,) = ax.plot([], [], marker=">", **head)

    sign = {"linestyle": "none", "markersize": 9.0, "markeredgewidth": 2.4, "zorder": 5}
    (plus,) = ax.plot([], [], marker="+", color=look.text, **sign)
    (minus,) = ax.plot([], [], marker="_", color=look.text, **sign)
    spike = {"linestyle": "none", "marker": "^", "markersize": 8.0, "zorder": 6, "clip_on": False}
    (target_spikes,) = ax.plot([], [], color=look.target.colour, **spike)
    (generated_spikes,) = ax.plot([], [], color=look.generator.colour, **spike)
    note = ax.text(
        0.5, 0.97, "", transform=ax.transAxes, ha="center", va="top", fontsize=TEXT, color=look.text, zorder=7
    )

    title = plain(ax.set_title(" ", loc="left", fontsize=TITLE, fontweight="bold", color=look.text, pad=38))
    legend = key(
        ax,
        look,
        [
            Patch(
                facecolor=faded(look.target.colour, 0.16), edgecolor=look.target.colour, linestyle=look.target.dashes
            ),
            Line2D([], [], **look.generator.line(), label="made by G"),
            Patch(
                facecolor=faded(look.generator.colour, 0.20),
                edgecolor=look.generator.colour,
                hatch=TOO_MUCH_HATCH,
                label="+ too much made",
            ),
            Patch(
                facecolor=faded(look.target.colour, 0.24),
                edgecolor=look.target.colour,
                hatch=TOO_LITTLE_HATCH,
                label="− too little made",
            ),
            Line2D([], [], **look.discriminator.line(), label="D: belief that x is real"),
            Line2D([], [], **look.optimal.line(), label="D*: the best D could do"),
            *([Line2D([], [], **look.certainty.line(), label="how sure D* is")] if certainty else []),
        ],
        columns=4 if certainty else 3,
    )
    target_words, sure_words = plain(legend.get_texts()[0]), plain(legend.get_texts()[-1])

    def update(frame: Frame) -> None:
        scene, x = frame.scene, frame.scene.x
        p, p_g = inside(ceiling, scene.p), inside(ceiling, frame.p_g)
        comparable = np.where(np.isfinite(p_g), p_g, p)
        target_area.set_data(x, 0.0, np.nan_to_num(p))
        too_much.set_data(x, p, np.maximum(p, comparable))
        too_little.set_data(x, np.minimum(p, comparable), p)
        target.set_data(x, p)
        generated.set_data(x, p_g)
        D, best = frame.discriminator, frame.optimal_discriminator
        # The gap counts only where there is something to judge: beyond, D* is a matter of vanishing tails.
        counts = np.isfinite(D) & np.isfinite(best) & (np.maximum(p, comparable) > JUDGED * ceiling)
        gap.set_data(x, np.where(counts, D, 0.5), np.where(counts, best, 0.5), where=counts.tolist())
        optimal.set_data(x, best)
        discriminator.set_data(x, D)
        if certainty:
            sure.set_data(
                x, np.where(np.maximum(p, comparable) > JUDGED * ceiling, metrics.certainty(scene.p, frame.p_g), np.nan)
            )
            rate = metrics.best_hit_rate(scene.p, frame.p_g, np.diff(scene.edges))
            sure_words.set_text(f"how sure D* is: right in {rate:.0%}" if np.isfinite(rate) else "how sure D* is")

        real.set_data(frame.real, np.full(frame.real.size, REAL_LANE * ceiling))
        fake.set_data(frame.fake, np.full(frame.fake.size, FAKE_LANE * ceiling))
        tails, heads = _arrows(frame, limits)
        lane = PUSH_LANE * ceiling
        shafts.set_segments([((tail, lane), (tip, lane)) for tail, tip in zip(tails, heads, strict=True)])
        # An arrow shorter than its own head would claim a push that is not there.
        reach = 0.006 * (limits.window[1] - limits.window[0])
        for marker, tips in ((leftward, heads[heads < tails - reach]), (rightward, heads[heads > tails + reach])):
            marker.set_data(tips, np.full(tips.size, lane))

        signs = list(_signs(x, np.diff(scene.edges), p, comparable, ceiling))
        plus.set_data([at for at, _, positive in signs if positive], [y for _, y, positive in signs if positive])
        minus.set_data(
            [at for at, _, positive in signs if not positive], [y for _, y, positive in signs if not positive]
        )
        for marker, curve in ((target_spikes, scene.p), (generated_spikes, frame.p_g)):
            peaks = clipped_peaks(x, curve, 1.04 * ceiling)
            marker.set_data(peaks, np.full(len(peaks), 1.015 * ceiling))
        note.set_text(_note(frame))
        title.set_text(f"Target: {one_line(scene.label, 60)}")
        target_words.set_text(f"target: {one_line(scene.density_label, 30)}")

    target_words.set_text("target")
    update(frame)
    return Drawing(
        moving=(
            *(too_much, too_little, generated, target, plus, minus, target_spikes, generated_spikes),
            *(real, fake, shafts, leftward, rightward, note),
            *(gap, optimal, discriminator, sure),
        ),
        scenic=(target_area, title, legend),
        update=update,
    )


def _axes_of_belief(ax: Axes, limits: View, look: Theme) -> Axes:
    # The right-hand axis is twinned before anything is drawn: twinning resets limits and ticks.
    belief = ax.twinx()
    dress(ax, look)
    ceiling = limits.ceiling
    ax.set_xlim(*limits.window)
    ax.set_ylim(BOTTOM * ceiling, 1.04 * ceiling)
    heights = [height for height in MaxNLocator(4).tick_values(0.0, ceiling) if 0.0 <= height <= 1.04 * ceiling]
    lanes = {REAL_LANE: ("real", look.target.colour), FAKE_LANE: ("made", look.generator.colour)}
    lanes[PUSH_LANE] = ("pushed", look.text)
    ax.set_yticks(
        [*heights, *(lane * ceiling for lane in lanes)],
        labels=[*(f"{height:g}" for height in heights), *(words for words, _ in lanes.values())],
    )
    for tick, (_, colour) in zip(ax.yaxis.get_major_ticks()[len(heights) :], lanes.values(), strict=True):
        tick.label1.set_color(colour)
        tick.tick1line.set_visible(False)
        tick.gridline.set_visible(False)
    ax.axhline(0.0, color=look.muted, linewidth=0.8, zorder=1.5)
    ax.set_xlabel("x", fontsize=TEXT, color=look.text, labelpad=2)
    ax.set_ylabel("density", fontsize=TEXT, color=look.text)

    dress(belief, look)
    belief.grid(visible=False)
    belief.patch.set_visible(False)
    belief.spines["left"].set_visible(False)
    belief.spines["right"].set_visible(True)
    belief.spines["right"].set_bounds(0.0, 1.0)
    belief.spines["right"].set_color(look.discriminator.colour)
    belief.set_ylim(BOTTOM, 1.04)
    belief.set_yticks([0.0, 0.5, 1.0], labels=["0  fake", "½  unsure", "1  real"])
    belief.tick_params(axis="y", colors=look.discriminator.colour, labelcolor=look.discriminator.colour)
    belief.axhline(0.5, color=look.discriminator.colour, linewidth=0.6, alpha=0.5, zorder=1)
    return belief


def _arrows(frame: Frame, limits: View) -> tuple[Float[np.ndarray, " arrows"], Float[np.ndarray, " arrows"]]:
    low, high = limits.window
    fakes = np.sort(frame.fake[(frame.fake >= low) & (frame.fake <= high)])
    _, first = np.unique(np.floor((fakes - low) / (high - low) * ARROWS), return_index=True)
    fakes = fakes[first]
    push = np.interp(fakes, frame.scene.x, frame.push)
    fakes, push = fakes[np.isfinite(push)], push[np.isfinite(push)]
    if limits.push == 0.0:
        return fakes, fakes
    return fakes, fakes + LONGEST * (high - low) * np.clip(push / limits.push, -1.0, 1.0)


def _signs(
    x: Float[np.ndarray, " cells"],
    widths: Float[np.ndarray, " cells"],
    p: Float[np.ndarray, " cells"],
    p_g: Float[np.ndarray, " cells"],
    ceiling: float,
) -> Iterator[tuple[float, float, bool]]:
    """Where the + and − go: the middle of each area between the curves that holds enough probability."""
    excess = np.nan_to_num(p_g - p)
    for run in np.split(np.arange(x.size), np.flatnonzero(np.diff(np.sign(excess))) + 1):
        mass = excess[run] * widths[run]
        if abs(mass.sum()) >= SIGNED_AREA:
            middle = run[min(int(np.searchsorted(np.cumsum(np.abs(mass)), np.abs(mass).sum() / 2)), run.size - 1)]
            height = 0.5 * (min(p[middle], ceiling) + min(p_g[middle], ceiling))
            yield float(x[middle]), float(height), bool(mass.sum() > 0)


def clipped_peaks(x: Float[np.ndarray, " cells"], curve: Float[np.ndarray, " cells"], top: float) -> list[float]:
    """Where the curve leaves the picture: the highest point of each stretch above the top."""
    above = np.flatnonzero(curve > top)
    if not above.size:
        return []
    runs = np.split(above, np.flatnonzero(np.diff(above) > 1) + 1)
    return [float(x[run[np.argmax(curve[run])]]) for run in runs]


def _note(frame: Frame) -> str:
    if not np.isfinite(frame.p_g).any():
        return "G's output is no longer a number: there is no density to draw"
    if frame.readings.outside >= 0.005:
        return f"{frame.readings.outside:.0%} of what G makes lies outside this window"
    return ""
