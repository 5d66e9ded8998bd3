"""The phase plane in the hand, beside the stage."""

import pytest

QUERY = "?recipe=vanilla&target=normal(4,1.25)&seed=3"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "reduced_motion": "reduce"}
REACH, LEFT, RIGHT, TOP, BOTTOM = 3, 34, 10, 24, 38


class Theory:
    """The open phase plane of a page."""

    def __init__(self, lab):
        self.lab = lab
        lab.page.locator(".st-key-theory-switch label").first.click()
        self.root = lab.page.locator(".phase")
        lab.until(lambda: self.root.count() and self.root.get_attribute("data-fate"), "the phase plane")
        self.canvas = self.root.locator("canvas")

    def place(self, theta, psi):
        """Where a point of the plane is in the window."""
        box = self.canvas.bounding_box()
        across, up = ((value + REACH) / (2 * REACH) for value in (theta, psi))
        return (
            box["x"] + LEFT + across * (box["width"] - LEFT - RIGHT),
            box["y"] + box["height"] - BOTTOM - up * (box["height"] - TOP - BOTTOM),
        )

    def sentence(self):
        return self.root.locator(".sentence").text_content()

    def pixels(self):
        return self.canvas.evaluate("canvas => canvas.toDataURL()")


def test_start_is_dragged_beside_the_stage_and_its_method_played_there(visit):
    lab = visit(QUERY)
    theory = Theory(lab)
    stage, plane = lab.canvas("densities").bounding_box(), theory.canvas.bounding_box()
    assert plane["x"] > stage["x"] + stage["width"]
    assert plane["y"] + plane["height"] <= 720 and lab.canvas("machine").bounding_box()["y"] < 720
    lab.page.mouse.move(*theory.place(1, 1))
    lab.page.mouse.down()
    before = theory.pixels()
    lab.page.mouse.move(*theory.place(-2, 0.5), steps=6)
    lab.until(lambda: "2.06 at the start" in theory.sentence(), "the trajectory to follow the pointer")
    assert theory.pixels() != before
    lab.page.mouse.up()
    theory.root.get_by_label("Method").select_option("r1")
    lab.until(lambda: theory.sentence().startswith("It converges"), "another method")
    theory.canvas.focus()
    lab.page.keyboard.press("Home")
    lab.until(lambda: "1.41 at the start" in theory.sentence(), "the start to go home")
    assert lab.playing
    lab.pause()
    epoch = lab.said("epoch")
    lab.page.get_by_role("button", name="Play this method on the real lab").click()
    lab.until(lambda: lab.said("epoch") > epoch and lab.playing and lab.step > 0, "the method on the lab")
    assert lab.shown("penalties.r1") == 0.3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_finger_drags_the_start_and_scrolls_beside_it(visit, theme):
    lab = visit(QUERY, **PHONE, color_scheme=theme)
    lab.pause()
    theory = Theory(lab)
    theory.canvas.scroll_into_view_if_needed()
    assert lab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]
    top = theory.canvas.bounding_box()["y"]
    with lab.finger(*theory.place(1, 1)) as move:
        for share in range(1, 9):
            move(*theory.place(1 - 0.25 * share, 1 - 0.375 * share))
        lab.until(lambda: "2.24 at the start" in theory.sentence(), "the trajectory to follow the finger")
    assert theory.canvas.bounding_box()["y"] == top
    assert lab.faults() == []
