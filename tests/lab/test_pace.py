"""The pace of a session, by a clock that is set by hand."""

import pytest

from gausslab.lab import pace
from gausslab.lab.pace import FRAMES_PER_CALL, Pace
from gausslab.settings import LIMITS


@pytest.fixture
def spend(monkeypatch):
    """Let a pace see calls that take so many seconds."""
    now = [0.0]
    monkeypatch.setattr(pace.time, "perf_counter", lambda: now[0])

    def spend(known: Pace, seconds: float, frames: int = 1, steps: int = 1) -> None:
        with known.making(frames, steps):
            now[0] += seconds

    return spend


def test_one_long_call_is_a_busy_moment(spend):
    known = Pace()
    before = known.frame
    spend(known, 3.0)
    assert known.frame < 1.5 * before
    assert known.at_once(12) == FRAMES_PER_CALL


def test_two_long_calls_are_a_wide_network_whose_frames_are_made_one_by_one(spend):
    known = Pace()
    for _ in range(2):
        spend(known, 0.2)
    assert known.frame + known.step == pytest.approx(0.2)
    assert known.at_once(12) == 1
    assert known.steps_for(50, 0.0) * known.step == pytest.approx(pace.PATIENCE * known.frame, rel=0.1)
    assert known.steps_for(2, 10.0) == 2
    assert not known.fits(1, 1, LIMITS.turn)


def test_quick_calls_bring_the_pace_back(spend):
    known = Pace()
    for _ in range(2):
        spend(known, 0.5)
    for _ in range(40):
        spend(known, 0.003)
    assert known.frame + known.step == pytest.approx(0.003, rel=0.2)
    assert known.at_once(12) == FRAMES_PER_CALL
    assert known.at_once(3) == 3


@pytest.mark.parametrize("rate", [LIMITS.frame_rate, LIMITS.frame_rate_in_a_crowd])
def test_a_film_at_full_speed_leaves_its_frames_their_time(rate):
    known = Pace(step=1e-4, frame=2e-3)
    steps = known.steps_for(1, 0.0, rate)
    assert 0.6 / rate < steps * known.step + known.frame <= 1 / rate
    assert known.steps_for(7, 140.0, rate) == 7


def test_a_hand_is_answered_within_its_time_with_fewer_frames_and_then_with_fewer_steps():
    quick = Pace(step=1e-4, frame=2e-3)
    assert quick.promptly(1, 10) == (1, 10) and quick.promptly(9, 10) == (6, 10)
    slow = Pace(step=2e-3, frame=4e-3)
    frames, steps = slow.promptly(3, 30)
    assert frames == 1 and steps < 30
    assert slow.frame + steps * slow.step == pytest.approx(pace.PROMPT, abs=slow.step)
    assert Pace(step=1.0, frame=1.0).promptly(3, 30) == (1, 1)
    assert Pace(step=1.0, frame=1.0).promptly(1, 0) == (1, 0)


def test_frames_of_one_call_fit_into_a_turn_with_the_steps_before_them():
    known = Pace(step=1e-3, frame=2e-3)
    assert known.at_once(12, 8) == FRAMES_PER_CALL
    assert known.at_once(12, 20) == int(LIMITS.turn / 0.022)
    assert known.at_once(12, 500) == 1


def test_few_frames_are_made_while_a_hand_may_move_on_and_no_step_is_left_out():
    known = Pace(step=1e-3, frame=2e-3)
    assert known.few(12, 3) == int(pace.PROMPT / 0.005) and known.few(2, 3) == 2
    assert known.few(12, 500) == 1
