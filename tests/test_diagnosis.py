"""Verdicts, on real frames whose readings are changed by hand and on a few real runs."""

from dataclasses import replace

import numpy as np
import pytest
from constructors import PLAIN, observed, small

from gausslab.diagnosis import PAST, VERDICTS, blame, crowding, diagnose, tail_reach
from gausslab.frame import Frame
from gausslab.run import begin

ONE, EIGHT = observed(), observed("comb(8)")
EVEN = np.full(8, 0.125)


def _frame(step: int, w: float = 0.5, base: Frame = ONE, gradient: float = 1.0, **readings) -> Frame:
    """A frame at some step whose W1 is w spreads."""
    changed = replace(base.readings, wasserstein=w * base.scene.spread, wasserstein_over_std=w, **readings)
    return replace(base, step=step, readings=changed, generator_gradient=gradient, discriminator_gradient=1.0)


def _verdict(frames: list[Frame]) -> tuple[str, str]:
    found = diagnose(frames[-1], frames[:-1][-PAST:], frames[0])
    assert found.verdict in VERDICTS
    assert found.sentence.endswith(".")
    assert "\n" not in found.sentence
    assert any(character.isdigit() for character in found.sentence)
    return found.verdict, found.sentence


def test_a_first_frame_is_healthy_and_has_learnt_nothing():
    assert _verdict([_frame(0, 2.0)]) == ("healthy", "Healthy: nothing is learnt yet, and W1 is 2.00 σ.")


def test_a_falling_distance_is_healthy():
    verdict, sentence = _verdict([_frame(20 * i, 2.0 * 0.8**i) for i in range(10)])
    assert verdict == "healthy"
    assert "fell from 2.000 σ to 0.268 σ since the start" in sentence


def test_a_distance_that_stays_is_healthy_while_nothing_else_is_the_matter():
    verdict, sentence = _verdict([_frame(20 * i, 0.3) for i in range(10)])
    assert verdict == "healthy"
    assert "stays near 0.300 σ" in sentence


