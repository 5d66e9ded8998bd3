"""Contestants that take turns: A, B, C, A, B, C, ... so that whatever else the machine does meets them all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

Contestant = Callable[[], float]  # takes its turn and says how many seconds each unit of its work took


class Times(NamedTuple):
    """What the turns of one contestant took, in seconds per unit of work."""

    turns: tuple[float, ...]

    @property
    def median(self) -> float:
        """The turn in the middle."""
        return statistics.median(self.turns)

    @property
    def best(self) -> float:
        """The quickest turn: what it takes while the machine is left in peace."""
        return min(self.turns)


def interleaved(contestants: Mapping[str, Contestant], rounds: int) -> dict[str, Times]:
    """Let everyone take a turn in each round; all have been warmed up by their makers."""
    turns: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, turn in contestants.items():
            turns[name].append(turn())
    return {name: Times(tuple(taken)) for name, taken in turns.items()}


def ratio(times: Mapping[str, Times], over: str, under: str) -> float:
    """How many times as long one contestant takes as another: the median of the rounds' ratios.

    Both turns of a round meet the same neighbours on the machine, so a ratio within a round is steadier than a ratio
    of medians.
    """
    pairs = zip(times[over].turns, times[under].turns, strict=True)
    return statistics.median(first / second for first, second in pairs)


def best_ratio(times: Mapping[str, Times], over: str, under: str) -> float:
    """The same ratio between the quickest turns of each."""
    return times[over].best / times[under].best


def timed(work: Callable[[], object]) -> float:
    """Seconds that a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
