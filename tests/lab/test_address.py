"""Pages that have outlived their server: they are told so, say where they stood, and are put there again."""

from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gausslab.events import Event
from gausslab.lab import address
from gausslab.lab.link import MOST_EVENTS
from gausslab.lab.protocol import decode
from gausslab.lab.visit import Visit

SCRIPT = Path(__file__).parents[2] / "gausslab" / "lab" / "script.py"
SMALL = {"recipe": "vanilla", "target": "normal(4, 1.25)", "generator.widths": "8", "discriminator.widths": "8"}


def wish(sequence: int, **told) -> dict:
    return {"seq": sequence, "act": "play", "frames": 5, "speed": 40, "stepsPerFrame": 2, **told}


def played(visit: Visit) -> dict:
    """What the page is told after some play with a slider."""
    visit.reply(None)
    visit.reply(wish(1, **{"from": visit.session.step}))
    visit.reply(wish(2, v=1, knobs={"location": 1.5}, **{"from": visit.session.step}))
    return decode(visit.reply(wish(3, v=1, **{"from": visit.session.step})))[0]


def parts(query: str) -> dict[str, str]:
    return dict(parse_qsl(query.removeprefix("?")))


def test_address_brings_back_the_very_moment():
    visit = Visit.opened(SMALL)
    header = played(visit)
    again = Visit.opened(parts(f"{header['address']}&step={header['steps'][-1]}"))
    _, blocks = decode(again.reply(None))
    while again.session.step < header["steps"][-1]:
        _, blocks = decode(again.reply(wish(9 + again.session.step, **{"from": again.session.step})))
    assert again.session.step == visit.session.step
    assert again.session.run.knobs == visit.session.run.knobs
    _, before = decode(visit.reply(wish(4, v=1, act="step", stepsPerFrame=0, **{"from": visit.session.step})))
    np.testing.assert_array_equal(blocks["density"][-1], before["density"][-1])


def test_address_is_silent_on_the_way_to_its_step_and_beyond_what_it_can_hold():
    visit = Visit.opened({**SMALL, "step": "5000"})
    assert decode(visit.reply(None))[0]["address"] is None
    visit = Visit.opened(SMALL)
    visit.reply(None)
    assert visit.address
    visit.session.run.events.extend(Event(1, "location", 0.001 * place) for place in range(MOST_EVENTS + 1))
    assert visit.address is None


def test_too_much_for_a_link_is_offered_as_a_file():
    visit = Visit.opened(SMALL)
    visit.reply(None)
    visit.session.run.events.extend(Event(1, "location", 0.001 * place) for place in range(MOST_EVENTS + 1))
    header, _ = decode(visit.reply(wish(1, act="share", at=visit.session.step)))
    assert "share" not in header and header["file"].startswith("format = 1")


def test_page_is_asked_for_its_address_only_once_it_was_told():
    question = {"seq": 7, "act": "open", "address": "?seed=3&step=20"}
    assert address.told(question, None) is None
    assert address.told(question, 7) is None, "that was asked of the server before this one"
    assert address.told(question, 6) == {"seed": "3", "step": "20"}
    assert address.told({"seq": 9, "act": "play"}, 6) is None
    assert address.told("mangled", 6) is None
    assert address.told({**question, "address": 3}, 6) is None


def test_address_of_endless_parts_opens_the_default_with_a_sentence():
    query = address.told({"seq": 2, "act": "open", "address": "&".join(f"a{n}=1" for n in range(500))}, 1)
    assert query is not None
    assert Visit.opened(query).message.startswith("This link could not be opened")


@pytest.mark.parametrize("step", [0, 40])
def test_page_that_outlived_its_server_stands_where_it_stood(step):
    at = AppTest.from_file(str(SCRIPT), default_timeout=120)
    at.query_params["seed"] = "1"  # of the page as it was opened first
    at.run()
    del at.session_state["visit"]  # the server was restarted
    at.session_state["stage"] = {"req": wish(30, **{"from": 900})}
    at.run()
    header, _ = decode(at.get("bidi_component")[0].proto.bytes)
    assert header["lost"]
    query = "?" + "&".join(f"{name}={value}" for name, value in SMALL.items()) + f"&seed=5&step={step}"
    at.session_state["stage"] = {"req": wish(31, act="open", address=query)}
    at.run()
    assert not at.exception
    header, _ = decode(at.get("bidi_component")[0].proto.bytes)
    assert header["setup"]["seed"] == 5 and header["setup"]["recipe"] == "vanilla" and header["seq"] == 31
    assert header["goal"] == step
