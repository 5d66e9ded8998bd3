"""What is marked on the map."""

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from figures.scenes import NORMAL, alone, frame_of, towards_normal
from gausslab.figures import draw_map
from gausslab.frame import Flat, Fold


def test_a_flat_is_named_with_the_mass_it_holds():
    flats = (Flat(0.1, 0.5, 2.0, 0.4), Flat(0.6, 0.605, 6.0, 0.005))
    ax = Figure().add_subplot()
    draw_map(ax, frame_of(NORMAL, towards_normal(0.5), flats=flats))
    assert [text.get_text() for text in ax.texts if text.get_visible()] == ["holds 40%"]


def test_folds_are_marked_on_the_map():
    frame = frame_of(NORMAL, towards_normal(0.5))
    assert np.any(alone(draw_map, frame) != alone(draw_map, replace(frame, folds=(Fold(0.4, 0.6),))))
