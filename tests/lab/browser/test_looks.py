"""Themes, small screens, fingers, less motion, and those who cannot see."""

from itertools import pairwise

import pytest

from .lab import TARGET

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
QUERY = "?target=normal(4,1.25)&seed=3"


def test_dark_page_has_a_dark_stage(visit):
    lab = visit(QUERY, color_scheme="dark", viewport={"width": 1920, "height": 1080})
    lab.until(lambda: lab.stage.get_attribute("data-theme") == "dark", "the dark theme")
    lab.pause()
    lab.hide("difference", "discriminator", "optimal", "generator")
    lab.until(lambda: lab.colour("densities", (86, 180, 233))["count"] > 100, "the target in the dark theme's colour")
    assert lab.colour("densities", TARGET)["count"] == 0
    lab.page.emulate_media(color_scheme="light")
    lab.until(lambda: lab.stage.get_attribute("data-theme") == "light", "the light theme")


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_nothing_has_to_be_scrolled_for(lasting, size):
    lasting.page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    drawn = lasting.said("drawn")
    lasting.until(lambda: lasting.said("drawn") > drawn + 5, "some drawings")
    for panel in ("densities", "map", "game", "machine"):
        box = lasting.canvas(panel).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0]
        assert box["y"] >= 0 and box["y"] + box["height"] <= size[1]
        assert box["height"] > 100


def test_phone_shows_everything_below_each_other(visit):
    lab = visit(QUERY, **PHONE)
    lab.until(lambda: lab.said("drawn") > 5, "some drawings")
    assert lab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]
    boxes = [lab.canvas(panel).bounding_box() for panel in ("densities", "map", "game", "machine")]
    for above, below in pairwise(boxes):
        assert below["y"] >= above["y"] + above["height"]
    assert all(box["width"] > 0.85 * PHONE["viewport"]["width"] for box in boxes)


@pytest.mark.parametrize(("side", "path"), [(None, "location"), ("right", "scale")])
def test_finger_moves_and_widens_the_target_while_it_lies_on_the_screen(visit, side, path):
    lab = visit(QUERY, **PHONE)
    lab.pause()
    lab.canvas("densities").scroll_into_view_if_needed()
    lab.hide("difference", "discriminator", "optimal", "generator")
    lab.settle()
    left, top = lab.corner("densities")
    peak = lab.colour("densities", TARGET)["top"]
    x, y = (lab.ring(side)["x"], lab.ring(side)["y"]) if side else (peak[0], peak[1] + 8)
    before = lab.shown(path)
    with lab.finger(left + x, top + y) as move:
        for place in range(1, 9):
            move(left + x + 6 * place, top + y)
        lab.until(lambda: lab.shown(path) > before + 0.3, "the target to follow the finger")


def test_less_motion_is_honoured(lasting):
    lasting.page.emulate_media(reduced_motion="reduce")
    lasting.wait_for_step(20)
    drawn = lasting.said("drawn")
    lasting.page.wait_for_timeout(1500)
    assert 1 <= lasting.said("drawn") - drawn <= 8, "no more than four drawings a second"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, theme):
    lab = visit(QUERY, color_scheme=theme)
    for section in ("Game", "Discriminator", "Duel", "Save and open"):
        lab.section(section).get_by_test_id("stElementContainer").first.wait_for()
    lab.pause()
    assert lab.faults() == []


def test_state_is_told_in_words(lasting):
    lasting.wait_for_step(20)
    lasting.pause()
    lasting.until(lambda: f"Step {lasting.step} of seed 3." in lasting.described(), "the words to follow")
    assert "Target normal(4, 1.25)" in lasting.described()
