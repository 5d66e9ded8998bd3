"""What a recipe's run can be seen to do: pure functions of its frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

import numpy as np
from jaxtyping import Float

from gausslab.diagnosis import crowding, hops, tail_reach, trusted
from gausslab.frame import Frame
from gausslab.recipes.recipe import Claim

HELD = 0.95  # share of p_g in one mode that makes it the only one
BOUND = 1e2  # beyond every loss, and every W1/σ, of a game that is played on


def distances(frames: Sequence[Frame]) -> Float[np.ndarray, " frames"]:
    """W1/σ of every frame."""
    return np.array([frame.readings.wasserstein_over_std for frame in frames])


def part(frames: Sequence[Frame], start: float, stop: float) -> Sequence[Frame]:
    """The frames between two shares of the run; always some."""
    first = min(int(start * len(frames)), len(frames) - 1)
    return [frames[place] for place in range(first, max(int(stop * len(frames)), first + 1))]


def _swing(frames: Sequence[Frame]) -> float:
    return float(np.ptp(distances(frames)))


def _share_of_gradient(frames: Sequence[Frame]) -> float:
    """The generator's gradient over the last tenth of the run, over what it was after its first steps."""
    late = max(frame.generator_gradient for frame in part(frames, 0.9, 1.0))
    return late / max(frames[1].generator_gradient, 1e-30)


def reached(most: float) -> Claim:
    """The target is reached: W1/σ stays below a bound over the last tenth of the run."""

    def holds(frames: Sequence[Frame]) -> bool:
        return bool(np.mean(distances(part(frames, 0.9, 1.0))) < most)

    return Claim(f"W1 is below {most:g} σ at the end", holds)


def far(least: float) -> Claim:
    """The target is not reached."""

    def holds(frames: Sequence[Frame]) -> bool:
        return bool(distances(part(frames, 0.9, 1.0)).min() > least)

    return Claim(f"W1 is still above {least:g} σ at the end", holds)


def _shares(test: Callable[[Float[np.ndarray, " modes"]], bool]) -> Callable[[Sequence[Frame]], bool]:
    return lambda frames: bool(test(frames[-1].readings.mode_masses))


def _vanished(frames: Sequence[Frame]) -> bool:
    return _share_of_gradient(frames) < 1e-3 and distances(frames[-1:])[0] > 1


def _moves(frames: Sequence[Frame]) -> int:
    """How often one mode took over from another, the first fifth of the run apart."""
    return hops(part(frames, 0.2, 1.0))


def _swings(frames: Sequence[Frame]) -> bool:
    third, last = _swing(part(frames, 0.5, 0.75)), _swing(part(frames, 0.75, 1.0))
    return last > 0.4 and last > third / 3


def _calm(frames: Sequence[Frame]) -> bool:
    return _swing(part(frames, 0.75, 1.0)) < 0.4 and float(np.mean(distances(part(frames, 0.75, 1.0)))) < 0.5


def _unbounded(frames: Sequence[Frame]) -> bool:
    last = frames[-1]
    losses = abs(last.discriminator_loss) + abs(last.generator_loss)
    return not (last.finite and losses < BOUND and distances([last])[0] < BOUND)


def _thrown(frames: Sequence[Frame]) -> float:
    """W1 at the end, over what it was in the half of the run before anything was done to it."""
    before = list(takewhile(lambda frame: frame.knobs == frames[0].knobs, frames))
    return float(distances(frames[-1:])[0] / np.median(distances(before[len(before) // 2 :])))


ONE_MODE = Claim("one mode holds 95 % or more at the end", _shares(lambda held: held.max() >= HELD))
BOTH_MODES = Claim("both modes hold 35 to 65 % at the end", _shares(lambda held: 0.35 <= held.min() <= 0.65))
FEW_MODES = Claim("4 of 8 modes or fewer are covered", lambda frames: frames[-1].readings.modes_covered <= 4)
ALL_MODES = Claim("8 of 8 modes are covered", lambda frames: frames[-1].readings.modes_covered == 8)
HOPPING = Claim("the mass moves from mode to mode 3 times or more", lambda frames: _moves(frames) >= 3)
STAYING = Claim(
    "the mass stays in both modes", lambda frames: _moves(frames) == 0 and frames[-1].readings.modes_covered == 2
)
VANISHED = Claim("the generator's gradient is below a thousandth of its start, and W1 above 1 σ", _vanished)
SWINGING = Claim(
    "over the last quarter W1 swings by more than 0.4 σ, and by more than a third of the swing before", _swings
)
CALM = Claim("over the last quarter W1 swings by less than 0.4 σ and is below 0.5 σ", _calm)
UNBOUNDED = Claim("the losses, or W1 in σ, leave every bound", _unbounded)
TOO_WEAK = Claim(
    "the best discriminator would believe in the reals, this one does not, and W1 is above 0.5 σ",
    lambda frames: trusted(frames[-1]).best > 0.8 > 0.65 > trusted(frames[-1]).now and distances(frames[-1:])[0] > 0.5,
)
TOO_STRONG = Claim(
    "the discriminator knows every real, and W1 is above 1 σ",
    lambda frames: trusted(frames[-1]).now > 0.95 and distances(frames[-1:])[0] > 1,
)
SPIKES = Claim("less than a tenth of p_g lies in the middle halves of the gaps", lambda f: crowding(f[-1]) < 0.1)
SMOOTH = Claim("a third or more of p_g lies in the middle halves of the gaps", lambda f: crowding(f[-1]) > 1 / 3)
CUT = Claim("p_g reaches less than a quarter as far out as the target", lambda f: tail_reach(f[-1]) < 0.25)
REACHING = Claim("p_g reaches more than a third as far out as the target", lambda f: tail_reach(f[-1]) > 1 / 3)
THROWN = Claim("W1 ends more than five times as large as before the jump", lambda frames: _thrown(frames) > 5)
BACK = reached(0.1)
