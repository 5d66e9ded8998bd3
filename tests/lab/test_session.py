"""One visitor's session, without a browser."""

import numpy as np
import pytest

from gausslab import BadInput
from gausslab.lab.playback import FRAMES_PER_CALL, MOMENTS_ON_THE_WAY
from gausslab.lab.protocol import understand
from gausslab.lab.session import Session
from gausslab.lab.transplant import transplanted
from gausslab.recipes import RECIPES
from gausslab.run import Event, begin
from gausslab.settings import LIMITS, Experiment

SMALL = {"generator.widths": (8,), "discriminator.widths": (8,), "batch": 16}
TWO_MODES = "0.5*normal(-2, 0.5) + 0.5*normal(2, 0.5)"


def experiment(**changes) -> Experiment:
    return RECIPES["vanilla"].experiment(**{**SMALL, "target": TWO_MODES, "seed": 3, **changes})


@pytest.fixture
def session() -> Session:
    return Session(experiment())


def ask(session: Session, **told):
    usual = {"seq": 1, "v": 0, "epoch": session.epoch, "from": session.step, "frames": 5, "stepsPerFrame": 2}
    return session.answer(understand({**usual, "speed": 40, **told}))


def weights(session: Session) -> np.ndarray:
    state = session.run.state
    return np.concatenate([np.asarray(state.generator.parameters), np.asarray(state.discriminator.parameters)])


def plain(steps: int, *events: Event, **changes) -> np.ndarray:
    """The weights of a run of these steps in one go."""
    run = begin(experiment(**changes))
    stops = sorted({event.step for event in events} | {steps})
    for stop in stops:
        if stop > run.step:
            vector = np.zeros(FRAMES_PER_CALL, np.int32)
            vector[0] = stop - run.step
            run.advance(vector)
        for event in events:
            if event.step == stop and stop < steps:
                run.change({event.knob: event.value})
    return np.concatenate([np.asarray(run.state.generator.parameters), np.asarray(run.state.discriminator.parameters)])


def test_first_answer_moves_by_itself_from_the_very_start(session):
    steps = [line.frame.step for line in session.answer(None)]
    assert steps[0] == 0 and steps[-1] > 5
    assert steps == sorted(steps)


def test_frames_are_as_many_steps_apart_as_asked_for(session):
    lines = ask(session, act="step", frames=7, stepsPerFrame=3)
    assert [line.frame.step for line in lines] == list(range(3, 22, 3))


def test_zero_steps_look_again_without_training(session):
    ask(session)
    before = weights(session)
    lines = ask(session, act="step", frames=1, stepsPerFrame=0)
    assert len(lines) == 1 and lines[0].frame.step == session.step
    np.testing.assert_array_equal(weights(session), before)


def test_play_in_pieces_gives_the_bits_of_one_run(session):
    for frames in (3, 5, 1, 9):
        ask(session, act="step", frames=frames)
    np.testing.assert_array_equal(weights(session), plain(36))


def test_change_goes_on_from_the_frame_that_was_kept(session):
    ask(session, act="step", frames=10)
    lines = ask(session, v=1, knobs={"generator.rate": 0.01}, act="step", frames=2, **{"from": 6})
    assert [line.frame.step for line in lines] == [8, 10]
    np.testing.assert_array_equal(weights(session), plain(10, Event(6, "generator.rate", 0.01)))
    assert session.run.events == [Event(6, "generator.rate", 0.01)]


def test_change_at_a_step_between_two_snapshots_goes_on_from_that_step(session):
    ask(session, act="step", frames=5, stepsPerFrame=3)
    ask(session, v=1, knobs={"location": 1.5}, act="step", frames=1, stepsPerFrame=1, **{"from": 7})
    np.testing.assert_array_equal(weights(session), plain(8, Event(7, "location", 1.5)))


