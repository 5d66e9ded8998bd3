"""Several runs in one picture."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from figures.scenes import NORMAL, TWO, clear_words, frame_of, history, pictures, pixels, texts, towards_normal
from gausslab.errors import BadInput
from gausslab.figures import (
    LAYOUTS,
    PANELS,
    Track,
    draw_densities_together,
    draw_maps_together,
    draw_race,
    film_together,
    panel_together,
)
from gausslab.figures.together import board_of_several, plans_for_several


def slower(count):
    return [frame_of(NORMAL, towards_normal(0.3 * place / count), step=20 * place) for place in range(count)]


def tracks(count=4):
    return [Track("fast", history(count)), Track("slow $x$", slower(count))]


def board(some, layout, index=0, panels=PANELS, page=(1920, 1080)):
    plan = plans_for_several(some, layout, panels)[0]
    dpi = plan.fit(*page)
    size = (page[0] / dpi, page[1] / dpi)
    return board_of_several(some, index, layout=layout, panels=panels, theme="light", size=size, dpi=dpi)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_words_are_clear_of_each_other_and_say_who_is_ahead(layout):
    figure = board(tracks(), layout, 3).figure
    words = clear_words(figure)
    said = [text.get_text() for text, _ in words if "step 60" in text.get_text()]
    assert [("ahead" in line, line.split(":")[0]) for line in said] == [(True, "fast"), (False, "slow $x$")]


def test_nobody_is_ahead_where_all_are_equal():
    same = history(3)
    said = [text.get_text() for text, _ in texts(board([Track("a", same), Track("b", same)], "overlaid", 2).figure)]
    assert not any("ahead" in line for line in said)


def test_columns_stand_in_the_order_of_panels_and_runs():
    rows = plans_for_several(tracks(), "beside", ("game", "map"))[0].rows
    assert rows == (("game",), ("map", "map"))
    figure = board(tracks(), "beside", panels=("game", "map")).figure
    heads = {text.get_text(): box for text, box in texts(figure) if text.get_text() in ("fast", "slow $x$")}
    assert heads["fast"].x0 < heads["slow $x$"].x0


def test_curves_are_those_of_each_runs_frame():
    some = tracks()
    ax = Figure().add_subplot()
    drawing = draw_maps_together(ax, some)
    drawing.update(2)
    drawn = [line.get_ydata() for line in ax.lines]
    for track in some:
        g = track.frames[2].g
        low, high = NORMAL.window
        inside = (g > low) & (g < high)
        assert any(np.array_equal(np.asarray(y)[inside], g[inside]) for y in drawn if len(y) == g.size)


def test_one_target_is_drawn_once_and_two_are_drawn_both():
    def dotted(some):
        ax = Figure().add_subplot()
        draw_densities_together(ax, some)
        return sum(len(line.get_xdata()) > 0 for line in ax.lines) - len(some)

    other = Track("other", [frame_of(TWO, lambda z: 6 * z - 3, step=20 * place) for place in range(4)])
    assert dotted(tracks()) == 1
    assert dotted([tracks()[0], other]) == 2


def test_the_race_shows_nothing_after_its_moment():
    def at(index):
        figure = Figure(figsize=(6, 3), dpi=60)
        draw_race(figure.add_axes((0.1, 0.2, 0.8, 0.6)), tracks(8), index)
        return pixels(figure)

    first, later = at(1), at(4)
    column = int(0.1 * 360 + 0.8 * 360 * 5 / 7)
    assert np.array_equal(first[40:140, column:320], later[40:140, column:320])
    assert np.any(first[40:140, 40:column] != later[40:140, 40:column])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_board_brought_to_another_moment_equals_one_drawn_afresh(layout):
    some = tracks()
    moved = board(some, layout, page=(960, 540))
    moved.update(3)
    assert np.array_equal(pixels(moved.figure), pixels(board(some, layout, 3, page=(960, 540)).figure))


def test_a_film_of_several_has_a_picture_a_moment(tmp_path):
    path = film_together(tracks(5), tmp_path / "a.mp4", layout="overlaid", size=(640, 360), progress=False)
    shown, _ = pictures(path, (640, 360))
    assert len(shown) == 5
    assert np.abs(shown[0].astype(int) - shown[4]).mean() > 1


@pytest.mark.parametrize(
    ("some", "layout", "words"),
    [
        (tracks()[:1], "beside", "2 to 4 runs"),
        (tracks() * 3, "beside", "2 to 4 runs"),
        ([*tracks()[:1], Track("short", history(2))], "beside", "as many frames"),
        ([Track("a", []), Track("b", [])], "beside", "as many frames"),
        (tracks(), "above", "beside, overlaid"),
    ],
)
def test_what_cannot_be_shown_together_is_refused(tmp_path, some, layout, words):
    with pytest.raises(BadInput, match=words):
        film_together(some, tmp_path / "a.mp4", layout=layout, progress=False)
    assert not list(tmp_path.iterdir())


def test_picture_of_several_shows_their_last_moment():
    figure = panel_together(tracks())
    said = [text.get_text() for text, _ in clear_words(figure)]
    assert sum("step 60" in words for words in said) == 2


def test_picture_of_several_needs_several():
    with pytest.raises(BadInput, match="2 to 4 runs"):
        panel_together(tracks()[:1])
    with pytest.raises(BadInput, match="2 to 4 runs"):
        panel_together([])
