"""What the phase plane is told: the trajectories of the reproduction, and words for them."""

import json

import numpy as np
import pytest

from gausslab.lab.plane import ARROWS, BASE, REACH, Ask, Plane, lab_in_words, lab_settings
from gausslab.recipes import RECIPES
from gausslab.reproductions.dirac import METHODS, field, trajectory
from gausslab.settings import LIMITS

GOOD = {
    "seq": 4,
    "method": "r1",
    "start": [0.5, -1],
    "order": "alternating",
    "discriminatorSteps": 3.0,
    "rate": 0.1,
}


def test_answer_is_the_trajectory_of_what_is_asked_for():
    answer = Plane().reply(GOOD)
    expected = trajectory("r1", (0.5, -1.0), rate=0.1, order="alternating", discriminator_steps=3)
    np.testing.assert_allclose(answer["path"], expected, rtol=1e-3, atol=1e-30)
    assert answer["seq"] == 4 and answer["message"] == ""
    assert answer["fate"] == "converges" and answer["sentence"].startswith("It converges")
    assert "−0.15 ± 0.477i" in answer["numbers"]
    assert "yes where data have a density, yes in general" in answer["paper"]


def test_arrows_point_along_the_field():
    angles = np.array(Plane().reply(GOOD)["angles"], float).reshape(ARROWS, ARROWS)
    grid = np.linspace(-REACH, REACH, ARROWS)
    toward = field("r1", grid[3], grid[10])
    assert angles[10, 3] == pytest.approx(np.arctan2(toward[1], toward[0]), abs=2e-3)
    assert np.isnan(angles[ARROWS // 2, ARROWS // 2])  # the equilibrium


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("rate", [0.01, 1.0])
def test_every_method_is_told_in_words_and_in_what_json_can_hold(name, rate):
    answer = Plane().reply(GOOD | {"method": name, "rate": rate, "start": [3, 3]})
    assert answer["sentence"] and answer["numbers"] and answer["message"] == ""
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize(
    "fault",
    [
        {"method": "dirac"},
        {"method": ["r1"]},
        {"start": [0.5]},
        {"start": [0.5, float("nan")]},
        {"start": [0.5, 1e9]},
        {"start": "here"},
        {"order": "never"},
        {"discriminatorSteps": LIMITS.plane_steps + 1},
        {"discriminatorSteps": 10**12},
        {"discriminatorSteps": True},
        {"rate": 0.0},
        {"rate": float("inf")},
        {"seq": -1},
        {"steps": 10**9},
    ],
)
def test_forged_request_is_refused_with_a_sentence_and_the_last_one_is_shown(fault):
    plane = Plane()
    before = plane.reply(GOOD)
    answer = plane.reply(GOOD | fault)
    assert answer["message"].startswith("expected") and answer["message"].endswith("reload the page")
    assert "Value error" not in answer["message"]
    assert answer["path"] == before["path"] and answer["asked"] == before["asked"]
    assert plane.reply(GOOD)["message"] == ""


@pytest.mark.parametrize("raw", ["play", 3, [GOOD]])
def test_request_that_is_no_object_is_refused(raw):
    assert Plane().reply(raw)["message"].startswith("expected a request from the phase plane")


def test_same_request_is_answered_once():
    plane = Plane()
    assert plane.reply(GOOD) is plane.reply(dict(GOOD))
    assert plane.reply(None) is not plane.reply(GOOD)


@pytest.mark.parametrize("order", ["simultaneous", "alternating"])
@pytest.mark.parametrize("name", METHODS)
def test_lab_plays_the_same_method_in_the_same_order(name, order):
    settings = lab_settings(Ask(method=name, order=order, discriminator_steps=5))
    if METHODS[name].settings is None:
        assert settings is None
        return
    experiment = RECIPES[BASE].experiment(**settings)
    assert experiment.update == ("simultaneous" if order == "simultaneous" else "generator_first")
    assert experiment.discriminator.steps == (1 if order == "simultaneous" else 5)
    assert dict(experiment.penalties) == METHODS[name].settings["penalties"]
    assert f"loss {experiment.loss}" in lab_in_words(settings)