def test_what_was_made_ahead_of_a_change_is_forgotten(session):
    ask(session, act="step", frames=10)
    ask(session, v=1, knobs={"generator.rate": 0.01}, act="step", frames=1, stepsPerFrame=1, **{"from": 6})
    assert max(session.past.steps) == session.step == 7


def test_frame_after_a_change_shows_the_new_target(session):
    ask(session)
    (line,) = ask(session, v=1, knobs={"location": 3.0}, act="step", frames=1, stepsPerFrame=0)
    assert line.frame.scene.mean == pytest.approx(3.0, abs=0.01)
    assert line.frame.knobs["location"] == 3.0


def test_same_version_turns_no_knob(session):
    ask(session, v=0, knobs={"generator.rate": 0.5})
    assert session.run.knobs["generator.rate"] == 1e-3


@pytest.mark.parametrize("knobs", [{"no.such": 1.0}, {"batch": 32.0}, {"generator.rate": 7.0}, {"scale": -1.0}])
def test_knob_that_cannot_turn_is_refused_and_the_session_lives(session, knobs):
    ask(session)
    step = session.step
    with pytest.raises(BadInput, match=r"expected|less|greater"):
        ask(session, v=1, knobs=knobs)
    assert session.step == step
    assert ask(session)[-1].frame.step > step


def test_half_step_of_the_discriminator_leaves_the_map_alone(session):
    ask(session)
    before = ask(session, act="step", frames=1, stepsPerFrame=0)[0].frame
    (line,) = ask(session, act="discriminator")
    np.testing.assert_array_equal(line.frame.g, before.g)
    assert not np.array_equal(line.frame.logits, before.logits)
    assert line.frame.step == before.step + 1
    assert session.run.knobs["generator.steps"] == 1


def test_half_step_of_the_generator_leaves_the_discriminator_alone(session):
    ask(session)
    before = ask(session, act="step", frames=1, stepsPerFrame=0)[0].frame
    (line,) = ask(session, act="generator")
    np.testing.assert_array_equal(line.frame.logits, before.logits)
    assert not np.array_equal(line.frame.g, before.g)
    assert session.run.knobs["discriminator.steps"] == 1


def test_discriminator_comes_nearer_to_its_optimum_while_the_generator_waits(session):
    ask(session)
    before = ask(session, act="step", frames=1, stepsPerFrame=0)[0].frame
    after = ask(session, act="optimal")[-1].frame
    np.testing.assert_array_equal(after.g, before.g)
    assert abs(after.optimal_value - after.value) < abs(before.optimal_value - before.value)


def test_seek_shows_the_very_step_and_leaves_the_run_where_it_is(session):
    ask(session, act="step", frames=10)
    (line,) = ask(session, act="seek", at=7)
    assert line.frame.step == 7
    assert session.step == 20
    assert ask(session, act="step", frames=1)[0].frame.step == 22


def test_frame_that_was_never_shown_is_that_of_a_run_to_its_step(session):
    ask(session, act="step", frames=10)
    (line,) = ask(session, act="seek", at=7)
    other = Session(experiment())
    (same,) = ask(other, act="step", frames=1, stepsPerFrame=7)
    np.testing.assert_array_equal(line.frame.g, same.frame.g)
    np.testing.assert_array_equal(line.frame.logits, same.frame.logits)


def test_seek_to_the_start_shows_the_frame_before_the_first_step(session):
    ask(session, act="step", frames=3)
    assert ask(session, act="seek", at=0)[0].frame.step == 0


def test_seek_shows_the_knobs_of_then(session):
    ask(session, act="step", frames=10)
    ask(session, v=1, knobs={"location": 2.0}, act="step", frames=3)
    assert ask(session, v=1, act="seek", at=7)[0].frame.knobs["location"] == 0.0
    assert ask(session, v=1, act="seek", at=23)[0].frame.knobs["location"] == 2.0


def test_seek_that_would_take_too_long_shows_the_last_remembered_frame_before(session):
    ask(session, act="step", frames=10)
    session.pace.step = 1.0
    assert ask(session, act="seek", at=7)[0].frame.step == 6


