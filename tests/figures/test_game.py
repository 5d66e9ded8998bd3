"""The history of a run."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from figures.scenes import TWO, frame_of, history, pixels
from gausslab.figures import draw_game


def test_the_game_shows_nothing_after_its_index():
    frames = history(11)

    def at(index):
        figure = Figure(figsize=(9, 3), dpi=60)
        draw_game(figure.subplots(1, 3).tolist(), frames, index)
        return figure, pixels(figure)

    _, start = at(0)
    figure, middle = at(5)
    for ax in figure.axes:
        column = int(ax.transData.transform((frames[5].step, 1.0))[0]) + 5
        right = int(ax.bbox.x1) - 1
        rows = slice(int(180 - ax.bbox.y1) + 1, int(180 - ax.bbox.y0) - 1)
        assert np.array_equal(start[rows, column:right], middle[rows, column:right])
        assert np.any(start[rows, : column - 5] != middle[rows, : column - 5])


def test_the_limits_of_the_game_are_those_of_the_whole_history():
    frames = history(6)
    limits = []
    for index in (0, 5):
        axes = Figure().subplots(1, 2)
        draw_game(axes.tolist(), frames, index)
        limits.append([(ax.get_xlim(), ax.get_ylim()) for ax in axes])
    assert limits[0] == limits[1]


def test_the_losses_begin_where_there_are_any():
    nan = float("nan")
    frames = [replace(frame, discriminator_loss=1.3, generator_loss=0.7) for frame in history(6)]
    frames[0] = replace(frames[0], discriminator_loss=nan, generator_loss=nan)
    limits = []
    for shown in (frames, frames[1:]):
        axes = Figure().subplots(1, 2)
        draw_game(axes.tolist(), shown)
        limits.append(axes[0].get_ylim())
    assert limits[0] == limits[1]


def test_masses_of_the_modes_fill_the_strip_in_their_order():
    figure = Figure()
    axes = figure.subplots(1, 3).tolist()
    draw_game(axes, [frame_of(TWO, lambda z: np.where(z < 0.8, -3.0, 3.0), step=step) for step in (0, 10)])
    lower, upper = (area.get_paths()[0].vertices[:, 1] for area in axes[2].collections)
    assert (lower.min(), lower.max()) == pytest.approx((0.0, 0.8), abs=1e-3)
    assert (upper.min(), upper.max()) == pytest.approx((0.8, 1.0), abs=1e-3)


def test_a_target_without_a_mean_has_its_distance_shown_as_ks():
    infinite = {"wasserstein": float("inf"), "wasserstein_over_std": float("inf")}
    frames = [replace(frame, readings=replace(frame.readings, **infinite)) for frame in history(6)]
    axes = Figure().subplots(1, 2).tolist()
    draw_game(axes, frames)
    distance = next(ax for ax in axes if ax.get_title("left") == "Distance KS")
    drawn = max((line.get_ydata() for line in distance.lines), key=len)
    assert [*drawn] == [frame.readings.ks for frame in frames]
