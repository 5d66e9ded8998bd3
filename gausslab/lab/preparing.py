"""Settings that need another program: it is compiled while the run plays on with the one that it has."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple

from gausslab.lab.challenge import Challenge
from gausslab.lab.pace import FRAMES_PER_CALL
from gausslab.run import begin
from gausslab.settings import Experiment

_COMPILERS = ThreadPoolExecutor(1, thread_name_prefix="compile")  # two at a time would take each other's core


class Preparation(NamedTuple):
    """What has been asked for, and the program that it waits for."""

    values: Mapping[str, Any]  # settings by dotted path
    program: Future[None]
    challenge: Challenge | None = None  # the rival that is to be met

    def also(self, values: Mapping[str, Any]) -> Preparation:
        """The same with other values of settings that ask for no other program."""
        return self._replace(values={**self.values, **values})


def prepare(values: Mapping[str, Any], experiment: Experiment, challenge: Challenge | None = None) -> Preparation:
    """Begin to compile; where that was done before, it is over in a moment.

    Args:
        values: the settings that have been asked for.
        experiment: with these settings; the rival's for a duel.
        challenge: to a duel.
    """
    return Preparation(values, _COMPILERS.submit(compile_loop, experiment.structure()), challenge)


@lru_cache(maxsize=128)
def compile_loop(structure: Experiment) -> None:
    """Have the training loop of a structure compiled, with as many looks as the lab takes in one call."""
    begin(structure, ahead=True, looks=FRAMES_PER_CALL)
