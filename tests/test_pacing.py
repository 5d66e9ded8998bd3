"""Pacing: how steps are cut into calls."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gausslab.pacing import FRAMES_PER_CALL, LONGEST_CALL, STEPPING, Timing, next_stops, padded


@given(
    step=st.integers(0, 10**6),
    steps=st.integers(1, 10**5),
    every=st.integers(1, 10**5),
    pace=st.one_of(st.just(0.0), st.floats(1e-6, 10)),
    looking=st.floats(0, 3),
)
def test_stops_are_frames_or_the_furthest_that_may_be_reached(step, steps, every, pace, looking):
    goal = step + steps
    stops = next_stops(step, goal, every, pace, looking)
    assert 1 <= len(stops) <= FRAMES_PER_CALL
    assert step < stops[0] and stops == sorted(set(stops)) and stops[-1] <= goal
    longest = max(1, LONGEST_CALL / pace, STEPPING * looking / pace) if pace else 1
    assert stops[-1] - step <= longest
    cuts = [stop for stop in stops if stop % every and stop != goal]
    assert cuts in ([], stops[-1:]) and (not cuts or len(stops) == 1)


@given(steps=st.integers(1, 2000), every=st.integers(1, 300))
def test_every_frame_is_stopped_at_however_the_calls_are_cut(steps, every):
    reached, place, paces = [], 0, [0.0, 1e-3, 1e-4, 5e-2, 1e-5]
    while not reached or reached[-1] < steps:
        reached += next_stops(reached[-1] if reached else 0, steps, every, paces[place % len(paces)])
        place += 1
    assert {*range(every, steps, every), steps} <= set(reached)


def test_dear_looks_lie_further_apart():
    (stop,) = next_stops(0, 10_000, 10_000, pace=0.01, looking=0.5)
    assert stop == int(STEPPING * 0.5 / 0.01) > LONGEST_CALL / 0.01


def test_a_call_is_padded_with_looks_that_take_no_step():
    assert padded([3, 2]).tolist() == [3, 2] + [0] * (FRAMES_PER_CALL - 2)
    assert padded([3]).dtype == np.int32


def test_the_pace_follows_what_happened_lately():
    timing = Timing()
    assert timing.pace == 0 and timing.steps_per_second == 0
    timing.note(1.0, 1)
    for _ in range(30):
        timing.note(0.1, 100)
    assert timing.pace == pytest.approx(1e-3, rel=0.01)
    assert (timing.steps, timing.training) == (3001, pytest.approx(4.0))


def test_slow_looks_do_not_cut_a_call_short():
    timing = Timing(looking=0.5)
    timing.note(0.501, 20)
    assert timing.pace < 0.001
    assert timing.training == 0.501