def test_seek_behind_a_change_of_networks_shows_what_is_remembered(session):
    ask(session, act="step", frames=10)
    session.set_up({"batch": 32})
    ask(session, act="step", frames=10)
    assert ask(session, act="seek", at=7)[0].frame.step == 6
    assert ask(session, act="seek", at=27)[0].frame.step == 27


def test_pause_takes_no_step(session):
    ask(session)
    step = session.step
    assert ask(session, act="pause") == []
    assert session.step == step


def test_restart_gives_the_same_bits_with_the_same_seed(session):
    ask(session, act="step")
    first, identity, epoch = weights(session), session.identity, session.epoch
    assert ask(session, act="restart")[0].frame.step == 0
    assert session.identity != identity and session.epoch > epoch
    ask(session, act="step")
    np.testing.assert_array_equal(weights(session), first)


def test_new_seed_gives_another_run(session):
    ask(session, act="step")
    first = weights(session)
    ask(session, act="seed")
    assert session.run.experiment.seed == 4
    ask(session, act="step")
    assert not np.array_equal(weights(session), first)


def test_restart_keeps_the_knobs_where_they_are(session):
    session.change({"generator.rate": 0.004, "location": 2.0})
    session.restart()
    assert session.run.knobs["generator.rate"] == 0.004 and session.run.target.mean == pytest.approx(2.0)


def test_new_target_stands_where_it_was_typed(session):
    session.change({"location": 5.0, "scale": 2.0})
    ask(session, v=1, knobs={"location": 5.0}, target={"text": "normal(1, 2)"})
    assert session.run.target.mean == pytest.approx(1.0) and session.run.target.std == pytest.approx(2.0)


def test_drawn_target_is_learnt(session):
    lines = ask(session, v=1, target={"drawn": [[0, 0], [1, 2], [2, 0]]}, act="step", frames=1, stepsPerFrame=0)
    assert lines[0].frame.scene.mean == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("wish", [{"text": "normal("}, {"text": 'data("secret.csv")'}, {"drawn": [[0, 0], [1, 0]]}])
def test_target_that_cannot_be_is_refused_and_the_old_one_stays(session, wish):
    ask(session)
    with pytest.raises(BadInput, match="xpected"):
        ask(session, v=1, target=wish)
    assert session.run.text == experiment().target


def test_knob_from_the_page_acts_at_once_and_keeps_the_weights(session):
    ask(session)
    before = weights(session)
    session.set_up({"optimiser.beta1": 0.9})
    np.testing.assert_array_equal(weights(session), before)
    assert session.run.events[-1].knob == "optimiser.beta1" and session.epoch == 1


@pytest.mark.parametrize(
    "values",
    [
        {"loss": "wasserstein"},
        {"batch": 32},
        {"generator.activation": "relu"},
        {"optimiser.name": "rmsprop"},
        {"penalties": {"r1": 1.0}},
        {"update": "simultaneous"},
        {"remedies.clip_gradient": 1.0},
        {"latent.kind": "normal"},
    ],
    ids=str,
)
def test_other_structure_keeps_the_weights(session, values):
    ask(session)
    before, step = weights(session), session.step
    session.set_up(values)
    np.testing.assert_array_equal(weights(session), before)
    assert session.step == step
    assert not session.from_start


def test_other_structure_goes_on_from_where_it_was(session):
    ask(session)
    step = session.step
    session.set_up({"loss": "minimax", "optimiser.name": "sgd", "penalties": {"r1": 1.0}})
    assert ask(session)[-1].frame.step >= step
    session.playback.wait()
    lines = ask(session)
    assert lines[0].frame.step > step
    assert lines[0].frame.knobs["penalties.r1"] == 1.0


