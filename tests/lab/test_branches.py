"""Branches of a session, without a browser."""

import numpy as np
import pytest

from gausslab import BadInput
from gausslab.lab.protocol import decode, understand
from gausslab.lab.session import Session
from gausslab.lab.visit import Visit
from gausslab.recipes import RECIPES
from gausslab.run import Event
from gausslab.settings import LIMITS, Experiment

SMALL = {"generator.widths": (8,), "discriminator.widths": (8,), "batch": 16}


def experiment() -> Experiment:
    return RECIPES["vanilla"].experiment(**SMALL, target="normal(1, 2)", seed=3)


@pytest.fixture
def session() -> Session:
    session = Session(experiment())
    ask(session, act="step", frames=10)
    return session


def ask(session: Session, **told):
    usual = {"seq": 1, "v": 0, "epoch": session.epoch, "from": session.step, "frames": 5, "stepsPerFrame": 2}
    return session.answer(understand({**usual, "speed": 40, **told}))


def weights(session: Session) -> np.ndarray:
    return np.asarray(session.run.state.generator.parameters)


def test_fork_goes_on_from_the_past_step_and_the_other_branch_stays_where_it_was(session):
    end = weights(session)
    lines = ask(session, act="fork", at=7)
    assert lines[-1].frame.step == session.step == 7
    assert [branch["end"] for branch in session.tree] == [20, 7]
    ask(session, act="branch", at=0)
    assert session.step == 20
    np.testing.assert_array_equal(weights(session), end)


def test_fork_without_a_change_takes_the_same_way_again(session):
    end = weights(session)
    ask(session, act="fork", at=7)
    ask(session, act="step", frames=13, stepsPerFrame=1)
    np.testing.assert_array_equal(weights(session), end)


def test_fork_with_a_change_is_a_run_with_that_event(session):
    ask(session, act="fork", at=7, knobs={"generator.rate": 0.01})
    ask(session, act="step", frames=5)
    assert session.run.events == [Event(7, "generator.rate", 0.01)]
    again = Session(experiment(), session.run.events, session.step)
    while again.step < session.step:
        ask(again, **{"from": 0})
    np.testing.assert_array_equal(weights(again), weights(session))


def test_fork_before_a_change_does_not_know_of_it(session):
    ask(session, v=1, knobs={"generator.rate": 0.01}, act="step")
    ask(session, v=1, act="fork", at=10)
    assert session.run.knobs["generator.rate"] == experiment().generator.rate and not session.run.events


def test_branch_left_ends_at_the_last_frame_that_the_stage_had(session):
    ask(session, act="fork", at=5, **{"from": 16})
    assert session.tree[0]["end"] == 16


def test_branch_goes_on_where_it_was_left_with_its_past(session):
    remembered = list(session.past.steps)
    ask(session, act="fork", at=6)
    ask(session, act="step", frames=2)
    lines = ask(session, act="branch", at=0)
    assert [line.frame.step for line in lines] == remembered
    ask(session, act="step", frames=1)
    straight = Session(experiment())
    ask(straight, act="step", frames=11)
    np.testing.assert_array_equal(weights(session), weights(straight))


def test_tree_tells_what_a_branch_does_otherwise(session):
    assert session.tree == []
    ask(session, act="fork", at=4, knobs={"location": 2.0, "generator.rate": 0.01})
    first, second = session.tree
    assert (first["label"], first["parent"]) == ("first", None)
    assert (second["parent"], second["step"]) == (0, 4)
    assert second["label"] == "mean 3, G learning rate 0.01"
    assert first["distance"] > 0 and second["distance"] > 0


def test_ghost_is_where_the_branch_ended(session):
    end = session.playback.look()[0].frame
    ask(session, act="fork", at=6)
    (ghost,) = session.branches.ghosts(frozenset()).values()
    np.testing.assert_array_equal(ghost.last.p_g, end.p_g)
    assert ghost.steps == sorted(ghost.steps) and ghost.steps[-1] == 20
    assert session.branches.ghosts(frozenset({ghost.identity})) == {}


@pytest.mark.parametrize("step", [7, 19])
def test_what_is_said_after_a_fork_knows_of_the_time_before_it(session, step):
    assert "nothing is learnt yet" in session.playback.seek(1).sentence
    assert "nothing is learnt yet" not in ask(session, act="fork", at=step)[-1].sentence


