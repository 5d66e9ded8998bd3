"""Settings that need another program, while the run plays on."""

from contextlib import contextmanager
from threading import Event

import jax
import numpy as np
import pytest
from test_session import ask, experiment, weights

from gausslab import training
from gausslab.errors import BadInput
from gausslab.lab import preparing
from gausslab.lab.challenge import with_changes
from gausslab.lab.pace import FRAMES_PER_CALL
from gausslab.lab.session import Session

LONG = 600.0  # seconds


@pytest.fixture
def session() -> Session:
    session = Session(experiment())
    ask(session)
    return session


@contextmanager
def compiler_held():
    """Whatever is to be compiled waits as long as this."""
    free = Event()
    preparing._under_way.cache_clear()
    preparing._COMPILERS.submit(free.wait)
    try:
        yield
    finally:
        free.set()


def compiled(session: Session) -> None:
    session.preparation.loop.result()


class Held:
    """What takes steps: lowered no sooner than it is let go, and called for nothing else before."""

    def __init__(self, advance, known):
        self.advance, self.known, self.let_go = advance, known, Event()

    def lower(self, structure, *arguments):
        self.let_go.wait()
        return self.advance.lower(structure, *arguments)

    def __call__(self, structure, *arguments):
        assert self.let_go.is_set() or structure == self.known
        return self.advance(structure, *arguments)


@pytest.fixture
def loop(session, monkeypatch):
    """Every loop but the session's present one is held until this is let go."""
    preparing._under_way.cache_clear()
    served = training.programs_of(session.run.experiment.structure())
    held = Held(served.advance, session.run.experiment.structure())
    monkeypatch.setattr(training, "programs_of", lambda structure: served._replace(advance=held))
    yield held
    held.let_go.set()
    if session.preparation:
        session.preparation.loop.result()
    session.playback.wait()


def seen(session: Session) -> None:
    if session.preparation:  # else it was there at once
        session.preparation.glance.result()


def arrive_together(session: Session, goal: int) -> None:
    while session.step < goal:
        ask(session, **{"from": 0})
    assert session.rival.run.step == session.step == goal


def test_run_plays_on_with_the_program_it_has_until_the_other_is_there(session):
    with compiler_held():
        epoch = session.epoch
        session.set_up({"loss": "hinge"}, playing=True)
        before = session.step
        ask(session)
        assert session.prepares and session.epoch == epoch and session.step > before
        assert (session.experiment.loss, session.intended.loss) == ("nonsaturating", "hinge")
    compiled(session)
    before = weights(session)
    lines = ask(session, frames=1, stepsPerFrame=0)
    assert not session.prepares and session.epoch == epoch + 1 and session.experiment.loss == "hinge"
    assert lines
    np.testing.assert_array_equal(weights(session), before)


def test_who_stays_on_the_line_hears_of_the_program_once_it_is_there(session):
    with compiler_held():
        session.set_up({"loss": "hinge"}, playing=True)
        session.await_preparation(0.05, lambda: False)
        session.await_preparation(LONG, lambda: True)  # who wants something else does not wait
        assert not session.preparation.loop.done()
    session.await_preparation(LONG, lambda: False)
    assert session.preparation.is_ready


def test_nobody_waits_where_nothing_is_compiled(session):
    session.await_preparation(LONG, lambda: pytest.fail("it asked whether to wait on"))


def test_what_is_asked_for_meanwhile_is_taken_up_with_it(session):
    with compiler_held():
        session.set_up({"loss": "hinge"}, playing=True)
        session.set_up({"penalties": {"r1": 2.0}}, playing=True)
        session.set_up({"penalties": {"r1": 3.0}}, playing=True)
        session.set_up({"generator.rate": 2e-3}, playing=True)
        assert session.experiment.generator.rate == 2e-3
    compiled(session)
    ask(session)
    now = session.experiment
    assert (now.loss, dict(now.penalties), now.generator.rate) == ("hinge", {"r1": 3.0}, 2e-3)


def test_knob_can_be_turned_while_a_penalty_is_being_taken_away():
    session = Session(experiment(penalties={"r1": 1.0}))
    ask(session)
    with compiler_held():
        session.set_up({"penalties": {}}, playing=True)
        session.set_up({"generator.rate": 2e-3}, playing=True)
    compiled(session)
    ask(session)
    assert (dict(session.experiment.penalties), session.experiment.generator.rate) == ({}, 2e-3)


def test_knob_turned_in_the_very_request_that_takes_it_up_is_not_lost(session):
    with compiler_held():
        session.set_up({"loss": "hinge"}, playing=True)
    compiled(session)
    ask(session, v=7, knobs={"location": 1.5})
    assert session.experiment.loss == "hinge"
    assert session.run.knobs["location"] == 1.5 and session.version == 7


