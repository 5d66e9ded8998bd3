"""Links: what is opened is what was seen."""

from gausslab.events import Event
from gausslab.lab.link import MOST_EVENTS
from gausslab.recipes import RECIPES
from gausslab.settings import to_toml


def upload(lab, path):
    box = lab.section("Save and open").get_by_test_id("stFileUploader").filter(has_text="Open a run's experiment.toml")
    box.locator("input[type=file]").set_input_files(path)


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
    lab.until(lambda: lab.said("moments") > 20, "the losses since the start")


def test_hand_quicker_than_the_first_frame_stops_the_way_to_the_step_of_a_link(lab):
    lab.wait_for_step(120)
    lab.pause()
    lab.page.reload(wait_until="commit")
    lab.button("step").dispatch_event("click")
    lab.until(lambda: lab.ready() and lab.step > 0 and not lab.playing, "the pause")
    lab.settle()
    stood = lab.step
    lab.page.wait_for_timeout(1000)
    assert lab.step == stood and not lab.playing


def test_link_to_the_past_is_one_to_the_past(lab):
    lab.wait_for_step(120)
    lab.pause()
    last = lab.step
    lab.stage.locator(".timeline input").focus()
    lab.page.keyboard.press("PageDown")
    lab.until(lambda: lab.step < last, "an earlier moment")
    lab.settle()
    assert f"step={lab.step}" in lab.link()


def test_shared_run_says_whose_moment_it_is_until_somebody_plays_on(visit):
    lab = visit("?recipe=vanilla&target=normal(4,1.25)&seed=3&step=1240")
    lab.stage.get_by_text("This is a shared run at step 1,240; space plays on from here.").wait_for()
    lab.until(lambda: lab.step == 1240 and not lab.playing, "the step of the link")
    lab.page.keyboard.press(" ")
    lab.wait_for_step(1250)
    lab.until(lambda: lab.stage.locator(".note").is_hidden(), "the note to go")


def test_too_much_for_a_link_is_a_file_that_opens_the_run_elsewhere(visit, tmp_path):
    many = [Event(20, "generator.rate", place / 1e6)._asdict() for place in range(1, MOST_EVENTS + 2)]
    experiment = RECIPES["vanilla"].experiment(target="normal(4, 1.25)")
    (tmp_path / "many.toml").write_text(to_toml(experiment, {"taken": 40, "stops": [], "events": many}))
    lab = visit("?recipe=vanilla&target=normal(0,1)")
    lab.pause()
    upload(lab, tmp_path / "many.toml")
    lab.until(lambda: lab.step == 40 and not lab.playing, "the step of the file")
    assert lab.shown("generator.rate") == 0.001
    lab.button("link").click()
    with lab.page.expect_download() as sent:
        lab.stage.get_by_text("Save experiment.toml").click()
    sent.value.save_as(tmp_path / "sent.toml")
    other = visit("?recipe=vanilla&target=normal(0,1)")
    upload(other, tmp_path / "sent.toml")
    other.until(lambda: other.step == 40 and not other.playing, "the step of the file")
    assert other.shown("generator.rate") == 0.001


def test_bad_link_opens_the_default_with_a_sentence(visit):
    lab = visit("?target=normal(")
    message = lab.stage.locator(".message")
    message.wait_for()
    assert message.text_content().startswith("This link could not be opened")
    lab.wait_for_step(10)