def test_branch_that_is_removed_hands_its_own_to_its_parent(session):
    ask(session, act="fork", at=10)
    ask(session, act="step", frames=3)
    ask(session, act="fork", at=12)
    ask(session, act="drop", at=1)
    assert [(branch["number"], branch["parent"], branch["step"]) for branch in session.tree] == [
        (0, None, 0),
        (2, 0, 10),
    ]


def test_first_branch_can_be_removed(session):
    for step in (4, 3, 2):
        ask(session, act="fork", at=step)
    ask(session, act="drop", at=0)
    assert [(branch["number"], branch["parent"]) for branch in session.tree] == [(1, None), (2, 1), (3, 2)]
    assert [branch["label"] for branch in session.tree] == ["as it was"] * 3


@pytest.mark.parametrize(
    "told",
    [
        {"act": "fork", "at": None},
        {"act": "fork", "at": 21},
        {"act": "fork", "at": 7, "knobs": {"no.such": 1.0}},
        {"act": "fork", "at": 7, "knobs": {"scale": -1.0}},
        {"act": "fork", "at": 7, "knobs": {"target": 1.0}},
        {"act": "branch", "at": 0},
        {"act": "branch", "at": 9},
        {"act": "branch", "at": None},
        {"act": "drop", "at": 0},
    ],
    ids=str,
)
def test_branch_that_cannot_be_is_refused_and_the_session_lives(session, told):
    with pytest.raises(BadInput, match=r"expected|less|greater"):
        ask(session, **told)
    assert session.tree == [] and session.step == 20
    assert ask(session)


def test_branches_are_bounded(session):
    for _ in range(LIMITS.branches - 1):
        ask(session, act="fork", at=3)
    with pytest.raises(BadInput, match="remove one"):
        ask(session, act="fork", at=3)
    ask(session, act="drop", at=1)
    ask(session, act="fork", at=3)
    assert len(session.tree) == LIMITS.branches


def test_fork_that_would_take_the_server_from_others_is_refused(session):
    session.pace.step = 10.0
    with pytest.raises(BadInput, match="fork from a later one"):
        ask(session, act="fork", at=7)


def test_fork_behind_a_change_of_networks_is_refused(session):
    session.set_up({"batch": 32})
    ask(session)
    with pytest.raises(BadInput, match="expected a step of the run, 20 to"):
        ask(session, act="fork", at=7)


def test_new_start_has_one_branch(session):
    ask(session, act="fork", at=3)
    ask(session, act="restart")
    assert session.tree == []


def test_checkpoints_of_a_session_stay_within_their_memory(session):
    assert session.run.checkpoints.budget == LIMITS.checkpoints
    ask(session, act="fork", at=3)
    assert session.run.checkpoints.budget == LIMITS.checkpoints


def test_chunk_carries_the_tree_and_each_ghost_once():
    visit = Visit.opened(
        {"recipe": "vanilla", "generator.widths": "8", "discriminator.widths": "8", "target": "normal(0, 1)"}
    )
    visit.reply(None)
    usual = {"from": visit.session.step, "frames": 1, "speed": 40, "stepsPerFrame": 2}
    header, _ = decode(visit.reply({**usual, "seq": 1, "act": "step"}))
    assert header["branches"] == [] and header["ghosts"] == {}
    header, _ = decode(visit.reply({**usual, "seq": 2, "act": "fork", "at": 2, "knobs": {"location": 1.0}}))
    (name,) = header["ghosts"]
    ghost = header["ghosts"][name]
    assert header["current"] == 1 and [branch["ghost"] for branch in header["branches"]] == [name, None]
    assert len(ghost["density"]) == 512 and len(ghost["g"]) == len(ghost["z"]) == 257
    assert len(ghost["steps"]) == len(ghost["distances"])
    assert header["epoch"] == 1 and header["knobs"]["location"] == 1.0
    assert header["turned"][0]["location"] == 0.0 and header["turned"][-1] == {}
    header, _ = decode(visit.reply({**usual, "seq": 3, "epoch": 1, "from": 2, "act": "step", "ghosts": [name]}))
    assert header["ghosts"] == {} and header["steps"] == [4]


def test_ghosts_that_the_stage_names_are_bounded():
    with pytest.raises(BadInput, match="ghosts"):
        understand({"seq": 1, "ghosts": ["x"] * 65})
