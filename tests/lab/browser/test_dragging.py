"""Things that act while the pointer is still down."""

import pytest

from .lab import GENERATOR, TARGET

NEAR = 12  # CSS pixels


def grab_the_target(lab):
    """Press the pointer on the target's peak; what else is drawn there is switched off, to see the curves alone."""
    lab.hide("difference", "discriminator", "optimal", "batches", "push", "noise")
    lab.wait_for_step(300)
    lab.settle_window()
    x, y = lab.colour("densities", TARGET)["top"]
    left, top = lab.corner("densities")
    lab.page.mouse.move(left + x, top + y + 4)
    lab.page.mouse.down()
    return left, x, top + y + 4


def test_dragging_the_target_moves_it_while_the_pointer_is_down_and_the_generator_follows(lively):
    left, x, y = grab_the_target(lively)
    version, before = lively.said("v"), lively.colour("densities", GENERATOR)["middle"]
    assert abs(before - x) < 60
    for place in range(1, 13):
        lively.page.mouse.move(left + x + 10 * place, y)
    lively.until(lambda: abs(lively.colour("densities", TARGET)["top"][0] - (x + 120)) < NEAR, "the target to follow")
    assert lively.shown("location") > 4.3
    lively.until(lambda: lively.said("v") > version, "frames of the new target")
    lively.until(lambda: lively.colour("densities", GENERATOR)["middle"] > before + 60, "the generator to follow")
    assert lively.playing
    lively.page.mouse.up()


def test_slider_acts_while_it_is_held(lively):
    slider = lively.slider("scale")
    box = slider.bounding_box()
    y, middle = box["y"] + box["height"] / 2, box["x"] + box["width"] / 2
    wide = lively.shown("scale")
    lively.page.mouse.move(middle, y)
    lively.page.mouse.down()
    version = lively.said("v")
    for place in range(1, 9):
        lively.page.mouse.move(middle + 5 * place, y)
    lively.until(lambda: lively.shown("scale") > wide, "the slider to follow")
    lively.until(lambda: lively.said("v") > version, "frames of the new width")
    lively.page.mouse.up()


@pytest.mark.parametrize(("start", "towards"), [("left", -1), ("right", 1)])
def test_ring_beside_the_target_widens_it(lab, start, towards):
    lab.pause()
    lab.settle()
    left, top = lab.corner("densities")
    x, y = lab.colour("densities", TARGET)["top"]
    before = lab.shown("scale")
    lab.page.mouse.move(left + x, top + y + 20)
    ring = lab.ring(start)
    lab.page.mouse.move(left + ring["x"], top + ring["y"])
    lab.page.mouse.down()
    lab.page.mouse.move(left + ring["x"] + 40 * towards, top + ring["y"], steps=4)
    assert lab.shown("scale") > 1.2 * before
    lab.page.mouse.up()


def test_density_is_drawn_with_the_pointer(lab):
    lab.button("draw").click()
    box = lab.canvas("densities").bounding_box()
    assert "drawn" not in lab.described()
    lab.page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    lab.page.mouse.down()
    for place in range(12):
        height = 0.25 if place < 6 else 0.55
        lab.page.mouse.move(box["x"] + (0.2 + 0.05 * place) * box["width"], box["y"] + height * box["height"])
    lab.page.mouse.up()
    lab.until(lambda: "Target drawn" in lab.described(), "the drawn target")
    assert lab.button("draw").get_attribute("aria-pressed") == "false"
