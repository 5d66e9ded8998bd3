"""The panel is looked at by people; here it is held that it shows what the frame says, whatever the frame says."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from figures.scenes import (
    CELLS,
    NORMAL,
    POINTS,
    TWO,
    alone,
    clear_words,
    collapsed,
    diverged,
    frame_of,
    history,
    pixels,
    texts,
    towards_normal,
)
from gausslab.figures import THEMES, View, draw_densities, draw_map, panel
from gausslab.frame import Flat, Fold

SCENES = {
    "one mode, with history": lambda: (history(6)[-1], history(6)),
    "one frame alone": lambda: (frame_of(NORMAL, towards_normal(0.4)), None),
    "two modes, collapsed": lambda: (
        frame_of(
            TWO,
            lambda z: np.where(z < 0.6, -3.0, -3.0 + 3 * np.sin(9 * z)),
            folds=(Fold(0.7, 0.95),),
            flats=(Flat(0.0, 0.6, -3.0, 0.6),),
            diagnosis="Collapsed onto 1 of 2 modes: " + "far too much of what G makes lies in one of them, " * 9,
        ),
        [frame_of(TWO, lambda z: 6 * z - 3, step=-20), frame_of(TWO, lambda z: 6 * z - 3, step=0)],
    ),
    "a long name": lambda: (
        frame_of(
            replace(NORMAL, label="column_with_a_very_long_name_$x$ " * 9, density_label="KDE of the 272 data values"),
            towards_normal(0.1),
            step=1_234_567,
        ),
        None,
    ),
    "a needle": lambda: (collapsed(), [collapsed(step=-1), collapsed()]),
    "diverged": lambda: (diverged(100), [*history(5), diverged(100)]),
}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("size", [(12.8, 7.2), (12.0, 6.75)])
def test_words_are_large_enough_inside_the_picture_and_clear_of_each_other(scene, size):
    frame, frames = SCENES[scene]()
    figure = panel(frame, frames, size=size)
    words = clear_words(figure)
    assert min(text.get_fontsize() for text, _ in words) >= 9


def test_panel_says_the_diagnosis_and_the_key_numbers():
    frame = frame_of(TWO, lambda z: -3 + 0.1 * z, step=1234)
    said = " ".join(text.get_text() for text, _ in texts(panel(frame))).replace("\n", " ")
    assert frame.diagnosis in said
    assert "1,234" in said and "1 of 2" in said and f"{frame.readings.ks:.3f}" in said


def test_legend_says_where_the_target_is_an_estimate_from_data():
    frame = frame_of(replace(NORMAL, density_label="KDE of the data", is_sample=True), towards_normal(0.5))
    assert any("KDE of the data" in text.get_text() for text, _ in texts(panel(frame)))


def test_pixels_change_when_the_generator_does():
    before, after = frame_of(NORMAL, towards_normal(0.5)), frame_of(NORMAL, towards_normal(0.6))
    assert np.any(alone(draw_map, before) != alone(draw_map, after))
    assert np.any(alone(draw_densities, before) != alone(draw_densities, after))


def test_a_change_of_the_discriminator_alone_leaves_the_map_and_changes_the_densities():
    before = frame_of(NORMAL, towards_normal(0.5))
    after = replace(before, discriminator=np.full(CELLS, 0.9), logits=np.full(CELLS, np.log(9.0)), push=-before.push)
    assert np.array_equal(alone(draw_map, before), alone(draw_map, after))
    assert np.any(alone(draw_densities, before) != alone(draw_densities, after))


def test_a_drawing_brought_to_another_frame_equals_one_drawn_afresh():
    first, second = frame_of(NORMAL, towards_normal(0.2)), collapsed()
    view = View.of([first, second])
    for draw in (draw_densities, draw_map):
        figure = Figure(figsize=(6, 4), dpi=60)
        drawing = draw(figure.add_axes((0.15, 0.15, 0.65, 0.6)), first, view=view)
        drawing.update(second)
        assert np.array_equal(pixels(figure), alone(draw, second, view=view))


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_no_number_or_beyond_all_bounds_is_drawn_all_the_same(theme):
    wild = frame_of(NORMAL, lambda z: 1e30 * (z - 0.5), step=80, push=1e30)
    endless = replace(wild, p_g=np.full(CELLS, np.inf), g=np.full(POINTS, np.inf), fake=np.full(128, -np.inf), step=90)
    frames = [*history(4), wild, endless, diverged(100)]
    drawn = [pixels(panel(frame, frames, theme=theme, dpi=50)) for frame in frames[-3:]]
    assert all(np.ptp(picture) > 100 for picture in drawn)


def test_figures_of_several_threads_do_not_disturb_each_other():
    from concurrent.futures import ThreadPoolExecutor

    frames = history(4)
    expected = [pixels(panel(frame, frames, dpi=50)) for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda frame: pixels(panel(frame, frames, dpi=50)), frames))
    assert all(np.array_equal(one, other) for one, other in zip(expected, drawn, strict=True))


def test_drawing_needs_neither_pyplot_nor_jax():
    code = (
        "import sys, gausslab.figures\n"
        "print([name for name in ('matplotlib.pyplot', 'jax', 'streamlit') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert answer.stdout.strip() == "[]"


def test_pyplot_is_told_of_no_figure():
    from matplotlib._pylab_helpers import Gcf

    panel(frame_of(NORMAL, towards_normal(0.5)))
    assert not Gcf.figs