def test_other_widths_of_one_player_keep_the_other(session):
    ask(session)
    kept = np.asarray(session.run.state.generator.parameters)
    session.set_up({"discriminator.widths": (12,)})
    np.testing.assert_array_equal(session.run.state.generator.parameters, kept)
    assert session.run.state.discriminator.parameters.size == 37


def test_widths_in_another_order_are_another_network_though_as_many_weights():
    run = begin(experiment(**{"generator.widths": (4, 8)}))
    turned = run.experiment.changed({"generator.widths": (8, 4)})
    assert begin(turned).state.generator.parameters.size == run.state.generator.parameters.size
    new = transplanted(run, turned)
    assert not np.array_equal(new.state.generator.parameters, run.state.generator.parameters)
    np.testing.assert_array_equal(new.state.discriminator.parameters, run.state.discriminator.parameters)


def test_where_no_weights_fit_the_run_begins_anew(session):
    ask(session)
    session.set_up({"generator.widths": (12,), "discriminator.widths": (12,)})
    assert session.step == 0 and session.from_start


def test_page_change_voids_what_the_stage_asked_for_before_it(session):
    ask(session)
    session.set_up({"optimiser.beta1": 0.9})
    before = session.run.knobs
    lines = ask(session, epoch=0, v=9, knobs={"generator.rate": 0.3}, **{"from": 1})
    assert session.run.knobs == before
    assert lines[0].frame.step > 1


@pytest.mark.parametrize(
    "values",
    [
        {"batch": 8192},
        {"generator.widths": (8,) * 5},
        {"discriminator.widths": (8,) * 8},
        {"latent.dimension": 200},
        {"discriminator.pack": 1024, "batch": 1024},
    ],
    ids=str,
)
def test_what_would_take_the_server_from_others_is_refused(session, values):
    with pytest.raises(BadInput, match="in the lab, got"):
        session.set_up(values)
    assert ask(session)


def test_break_down_is_said_and_can_be_gone_on_from(session):
    session.set_up({"loss": "pearson", "optimiser.name": "sgd", "discriminator.rate": 1.0, "generator.rate": 1.0})
    lines = ask(session, act="step", frames=20, stepsPerFrame=50)
    assert session.run.failure and "Diverged" in lines[-1].sentence
    step = session.step
    assert all(np.isfinite(line.frame.g).all() for line in lines)
    ask(session, v=1, knobs={"discriminator.rate": 1e-6, "generator.rate": 1e-6})
    assert session.run.failure is None and session.step > step


def test_history_is_bounded_and_thinned_evenly(monkeypatch):
    session = Session(experiment())
    session.past.most = 20
    for _ in range(15):
        ask(session, act="step", frames=10, stepsPerFrame=1)
    gaps = np.diff(session.past.steps)
    assert len(session.past) <= 20
    assert session.past.steps[0] == 1 and session.past.steps[-1] > 120
    assert gaps.max() <= 2 * gaps.min()


def test_snapshots_are_bounded(session):
    for _ in range(40):
        ask(session, act="step", frames=5, stepsPerFrame=1)
    assert len(session.playback._snapshots) <= 2 * LIMITS.look_ahead // FRAMES_PER_CALL


def test_link_script_is_done_again_bit_for_bit():
    events = [Event(10, "generator.rate", 0.01), Event(25, "location", 1.0)]
    session = Session(experiment(), events, 40)
    steps = []
    while session.step < 40:
        steps += [line.frame.step for line in ask(session)]
    assert steps[-1] == 40
    np.testing.assert_array_equal(weights(session), plain(40, *events))


def test_session_of_a_link_stands_at_its_step_until_it_is_asked_on_from_there():
    session = Session(experiment(), [Event(25, "location", 1.0)], 25)
    lines = session.answer(None)
    while lines[-1].frame.step < 25:
        lines = ask(session, **{"from": lines[-1].frame.step})
    assert lines[-1].frame.knobs["location"] == 1.0
    assert [line.frame.step for line in ask(session, **{"from": 24})] == [25]
    assert session.goal == 25
    assert ask(session, **{"from": 25})[-1].frame.step > 25
    assert session.goal == 0


