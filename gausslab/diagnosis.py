"""Frames in plain words: one sentence each, with its reason in numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gausslab.frame import UNITS, Frame

PAST = 40  # earlier frames that a diagnosis looks back on

SPIKE = 0.1  # a p_g narrower than this share of the target is a collapse even where there is one mode only
NEAR = 0.1  # W1/σ, or KS where W1 is infinite, below which a small gradient is only what nearness brings
VANISHED = 1e-3  # of the generator's gradient at its largest
NOTHING = 1e-12  # of it
FAR_OFF = 0.5  # the same, beyond which a discriminator can be to blame
POINT = 0.8  # W1/σ of a single point in the middle of a bell: who stays farther off has learnt nothing of its shape
FAR = 5.0  # W1/σ beyond which a game that gets worse is called diverged
SWINGS = 4  # crossings of its own median by the mean of p_g that make an oscillation
SWING = 1.0  # spreads of the target from end to end that make an oscillation
HOPS = 3  # moves of nearly all of p_g to another mode that are called hopping
HELD = 0.9  # share of p_g that is nearly all of it
BEGUN = 5  # frames before which nothing is said of what is missing
TELLING = 0.8  # mean belief in the reals of a D* that tells real from fake
DULL = 0.65  # mean belief in the reals below which a D tells next to nothing
SURE = 0.95  # mean belief in the reals above which a D tells everything
LASTING = 10  # frames for which a discriminator or a gradient is as it is said to be
CROWDED = 0.15  # share of p_g in the middle halves of the gaps between data, of which a smooth p_g has about half
MOST_DATA = 200  # different values beyond which the gaps of a sample are too narrow to matter
TAIL = 1e-3  # share of the target on either side that is its tail
SHORT = 0.25  # reach of p_g's tail over that of the target's
JUMP = 10.0  # times that a learning rate rises at once, in a jump
THROWN = 5.0  # times that W1 grows after one
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
        growth[player] = 0.0 if math.isnan(norms[-1]) else norms[-1] / usual
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
    told = f"Diverged: step {step} made a weight of the {player} NaN, or larger than a network can bear"
    return Failure(step, knob, f"{told}; {why}. To go on, {remedy}.")


class Trust(NamedTuple):
    """How much a discriminator believes in the reals, in the mean over the target: 1/2 is knowing nothing, 1 all."""

    now: float
    best: float  # of the best discriminator


def trusted(frame: Frame) -> Trust:
    """What D and D* make of the target."""
    weight = frame.scene.p * np.diff(frame.scene.edges)
    weight = weight / weight.sum()
    return Trust(float(weight @ frame.discriminator), float(weight @ frame.optimal_discriminator))


def hops(frames: Sequence[Frame]) -> int:
    """How often nearly all of p_g has moved from one mode to another."""
    held = [frame.readings.mode_masses for frame in frames]
    tops = [int(np.argmax(masses)) for masses in held if masses.max() > HELD]
    return int(np.count_nonzero(np.diff(tops)))


def crowding(frame: Frame) -> float:
    """The share of p_g, where the target is data, that lies in the middle halves of the gaps between them.

    A smooth p_g has about half of itself there, one that is a spike at each of the data nothing.
    """
    values, levels = np.unique(frame.scene.ideal), np.diff(frame.scene.u)
    x = 0.5 * (frame.rearranged[1:] + frame.rearranged[:-1])
    before = np.searchsorted(values, x) - 1
    inside = (before >= 0) & (before < values.size - 1)
    before = np.clip(before, 0, max(values.size - 2, 0))
    after = np.minimum(before + 1, values.size - 1)
    share = (x - values[before]) / np.where(after > before, values[after] - values[before], 1.0)
    return float(levels[inside & (np.abs(share - 0.5) < 0.25)].sum() / levels.sum())


def tail_reach(frame: Frame) -> float:
    """How far out the ends of p_g lie, over how far those of the target do: the smaller of both sides' ratios."""
    levels = np.array([TAIL, 0.5, 1 - TAIL])
    low, middle, high = np.interp(levels, frame.scene.u, frame.rearranged)
    aim_low, aim_middle, aim_high = np.interp(levels, frame.scene.u, frame.scene.ideal)
    return float(min((middle - low) / (aim_middle - aim_low), (high - middle) / (aim_high - aim_middle)))


