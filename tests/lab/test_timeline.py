"""What a session remembers."""

import gc
import weakref

import numpy as np
import pytest

from gausslab import observing
from gausslab.lab.timeline import Timeline
from gausslab.recipes import RECIPES
from gausslab.run import Run, begin


@pytest.fixture(scope="module")
def run() -> Run:
    small = {"generator.widths": (8,), "discriminator.widths": (8,), "batch": 16}
    return begin(RECIPES["vanilla"].experiment(**small))


def remember(run: Run, past: Timeline, looks: int, steps: int = 3) -> None:
    for _ in range(looks // 5):
        reel = run.advance(np.full(5, steps, np.int32))
        for place in range(5):
            past.record(reel, place, "healthy", "")


def test_full_past_stays_full_and_even(run):
    past, playing = Timeline(16), run.fork()
    remember(playing, past, 20)
    for _ in range(12):
        remember(playing, past, 10)
        gaps = np.diff(past.steps)
        assert len(past) == 16 and past.steps[0] == 3
        assert gaps.max() <= 2 * past.spacing <= 4 * gaps.min()


def test_past_holds_no_lens(run):
    observing.lens.cache_clear()
    past, moved = Timeline(16), run.fork().change({"location": 2.0})
    remember(moved, past, 5)
    before = past.entries[-1].frame()
    held = weakref.ref(moved._force.look)
    del moved
    observing.lens.cache_clear()
    gc.collect()
    assert held() is None
    again = past.entries[-1].frame()
    assert again.scene is not before.scene
    np.testing.assert_array_equal(again.scene.ideal, before.scene.ideal)
    np.testing.assert_array_equal(again.p_g, before.p_g)