def test_way_to_the_step_of_a_link_is_seen_and_not_leapt_over():
    session = Session(experiment(), step=600)
    session.pace.step = 1e-6  # as if the whole way fitted into a turn
    steps = []
    while session.step < 600:
        steps += [line.frame.step for line in ask(session, frames=LIMITS.look_ahead)]
    assert steps[-1] == 600 and len(steps) >= MOMENTS_ON_THE_WAY


def test_words_go_back_with_the_run(session):
    lines = ask(session, act="step", frames=20, stepsPerFrame=10)
    then = {line.frame.step: line.sentence for line in lines}
    ask(session, act="step", frames=20, stepsPerFrame=10)
    again = ask(session, act="step", frames=1, stepsPerFrame=0, **{"from": 200})[-1]
    assert again.frame.step == 200 and again.sentence == then[200]


def test_new_target_is_judged_anew_while_paused(session):
    before = ask(session, act="step", frames=10)[-1]
    after = ask(session, act="step", stepsPerFrame=0, frames=1, v=1, target={"text": "normal(9, 1)"})[-1]
    assert after.frame.step == before.frame.step
    assert after.sentence != before.sentence


def test_remembered_frames_carry_their_words(session):
    ask(session, act="step", frames=10)
    assert all(frame.diagnosis and frame.verdict for frame in session.playback.frames(5))
    assert len(session.playback.frames(5)) == 5


JUMP = (Event(30, "pause", ""), Event(30, "generator.rate", 0.05), Event(50, "generator.rate", 0.01))


def test_what_a_recipe_does_on_the_way_is_done_at_its_very_steps():
    session = Session(experiment(), agenda=JUMP)
    steps: list[int] = []
    while session.step < 60:
        steps += [line.frame.step for line in ask(session, frames=5, stepsPerFrame=4)]
    assert {30, 50} < set(steps)
    assert session.run.events == [*JUMP[1:]]
    np.testing.assert_array_equal(weights(session), plain(session.step, *JUMP[1:]))


def test_what_a_recipe_does_is_done_again_after_a_step_back_and_a_new_start():
    session = Session(experiment(), agenda=JUMP)
    while session.step < 60:
        ask(session, stepsPerFrame=4)
    ask(session, v=1, knobs={"location": 1.0}, **{"from": 20})
    while session.step < 60:
        ask(session, v=1, **{"from": session.step})
    assert [event.step for event in session.run.events] == [20, 30, 50]
    rate = session.run.experiment.knobs()["generator.rate"]
    ask(session, act="restart", v=1)
    assert session.run.knobs["generator.rate"] == rate and session.run.events == []
    while session.step < 60:
        ask(session, v=session.version)
    assert [event.step for event in session.run.events] == [30, 50]


def test_link_to_a_recipe_does_what_is_still_ahead_of_its_step():
    session = Session(experiment(), JUMP[1:2], 40, JUMP)
    while session.step < 40:
        ask(session)
    while session.step < 60:
        ask(session, **{"from": session.step})
    assert session.run.events == [*JUMP[1:]]


def test_who_wants_something_else_by_now_gets_the_frames_of_one_call(session):
    session.answer(None)
    told = {"seq": 1, "epoch": session.epoch, "from": session.step, "frames": 40, "speed": 40, "stepsPerFrame": 2}
    few = session.answer(understand(told), given_up=lambda: True)
    assert 1 <= len(few) <= FRAMES_PER_CALL
    assert few[-1].frame.step == session.step


def test_steps_with_more_updates_are_expected_to_take_longer(session):
    session.answer(None)
    before = session.pace.step
    session.change({"discriminator.steps": 5.0})
    assert session.pace.step == pytest.approx(3 * before)
    session.change({"discriminator.steps": 1.0})
    assert session.pace.step == pytest.approx(before)