def _thrown_off(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    seen = [*past, frame]
    for player in ("generator", "discriminator"):
        rates = np.array([earlier.knobs.get(f"{player}.rate", 0.0) for earlier in seen])
        jumps = np.flatnonzero((rates[1:] >= JUMP * rates[:-1]) & (rates[:-1] > 0))
        if not jumps.size:
            continue
        before, after = seen[jumps[0]], seen[jumps[0] + 1]
        if frame.readings.distance > max(THROWN * before.readings.distance, SWING):
            return (
                f"Thrown off: {player}.rate rose from {rates[jumps[0]]:.3g} to {rates[jumps[0] + 1]:.3g} after step "
                f"{before.step}, and W1 from {_size(before)} to {_size(frame)} by step "
                f"{max(frame.step, after.step)}."
            )
    return ""


def _hopping(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    seen = [*past, frame]
    moves = hops(seen)
    if moves < HOPS or frame.readings.mode_masses.max() <= HELD:
        return ""
    return (
        f"Hopping: nearly all that is generated sits in 1 of {len(frame.readings.mode_masses)} modes, and it moved to "
        f"another one {moves} times since {_ago(frame, seen[0])}."
    )


def _judges(frame: Frame, past: Sequence[Frame]) -> list[Trust]:
    """What the discriminators of the last frames made of the reals; none where that says nothing about G's trouble."""
    late = [*past, frame][-LASTING:]
    settled = len(past) >= BEGUN and frame.readings.distance > FAR_OFF and not _improving(frame, past)
    return [trusted(earlier) for earlier in late] if settled else []


def _weak_discriminator(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    judges = _judges(frame, past)
    dull = bool(judges) and all(judge.best > TELLING and judge.now < DULL for judge in judges)
    # A D that comes too late for a G that swings is not weak.
    if dull and not _oscillating(frame, past, first):
        return (
            f"Discriminator too weak: it believes in the data by {100 * judges[-1].now:.0f} %, where the best one "
            f"would by {100 * judges[-1].best:.0f} %; the generator is told little, and "
            f"{frame.readings.measure} is {_size(frame)}."
        )
    return ""


def _strong_discriminator(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    judges = _judges(frame, past)
    if judges and all(judge.now > SURE for judge in judges):
        return (
            f"Discriminator too strong: it believes in the data by {100 * judges[-1].now:.1f} %, and the generator "
            f"does not catch up; {frame.readings.measure} stays near {_size(frame)}."
        )
    return ""


def _memorising(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    if not frame.scene.is_sample or len(past) < BEGUN:
        return ""
    count, share = np.unique(frame.scene.ideal).size, crowding(frame)
    if not 2 < count <= MOST_DATA or share >= CROWDED or frame.readings.distance > NEAR:
        return ""
    return (
        f"Memorising: {100 * (1 - share):.0f} % of what is generated lies next to one of the {count} different values "
        "of the data, where a smooth density would have about 50 %."
    )


def _tails_cut(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    reach = tail_reach(frame)
    if math.isfinite(frame.scene.std) or len(past) < BEGUN or reach >= SHORT or frame.readings.distance > FAR_OFF:
        return ""
    return (
        f"Tails cut off: {100 * TAIL:g} % of the target lies beyond where what is generated reaches "
        f"{100 * reach:.0f} % as far; KS is {frame.readings.ks:.3f}, which does not see it."
    )


def _diverged(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    now = frame.readings.distance
    before = [earlier.readings.distance for earlier in past]
    # A loss that is NaN in a finite frame is that of a player who has not moved yet.
    if not frame.finite or math.inf in (abs(frame.discriminator_loss), abs(frame.generator_loss)):
        return f"Diverged: the losses are no longer finite after step {frame.step}."
    if now > FAR and before and now > 2 * min(before) and now > 2 * first.readings.distance:
        return (
            f"Diverging: what is generated lies {now:.1f} σ from the target, "
            f"{now / min(before):.1f} times as far as {_ago(frame, past[int(np.argmin(before))])}."
        )
    return ""


def _collapsed(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    readings, modes = frame.readings, len(frame.readings.mode_masses)
    if _improving(frame, past) or len(past) < BEGUN:
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
    strongest = max(_gradient(earlier) for earlier in seen)
    if not strongest or frame.step == first.step or frame.readings.distance < NEAR:
        return ""
    share = _gradient(frame) / strongest
    early = _early_gradient(past, first)
    share = min(share, _gradient(frame) / early) if early else share
    lately = max(_gradient(earlier) for earlier in seen[-4:])
    if share < VANISHED and lately < VANISHED * max(strongest, early):
        left = f"is {_gradient(frame):.1e}, one {1 / share:,.0f}th of what it was" if share > NOTHING else "is gone"
        return (
            f"Vanishing gradient: the generator's gradient {left}, while {frame.readings.measure} is still "
            f"{_size(frame)}."
        )
    return ""


def _oscillating(frame: Frame, past: Sequence[Frame], first: Frame) -> str:
    seen = [*past, frame]
    means = np.array([earlier.readings.mean for earlier in seen])
    half = len(seen) // 2
    calmer = half and np.ptp(means[half:]) < SHRINKING * np.ptp(means[:half])
    if len(seen) < PAST // 2 or (calmer and _improving(frame, past)):
        return ""
    swing = np.ptp(means) / frame.scene.spread
    sides = np.sign(means - np.median(means))
    crossings = np.count_nonzero(np.diff(sides[sides != 0]))
    if crossings >= SWINGS and swing > SWING:
        return (
            f"Oscillating: the mean of what is generated swung {crossings} times between {means.min():.3g} and "
            f"{means.max():.3g} since {_ago(frame, seen[0])}, and W1 does not shrink."
        )
    return ""


def _stalled(frame: Frame, past: Sequence[Frame]) -> str:
    """Far from the target, and no nearer than long before; asked last, where nothing else has a name."""
    if len(past) < PAST // 2 or frame.readings.distance <= POINT or _improving(frame, past):
        return ""
    return f"Stalled: {frame.readings.measure} is {_size(frame)}, and was {_size(past[0])} at {_ago(frame, past[0])}."


def _healthy(frame: Frame, past: Sequence[Frame]) -> str:
    modes = len(frame.readings.mode_masses)
    covered = "" if modes == 1 else f"; {frame.readings.modes_covered} of {modes} modes are covered"
    if not past:
        return f"Healthy: nothing is learnt yet, and {frame.readings.measure} is {_size(frame)}{covered}."
    if frame.readings.measure == "KS":
        return f"Healthy: KS is {frame.readings.ks:.3f}; the target has no mean, so that W1 says nothing{covered}."
    if _improving(frame, past):
        return f"Healthy: W1 fell from {_size(past[0], 3)} to {_size(frame, 3)} since {_ago(frame, past[0])}{covered}."
    return f"Healthy: W1 stays near {_size(frame, 3)}{covered}."


def _size(frame: Frame, digits: int = 2) -> str:
    return f"{frame.readings.distance:.{digits}f}{UNITS[frame.readings.measure]}"


def _gradient(frame: Frame) -> float:
    """The generator's gradient; 0 before it has moved, when there is none."""
    return 0.0 if math.isnan(frame.generator_gradient) else frame.generator_gradient


def _early_gradient(past: Sequence[Frame], first: Frame) -> float:
    """The generator's gradient when the run began; the first frame is taken before anybody has moved."""
    return max(_gradient(first), _gradient(past[0]) if past else 0.0)


def _improving(frame: Frame, past: Sequence[Frame]) -> bool:
    distances = [earlier.readings.distance for earlier in [*past, frame]]
    if len(distances) < 4:
        return False
    half = len(distances) // 2
    return float(np.mean(distances[half:])) < SHRINKING * float(np.mean(distances[:half]))


def _ago(frame: Frame, earlier: Frame) -> str:
    return f"step {earlier.step}" if earlier.step else "the start"


class Verdict(NamedTuple):
    """A kind of diagnosis: what it means, the sentence where it applies ("" elsewhere), and if it is a fault."""

    summary: str
    sentence: Callable[[Frame, Sequence[Frame], Frame], str]
    fault: bool = True


VERDICTS: dict[str, Verdict] = {  # in the order in which they are considered
    "thrown_off": Verdict("A learning rate jumped, and the game has not come back.", _thrown_off),
    "weak_discriminator": Verdict("D tells real from fake far worse than could be told.", _weak_discriminator),
    "diverged": Verdict("It gets worse without bound, or has become infinite.", _diverged),
    "hopping": Verdict("Nearly all that is generated moves from mode to mode.", _hopping),
    "vanishing": Verdict("The generator is told next to nothing.", _vanished),
    "strong_discriminator": Verdict("D knows every real and every fake, and G cannot follow.", _strong_discriminator),
    "collapsed": Verdict("Whole modes, or nearly all of the width, are missing, and it stays so.", _collapsed),
    "memorising": Verdict("What is generated is the data, and next to nothing between them.", _memorising),
    "noise_floor": Verdict("As near to the target as one batch can tell.", _at_the_floor, fault=False),
    "tails_cut": Verdict("The target has heavy tails, and what is generated ends far short of them.", _tails_cut),
    "oscillating": Verdict("The players chase each other, and the distance does not shrink.", _oscillating),
    "stalled": Verdict("It stays far from the target.", lambda frame, past, first: _stalled(frame, past)),
    "healthy": Verdict("It learns, or it has learnt.", lambda frame, past, first: _healthy(frame, past), fault=False),
}
