"""What is marked on the densities, and where."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

from figures.scenes import CELLS, NORMAL, collapsed, frame_of, scene_of, towards_normal
from gausslab.figures import THEMES, View, draw_densities


def test_a_collapse_does_not_squash_the_target():
    limits = []
    for frame in (frame_of(NORMAL, towards_normal(1.0)), collapsed()):
        ax = Figure().add_subplot()
        draw_densities(ax, frame)
        limits.append(ax.get_ylim())
    assert limits[0] == limits[1]
    assert limits[0][1] < 3 * NORMAL.p.max()


def test_a_clipped_spike_is_marked_where_it_stands():
    ax = Figure().add_subplot()
    draw_densities(ax, collapsed(x=2.0))
    peaks = [line.get_xdata() for line in ax.lines if line.get_marker() == "^" and len(line.get_xdata())]
    assert len(peaks) == 1
    assert peaks[0][0] == pytest.approx(2.0, abs=0.05)


def test_a_pole_of_the_target_leaves_the_rest_of_it_visible():
    scene = scene_of(stats.beta(0.5, 0.5), (-0.2, 1.2), spread=0.35)
    view = View.of([frame_of(scene, lambda z: z)])
    assert scene.p.max() > view.ceiling > 0
    assert scene.p[CELLS // 2] > 0.1 * view.ceiling


def test_signs_stand_where_too_much_and_too_little_is_made():
    ax = Figure().add_subplot()
    draw_densities(ax, frame_of(NORMAL, lambda z: stats.norm(2, 1.25).ppf(np.clip(z, 1e-4, 1 - 1e-4))))
    at = {line.get_marker(): line.get_xdata() for line in ax.lines if line.get_marker() in ("+", "_")}
    assert len(at["+"]) == len(at["_"]) == 1
    assert at["+"][0] < 3 < at["_"][0]


def test_arrows_point_where_fakes_are_pushed_and_none_appear_without_a_push():
    def arrows(push):
        ax = Figure().add_subplot()
        draw_densities(ax, replace(frame_of(NORMAL, towards_normal(0.5)), push=np.full(CELLS, push)))
        return {line.get_marker(): len(line.get_xdata()) for line in ax.lines if line.get_marker() in ("<", ">")}

    assert arrows(0.5)[">"] > 3 and arrows(0.5)["<"] == 0
    assert arrows(-0.5)["<"] > 3 and arrows(-0.5)[">"] == 0
    assert arrows(0.0) == {"<": 0, ">": 0}


def test_certainty_is_drawn_where_it_is_asked_for_and_says_the_best_hit_rate():
    frame = frame_of(NORMAL, lambda z: stats.norm(5, 1.25).ppf(np.clip(z, 1e-4, 1 - 1e-4)))

    def drawn(**asked):
        ax = Figure().add_subplot()
        draw_densities(ax, frame, **asked)
        (belief,) = (other for other in ax.figure.axes if other is not ax)
        lines = [
            line for line in belief.lines if line.get_visible() and line.get_color() == THEMES["light"].certainty[0]
        ]
        return lines, [text.get_text() for text in ax.get_legend().get_texts()]

    assert drawn()[0] == []
    (line,), words = drawn(certainty=True)
    assert words[-1] == f"how sure D* is: right in {stats.norm.cdf(0.4):.0%}"
    heights = line.get_ydata()[np.isfinite(line.get_ydata())]
    assert heights.min() == pytest.approx(0.5, abs=0.02) and heights.max() <= 1
