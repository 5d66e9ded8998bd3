"""Two runs of one session in lock-step, without a browser."""

import numpy as np
import pytest

from gausslab import BadInput, duel
from gausslab.lab import challenge, link
from gausslab.lab.challenge import of_recipe, of_run, with_changes
from gausslab.lab.protocol import understand
from gausslab.lab.session import Session
from gausslab.recipes import RECIPES
from gausslab.run import Event
from gausslab.settings import Experiment

SMALL = {"generator.widths": (8,), "discriminator.widths": (8,), "batch": 16}
RATE = {"generator.rate": 0.01}


def experiment(**changes) -> Experiment:
    return RECIPES["vanilla"].experiment(**{**SMALL, "target": "normal(1, 2)", "seed": 3, **changes})


@pytest.fixture
def session() -> Session:
    session = Session(experiment())
    session.duel(with_changes(session.experiment, RATE))
    return session


def ask(session: Session, **told):
    usual = {"seq": 1, "v": session.version, "epoch": session.epoch, "from": session.step, "frames": 5}
    return session.answer(understand({**usual, "stepsPerFrame": 2, "speed": 40, **told}))


def arrive(session: Session) -> None:
    """Play until both stand where the run stood when the duel began."""
    while session.step < session.goal:
        ask(session, **{"from": 0})


def weights(run) -> np.ndarray:
    return np.concatenate([np.asarray(run.state.generator.parameters), np.asarray(run.state.discriminator.parameters)])


def same(run, other) -> bool:
    return run.step == other.step and np.array_equal(weights(run), weights(other))


def test_both_stand_at_the_same_step_at_every_frame_with_the_bits_of_a_duel(session):
    lines = [line for count in (3, 5, 9) for line in ask(session, act="step", frames=count)]
    assert [line.rival.step for line in lines] == [line.frame.step for line in lines]
    alone = duel(experiment(), experiment(**RATE), session.step)
    assert same(session.run, alone.first) and same(session.rival.run, alone.second)
    distances = [line.readings.wasserstein_over_std for line in (lines[-1].frame, lines[-1].rival)]
    assert tuple(distances) == alone.wasserstein


def test_rival_that_comes_later_has_both_begin_anew_and_reach_the_same_step_with_the_same_bits():
    session = Session(experiment())
    ask(session, act="step", frames=20)
    ask(session, v=1, knobs={"location": 0.5}, act="step", frames=20)
    end, at = weights(session.run), session.step
    session.duel(with_changes(session.experiment, RATE))
    assert session.step == 0 and session.goal == at
    arrive(session)
    np.testing.assert_array_equal(weights(session.run), end)
    assert session.rival.run.step == at
    assert session.rival.run.events == [Event(40, "location", 0.5)]


def test_knob_turned_is_turned_in_both_with_what_lay_ahead_forgotten(session):
    ask(session, act="step", frames=10)
    ask(session, v=1, knobs={"discriminator.rate": 0.02}, act="step", frames=2, **{"from": 7})
    assert session.step == session.rival.run.step == 11
    plain = Session(experiment(**RATE))
    ask(plain, act="step", frames=7, stepsPerFrame=1)
    ask(plain, v=1, knobs={"discriminator.rate": 0.02}, act="step", frames=4, stepsPerFrame=1)
    assert same(session.rival.run, plain.run)


def test_setting_in_which_they_differ_is_turned_on_one_side_only(session):
    ask(session, v=1, knobs={"generator.rate": 0.002}, act="step")
    assert session.run.knobs["generator.rate"] == 0.002
    assert session.rival.run.knobs["generator.rate"] == 0.01 and not session.rival.run.events


def test_knob_turned_again_and_again_at_one_moment_leaves_no_trace_of_the_first_turns(session):
    ask(session, act="step", frames=10)
    for version, value in enumerate((0.5, -1.0, 0.0), 1):
        ask(session, v=version, knobs={"location": value}, act="step", frames=3, **{"from": 8})
    plain = Session(experiment(**RATE))
    ask(plain, act="step", frames=7)
    assert same(session.rival.run, plain.run)


