"""Panels: any of them, in any order, on a page of any shape."""

from itertools import permutations

import pytest

from figures.scenes import TWO, clear_words, frame_of, history, towards_normal
from gausslab.errors import BadInput
from gausslab.figures import PANELS, panel
from gausslab.figures.layout import CELLS, LEAST, best, plans
from gausslab.figures.panel import plans_for

SUBSETS = [names for count in (1, 2, 3) for names in permutations(PANELS, count)]
PAGES = [(1920, 1080), (1280, 720), (1080, 1920), (1080, 1080), (640, 480), (3000, 500)]


@pytest.mark.parametrize("names", SUBSETS, ids=",".join)
def test_every_panel_has_its_room_on_every_page(names):
    for games in (1, 2, 3):
        for page in PAGES:
            plan = best(plans(names, games), *page)
            scale = plan.fit(*page)
            width, height = page[0] / scale, page[1] / scale
            cells = [name for row in plan.rows for name in row]
            assert sorted(cells) == sorted([*(set(names) - {"game"}), *["game"] * games * ("game" in names)])
            rooms = []
            for name, box in zip(cells, plan.boxes(width, height), strict=True):
                cell = CELLS[name]
                assert box.right - box.left >= 0.999 * cell.width and box.top - box.bottom >= 0.999 * cell.height
                assert box.left >= 0.7 and box.right + cell.right <= width + 1e-9
                assert box.bottom - cell.bottom >= plan.footer - 1e-9 and box.top + cell.top <= height + 1e-9
                rooms.append((box.left - 0.6, box.right, box.bottom - cell.bottom, box.top + cell.top))
            for place, one in enumerate(rooms):
                for other in rooms[place + 1 :]:
                    apart = one[1] <= other[0] or other[1] <= one[0]
                    assert apart or one[3] <= other[2] + 1e-9 or other[3] <= one[2] + 1e-9


@pytest.mark.parametrize("names", SUBSETS, ids=",".join)
def test_panels_stand_in_the_order_in_which_they_are_named(names):
    for plan in plans(names, 2):
        cells = list(dict.fromkeys(name for row in plan.rows for name in row))
        main = [name for name in names if name != "game"]
        assert [name for name in cells if name != "game"] == main
        if "game" in names:
            assert cells.index("game") == (0 if names[0] == "game" else len(main))


def test_a_tall_page_has_its_panels_beneath_one_another_and_a_wide_one_beside():
    assert best(plans(PANELS, 2), 1080, 1920).rows == (("densities",), ("map",), ("game",), ("game",))
    assert best(plans(PANELS, 2), 1920, 1080).rows == (("densities", "map"), ("game", "game"))


def test_words_of_the_same_page_are_larger_when_fewer_panels_share_it():
    scale = {names: best(plans(names, 2), 1280, 720).fit(1280, 720) for names in SUBSETS}
    assert scale["map",] > scale["densities", "map"] > 0
    assert scale["densities",] > scale[PANELS]


@pytest.mark.parametrize(
    ("names", "page"),
    [
        (("game", "map", "densities"), (1280, 720)),
        (("densities",), (1280, 720)),
        (("map", "game"), (1280, 720)),
        (("game",), (1920, 400)),
        (("densities", "map", "game"), (1080, 1920)),
    ],
)
def test_words_are_clear_of_each_other_in_the_smallest_layout(names, page):
    frames = [frame_of(TWO, lambda z: 6 * z - 3, step=step) for step in (0, 1000)]
    plan = best(plans_for(frames, names), *page)
    scale = plan.fit(*page) / LEAST
    figure = panel(frames[-1], frames, panels=names, size=(page[0] / scale, page[1] / scale))
    words = clear_words(figure)
    assert len(words) > 10


@pytest.mark.parametrize("wrong", [(), ("map", "map"), ("losses",)])
def test_panels_that_cannot_be_are_refused(wrong):
    frames = history(2)
    with pytest.raises(BadInput, match="densities, map, game"):
        panel(frames[0], frames, panels=wrong)


def test_a_game_needs_a_history():
    with pytest.raises(BadInput, match="history"):
        panel(frame_of(TWO, towards_normal(0.5)), panels=("game",))
