"""Watchers see the frames that they ask for, are always told of the end, and change nothing."""

import dataclasses
import math

import jax
import numpy as np
import pytest
from constructors import plain, small

from gausslab.callbacks import Watcher, numbers, watched
from gausslab.errors import BadInput
from gausslab.run import begin


@dataclasses.dataclass
class Diary:
    """What a watcher was told, in order."""

    every: int = 2
    heard: list = dataclasses.field(default_factory=list)

    def began(self, run):
        self.heard.append(("began", run.step))

    def saw(self, frame):
        self.heard.append(frame.step)

    def ended(self, run):
        self.heard.append(("ended", run.step))


def test_a_watcher_sees_the_first_frame_the_last_and_those_between_that_it_asks_for():
    diary, eager = Diary(every=2), Diary(every=1)
    begin(small()).train(25, progress=False, watchers=[diary, eager])
    assert diary.heard == [("began", 0), 0, 10, 20, 25, ("ended", 25)]
    assert eager.heard == [("began", 0), 0, 5, 10, 15, 20, 25, ("ended", 25)]


def test_a_run_that_goes_on_shows_only_what_is_new():
    diary = Diary(every=1)
    run = begin(small()).train(10, progress=False)
    run.train(10, progress=False, watchers=[diary])
    assert diary.heard == [("began", 10), 15, 20, ("ended", 20)]


def test_watching_changes_no_bit_of_a_run():
    alone = begin(small()).train(20, progress=False)
    seen = begin(small()).train(20, progress=False, watchers=[Diary(every=1)])
    pairs = zip(jax.tree.leaves(alone.state), jax.tree.leaves(seen.state), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_frames_for_the_moment_are_not_shown():
    diary = Diary(every=1)
    run = begin(small({"frame_every": 100_000}))
    run.timing.note(1.0, 10)  # so slow that the run is cut between two frames
    run.train(7, progress=False, watchers=[diary])
    assert diary.heard == [("began", 0), 0, 7, ("ended", 7)]


def test_every_watcher_is_told_of_an_end_that_comes_early():
    diaries = [Diary(), Diary()]
    run = begin(small({"frame_every": 1}))
    for _ in watched(run, run.training(100, progress=False), diaries):
        break
    assert [diary.heard[-1] for diary in diaries] == [("ended", run.step)] * 2
    assert run.step < 100


def test_every_watcher_is_told_of_the_end_when_another_fails():
    class Clumsy(Diary):
        def saw(self, frame):
            raise RuntimeError("no more paper")

    diary = Diary()
    with pytest.raises(RuntimeError, match="no more paper"):
        begin(small()).train(10, progress=False, watchers=[diary, Clumsy()])
    assert diary.heard[-1][0] == "ended"


def test_the_end_of_a_run_that_breaks_down_is_seen():
    diary = Diary(every=10_000)
    run = begin(plain({"loss": "kl", "generator.rate": 1.0, "discriminator.rate": 1.0}))
    run.train(1000, progress=False, watchers=[diary])
    assert run.failure
    assert diary.heard == [("began", 0), 0, run.frames[-1].step, ("ended", run.step)]


def test_a_watcher_that_would_never_look_is_refused_before_a_step_is_taken():
    run = begin(small())
    with pytest.raises(BadInput, match="every 1 frame"):
        run.train(5, progress=False, watchers=[Diary(every=0)])
    assert run.step == 0
    assert isinstance(Diary(), Watcher)


def test_numbers_are_finite_and_hold_readings_losses_and_knobs():
    frame = begin(small()).train(5, progress=False).frames[-1]
    told = numbers(frame)
    assert all(math.isfinite(value) for value in told.values())
    assert told["wasserstein"] == frame.readings.wasserstein
    assert told["generator_loss"] == frame.generator_loss
    assert told["knob.generator.rate"] == frame.knobs["generator.rate"]
    assert told["mode_mass.0"] == frame.readings.mode_masses[0]
    endless = dataclasses.replace(frame, readings=dataclasses.replace(frame.readings, kl=math.inf))
    assert "kl" not in numbers(endless)