def test_drawn_target_is_learnt_by_both_which_share_it(session):
    ask(session, act="step")
    (line,) = ask(session, v=1, target={"drawn": [[0, 0.1], [1, 1], [3, 0.1]]}, act="step", frames=1)
    np.testing.assert_array_equal(line.rival.scene.p, line.frame.scene.p)
    assert session.rival.run.text == session.run.text


def test_target_in_which_they_differ_stays_with_its_place():
    session = Session(experiment())
    session.duel(with_changes(session.experiment, {"target": "normal(5, 1)"}))
    ask(session, v=1, knobs={"location": 1.0}, act="step")
    assert session.rival.run.text.startswith("normal(5") and session.rival.run.knobs["location"] == 0


def test_half_step_is_one_of_both_however_many_steps_each_discriminator_takes():
    session = Session(experiment())
    session.duel(with_changes(session.experiment, {"discriminator.steps": 3}))
    ask(session, act="step")
    (before,) = ask(session, act="step", frames=1, stepsPerFrame=0)
    (line,) = ask(session, act="generator")
    np.testing.assert_array_equal(line.rival.logits, before.rival.logits)
    assert not np.array_equal(line.rival.g, before.rival.g)
    assert session.rival.run.knobs["discriminator.steps"] == 3


def test_past_moment_shows_both_at_the_very_step(session):
    lines = ask(session, act="step", frames=10, stepsPerFrame=1)
    (line,) = ask(session, act="seek", at=7)
    assert line.frame.step == line.rival.step == 7
    np.testing.assert_array_equal(line.rival.g, lines[6].rival.g)


def test_start_again_starts_both_again_with_the_knobs_as_they_stand(session):
    ask(session, v=1, knobs={"discriminator.rate": 0.02}, act="step")
    (line,) = ask(session, act="restart")
    assert line.frame.step == line.rival.step == 0
    assert session.rival.experiment == experiment(**RATE, **{"discriminator.rate": 0.02})
    ask(session, act="seed")
    assert session.rival.experiment.seed == session.experiment.seed == 4
    ask(session, act="step")
    alone = duel(session.experiment, session.rival.experiment, session.step)
    assert same(session.run, alone.first) and same(session.rival.run, alone.second)


def test_each_branch_has_the_rival_that_it_was_left_with(session):
    ask(session, act="step", frames=10)
    left = weights(session.rival.run)
    lines = ask(session, act="fork", at=7, knobs={"discriminator.rate": 0.02})
    assert session.step == session.rival.run.step == lines[-1].rival.step == 7
    ask(session, act="step", frames=2)
    assert session.rival.run.events == [Event(7, "discriminator.rate", 0.02)]
    ask(session, act="branch", at=0)
    assert session.rival.run.step == session.step == 20
    np.testing.assert_array_equal(weights(session.rival.run), left)


def test_branch_as_the_rival_and_the_other_way_round_where_it_is_entered(session):
    session.end_duel()
    ask(session, act="step", frames=10)
    ask(session, act="fork", at=8, knobs=RATE)
    ask(session, act="step", frames=3)
    forked, first = weights(session.run), session.branches.left(0).stand.run
    session.duel(challenge.of_branch(first, 0))
    arrive(session)
    np.testing.assert_array_equal(weights(session.run), forked)
    assert session.rival.run.step == session.step == 14
    assert session.rival.told(session.run)["differences"] == "generator.rate 0.01 | 0.001"
    ask(session, act="branch", at=0)
    arrive(session)
    np.testing.assert_array_equal(weights(session.run), weights(first))
    assert session.rival.run.events == [Event(8, "generator.rate", 0.01)]


def test_saved_run_has_done_to_it_again_what_was_done_even_past_the_present_step(session):
    events = (Event(4, "location", 1.0), Event(13, "generator.rate", 0.02))
    session.duel(of_run(link.Opening("vanilla", experiment(seed=8), events, 20)))
    lines = ask(session, act="step", frames=6, stepsPerFrame=3)
    assert [line.rival.step for line in lines] == [3, 6, 9, 12, 15, 18]
    assert session.rival.run.events == list(events) and session.rival.run.experiment.seed == 3
    plain = Session(experiment(), events, 18)
    arrive(plain)
    assert plain.step == 18 and same(plain.run, session.rival.run)


