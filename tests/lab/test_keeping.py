"""From a session to a saved run and back: the same step, the same bits, the same words."""

import shutil

import numpy as np
import pytest
from constructors import small
from test_files import limited_files

from gausslab.errors import BadInput
from gausslab.files import layout, load
from gausslab.lab import keeping, shelves
from gausslab.lab.keeping import keep, loaded, opened
from gausslab.lab.session import Session
from gausslab.lab.shelves import Shelf
from gausslab.recipes import RECIPES
from gausslab.run import begin
from gausslab.settings import LIMITS, Limits
from gausslab.targets import from_file, from_values

SECONDS = 120


@pytest.fixture
def session():
    session = Session(small())
    session.answer(None)
    session.playback.advance(6, 10, hurry=False)
    session.change({"generator.rate": 1e-3})
    session.playback.advance(6, 10, hurry=False)
    return session


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "shelf", "own")


def kept(session, shelf, name="run", step=None):
    keep(session, shelf, name, step).done.result(SECONDS)
    return shelf.folder / name


def same(session, other):
    """Whether two sessions go on with the same bits."""
    one, two = (each.run.advance(np.full(5, 3, np.int32)) for each in (session, other))
    assert one.knobs == two.knobs and np.array_equal(one.observations.step, two.observations.step)
    return np.array_equal(one.observations.g, two.observations.g)


def test_opened_run_goes_on_with_the_same_bits(session, shelf):
    kept(session, shelf)
    other, recipe = opened(shelf, "run")
    assert other.step == session.step and recipe in RECIPES
    assert other.run.events == session.run.events and other.from_start
    assert same(session, other)


def test_saved_run_is_that_of_the_step_that_was_shown(session, shelf):
    step = session.step - 20
    there = session.run.at(step, looks=5)
    kept(session, shelf, step=step)
    other, _ = opened(shelf, "run")
    assert other.step == step and session.step == step + 20
    np.testing.assert_array_equal(other.playback.look()[-1].frame.g, there.frames[-1].g)
    assert all(event.step <= step for event in other.run.events)


def test_what_was_done_at_the_step_that_was_shown_is_done(session, shelf):
    step = session.run.events[-1].step
    kept(session, shelf, step=step)
    other, _ = opened(shelf, "run")
    assert other.run.events == session.run.events and other.run.knobs["generator.rate"] == 1e-3


def test_step_that_nobody_has_taken_is_none(session, shelf):
    kept(session, shelf, step=session.step + 10_000)
    assert load(shelf.folder / "run").step == session.step


def test_saved_run_has_a_picture_a_sentence_and_the_frames_that_were_remembered(session, shelf):
    folder = kept(session, shelf)
    assert {layout.PICTURE, layout.THUMBNAIL} <= {path.name for path in folder.iterdir()}
    (one,) = shelf.saved()
    assert (one.steps, one.damaged) == (session.step, False) and one.diagnosis
    steps = [frame.step for frame in load(folder).frames]
    assert steps == session.past.steps


def test_opened_run_shows_its_past_and_stands(session, shelf):
    kept(session, shelf)
    other, _ = opened(shelf, "run")
    lines = other.answer(None)
    assert [line.frame.step for line in lines][-1] == other.goal == session.step
    assert len(lines) > 10 and other.step == session.step
    assert all(line.sentence for line in lines)
    assert lines[-1].verdict == session.playback.look()[-1].verdict
    assert other.playback.seek(30).frame.step == 30


def test_opened_run_can_be_forked_from_a_past_step(session, shelf):
    kept(session, shelf)
    other, _ = opened(shelf, "run")
    other.answer(None)
    frames = [each.fork(40, {"generator.rate": 5e-4})[-1].frame for each in (session, other)]
    assert frames[0].step == frames[1].step == 40
    assert same(session, other)


def test_session_plays_on_while_its_run_is_saved(session, shelf):
    step = session.step
    keeping = keep(session, shelf, "run")
    session.playback.advance(6, 10, hurry=False)
    session.change({"location": 1.0})
    keeping.done.result(SECONDS)
    found = load(shelf.folder / "run")
    assert found.step == step < session.step and len(found.events) == 1


def test_weights_that_were_kept_across_a_change_of_loss_are_saved_as_such(session, shelf):
    session.set_up({"loss": "minimax"})
    changed = session.step
    session.playback.advance(6, 10, hurry=False)
    kept(session, shelf)
    other, _ = opened(shelf, "run")
    assert not other.from_start and other.run.first == changed
    assert other.past.steps[0] >= changed
    with pytest.raises(BadInput, match="expected a step of the run"):
        other.fork(changed + 10, {})
    assert same(session, other)


