"""Links: what is opened is what was seen."""

from .lab import GENERATOR


def test_link_opens_the_frame_that_was_shown_and_stands_there(visit, lab):
    lab.hide("push")  # its arrows are as long as the strongest push of late
    lab.wait_for_step(120)
    lab.pause()
    address = lab.link()
    other = visit(address)
    other.hide("push")
    other.until(lambda: other.step == lab.step and not other.playing, "the step of the link")
    lab.settle()
    other.settle()
    assert other.pictures() == lab.pictures()
    other.until(lambda: other.numbers() == lab.numbers(), "the same numbers")
    step = other.step
    other.page.keyboard.press(" ")
    other.wait_for_step(step + 10)


def test_reload_after_a_link_comes_back_to_the_moment_with_all_that_led_to_it(lab):
    lab.wait_for_step(120)
    lab.pause()
    step, link = lab.step, lab.link()
    assert lab.page.url.endswith(link)
    lab.page.reload()
    lab.until(lambda: lab.ready() and lab.step == step and not lab.playing, "the step of the link")
    lab.until(lambda: lab.colour("game", GENERATOR)["count"] > 300, "the losses since the start")


def test_link_to_the_past_is_one_to_the_past(lab):
    lab.wait_for_step(120)
    lab.pause()
    last = lab.step
    lab.stage.locator(".timeline input").focus()
    lab.page.keyboard.press("PageDown")
    lab.until(lambda: lab.step < last, "an earlier moment")
    assert f"step={lab.step}" in lab.link()


def test_bad_link_opens_the_default_with_a_sentence(visit):
    lab = visit("?target=normal(")
    message = lab.stage.locator(".message")
    message.wait_for()
    assert message.text_content().startswith("This link could not be opened")
    lab.wait_for_step(10)