def test_swap_exchanges_the_two_and_they_go_on_as_they_were(session):
    ask(session, act="step", frames=10)
    sides = weights(session.run), weights(session.rival.run)
    lines = ask(session, act="swap")
    assert lines[-1].frame.step == lines[-1].rival.step == 20
    np.testing.assert_array_equal(weights(session.run), sides[1])
    np.testing.assert_array_equal(weights(session.rival.run), sides[0])
    ask(session, act="step", frames=5)
    alone = duel(experiment(**RATE), experiment(), 30)
    assert same(session.run, alone.first) and same(session.rival.run, alone.second)


def test_end_goes_on_alone(session):
    ask(session, act="step")
    assert ask(session, act="peace") == []
    assert session.rival is None and ask(session, act="step")[-1].rival is None


def test_rival_that_breaks_down_stands_and_the_run_goes_on():
    session = Session(experiment())
    wild = {"loss": "pearson", "optimiser.name": "sgd", "discriminator.rate": 1.0, "generator.rate": 1.0}
    session.duel(with_changes(session.experiment, wild))
    lines = ask(session, act="step", frames=20, stepsPerFrame=50)
    broken = session.rival.run.step
    assert session.run.failure is None and session.step > broken == lines[-1].rival.step
    told = session.rival.told(session.run)
    assert told["broken"] == broken and told["reason"]
    with pytest.raises(BadInput, match="broke down at step"):
        ask(session, act="swap")
    ask(session, act="restart")
    assert session.rival.run.failure is None


def test_setting_of_the_page_goes_to_both_with_their_weights(session):
    ask(session, act="step")
    session.set_up({"batch": 32})
    assert session.run.experiment.batch == session.rival.run.experiment.batch == 32
    assert ask(session, act="step")[-1].rival.step == session.step == 20
    session.set_up({"generator.widths": (4,), "discriminator.widths": (4,)})
    assert session.step == session.rival.run.step == 0 and session.rival.run.experiment.generator.rate == 0.01


def test_recipe_learns_the_same_target_and_is_told_with_its_differences():
    session = Session(experiment())
    session.duel(of_recipe("steady"))
    told = session.rival.told(session.run)
    assert session.rival.run.experiment.target == "normal(1, 2)" and told["name"] == "steady"
    assert told["differences"].endswith("more") and "penalties.r1 none | 1" in told["all"]


def test_run_whose_networks_were_changed_is_refused_and_stays(session):
    session.end_duel()
    ask(session, act="step")
    session.set_up({"loss": "relativistic"})
    step = session.step
    with pytest.raises(BadInput, match=r"start it again \(0\)"):
        session.duel(of_recipe("steady"))
    assert session.step == step and session.rival is None


def test_rival_too_large_for_the_lab_is_refused(session):
    with pytest.raises(BadInput, match="at most"):
        session.duel(with_changes(session.experiment, {"batch": 4096}))


@pytest.mark.parametrize(
    "made",
    [
        lambda own: of_recipe("steady"),
        lambda own: with_changes(own, RATE),
        lambda own: with_changes(own, {"penalties.r1": 1.0, "loss": "relativistic", "generator.widths": (4, 4)}),
        lambda own: of_run(link.Opening("vanilla", experiment(batch=32), (Event(4, "location", 1.0),))),
    ],
)
def test_challenge_is_the_same_out_of_an_address(made):
    own = experiment()
    asked = made(own)
    query = dict(part.split("=", 1) for part in link.write(link.Opening("vanilla", own, rival="x")).split("&"))
    assert query["rival"] == "x"
    again = challenge.read(asked.text, own)
    assert again.experiment(own) == asked.experiment(own) and again.events == asked.events


@pytest.mark.parametrize("text", ["nonsense", "seed:3", "batch:many", "no.such:1", "run:AAAA", "target:nonsense("])
def test_mangled_rival_of_an_address_is_refused_with_a_sentence(text):
    with pytest.raises(BadInput):
        challenge.read(text, experiment())


def test_same_setting_is_no_rival():
    with pytest.raises(BadInput, match="got the same"):
        with_changes(experiment(), {"batch": 16})
