"""Settings that need another program: the run plays on with the one that it has until the other can be looked at.

A program that only looks is there long before the one that trains; from then on the run stands where it is, with what
has been chosen, until it can go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import lru_cache, partial
from typing import Any, NamedTuple

from gausslab.lab.challenge import Challenge
from gausslab.lab.pace import FRAMES_PER_CALL
from gausslab.run import begin
from gausslab.settings import Experiment

KNOWN = 128  # structures of which it is known that they have been compiled

_COMPILERS = ThreadPoolExecutor(1, thread_name_prefix="compile")  # two at a time would take each other's core


class Preparation(NamedTuple):
    """What has been asked for, and the programs that it waits for."""

    values: Mapping[str, Any]  # settings by dotted path
    loop: Future[None]  # done once it can train
    glance: Future[None] | None = None  # done once it can be looked at; None where that is not asked for
    challenge: Challenge | None = None  # the rival that is to be met

    def also(self, values: Mapping[str, Any]) -> Preparation:
        """The same with other values of settings that ask for no other program."""
        return self._replace(values={**self.values, **values})

    @property
    def awaited(self) -> list[Future[None]]:
        """Of these, the first that is done."""
        return [self.loop] if self.glance is None else [self.loop, self.glance]

    @property
    def is_ready(self) -> bool:
        """Whether what has been asked for can be taken up."""
        return any(program.done() for program in self.awaited)

    def wait(self, patience: float | None) -> None:
        """Wait until it can be.

        Args:
            patience: seconds at most; None waits as long as it takes.

        Raises:
            Exception: whatever has kept the loop from being compiled.
        """
        if self.loop in wait(self.awaited, patience, FIRST_COMPLETED).done:
            self.loop.result()


def prepare(
    values: Mapping[str, Any], experiment: Experiment, challenge: Challenge | None = None, *, to_look: bool = False
) -> Preparation:
    """Begin to compile; where that was done before, it is over in a moment.

    Args:
        values: the settings that have been asked for.
        experiment: with these settings; the rival's for a duel.
        challenge: to a duel.
        to_look: have it looked at before it can be trained.
    """
    loop, glance = _under_way(experiment.structure())
    return Preparation(values, loop, glance if to_look else None, challenge)


@lru_cache(maxsize=KNOWN)
def _under_way(structure: Experiment) -> tuple[Future[None], Future[None]]:
    """What tells that a structure can be trained, and that it can be looked at: the same for all who ask for it."""
    glance: Future[None] = Future()
    return _COMPILERS.submit(compile_loop, structure, partial(glance.set_result, None)), glance


def compile_loop(structure: Experiment, glanced: Callable[[], None] | None = None) -> None:
    """Have the training loop of a structure compiled, with as many looks as the lab takes in one call.

    Args:
        structure: static.
        glanced: called once its runs can be begun and looked at; only then is the loop compiled.
    """
    begin(structure, ahead=True, looks=FRAMES_PER_CALL, glanced=glanced)