def test_data_stay_in_the_run_and_no_file_is_named(shelf, tmp_path):
    values = np.random.default_rng(0).normal(3, 2, 500)
    (tmp_path / "data.csv").write_text("height\n" + "\n".join(map(str, values)))
    run = begin(small({"target": from_file(tmp_path / "data.csv").text})).train(20, progress=False)
    run.pause()
    run.change({"location": 1.0}).train(10, progress=False)
    run.save(shelf.folder / "run")
    shutil.rmtree(tmp_path / "data.csv", ignore_errors=True)
    other, _ = opened(shelf, "run")
    assert other.run.text == from_values(values).text
    assert other.run.target.label.startswith("moved(height")
    assert [event.knob for event in other.run.events] == ["location"]
    seen = other.run.advance(np.array([7, 0, 0, 0, 0], np.int32)).observations
    run.train(7, progress=False)
    np.testing.assert_array_equal(seen.g[0], run.frames.reels[-1].observations.g[-1])
    kept(other, shelf, "again")
    assert [path.name for path in (shelf.folder / "again").glob("*.npy")] == ["data.npy"]


def test_more_values_than_the_lab_takes_are_refused(shelf, monkeypatch):
    run = begin(small({"target": from_values(np.arange(900.0)).text})).train(5, progress=False)
    run.save(shelf.folder / "run")
    monkeypatch.setattr(keeping, "LIMITS", Limits(values=800))
    with pytest.raises(BadInput, match="at most 800 values"):
        opened(shelf, "run")


def test_run_that_is_too_large_for_the_lab_is_refused(session, shelf, monkeypatch):
    kept(session, shelf)
    monkeypatch.setattr(keeping, "LIMITS", Limits(opened=1000))
    with pytest.raises(BadInput, match="to open in the lab"):
        loaded(shelf, "run")
    monkeypatch.setattr(shelves, "LIMITS", Limits(saved=1000))
    with pytest.raises(BadInput, match="to save in the lab"):
        kept(session, shelf, "other")
    assert [one.name for one in shelf.saved()] == ["run"]


def test_name_that_is_taken_is_refused_and_the_run_stays(session, shelf):
    kept(session, shelf)
    before = (shelf.folder / "run" / layout.MANIFEST).read_bytes()
    with pytest.raises(BadInput, match="expected a name that is free"):
        keep(session, shelf, "run")
    assert (shelf.folder / "run" / layout.MANIFEST).read_bytes() == before


@pytest.mark.parametrize("name", ["../run", "nobody", "CON", "x" * 10_000, ""])
def test_what_is_no_run_is_not_opened(session, shelf, name):
    kept(session, shelf)
    with pytest.raises(BadInput):
        opened(shelf, name)


def test_damaged_run_is_not_opened(session, shelf):
    (kept(session, shelf) / layout.CHECKPOINT).write_bytes(b"")
    with pytest.raises(BadInput, match="checkpoint"):
        opened(shelf, "run")


def test_full_disk_gets_a_sentence_and_leaves_nothing(session, shelf):
    shelf.folder.mkdir()
    with limited_files(4_000), pytest.raises(BadInput, match=r"make room|check the disk"):
        kept(session, shelf)
    assert list(shelf.folder.iterdir()) == []
    assert kept(session, shelf).is_dir()


def test_folder_that_cannot_be_made_gets_a_sentence(session, tmp_path):
    (tmp_path / "runs").write_text("a file")
    shelf = Shelf(tmp_path / "runs" / "mine", "own")
    assert shelf.saved() == []
    with pytest.raises(BadInput, match="choose another folder"):
        kept(session, shelf)


def test_too_many_savers_at_a_time_are_asked_to_wait(session, shelf):
    for _ in range(LIMITS.saves):
        assert keeping._WAITING.acquire(blocking=False)
    try:
        with pytest.raises(BadInput, match="at a time"):
            keep(session, shelf, "run")
    finally:
        for _ in range(LIMITS.saves):
            keeping._WAITING.release()
    assert kept(session, shelf).is_dir()


def test_run_that_broke_down_is_kept_with_its_failure(shelf):
    wild = {"loss": "pearson", "optimiser.name": "sgd", "discriminator.rate": 1.0, "generator.rate": 1.0}
    session = Session(RECIPES["vanilla"].experiment(target="normal(4, 1.25)").changed(wild))
    session.answer(None)
    session.playback.advance(20, 50, hurry=False)
    assert session.run.failure
    kept(session, shelf)
    other, _ = opened(shelf, "run")
    assert other.run.failure == session.run.failure
    assert other.answer(None)[-1].frame.step == session.step
