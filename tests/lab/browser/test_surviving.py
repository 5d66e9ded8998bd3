"""A server that is killed and started again while somebody watches."""

import pytest
from servers import free_port, start_server

from .lab import Lab

FAR = 20_000  # steps, which take some seconds


class Fragile:
    """A server that can be killed, and started again at the same port."""

    def __init__(self, folder):
        self.port, self.output, self.server = free_port(), folder / "output.txt", None

    def start(self):
        if self.server is None or self.server.poll() is not None:
            self.server = start_server(self.port, self.output)

    def kill(self):
        self.server.kill()
        self.server.wait(20)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    server = Fragile(tmp_path_factory.mktemp("fragile"))
    yield server
    server.kill()
    assert "Traceback" not in server.output.read_text()


@pytest.fixture
def fragile(alone):
    alone.start()
    return alone


@pytest.fixture
def lab(page, fragile):
    return Lab(page(), f"http://127.0.0.1:{fragile.port}/?recipe=vanilla&target=normal(4,1.25)&seed=3")


def turned(lab):
    """A run in which something was done."""
    lab.wait_for_step(100)
    before = lab.shown("location")
    lab.slider("location").press("ArrowRight")
    lab.until(lambda: lab.shown("location") > before, "another mean")
    lab.wait_for_step(300)


def stands(lab, step):
    """Whether a page shows a step, hears its server, and is not on its way to anywhere."""
    # The sentence first: a page that is loaded anew meanwhile is asked for all the rest.
    hears = not lab.stage.get_by_text("The server does not answer").is_visible()
    return hears and lab.ready() and lab.stage.get_attribute("data-step") == str(step) and not lab.playing


@pytest.mark.parametrize("away", [0, 8], ids=["a moment", "long enough for Streamlit to lose patience"])
def test_page_stands_where_it_stood_and_plays_on(lab, fragile, away):
    turned(lab)
    mean, past = lab.shown("location"), lab.page.evaluate("history.length")
    fragile.kill()
    lab.stage.get_by_text("The server does not answer").wait_for()
    lab.page.wait_for_timeout(1000 * away)
    stood = lab.step
    fragile.start()
    lab.until(
        lambda: lab.ready() and lab.stage.get_attribute("data-step") is not None and lab.step > stood, "more steps"
    )
    assert lab.playing and lab.shown("location") == mean
    assert lab.page.evaluate("history.length") == past


def test_run_that_goes_on_after_a_restart_is_the_one_that_was_never_interrupted(lab, fragile, visit):
    turned(lab)
    lab.pause()
    step = lab.step
    fragile.kill()
    lab.stage.get_by_text("The server does not answer").wait_for()
    fragile.start()
    lab.until(lambda: stands(lab, step), "the step where it stood")
    lab.button("step").click()
    lab.until(lambda: lab.step > step, "another step")
    other = visit(lab.link())
    other.until(lambda: other.step == lab.step and not other.playing, "the step of the link")
    other.until(lambda: other.numbers() == lab.numbers(), "the same numbers")


def test_page_on_its_way_to_the_step_of_a_link_stands_there_after_a_restart(page, fragile):
    lab = Lab(page(), f"http://127.0.0.1:{fragile.port}/?recipe=vanilla&target=normal(4,1.25)&seed=3&step={FAR}")
    assert lab.step < FAR
    fragile.kill()
    lab.stage.get_by_text("The server does not answer").wait_for()
    lab.page.wait_for_timeout(8000)  # until Streamlit has lost patience, and the page is loaded anew
    fragile.start()
    while not stands(lab, FAR):  # which takes as long as it takes, but gets on
        lab.until(
            lambda before=lab.step: stands(lab, FAR) or lab.step != before, "another step on the way to the link's"
        )
    lab.page.wait_for_timeout(1000)
    assert stands(lab, FAR)


def test_page_that_is_loaded_again_stands_at_its_step_and_says_so(lab):
    turned(lab)
    lab.pause()
    lab.until(lambda: f"step={lab.step}" in lab.page.url, "the address")
    step = lab.step
    lab.page.reload()
    lab.stage.get_by_text(f"It stands at step {step:,}").wait_for()
    lab.until(lambda: lab.step == step and not lab.playing, "the step where it stood")
    lab.page.keyboard.press(" ")
    lab.wait_for_step(step + 10)
    lab.until(lambda: lab.stage.locator(".note").is_hidden(), "the note to go")
