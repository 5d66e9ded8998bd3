"""Playing, pausing and single steps, with the buttons and with the keys."""

import re

import pytest

from .conftest import ONE_MODE
from .lab import Lab


def test_pause_pauses_the_page_and_the_server(lively):
    lively.wait_for_step(10)
    lively.pause()
    lively.until(lively.quiet, "the last answer under way")
    step, sent = lively.step, len(lively.sent)
    lively.page.wait_for_timeout(1000)  # as long as a second of training would take
    assert lively.step == step
    assert len(lively.sent) == sent, "nothing may be asked of the server"
    lively.button("play").click()
    lively.wait_for_step(step + 10)


def test_run_plays_and_is_turned_without_the_page_s_script(lasting):
    lasting.wait_for_step(20)  # the first request is Streamlit's, which has to know the page again
    lasting.page.wait_for_timeout(300)
    drawn = len(lasting.drawn)
    lasting.slider("location").focus()
    lasting.page.keyboard.press("ArrowRight")
    lasting.wait_for_step(lasting.step + 40)
    lasting.page.keyboard.press("ArrowLeft")
    lasting.wait_for_step(lasting.step + 40)
    assert len(lasting.drawn) == drawn


def test_page_whose_wire_does_not_stand_plays_by_streamlit(page, address):
    away = page()
    away.route_web_socket(re.compile("gausslab/stage"), lambda wire: wire.close())
    lab = Lab(away, address + ONE_MODE)
    lab.wait_for_step(20)
    lab.slider("location").focus()
    lab.page.keyboard.press("ArrowRight")
    moved = lab.shown("location")
    lab.wait_for_step(lab.step + 40)
    assert lab.shown("location") == moved
    lab.pause()
    assert lab.complaints == []


def test_step_takes_one_step(lasting):
    lasting.pause()
    step = lasting.step
    lasting.button("step").click()
    lasting.until(lambda: lasting.step == step + 1, "one step")
    assert not lasting.playing


@pytest.mark.parametrize("key", ["d", "D"])
def test_step_of_the_discriminator_alone_leaves_the_map_as_it_is(lasting, key):
    lasting.pause()
    step, (densities, drawn_map) = lasting.step, lasting.pictures()
    lasting.page.keyboard.press(key)
    lasting.until(lambda: lasting.step == step + 1, "a half-step")
    lasting.settle()
    assert lasting.pixels("map") == drawn_map
    assert lasting.pixels("densities") != densities


def test_step_of_the_generator_alone_moves_the_map(lasting):
    lasting.wait_for_step(20)  # at the very start D is flat, and moves nothing
    lasting.pause()
    step, drawn_map = lasting.step, lasting.pixels("map")
    lasting.page.keyboard.press("g")
    lasting.until(lambda: lasting.step == step + 1 and lasting.pixels("map") != drawn_map, "a half-step")


def test_keys_do_what_the_list_says(lab):
    keys = lab.page.keyboard
    keys.press("?")
    listed = lab.stage.locator("[data-dialog=keys]")
    listed.wait_for()
    keys.press("Escape")
    listed.wait_for(state="hidden")
    keys.press(" ")
    lab.until(lambda: not lab.playing, "the pause")
    step = lab.step
    keys.press("ArrowRight")
    lab.until(lambda: lab.step > step, "a step")
    lab.settle()
    drawn_map, step = lab.pixels("map"), lab.step
    keys.press("o")
    lab.until(lambda: lab.step > step, "D to learn alone")
    lab.settle()
    assert lab.pixels("map") == drawn_map
    keys.press("0")
    lab.until(lambda: "Step 0 of seed 3." in lab.described(), "the start")
    keys.press("n")
    lab.until(lambda: "Step 0 of seed 4." in lab.described(), "another seed")
    keys.press("p")
    lab.until(lambda: lab.button("draw").get_attribute("aria-pressed") == "true", "the pencil")
    keys.press("p")
    keys.press("s")
    lab.until(lambda: lab.stage.get_attribute("data-half") == "discriminator", "a half-step of slow motion")


def test_keys_of_a_text_field_stay_its_own(lab):
    field = lab.open_sidebar().get_by_role("textbox", name="Density to learn")
    field.click()
    step = lab.step
    lab.page.keyboard.press("End")
    lab.page.keyboard.press(" ")
    lab.wait_for_step(step + 20)
    assert lab.playing


def test_timeline_shows_an_earlier_moment_and_play_goes_on_from_now(lasting):
    lasting.wait_for_step(200)
    lasting.pause()
    step = lasting.step
    lasting.stage.locator(".timeline input").focus()
    lasting.page.keyboard.press("Home")
    lasting.until(lambda: lasting.step == 0, "the start")
    lasting.page.keyboard.press(" ")
    lasting.wait_for_step(step + 1)
