"""A run: its frames, its events, what it refuses, and how it ends when the numbers do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from constructors import compilations, plain, small, turned

from gausslab import training
from gausslab.errors import BadInput
from gausslab.files import load
from gausslab.observing import Frames
from gausslab.run import Event, Run, begin, train

BLOWING_UP = {"loss": "kl", "generator.rate": 1.0, "discriminator.rate": 1.0}


def _same(one, other) -> bool:
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def _refused(act) -> str:
    with pytest.raises(BadInput) as caught:
        act()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def broken() -> Run:
    """A KL game at a learning rate of 1."""
    return begin(plain(BLOWING_UP)).train(1000, progress=False)


def test_frames_fall_on_multiples_and_on_the_end():
    run = begin(small()).train(12, progress=False)
    assert [frame.step for frame in run.frames] == [0, 5, 10, 12]
    run.train(8, progress=False)
    assert [frame.step for frame in run.frames] == [0, 5, 10, 12, 15, 20]
    assert run.step == 20


def test_a_run_of_many_frames_crosses_the_borders_of_its_calls():
    run = begin(small({"frame_every": 1})).train(60, progress=False)
    assert [frame.step for frame in run.frames] == list(range(61))
    assert _same(run.state, begin(small()).train(60, progress=False).state)


@pytest.mark.parametrize("changes", [{}, {"discriminator.spectral_norm": True, "latent.dimension": 2}])
def test_what_is_compiled_ahead_is_what_the_run_trains_with(changes):
    begin(small(changes)).train(1, progress=False)  # what else is compiled, once for all
    experiment = small({**changes, "batch": 20})  # that of no other test
    run = begin(experiment, ahead=True)
    with compilations() as compiled:
        run.train(5, progress=False)
    assert compiled == []
    assert _same(run.state, begin(experiment).train(5, progress=False).state)


def test_the_first_frame_shows_the_game_before_anybody_has_moved():
    run = begin(small()).train(1, progress=False)
    frame = run.frames[0]
    assert frame.step == 0
    assert np.isnan([frame.generator_gradient, frame.discriminator_gradient]).all()
    assert np.isnan([frame.generator_loss, frame.discriminator_loss]).all()
    assert frame.verdict == "healthy"


def test_training_hands_back_control_between_chunks_and_may_stop_there():
    run = begin(small({"frame_every": 1}))
    reached = []
    for step in run.training(60, progress=False):
        reached.append(step)
        if step >= 30:
            break
    assert len(reached) > 2 and reached == sorted(set(reached))
    assert run.step == reached[-1] < 60
    assert _same(run.resume(60 - run.step, progress=False).state, begin(small()).train(60, progress=False).state)


def test_train_takes_an_experiment_and_its_own_number_of_steps():
    assert train(small({"steps": 7}), progress=False).step == 7
    assert train(small({"steps": 7}), steps=3, progress=False).step == 3


@pytest.mark.parametrize("steps", [0, -3])
def test_a_run_of_no_steps_is_refused(steps):
    assert f"got {steps}" in _refused(lambda: begin(small()).train(steps))


def test_time_is_told_apart_into_compiling_and_training():
    timing = begin(small()).train(20, progress=False).timing
    assert timing.steps == 20
    assert timing.compiling > 0
    assert timing.steps_per_second == pytest.approx(20 / timing.training)
    assert begin(small()).timing.steps_per_second == 0


def test_a_progress_bar_says_how_far_it_is(capsys):
    begin(small()).train(10, progress=True)
    assert "training" in capsys.readouterr().err
    begin(small()).train(10, progress=False)
    assert capsys.readouterr().err == ""


def test_a_change_is_recorded_and_acts_from_the_next_step_on():
    run = begin(small()).train(5, progress=False)
    run.change({"generator.rate": 0.0, "discriminator.rate": run.knobs["discriminator.rate"]})
    assert run.events == [Event(5, "generator.rate", 0.0)]
    before = np.asarray(run.state.generator.parameters)
    run.train(5, progress=False)
    np.testing.assert_array_equal(run.state.generator.parameters, before)
    assert run.frames[-1].knobs["generator.rate"] == 0
    assert run.frames[1].knobs["generator.rate"] > 0
    assert run.experiment == small()


def test_the_same_events_give_the_same_bits():
    def played() -> Run:
        run = begin(small()).train(7, progress=False)
        run.change({"discriminator.rate": 0.02, "location": 1.0}).train(6, progress=False)
        return run.change({"target": "comb(3)", "discriminator.steps": 2}).train(4, progress=False)

    one, other = played(), played()
    assert _same(one.state, other.state)
    assert one.events == other.events
    names = ["discriminator.rate", "location", "target", "discriminator.steps"]
    assert [(event.step, event.knob) for event in one.events] == list(zip([7, 7, 13, 13], names, strict=True))
    assert not _same(one.state, begin(small()).train(17, progress=False).state)


def test_a_run_made_with_events_has_their_values_in_force():
    run = begin(small())
    events = [Event(0, "generator.rate", 0.5), Event(2, "target", "comb(3)"), Event(2, "scale", 2.0)]
    again = Run(run.experiment, run.state, run.moves, run.units, events)
    assert again.knobs["generator.rate"] == 0.5
    assert again.target.label == begin(small({"target": "comb(3)", "scale": 2.0})).target.label


def test_a_new_target_starts_the_clock_anew_but_keeps_weights_and_units():
    run = begin(small()).train(5, progress=False)
    weights = np.asarray(run.state.generator.parameters)
    run.change({"location": 3.0})
    assert run.state.clock == 0
    assert run.step == 5
    assert (run.units.origin, run.units.unit) == (4.0, 1.25)
    np.testing.assert_array_equal(run.state.generator.parameters, weights)
    assert run.target.mean == pytest.approx(7)
    run.train(5, progress=False)
    assert run.frames[-1].scene.mean == pytest.approx(7)
    assert run.frames[-1].real.mean() == pytest.approx(7, abs=1)
    assert run.frames[1].scene.mean == pytest.approx(4)
    run.change({"generator.rate": 0.02})
    assert run.state.clock == 5


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"batch": 32}, "batch"),
        ({"generator.widths": (3,)}, "generator.widths"),
        ({"loss": "hinge"}, "loss"),
        ({"seed": 3}, "seed"),
        ({"penalties.dragan": 1.0}, "penalties.dragan"),
        ({"generator.rat": 0.1}, "generator.rat"),
        ({"generator.rate": 7.0}, "generator.rate"),
        ({"generator.rate": float("nan")}, "generator.rate"),
        ({"generator.rate": "fast"}, "generator.rate"),
        ({"target": "nonsense("}, "expected"),
        ({"remedies.unrolled": 2}, "remedies.unrolled"),
        ({"remedies.clip_weights": 0.5, "generator.rate": 0.1}, "remedies.clip_weights"),
        ({"generator.rate": 0.1, "scale": 0.0}, "scale"),
    ],
)
def test_a_change_that_cannot_be_made_changes_nothing(values, words):
    run = begin(small())
    before, state = run.knobs, run.state
    assert words in _refused(lambda: run.change(values))
    assert run.knobs == before
    assert run.events == []
    assert run.state is state
    assert run.target.label == begin(small()).target.label


def test_turning_every_knob_and_the_target_ten_times_compiles_nothing():
    experiment = small()
    run = begin(experiment).train(6, progress=False)
    run.change({"location": 0.1}).train(1, progress=False)  # the first change of all makes a zero for the clock
    targets = ["normal(0, 1)", "comb(8)", "exponential(1)", "cauchy(1, 2)", "beta(0.5, 0.5)"] * 2
    served = training.programs_of(experiment.structure())
    programs = [program._cache_size() for program in served]
    with compilations() as compiled:
        for place, target in enumerate(targets):
            elsewhere = turned(experiment, target, by=1.05 + 0.01 * place)
            values = elsewhere.knobs() | {"target": target}
            run.change({path: value for path, value in values.items() if path in run.knobs or path == "target"})
            run.train(6, progress=False)
    assert compiled == []
    assert [program._cache_size() for program in served] == programs
    assert run.failure is None
    turned_knobs = {event.knob for event in run.events}
    shut = {path for path, value in run.knobs.items() if path.startswith("remedies") and not value}
    assert turned_knobs | shut == {*run.knobs, "target"}


def test_a_nan_stops_at_once_and_names_step_and_knob(broken):
    failure = broken.failure
    assert failure is not None
    assert failure.knob in ("generator.rate", "discriminator.rate")
    assert f"step {failure.step} " in failure.sentence
    assert failure.knob in failure.sentence
    assert "\n" not in failure.sentence
    assert 1 <= failure.step < 1000
    assert broken.summary().verdict == "diverged"
    assert broken.summary().diagnosis == failure.sentence


def test_a_broken_run_stands_at_its_last_good_step(broken):
    last = broken.failure.step - 1
    assert broken.step == broken.frames[-1].step == last
    for leaf in jax.tree.leaves((broken.state.generator.parameters, broken.state.discriminator.parameters)):
        assert np.isfinite(leaf).all()
    frame = broken.frames[-1]
    assert frame.finite
    assert all(np.isfinite(part).all() for part in (frame.g, frame.logits, frame.p_g, frame.discriminator))
    assert np.isfinite(frame.readings.ks)
    steps = [frame.step for frame in broken.frames]
    assert steps == sorted(set(steps))


def test_a_broken_run_equals_one_that_stopped_a_step_before(broken):
    before = broken.failure.step - 1
    assert before > 0
    stopped = begin(broken.experiment).train(before, progress=False)
    assert stopped.failure is None
    assert _same(broken.state, stopped.state)
    assert _same(broken.moves, stopped.moves)
    again = stopped.fork()
    assert again.train(1, progress=False).failure.step == broken.failure.step
    assert _same(again.state, stopped.state)


def test_a_broken_run_goes_no_further(broken):
    assert "broke down" in _refused(lambda: broken.train(1))


def test_a_knob_turned_too_far_is_blamed():
    run = begin(plain(BLOWING_UP | {"generator.rate": 1e-3, "discriminator.rate": 1e-3})).train(20, progress=False)
    assert run.failure is None
    run.change({"discriminator.rate": 1.0, "generator.rate": 1.0}).train(1000, progress=False)
    assert run.failure is not None
    assert run.failure.step > 20
    assert run.failure.knob in {event.knob for event in run.events}
    assert run.frames[-1].step == run.failure.step - 1


def test_a_run_that_breaks_at_its_very_first_step_keeps_its_first_frame():
    run = begin(plain(BLOWING_UP))
    weights = run.state.discriminator.parameters
    run.state = run.state._replace(discriminator=run.state.discriminator._replace(parameters=weights.at[-1].set(3e38)))
    run.train(5, progress=False)
    assert run.failure.step == 1
    assert run.step == 0
    assert [frame.step for frame in run.frames] == [0]


def test_a_fork_goes_its_own_way():
    run = begin(small()).train(5, progress=False)
    state = run.state
    fork = run.fork()
    assert not fork.frames
    fork.change({"generator.rate": 0.5}).train(5, progress=False)
    assert run.state is state
    assert run.events == []
    assert run.knobs["generator.rate"] != 0.5
    assert [frame.step for frame in run.frames] == [0, 5]
    twin = run.fork()
    twin.train(5, progress=False)
    assert _same(twin.state, run.train(5, progress=False).state)


def test_looks_without_keeping_show_what_training_shows(broken):
    kept = begin(plain(BLOWING_UP | {"frame_every": 2})).train(4, progress=False)
    loose = begin(plain(BLOWING_UP))
    reel = loose.advance(np.array([2, 0, 2], np.int32))
    assert len(loose.frames) == 0
    assert [int(step) for step in reel.observations.step] == [2, 2, 4]
    assert _same(loose.state, kept.state)
    assert _same(reel.observation(2), kept.frames.reels[-1].observation(1))
    rest = loose.advance(np.array([1, 990, 5], np.int32))
    assert loose.failure.step == broken.failure.step
    assert loose.step == int(rest.observations.step[-1]) == broken.step
    assert _same(loose.state, broken.state)
    assert rest.observations.finite.all()


def test_what_was_learnt_is_a_distribution_with_the_frames_own_numbers():
    run = begin(small()).train(40, progress=False)
    frame, law = run.frames[-1], run.learned
    assert law.mean() == pytest.approx(frame.readings.mean, rel=1e-6)
    assert law.std() == pytest.approx(frame.readings.std, rel=1e-6)
    np.testing.assert_allclose(law.cdf(frame.scene.x), frame.F_g, atol=1e-7)
    u = np.linspace(0.01, 0.99, 50)
    np.testing.assert_allclose(law.cdf(law.ppf(u)), u, atol=1e-7)
    edges = frame.scene.edges
    np.testing.assert_allclose(np.diff(law.cdf(edges)), frame.p_g * np.diff(edges), atol=1e-7)
    drawn = law.rvs(size=2000, random_state=0)
    assert drawn.mean() == pytest.approx(frame.readings.mean, abs=5 * frame.readings.std / np.sqrt(2000))


def test_a_collapsed_generator_still_is_a_distribution():
    run = begin(small())
    run.state = run.state._replace(average=jnp.zeros_like(run.state.average))
    run._warm_up()
    law = run.learned
    assert law.mean() == pytest.approx(4.0, abs=1e-6)
    assert law.cdf(3.999) == 0
    assert law.cdf(4.001) == 1


def test_units_are_those_of_the_target_at_the_start_or_none():
    run = begin(small({"target": "normal(10, 2)", "location": 5.0, "scale": 3.0}))
    assert (run.units.origin, run.units.unit) == (15.0, 6.0)
    run = begin(small({"target": "normal(10, 2)", "standardised": False}))
    assert (run.units.origin, run.units.unit) == (0.0, 1.0)


def test_a_run_shows_itself_in_a_notebook():
    run = begin(small()).train(12, progress=False)
    before = run._repr_png_()
    assert before.startswith(b"\x89PNG\r\n")
    assert run.train(5, progress=False)._repr_png_() != before


def test_a_frame_that_was_worked_out_before_its_run_shows_itself_too():
    run = begin(small()).train(12, progress=False)
    frames = Frames(run.frames.reels)
    assert frames[-1]._repr_png_() is None
    again = Run(run.experiment, run.state, run.moves, run.units, frames=frames)
    assert again.frames[-1]._repr_png_() == run.frames[-1]._repr_png_()


def test_a_frame_shows_itself_in_a_notebook(tmp_path):
    run = begin(small()).train(12, progress=False)
    assert run.frames[0]._repr_png_().startswith(b"\x89PNG\r\n")
    assert run.frames[0]._repr_png_() != run.frames[-1]._repr_png_()
    run.save(tmp_path / "run")
    assert load(tmp_path / "run").frames[-1]._repr_png_() == run.frames[-1]._repr_png_()


@pytest.fixture(scope="module")
def eventful() -> Run:
    """A run of many chunks to which much was done, some of it off the rhythm of its frames."""
    run = begin(small()).train(130, progress=False)
    run.change({"generator.rate": 1e-3}).train(33, progress=False)
    run.change({"target": "comb(3)", "discriminator.steps": 2}).train(250, progress=False)
    run.pause().change({"generator.steps": 0}).train(1, progress=False)
    return run.change({"generator.steps": 1, "location": 0.5}).train(86, progress=False)


@pytest.mark.parametrize("step", [0, 1, 129, 130, 131, 163, 164, 300, 413, 414, 499, 500])
def test_any_past_step_is_had_again_to_the_bit(eventful, step):
    there = eventful.at(step)
    assert there.step == there.frames[-1].step == step
    walked = begin(small())
    for event in [*(event for event in eventful.events if event.step < step), Event(step, "pause", "")]:
        if event.step > walked.step:
            walked.train(event.step - walked.step, progress=False)
        walked.do(event)
    assert _same((there.state, there.moves), (walked.state, walked.moves))
    assert there.events == walked.events[:-1]
    assert (there.knobs, there.text) == (walked.knobs, walked.text)
    if step:
        assert _same(there.frames.reels[-1].observation(-1), walked.frames.reels[-1].observation(-1))


def test_going_back_leaves_the_run_and_its_later_checkpoints_alone(eventful):
    state, events, marks = eventful.state, list(eventful.events), list(eventful.checkpoints.marks)
    branch = eventful.at(200).change({"location": 3.0}).train(200, progress=False)
    assert eventful.state is state and eventful.events == events and eventful.checkpoints.marks == marks
    assert [mark.step for mark in branch.checkpoints.marks if mark.step > 200] != []
    assert _same(branch.at(150).state, eventful.at(150).state)
    assert not _same(branch.at(300).state, eventful.at(300).state)
    assert [frame.step for frame in branch.frames][:3] == [0, 5, 10] and branch.frames[-1].step == 400


def test_a_branch_without_a_change_is_the_run_itself(eventful):
    rest = eventful.at(450)
    assert rest.events == eventful.events
    assert _same(rest.train(50, progress=False).state, eventful.state)


def test_what_was_done_at_the_very_step_is_not_done_yet(eventful):
    there = eventful.at(163)
    assert [event.knob for event in there.events] == ["generator.rate"]
    assert there.text == small().target
    assert eventful.at(164).text == "comb(3, 2, 0.25)"


@pytest.mark.parametrize("step", [-1, 501])
def test_a_step_that_was_not_passed_is_refused(eventful, step):
    assert f"got {step}" in _refused(lambda: eventful.at(step))


def test_a_run_says_how_long_a_seek_may_take(eventful):
    gap = eventful.checkpoints.largest_gap(eventful.step)
    assert 0 < gap <= 250
    assert eventful.seek_seconds == pytest.approx(gap * eventful.timing.pace)
    assert np.isnan(begin(small()).seek_seconds)


def test_without_checkpoints_a_run_is_replayed_from_its_start_and_remembers_the_way(eventful, monkeypatch):
    bare = eventful.at(500)
    bare.checkpoints.marks.clear()
    monkeypatch.setattr("gausslab.run.LONGEST_HOP", 100)
    assert _same(bare.at(410).state, eventful.at(410).state)
    assert [mark.step for mark in bare.checkpoints.marks] == [100, 263, 363]
    assert _same(bare.at(400).state, eventful.at(400).state)


def test_a_run_that_did_not_begin_at_the_start_goes_back_no_further_than_it_began():
    run = begin(small()).train(20, progress=False)
    later = Run(run.experiment, run.state, run.moves, run.units).train(20, progress=False)
    assert _same(later.at(25).state, begin(small()).train(25, progress=False).state)
    assert "20 to 40" in _refused(lambda: later.at(19))


def test_a_broken_run_is_whole_up_to_where_it_broke(broken):
    last = broken.at(broken.step)
    assert last.failure is None and _same(last.state, broken.state)
    assert last.train(5, progress=False).failure.step == broken.failure.step


def test_the_length_of_a_call_changes_neither_bits_nor_frames(eventful, monkeypatch):
    reference = begin(small({"frame_every": 40})).train(170, progress=False)
    for longest in (1e-9, 1e-3, 1e9):
        monkeypatch.setattr("gausslab.pacing.LONGEST_CALL", longest)
        run = begin(small({"frame_every": 40}))
        while run.step < 170:
            for _ in run.training(170 - run.step, progress=False):
                assert run.frames[-1].step == run.step
        assert _same(run.state, reference.state)
        assert [frame.step for frame in run.frames] == [0, 40, 80, 120, 160, 170]
        for one, other in zip(run.frames, reference.frames, strict=True):
            assert np.array_equal(one.g, other.g) and one.diagnosis == other.diagnosis


def test_a_run_that_is_stopped_between_two_frames_has_one_there(monkeypatch):
    for name in ("LONGEST_CALL", "STEPPING"):  # or a quick machine would be there with its second call
        monkeypatch.setattr(f"gausslab.pacing.{name}", 1e-9)
    run = begin(small({"frame_every": 1000}))
    for step in run.training(1000, progress=False):
        if step > 1:
            break
    stopped = run.step
    assert 1 < stopped < 1000 and [frame.step for frame in run.frames] == [0, stopped]
    monkeypatch.undo()
    run.train(1000 - stopped, progress=False)
    assert [frame.step for frame in run.frames] == [0, stopped, 1000]


def test_a_pause_is_an_event_that_changes_nothing():
    run = begin(small()).train(7, progress=False)
    before = run.state
    assert run.pause().pause().events == [Event(7, "pause", "")]
    assert run.state is before
    assert _same(run.train(3, progress=False).state, begin(small()).train(10, progress=False).state)
    assert "pause" in str(run.events)


def test_events_are_done_again_one_by_one():
    run = begin(small()).train(5, progress=False)
    for event in (Event(5, "pause", ""), Event(5, "target", "comb(3)"), Event(5, "scale", 2.0)):
        run.do(event)
    assert [event.knob for event in run.events] == ["pause", "target", "scale"]
    assert "scale" in _refused(lambda: run.do(Event(5, "scale", 0.0)))
