"""A run at a glance."""

import numpy as np
import pytest

from figures.scenes import NORMAL, TWO, frame_of, pixels, towards_normal
from gausslab.figures import png, thumbnail


@pytest.mark.parametrize("scene", [NORMAL, TWO])
def test_glance_is_small_wordless_and_without_a_background(scene):
    figure = thumbnail(frame_of(scene, towards_normal(0.5)))
    assert len(png(figure)) < 20_000
    assert not figure.axes[0].axison and not figure.texts
    assert tuple(figure.get_size_inches() * figure.dpi) == (320, 180)
    assert figure.get_facecolor()[3] == 0


def test_glance_tells_a_good_map_from_a_bad_one():
    good, bad = (pixels(thumbnail(frame_of(NORMAL, towards_normal(share)))) for share in (1.0, 0.2))
    assert not np.array_equal(good, bad)
