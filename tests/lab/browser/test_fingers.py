"""What a finger does on a phone, while it lies on the screen."""

import pytest

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


@pytest.fixture
def phone(visit):
    lab = visit("?recipe=vanilla&target=normal(4,1.25)&seed=3", **PHONE)
    lab.pause()
    return lab


def test_finger_draws_a_density_and_then_scrolls_again(phone):
    phone.button("draw").tap()
    canvas = phone.canvas("densities")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()

    def place(across, down):
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    with phone.finger(*place(0.25, 0.5)) as move:
        for step in range(1, 13):
            move(*place(0.25 + 0.04 * step, 0.2 if step % 2 else 0.55))
        assert canvas.bounding_box() == box, "the page stays where it is"
    phone.until(lambda: "Target drawn" in phone.described(), "the drawn target")
    phone.until(lambda: phone.button("draw").get_attribute("aria-pressed") == "false", "the pen to be put away")
    with phone.finger(*place(0.02, 0.6)) as move:
        for step in range(1, 9):
            move(*place(0.02, 0.6 - 0.05 * step))
        phone.until(lambda: canvas.bounding_box()["y"] < box["y"] - 10, "the page to scroll")


@pytest.mark.parametrize("path", ["location", "generator.rate"])
def test_finger_drags_a_slider(phone, path):
    slider = phone.slider(path)
    slider.scroll_into_view_if_needed()
    box, before = slider.bounding_box(), phone.shown(path)
    share = slider.evaluate("input => (input.value - input.min) / (input.max - input.min)")
    x, y = box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2
    version = phone.said("v")
    with phone.finger(x, y) as move:
        for step in range(1, 9):
            move(x + 5 * step, y)
        phone.until(lambda: phone.shown(path) > before and phone.said("v") > version, "the slider to act while held")