def test_a_large_distance_that_stays_for_long_is_a_stall():
    frames = [_frame(20 * i, 2.5 - 0.02 * i) for i in range(PAST)]
    assert _verdict(frames) == ("stalled", "Stalled: W1 is 1.72 σ, and was 2.50 σ at the start.")
    assert _verdict(frames[: PAST // 2])[0] == "healthy"
    assert _verdict([_frame(20 * i, 2.5 * 0.95**i) for i in range(PAST)])[0] == "healthy"
    assert _verdict([_frame(20 * i, 0.7) for i in range(PAST)])[0] == "healthy"


def test_a_distance_below_that_of_a_batch_is_the_noise_floor():
    floor = ONE.scene.noise_floor / ONE.scene.spread
    assert _verdict([_frame(20 * i, 0.99 * floor) for i in range(4)])[0] == "noise_floor"
    assert _verdict([_frame(20 * i, 1.01 * floor) for i in range(4)])[0] == "healthy"


def test_modes_that_are_missing_are_a_collapse_once_it_no_longer_gets_better():
    held = np.array([0, 0.7, 0, 0.3, 0, 0, 0, 0])
    missing = {"mode_masses": held, "modes_covered": 2}
    verdict, sentence = _verdict([_frame(20 * i, 0.8, EIGHT, **missing) for i in range(8)])
    assert (verdict, sentence) == ("collapsed", "Collapsed: 2 of 8 modes hold 100 % of what is generated.")
    assert _verdict([_frame(20 * i, 3 * 0.8**i, EIGHT, **missing) for i in range(8)])[0] == "healthy"
    assert _verdict([_frame(0, 0.8, EIGHT, **missing)])[0] == "healthy"
    one = {"mode_masses": np.eye(8)[3], "modes_covered": 1}
    assert "1 of 8 modes holds 100 %" in _verdict([_frame(20 * i, 0.8, EIGHT, **one) for i in range(8)])[1]


def test_a_spike_is_a_collapse_even_where_there_is_one_mode_only():
    verdict, sentence = _verdict([_frame(20 * i, 0.8, std=0.01, mean=4.5) for i in range(8)])
    assert verdict == "collapsed"
    assert "0.8 % as wide" in sentence
    assert "4.5" in sentence


def test_all_modes_covered_is_no_collapse():
    full = {"mode_masses": EVEN, "modes_covered": 8}
    verdict, sentence = _verdict([_frame(20 * i, 0.5, EIGHT, **full) for i in range(8)])
    assert verdict == "healthy"
    assert "8 of 8 modes are covered" in sentence


def test_a_gradient_that_has_gone_is_vanishing():
    verdict, sentence = _verdict([_frame(20 * i, 0.9, gradient=1.0 if i < 3 else 1e-5) for i in range(8)])
    assert verdict == "vanishing"
    assert "1.0e-05" in sentence
    assert "0.90 σ" in sentence
    assert _verdict([_frame(20 * i, 0.9, gradient=1.0 if i < 3 else 0.1) for i in range(8)])[0] == "healthy"


def test_a_gradient_that_went_long_ago_is_still_vanishing():
    frames = [_frame(20 * i, 0.9, gradient=1.0 if i < 3 else 1e-5) for i in range(3 * PAST)]
    assert _verdict(frames)[0] == "vanishing"


def test_a_gradient_that_is_exactly_zero_is_vanishing():
    assert _verdict([_frame(20 * i, 0.9, gradient=1.0 if i < 3 else 0.0) for i in range(8)])[0] == "vanishing"


def test_a_mean_that_swings_is_oscillating():
    swinging = [_frame(20 * i, 0.6, mean=4 + np.sin(i)) for i in range(PAST)]
    verdict, sentence = _verdict(swinging)
    assert verdict == "oscillating"
    assert "swung" in sentence
    trembling = [_frame(20 * i, 0.6, mean=4 + 0.01 * np.sin(i)) for i in range(PAST)]
    assert _verdict(trembling)[0] == "healthy"
    settling = [_frame(20 * i, 0.6 * 0.98**i, mean=4 + 0.98**i * np.sin(i)) for i in range(PAST)]
    assert _verdict(settling)[0] == "healthy"


def test_mass_that_moves_between_modes_as_a_whole_is_hopping():
    two = observed("0.5*normal(-3, 0.5) + 0.5*normal(3, 0.5)")

    def seen(heavy: float) -> list[Frame]:
        sides = np.array([heavy, 1 - heavy])
        return [
            _frame(20 * i, 1.0, two, mode_masses=sides[:: 1 if (i // 5) % 2 else -1], modes_covered=1)
            for i in range(PAST)
        ]

    verdict, sentence = _verdict(seen(0.98))
    assert verdict == "hopping"
    assert "moved to another one 7 times" in sentence
    assert _verdict(seen(0.7))[0] != "hopping"


def test_nothing_is_missing_in_a_run_that_has_hardly_begun():
    missing = {"mode_masses": np.eye(8)[3], "modes_covered": 1}
    frames = [_frame(20 * i, 0.8, EIGHT, **missing) for i in range(8)]
    assert [_verdict(frames[: i + 1])[0] for i in range(5)] == ["healthy"] * 5
    assert _verdict(frames)[0] == "collapsed"


def _with_beliefs(now: float, best: float) -> list[Frame]:
    level = np.ones_like(ONE.discriminator)
    seen = replace(ONE, discriminator=now * level, optimal_discriminator=best * level)
    return [_frame(20 * i, 3.0, seen) for i in range(12)]


def test_a_discriminator_that_knows_little_of_what_could_be_known_is_too_weak():
    verdict, sentence = _verdict(_with_beliefs(0.52, 0.97))
    assert verdict == "weak_discriminator"
    assert "52 %" in sentence
    assert "97 %" in sentence
    assert _verdict(_with_beliefs(0.52, 0.6))[0] == "healthy"
    assert _verdict(_with_beliefs(0.8, 0.97))[0] == "healthy"


def test_a_discriminator_that_knows_everything_while_g_stays_far_is_too_strong():
    assert _verdict(_with_beliefs(0.99, 1.0))[0] == "strong_discriminator"


def test_a_learning_rate_that_jumps_throws_the_game_off():
    def seen(after: float) -> list[Frame]:
        calm = [replace(_frame(20 * i, 0.2), knobs={"generator.rate": 1e-3}) for i in range(10)]
        return calm + [replace(_frame(200 + 20 * i, after), knobs={"generator.rate": 0.1}) for i in range(10)]

    verdict, sentence = _verdict(seen(3.0))
    assert verdict == "thrown_off"
    assert "from 0.001 to 0.1 after step 180" in sentence
    assert _verdict(seen(0.25))[0] == "healthy"


def test_spikes_at_the_data_are_memorising_and_a_smooth_curve_through_them_is_not():
    base = observed("values(1, 2, 3, 4, 5, 6, 7)")
    levels = base.scene.u

    def seen(quantiles: np.ndarray) -> list[Frame]:
        return [_frame(20 * i, 0.01, replace(base, rearranged=quantiles)) for i in range(8)]

    assert crowding(seen(base.scene.ideal)[-1]) < 0.01
    assert _verdict(seen(base.scene.ideal))[0] == "memorising"
    smooth = 0.5 + 7 * levels
    assert crowding(seen(smooth)[-1]) > 0.4
    assert _verdict(seen(smooth))[0] != "memorising"


def test_bounded_tails_of_an_unbounded_target_are_cut():
    base = observed("cauchy(0, 1)")

    def seen(reach: float) -> list[Frame]:
        quantiles = np.clip(base.scene.ideal, -reach, reach)
        return [_frame(20 * i, float("inf"), replace(base, rearranged=quantiles)) for i in range(8)]

    assert _verdict(seen(20))[0] == "tails_cut"
    assert tail_reach(seen(20)[-1]) == pytest.approx(20 / 318.3, rel=1e-2)
    assert _verdict(seen(1e6))[0] == "healthy"


def test_a_distance_that_grows_without_end_is_diverged():
    verdict, sentence = _verdict([_frame(20 * i, 1.5**i) for i in range(10)])
    assert verdict == "diverged"
    assert "38.4 σ" in sentence
    assert _verdict([_frame(20 * i, 8.0) for i in range(10)])[0] == "healthy"


def test_a_loss_that_is_infinite_is_diverged():
    bad = replace(_frame(40, 0.5), discriminator_loss=float("inf"))
    assert _verdict([_frame(0), _frame(20), bad])[0] == "diverged"
    assert _verdict([_frame(0), _frame(20), replace(_frame(40), finite=False)])[0] == "diverged"


@pytest.mark.parametrize("late", [1e-5, 1.0])
def test_a_frame_before_anybody_has_moved_has_no_loss_and_no_gradient_and_nothing_the_matter(late):
    missing = dict.fromkeys(("discriminator_loss", "generator_loss", "generator_gradient"), float("nan"))
    first = replace(_frame(0, 0.9), **missing)
    assert _verdict([first])[0] == "healthy"
    frames = [first, *(_frame(20 * i, 0.9, gradient=1.0 if i < 3 else late) for i in range(1, 8))]
    assert _verdict(frames)[0] == ("vanishing" if late < 1 else "healthy")
    assert blame([replace(first, discriminator_gradient=float("nan"))], 1, KNOBS, bounded=True).step == 1


def test_a_target_without_a_mean_is_judged_by_ks():
    cauchy = observed("cauchy(1, 2)")
    frames = [_frame(20 * i, float("inf"), cauchy, ks=0.123) for i in range(30)]
    verdict, sentence = _verdict(frames)
    assert verdict == "healthy"
    assert "KS is 0.123" in sentence
    assert _verdict(frames[:1])[1] == "Healthy: nothing is learnt yet, and KS is 0.12."
    gone = [_frame(20 * i, float("inf"), cauchy, ks=0.98, gradient=1.0 if i < 3 else 0.0) for i in range(30)]
    assert _verdict(gone) == (
        "vanishing",
        "Vanishing gradient: the generator's gradient is gone, while KS is still 0.98.",
    )
    near = [_frame(20 * i, float("inf"), cauchy, ks=0.02, gradient=1.0 if i < 3 else 0.0) for i in range(30)]
    assert _verdict(near)[0] == "healthy"


KNOBS = {"generator.rate": 0.01, "discriminator.rate": 0.01}


def test_blame_falls_on_the_player_whose_gradient_grew():
    frames = [replace(_frame(i), discriminator_gradient=4.0**i, generator_gradient=1.0) for i in range(6)]
    failure = blame(frames, 17, KNOBS, bounded=True)
    assert (failure.step, failure.knob) == (17, "discriminator.rate")
    assert "step 17" in failure.sentence
    assert "lower discriminator.rate (now 0.01)" in failure.sentence
    assert failure.sentence.endswith(".")
    assert "\n" not in failure.sentence


def test_blame_falls_on_the_larger_learning_rate_where_no_gradient_grew():
    failure = blame([_frame(0), _frame(5)], 6, KNOBS | {"generator.rate": 0.5}, bounded=True)
    assert failure.knob == "generator.rate"
    assert "0.5" in failure.sentence


def test_an_unbounded_loss_is_told_to_hold_its_discriminator_back():
    assert "penalty" in blame([_frame(0)], 1, KNOBS, bounded=False).sentence
    assert "penalty" not in blame([_frame(0)], 1, KNOBS, bounded=True).sentence


def test_blame_bears_gradients_that_are_infinite_or_zero():
    frames = [_frame(0, gradient=0.0), replace(_frame(5), discriminator_gradient=float("inf"))]
    assert blame(frames, 6, KNOBS, bounded=True).knob == "discriminator.rate"


def _played(steps: int, changes) -> str:
    return begin(small({"frame_every": 20} | changes)).train(steps, progress=False).frames[-1].verdict


UNHELPED = PLAIN | {"loss": "minimax", "standardised": False, "optimiser.name": "adam"}


def test_a_minimax_game_whose_discriminator_has_won_vanishes_for_good():
    won = {"target": "normal(6, 0.5)", "discriminator.rate": 0.05, "discriminator.steps": 16, "generator.rate": 1e-5}
    run = begin(small({"frame_every": 20} | UNHELPED | won)).train(1400, progress=False)
    assert [run.frames[place].verdict for place in (-1, -10, -20)] == ["vanishing"] * 3


def test_a_game_on_a_comb_without_remedies_collapses():
    rates = {"discriminator.rate": 3e-2, "generator.rate": 1e-3}
    assert _played(200, UNHELPED | rates | {"target": "comb(8)"}) == "collapsed"


def test_a_sound_game_reaches_the_noise_floor():
    calm = {"generator.averaging": 0.98, "generator.rate": 0.01, "discriminator.rate": 0.01}
    assert _played(600, calm) == "noise_floor"
