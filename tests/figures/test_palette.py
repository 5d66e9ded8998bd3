"""Colours and dashes."""

import numpy as np

from figures.scenes import NORMAL, frame_of, pixels, towards_normal
from gausslab.figures import THEMES, panel


def test_every_line_has_dashes_and_colour_of_its_own():
    for theme in THEMES.values():
        strokes = [theme.target, theme.generator, theme.rearranged, theme.discriminator, theme.optimal]
        assert len({str(stroke.dashes) for stroke in strokes}) == len({stroke.colour for stroke in strokes}) == 5
        in_the_densities = [theme.target, theme.generator, theme.discriminator, theme.optimal, theme.certainty]
        assert len({str(stroke.dashes) for stroke in in_the_densities}) == 5
        assert len({stroke.colour for stroke in in_the_densities}) == 5


def test_themes_differ_in_background():
    frame = frame_of(NORMAL, towards_normal(0.5))
    light, dark = (pixels(panel(frame, theme=theme, dpi=50)) for theme in ("light", "dark"))
    assert np.median(light) > 240 and np.median(dark) < 40
