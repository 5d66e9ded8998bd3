"""The poster: which moments, what is written under each, and that nothing runs into anything."""

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from figures.scenes import NORMAL, TWO, clear_words, diverged, frame_of, texts, towards_normal
from gausslab.errors import BadInput
from gausslab.figures import moments, poster, save


def eight(scene=TWO):
    steps = (0, 20, 40, 100, 240, 560, 1300, 3000)
    return [frame_of(scene, towards_normal(place / 8), step=step) for place, step in enumerate(steps)]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=300, unique=True), st.integers(2, 12))
def test_moments_are_different_and_hold_the_first_and_the_last(steps, count):
    ordered = np.sort(np.array(steps))
    found = moments(ordered, count)
    assert len(found) == min(count, len(steps)) and sorted(set(found)) == found
    assert found[0] == 0 and found[-1] == len(steps) - 1


def test_moments_grow_by_one_factor():
    steps = np.arange(0, 10_001, 10)
    found = steps[moments(steps)]
    assert found[:2].tolist() == [0, 100] and found[-1] == 10_000
    np.testing.assert_allclose(found[2:] / found[1:-1], 100 ** (1 / 6), rtol=0.05)


@pytest.mark.parametrize("count", [1, 3, 8])
@pytest.mark.parametrize("scene", [NORMAL, TWO], ids=["one mode", "two modes"])
def test_words_are_clear_of_each_other(count, scene):
    figure = poster(eight(scene)[:count], words="relativistic loss · adam, cosine rates 0.004 and 0.006 · " * 3)
    clear_words(figure)


def test_under_each_moment_stand_its_step_and_its_distance():
    frames = eight()
    said = [text.get_text() for text, _ in texts(poster(frames, words="what was done"))]
    for frame in frames:
        number = f"{frame.readings.wasserstein_over_std:#.2g}".rstrip(".")
        assert any(f"step {frame.step:,}" in line and f"{number} σ" in line for line in said)
    assert "what was done" in said
    assert len(poster(frames).legends) == 1


def test_all_moments_share_their_axes():
    figure = poster(eight())
    assert len({(ax.get_xlim(), ax.get_ylim()) for ax in figure.axes[::2]}) == 1


def test_a_diverged_run_has_a_poster_too(tmp_path):
    frames = [*eight(NORMAL)[:3], diverged(100)]
    assert any("—" in text.get_text() for text, _ in texts(poster(frames)))


def test_a_poster_is_vector_and_embeds_fonts_that_publishers_take(tmp_path):
    figure = poster(eight()[:2], theme="dark")
    tree = ElementTree.parse(save(figure, tmp_path / "p.svg"))
    assert not list(tree.iter("{http://www.w3.org/2000/svg}image"))
    assert len(list(tree.iter("{http://www.w3.org/2000/svg}path"))) > 50
    pdf = save(figure, tmp_path / "p.pdf").read_bytes()
    assert b"/Type3" not in pdf and b"/Subtype /Image" not in pdf


@pytest.mark.parametrize("count", [0, 17])
def test_too_few_or_too_many_moments_are_refused(count):
    with pytest.raises(BadInput, match="1 to 16 moments"):
        poster(eight()[:1] * count)
