"""Frames in plain words: one sentence each, with its reason in numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gausslab.frame import Frame

PAST = 40  # earlier frames that a diagnosis looks back on

SPIKE = 0.1  # a p_g narrower than this share of the target is a collapse even where there is one mode only
NEAR = 0.1  # W1/σ below which a small gradient is only what nearness brings
VANISHED = 1e-3  # of the generator's gradient at its largest
FAR = 5.0  # W1/σ beyond which a game that gets worse is called diverged
SWINGS = 4  # crossings of the target's mean, or changes of the largest mode, that make an oscillation
SHRINKING = 0.8  # W1 in the later half of the past, over W1 in its earlier half, below which things get better


class Diagnosis(NamedTuple):
    """What is the matter, as a key of VERDICTS, and in a sentence."""

    verdict: str
    sentence: str


class Failure(NamedTuple):
    """Why a run stopped by itself."""

    step: int  # the first step that left a NaN or an infinity
    knob: str  # dotted path of the setting to blame
    sentence: str


def diagnose(frame: Frame, past: Sequence[Frame], first: Frame) -> Diagnosis:
    """Say what is the matter at one frame.

    Args:
        frame: the frame to judge.
        past: up to PAST frames before it, in order.
        first: the first frame of the run.
    """
    found = ((verdict, kind.sentence(frame, past, first)) for verdict, kind in VERDICTS.items())
    return next(Diagnosis(verdict, sentence) for verdict, sentence in found if sentence)


def blame(frames: Sequence[Frame], step: int, knobs: dict[str, float], bounded: bool) -> Failure:
    """Find the knob that made a run break down.

    Args:
        frames: the last good frames, in order; at least one.
        step: the first step that left a NaN or an infinity.
        knobs: the values in force then.
        bounded: whether the loss is bounded below or D is held back by a penalty or a limit on its weights.
    """
    growth = {}
    for player in ("discriminator", "generator"):
        norms = [getattr(frame, f"{player}_gradient") for frame in frames]
        usual = np.median([norm for norm in norms if 0 < norm < math.inf] or [1.0])
        growth[player] = norms[-1] / usual
    player = max(growth, key=lambda name: (knobs[f"{name}.rate"] * max(growth[name], 1.0), growth[name]))
    knob = f"{player}.rate"
    why = (
        f"its gradient had grown to {growth[player]:.3g} times its usual size"
        if growth[player] > 2
        else f"its steps are the largest, at a learning rate of {knobs[knob]:.3g}"
    )
    remedy = f"lower {knob} (now {knobs[knob]:.3g})"
    if not bounded:
        remedy = f"hold the discriminator back with a penalty or remedies.clip_weights, or {remedy}"
    noun = "a weight of the " + player
    return Failure(step, knob, f"Diverged: step {step} made {noun} infinite or NaN; {why}. To go on, {remedy}.")


def _diverged(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    now = _distance(frame)
    before = [_distance(earlier) for earlier in past]
    if not frame.finite or not math.isfinite(frame.discriminator_loss + frame.generator_loss):
        return f"Diverged: the losses are no longer finite after step {frame.step}."
    if now > FAR and before and now > 2 * min(before) and now > 2 * _distance(first):
        return (
            f"Diverging: what is generated lies {now:.1f} σ from the target, "
            f"{now / min(before):.1f} times as far as {_ago(frame, past[int(np.argmin(before))])}."
        )
    return ""


def _collapsed(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    readings, modes = frame.readings, len(frame.readings.mode_masses)
    if _improving(frame, past) or not past:
        return ""
    if readings.modes_covered < modes:
        held = np.sort(readings.mode_masses)[::-1]
        heavy = max(readings.modes_covered, 1)
        return (
            f"Collapsed: {heavy} of {modes} modes {'hold' if heavy > 1 else 'holds'} {100 * held[:heavy].sum():.0f} % "
            "of what is generated."
        )
    if math.isfinite(frame.scene.std) and readings.std < SPIKE * frame.scene.spread:
        return (
            f"Collapsed: what is generated is {100 * readings.std / frame.scene.spread:.1f} % as wide as the target, "
            f"nearly all of it at {readings.mean:.4g}."
        )
    return ""


def _at_the_floor(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    floor = frame.scene.noise_floor
    if frame.readings.wasserstein <= floor < math.inf:
        return (
            f"At the noise floor: W1 is {frame.readings.wasserstein:.3g}, no more than the {floor:.3g} by which one "
            "batch differs from the target that it was drawn from."
        )
    return ""


def _vanished(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    seen = [*past, frame]
    strongest = max(seen, key=lambda earlier: earlier.generator_gradient).generator_gradient
    if not strongest or frame.step == first.step or _distance(frame) < NEAR:
        return ""
    share = frame.generator_gradient / strongest
    early = _early_gradient(past, first)
    share = min(share, frame.generator_gradient / early) if early else share
    if share < VANISHED:
        return (
            f"Vanishing gradient: the generator's gradient is {frame.generator_gradient:.1e}, one "
            f"{1 / max(share, 1e-12):,.0f}th of what it was, while W1 is still {_distance(frame):.2f} σ."
        )
    return ""


def _oscillating(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    seen = [*past, frame]
    if len(seen) < PAST // 2 or _improving(frame, past):
        return ""
    means = np.array([earlier.readings.mean for earlier in seen])
    swing = np.ptp(means) / frame.scene.spread
    sides = np.sign(means - np.median(means))
    crossings = np.count_nonzero(np.diff(sides[sides != 0]))
    largest = [int(np.argmax(earlier.readings.mode_masses)) for earlier in seen]
    hops = np.count_nonzero(np.diff(largest))
    tops = [float(earlier.readings.mode_masses.max()) for earlier in seen]
    if hops >= SWINGS - 1 and min(tops) > 0.6:
        return f"Oscillating: the mass hopped between modes {hops} times since {_ago(frame, seen[0])}."
    if crossings >= SWINGS and swing > 0.2:
        return (
            f"Oscillating: the mean of what is generated swung {crossings} times between {means.min():.3g} and "
            f"{means.max():.3g} since {_ago(frame, seen[0])}, and W1 does not shrink."
        )
    return ""


def _healthy(frame: Frame, past: Sequence[Frame]) -> str:
    now, modes = _distance(frame), len(frame.readings.mode_masses)
    covered = "" if modes == 1 else f"; {frame.readings.modes_covered} of {modes} modes are covered"
    if not past:
        return f"Healthy: nothing is learnt yet, and W1 is {now:.2f} σ{covered}."
    before = _distance(past[0])
    if not math.isfinite(now):
        return f"Healthy: KS is {frame.readings.ks:.3f}; the target has no mean, so that W1 says nothing{covered}."
    if _improving(frame, past):
        return f"Healthy: W1 fell from {before:.3f} σ to {now:.3f} σ since {_ago(frame, past[0])}{covered}."
    return f"Healthy: W1 stays near {now:.3f} σ{covered}."


def _distance(frame: Frame) -> float:
    return frame.readings.wasserstein_over_std


def _early_gradient(past: Sequence[Frame], first: Frame) -> float:
    """The generator's gradient when the run began; the first frame is taken before anybody has moved."""
    return max(first.generator_gradient, past[0].generator_gradient if past else 0.0)


