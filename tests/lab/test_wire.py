"""The stage's own wire, on a real server."""

import asyncio
import gc
import json
import threading
import time

import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from gausslab.lab.protocol import PATH, decode
from gausslab.lab.visit import Visit
from gausslab.lab.wire import open_to, routes
from gausslab.settings import LIMITS

PATIENCE = 20.0  # seconds that a busy machine may take
SMALL = {"recipe": "vanilla", "generator.widths": "8", "discriminator.widths": "8", "target": "normal(0, 1)"}


class Served(uvicorn.Server):
    """A server in a thread of this process."""

    def run_beside(self):
        thread = threading.Thread(target=lambda: asyncio.run(self.serve()))
        thread.start()
        until(lambda: self.started)
        return thread

    @property
    def port(self):
        return self.servers[0].sockets[0].getsockname()[1]


@pytest.fixture(scope="module")
def address():
    server = Served(uvicorn.Config(Starlette(routes=routes()), port=0, log_level="error"))
    thread = server.run_beside()
    yield f"ws://127.0.0.1:{server.port}{PATH}"
    server.should_exit = True
    thread.join(PATIENCE)


@pytest.fixture
def visit():
    visit = Visit.opened(SMALL)
    visit.reply(None)
    open_to(visit)
    return visit


@pytest.fixture
def wire(address, visit):
    with connect(f"{address}?visit={visit.secret}", max_size=None) as wire:
        yield wire


def until(so):
    ends = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < ends
        time.sleep(0.005)


def request(sequence, start, **others):
    return {"seq": sequence, "from": start, "frames": 2, "speed": 40, "stepsPerFrame": 2, "act": "play"} | others


def answer(wire):
    return wire.recv(timeout=PATIENCE)


def test_what_comes_by_the_wire_is_what_the_visit_answers(wire, visit):
    asked = request(1, visit.session.step)
    wire.send(json.dumps(asked))
    header, blocks = decode(answer(wire))
    assert header["seq"] == 1 and header["steps"][-1] == visit.session.step
    assert len(blocks["density"]) == len(header["steps"])
    wire.send(json.dumps(asked))
    assert decode(answer(wire))[0]["steps"] == header["steps"]  # the same again, without another step
    assert header["steps"][-1] == visit.session.step


@pytest.mark.parametrize("secret", ["", "guessed"])
def test_nobody_comes_in_without_the_secret(address, visit, secret):
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"{address}?visit={secret}")


def test_visit_that_is_over_has_no_wire(address):
    visit = Visit.opened(SMALL)
    open_to(visit)
    secret = visit.secret
    del visit
    gc.collect()
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"{address}?visit={secret}")


@pytest.mark.parametrize(
    "mangled",
    [
        "{",
        "",
        b"\xff\x00",
        "[" * 50_000,
        "17",
        json.dumps({"seq": 1, "act": "explode"}),
        json.dumps({"seq": "1"}),
        json.dumps(request(1, 0, address="a" * LIMITS.request)),
    ],
    ids=["torn", "empty", "bytes", "nested", "number", "unknown act", "no request", "long"],
)
def test_what_is_no_request_is_refused_in_a_sentence_and_the_session_lives(wire, visit, mangled):
    step = visit.session.step
    wire.send(mangled)
    header, _ = decode(answer(wire))
    assert header["setup"]["message"].startswith("expected") and visit.session.step == step
    wire.send(json.dumps(request(2, step)))
    header, _ = decode(answer(wire))
    assert not header["setup"]["message"] and visit.session.step > step


def test_only_the_newest_of_what_was_asked_for_meanwhile_is_answered(wire, visit):
    step = visit.session.step
    with visit.alone:  # as while the page is drawn
        for sequence in (1, 2, 3):
            wire.send(json.dumps(request(sequence, step)))
        wire.ping().wait(PATIENCE)  # behind which all three have arrived
    assert decode(answer(wire))[0]["seq"] == 3
    with pytest.raises(TimeoutError):
        wire.recv(timeout=0.2)


def test_choice_beside_the_stage_is_answered_without_being_asked(wire, visit):
    wire.send(json.dumps(request(1, visit.session.step)))
    before, _ = decode(answer(wire))
    visit.set_up({"target": "uniform(0, 1)"})
    header, blocks = decode(answer(wire))
    assert header["epoch"] == before["epoch"] + 1 == visit.session.epoch
    assert header["steps"] and len(blocks["density"]) == len(header["steps"])
    visit.choose_recipe("vanilla", {"generator.widths": (8,), "discriminator.widths": (8,), "seed": 5})
    header, _ = decode(answer(wire))
    assert header["setup"]["seed"] == visit.session.run.experiment.seed and header["epoch"] == visit.session.epoch


def test_choice_that_changes_nothing_brings_nothing(wire, visit):
    wire.send(json.dumps(request(1, visit.session.step)))
    answer(wire)
    visit.set_up({"loss": visit.experiment.loss})
    with pytest.raises(TimeoutError):
        wire.recv(timeout=0.2)


def test_page_that_is_drawn_after_a_choice_shows_the_answer_that_was_brought(wire, visit):
    asked = request(1, visit.session.step)
    visit.reply_again(asked)
    visit.set_up({"target": "uniform(0, 1)"})
    assert visit.reply_again(asked) == answer(wire)


def test_visit_whose_stage_has_hung_up_is_set_up_as_any_other(address, visit):
    with connect(f"{address}?visit={visit.secret}") as wire:
        wire.send(json.dumps(request(1, visit.session.step)))
        answer(wire)
    until(lambda: visit.bring is None)
    visit.set_up({"target": "uniform(0, 1)"})
    assert visit.text == "uniform(0, 1)" and not visit.message


def test_page_that_is_drawn_again_shows_what_the_wire_has_brought_last(wire, visit):
    brought = request(1, visit.session.step)
    visit.reply_again(brought)
    wire.send(json.dumps(request(2, visit.session.step)))
    last = answer(wire)
    assert visit.reply_again(brought) == last
    newer = decode(visit.reply_again(request(3, visit.session.step)))[0]
    assert newer["seq"] == 3


def test_stage_that_hangs_up_is_let_go(address, visit):
    step = visit.session.step
    with connect(f"{address}?visit={visit.secret}") as wire, visit.alone:
        wire.send(json.dumps(request(1, step)))
    with connect(f"{address}?visit={visit.secret}") as again:
        again.send(json.dumps(request(2, step)))
        assert decode(answer(again))[0]["seq"] == 2
    with pytest.raises(ConnectionClosed):
        again.recv()
