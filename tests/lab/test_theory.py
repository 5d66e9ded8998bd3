"""The theory beside the stage, under Streamlit's test harness."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gausslab.lab.protocol import decode

QUERY = {
    "recipe": "vanilla",
    "target": "normal(4, 1.25)",
    "generator.widths": "8",
    "discriminator.widths": "8",
    "batch": "16",
}
METHOD = {"seq": 1, "method": "wgan_gp", "start": [1, 2], "order": "alternating", "discriminatorSteps": 5, "rate": 0.2}


@pytest.fixture
def page():
    script = Path(__file__).parents[2] / "gausslab" / "lab" / "script.py"
    at = AppTest.from_file(str(script), default_timeout=120)
    for name, value in QUERY.items():
        at.query_params[name] = value
    return at.run()


def answer(at):
    """What the stage is told."""
    assert not at.exception
    header, _ = decode(at.get("bidi_component")[0].proto.bytes)
    return header


def ask(at, **told):
    """Ask for something as the stage does."""
    header = answer(at)
    usual = {"seq": header["seq"] + 1, "v": header["v"], "epoch": header["epoch"], "frames": 5, "act": "play"}
    at.session_state["stage"] = {"req": {**usual, "from": header["steps"][-1] if header["steps"] else 0, **told}}
    at.run()
    return answer(at)


def button(at):
    return next(item for item in at.button if item.key == "play-method")


def phase(at):
    """What the phase plane is told."""
    assert not at.exception
    _, plane = at.get("bidi_component")
    return json.loads(plane.proto.json)


def open_theory(at):
    next(toggle for toggle in at.toggle if toggle.key == "theory-shown").set_value(True).run()
    return phase(at)


def test_theory_is_not_there_before_it_is_asked_for(page):
    assert len(page.get("bidi_component")) == 1
    assert open_theory(page)["asked"]["method"] == "gan"


def test_forged_request_is_refused_and_the_page_lives(page):
    before = open_theory(page)
    for raw in ({**METHOD, "discriminatorSteps": 10**9}, "play", {"seq": 2, "method": "__import__('os')"}):
        page.session_state["phase"] = {"req": raw}
        page.run()
        told = phase(page)
        assert told["message"].startswith("expected") and told["path"] == before["path"]
    stood = answer(page)["steps"][-1]
    assert ask(page)["steps"][-1] > stood
    page.session_state["phase"] = {"req": METHOD}
    page.run()
    assert phase(page)["message"] == "" and phase(page)["asked"]["method"] == "wgan_gp"


def test_method_is_played_on_the_lab_on_the_target_in_force(page):
    open_theory(page)
    ask(page, act="pause")
    page.session_state["phase"] = {"req": METHOD}
    page.run()
    epoch = answer(page)["epoch"]
    button(page).click().run()
    header = answer(page)
    experiment = page.session_state["visit"].experiment
    assert (experiment.loss, dict(experiment.penalties)) == ("wasserstein", {"wgan_gp": 0.35})
    assert (experiment.update, experiment.discriminator.steps) == ("generator_first", 5)
    assert experiment.target == "normal(4, 1.25)"
    assert header["epoch"] > epoch and header["steps"][0] == 0 and header["plays"]
    assert phase(page)["asked"]["method"] == "wgan_gp"
    target = next(item for item in page.text_input if item.key.startswith("target@"))
    target.set_value("laplace(1, 2)").run()
    assert not answer(page)["plays"]


def test_method_that_the_lab_has_not_cannot_be_played(page):
    open_theory(page)
    page.session_state["phase"] = {"req": {**METHOD, "method": "consensus_as_coded"}}
    page.run()
    assert button(page).proto.disabled
