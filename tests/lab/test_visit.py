"""One visitor's answers, where others want theirs too."""

from contextlib import ExitStack

import pytest

from gausslab.lab.protocol import decode
from gausslab.lab.turns import TURNS
from gausslab.lab.visit import Visit


@pytest.fixture
def visit() -> Visit:
    visit = Visit.opened(
        {"recipe": "vanilla", "generator.widths": "8", "discriminator.widths": "8", "target": "normal(0, 1)"}
    )
    visit.reply(None)
    return visit


def wish(visit: Visit, sequence: int, version: int = 0) -> dict:
    return {"seq": sequence, "v": version, "from": visit.session.step, "frames": 3, "speed": 40, "stepsPerFrame": 2}


def test_who_wants_something_newer_before_its_turn_gets_the_last_answer_and_no_step_is_taken(visit):
    last, step = visit.reply({**wish(visit, 1), "act": "play"}), visit.session.step
    with ExitStack() as others:
        places = TURNS._free
        for _ in range(places):
            others.enter_context(TURNS.turn(0.0, urgent=False, given_up=lambda: False))
        assert visit.reply({**wish(visit, 2), "act": "play"}, given_up=lambda: True) == last
        assert visit.session.step == step
    assert TURNS._free == places
    newer = visit.reply({**wish(visit, 3, version=1), "act": "play", "knobs": {"location": 1.0}})
    assert decode(newer)[0]["seq"] == 3 and visit.session.step > step


def test_only_a_film_that_plays_on_can_wait(visit):
    assert not visit._is_urgent({**wish(visit, 1), "act": "play"})
    assert visit._is_urgent({**wish(visit, 1, version=1), "act": "play"})
    assert visit._is_urgent({**wish(visit, 1), "act": "step"})
    assert visit._is_urgent(None) and visit._is_urgent("mangled")