def _improving(frame: Frame, past: Sequence[Frame]) -> bool:
    distances = [_distance(earlier) for earlier in [*past, frame]]
    if len(distances) < 4 or not np.isfinite(distances).all():
        return False
    half = len(distances) // 2
    return float(np.mean(distances[half:])) < SHRINKING * float(np.mean(distances[:half]))


def _ago(frame: Frame, earlier: Frame) -> str:
    return f"step {earlier.step}" if earlier.step else "the start"


class Verdict(NamedTuple):
    """A kind of diagnosis: what it means, and the sentence where it applies ("" where it does not)."""

    summary: str
    sentence: Callable[[Frame, Sequence[Frame], Frame], str]


VERDICTS: dict[str, Verdict] = {  # in the order in which they are considered
    "diverged": Verdict("It gets worse without bound, or has become infinite.", _diverged),
    "collapsed": Verdict("Whole modes, or nearly all of the width, are missing, and it stays so.", _collapsed),
    "noise_floor": Verdict("As near to the target as one batch can tell.", _at_the_floor),
    "vanishing": Verdict("The generator is told next to nothing.", _vanished),
    "oscillating": Verdict("The players chase each other, and the distance does not shrink.", _oscillating),
    "healthy": Verdict("It learns, or it has learnt.", lambda frame, past, first: _healthy(frame, past)),
}