def test_loss_can_be_seen_before_it_can_be_trained_with_and_the_run_stands_where_it_is(session, loop):
    before = ask(session)[-1].frame
    session.set_up({"loss": "hinge"}, playing=True)
    seen(session)
    (line,) = ask(session)
    assert session.prepares and session.experiment.loss == "hinge"
    assert line.frame.step == before.step == session.step
    np.testing.assert_array_equal(line.frame.g, before.g)
    assert not np.array_equal(line.frame.optimal_logits, before.optimal_logits)
    assert [line.frame.step for line in ask(session)] == [before.step]
    loop.let_go.set()
    session.await_preparation(LONG, lambda: False)
    assert not session.prepares and ask(session)[0].frame.step > before.step


def test_new_networks_are_seen_before_they_learn(session, loop):
    session.set_up({"generator.widths": (9,), "discriminator.widths": (9,)}, playing=True)
    seen(session)
    (line,) = ask(session)
    assert session.prepares and line.frame.step == session.step == 0
    assert session.run.experiment.generator.widths == (9,)
    looked = session.run.glance(FRAMES_PER_CALL).observations
    loop.let_go.set()
    session.playback.wait()
    again = session.run.advance(np.zeros(FRAMES_PER_CALL, np.int32)).observations
    jax.tree.map(np.testing.assert_array_equal, looked, again)


def test_knob_acts_on_what_can_only_be_looked_at(session, loop):
    session.set_up({"loss": "hinge"}, playing=True)
    seen(session)
    ask(session)
    (line,) = ask(session, v=7, knobs={"location": 1.5})
    assert session.prepares and session.version == 7
    assert line.frame.knobs["location"] == 1.5 and abs(line.frame.scene.mean - 1.5) < 0.01


def test_past_can_be_looked_at_while_the_run_stands_by(session, loop):
    ask(session)
    session.set_up({"loss": "hinge"}, playing=True)
    seen(session)
    ask(session)
    (line,) = ask(session, act="seek", at=3)
    assert line.frame.step <= 3 and session.prepares


def test_restart_and_another_choice_need_not_wait_for_the_loop(session, loop):
    session.set_up({"loss": "hinge"})
    assert session.prepares and session.experiment.loss == "hinge"
    ask(session, act="restart")
    assert session.prepares and session.step == 0 and session.run.experiment.loss == "hinge"
    session.set_up({"generator.rate": 2e-3}, playing=True)
    assert ask(session)[-1].frame.knobs["generator.rate"] == 2e-3 and session.step == 0


def test_fork_waits_for_the_loop(session):
    ask(session)
    session.set_up({"generator.widths": (7,), "discriminator.widths": (7,)})
    ask(session, act="fork", at=0, knobs={"location": 1.0})
    assert not session.prepares and session.run.knobs["location"] == 1.0


@pytest.mark.parametrize("act", ["step", "discriminator", "optimal"])
def test_who_trains_by_hand_waits_for_the_program(session, act):
    with compiler_held():
        session.set_up({"loss": "hinge"}, playing=True)
    step = session.step
    lines = ask(session, act=act, frames=1, stepsPerFrame=1)
    assert not session.prepares and session.experiment.loss == "hinge"
    assert session.step > step and lines[-1].frame.step == session.step


def test_restart_begins_with_what_was_being_compiled(session):
    with compiler_held():
        session.set_up({"generator.widths": (7,)}, playing=True)
    ask(session, act="restart")
    assert session.preparation is None and session.run.experiment.generator.widths == (7,)


def test_change_back_while_it_is_compiled_leaves_everything_as_it_is(session):
    with compiler_held():
        session.set_up({"loss": "hinge"}, playing=True)
        session.set_up({"loss": "nonsaturating"}, playing=True)
    compiled(session)
    before = weights(session)
    ask(session, frames=1, stepsPerFrame=0)
    assert session.experiment.loss == "nonsaturating"
    np.testing.assert_array_equal(weights(session), before)


def test_run_plays_on_alone_until_the_rival_s_program_is_there_and_both_then_race_to_where_it_stands(session):
    with compiler_held():
        session.duel(with_changes(session.experiment, {"penalties.r1": 1.0}), playing=True)
        before = session.step
        ask(session)
        assert session.prepares and session.rival is None and session.step > before
    compiled(session)
    goal = session.step
    ask(session)
    assert session.goal == goal and not session.prepares
    arrive_together(session, goal)


def test_who_pauses_before_the_rival_has_come_sees_both_where_the_run_stands(session):
    with compiler_held():
        session.duel(with_changes(session.experiment, {"penalties.r1": 1.0}), playing=True)
    stood = session.step
    ask(session, act="step", frames=1, stepsPerFrame=0)
    assert session.goal == stood
    arrive_together(session, stood)


def test_setting_chosen_before_the_rival_has_come_begins_the_duel_first(session):
    with compiler_held():
        session.duel(with_changes(session.experiment, {"penalties.r1": 1.0}), playing=True)
    session.set_up({"generator.rate": 2e-3}, playing=True)
    assert session.rival and session.experiment.generator.rate == 2e-3


def test_duel_that_cannot_be_is_refused_at_once(session):
    session.set_up({"loss": "hinge"})
    with compiler_held(), pytest.raises(BadInput, match="had again"):
        session.duel(with_changes(session.experiment, {"generator.rate": 1e-4}), playing=True)
    assert not session.prepares
