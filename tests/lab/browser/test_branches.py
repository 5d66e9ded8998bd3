"""Forks: two ways from one past moment, and the one that was left as a ghost beside the other."""

import pytest

QUERY = "?recipe=vanilla&target=normal(4,1.25)&seed=3"
GHOST = (140, 74, 120)


@pytest.fixture
def past(revisit):
    """A page that has come some way, and shows an earlier moment."""
    return sent_back(revisit(QUERY))


def sent_back(lab, come=150):
    lab.wait_for_step(come)
    lab.pause()
    lab.last = lab.step
    seek(lab, 60)
    return lab


def seek(lab, step):
    """Set the timeline to a step."""
    timeline = lab.stage.locator(".timeline input")
    timeline.evaluate(
        "(input, step) => { input.value = step; input.dispatchEvent(new Event('input', { bubbles: true })); }", step
    )
    lab.until(lambda: lab.step == step, f"step {step}")


def entries(lab):
    return lab.stage.locator(".branches [data-enter]")


def test_timeline_shows_every_step(past):
    for step in (57, 1, past.last - 1):
        seek(past, step)
        past.until(lambda step=step: f"Step {step} of seed 3." in past.described(), "its words")


def test_fork_from_a_past_step_shows_two_branches_and_a_ghost(revisit):
    past = sent_back(revisit(QUERY), 500)
    assert entries(past).count() == 0 and past.colour("densities", GHOST)["count"] == 0
    past.button("fork").click()
    past.until(lambda: past.playing and past.step > 60, "the second branch")
    past.pause()
    assert entries(past).count() == 2
    seek(past, 60)  # where it is far from all that the first may have come to; later it may cover it
    assert f"at {past.last}" in entries(past).first.text_content()
    for panel in ("densities", "map", "game", "machine"):
        past.until(lambda panel=panel: past.colour(panel, GHOST)["count"] > 0, f"the ghost in {panel}")
    past.hide("ghosts")
    past.until(lambda: past.colour("densities", GHOST)["count"] == 0, "the ghost to vanish")
    past.hide("ghosts")


def test_click_goes_back_to_the_branch_that_was_left_and_to_its_pixels(past):
    past.hide("push")  # its arrows are as long as the strongest push of late
    seek(past, past.last)
    past.settle()
    before = past.pictures()
    seek(past, 60)
    past.page.keyboard.press("f")
    past.until(lambda: past.playing and past.step > 70, "the second branch")
    entries(past).first.click()
    past.until(lambda: past.step == past.last and not past.playing, "the first branch")
    past.stage.locator("[data-drop]").click()
    past.until(lambda: entries(past).count() == 0, "the other branch to be removed")
    past.settle()
    assert past.pictures() == before
    past.hide("push")


def test_axe_finds_nothing_serious_on_a_page_with_branches(past):
    past.button("fork").click()
    past.until(lambda: past.playing and past.step > 60, "the second branch")
    past.pause()
    assert entries(past).count() == 2
    assert past.faults() == []


def test_knob_turned_in_the_past_is_what_the_fork_begins_with(visit):
    past = sent_back(visit(QUERY))
    past.slider("generator.rate").focus()
    past.page.keyboard.press("PageUp")
    rate = past.shown("generator.rate")
    past.until(lambda: past.button("fork").text_content().strip() == "Fork with this", "the offer")
    assert past.step == 60
    past.page.keyboard.press("f")
    past.until(lambda: entries(past).count() == 2, "the fork")
    assert entries(past).nth(1).get_attribute("aria-current") == "true"
    assert entries(past).nth(1).text_content().strip().startswith(f"G learning rate {rate:.3g}")
    assert past.shown("generator.rate") == rate
    entries(past).first.focus()
    past.page.keyboard.press("Enter")
    past.until(lambda: past.step == past.last, "the first branch")
    past.until(lambda: past.shown("generator.rate") < rate, "its own rate")
