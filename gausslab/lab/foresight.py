"""Foresight: what a visitor may choose next is compiled while the machine has nothing else to do.

A process of its own does it, which the system lets run only where nobody else wants the core, and which is stopped
while a hand is on the page. What it makes goes to where programs are kept: a choice then finds its program there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from gausslab import cache, process
from gausslab.lab.choices import one_choice_away
from gausslab.settings import LIMITS, Experiment

QUIET = 1.5  # seconds without a hand on any page
WATCHED = 60.0  # seconds since a page last asked for anything, beyond which nobody may be there
LOOK = 0.25  # seconds between two looks whether to go on
DISMISSED = 20.0  # seconds without anything to compile, after which the process is let go
STANDS = 16  # experiments at which somebody stands, the newest first

Stand = tuple[Experiment, tuple[str, ...]]
Choices = Callable[[Experiment, tuple[str, ...]], Iterable[Experiment]]


class Foresight:
    """Who stands where, and a process that compiles what may come next."""

    def __init__(self, choices: Choices = one_choice_away) -> None:
        """Nobody is there.

        Args:
            choices: structures that may be asked for next, of an experiment and the settings that are looked at.
        """
        self._choices = choices
        self._changed = threading.Condition()
        self._stands: deque[Stand] = deque(maxlen=STANDS)
        self._foreseen: set[Experiment] = set()
        self._worker: subprocess.Popen[str] | None = None
        self._stopped = False
        self._begun = False
        self._seen_at = self._acted_at = -float("inf")

    def begin(self) -> None:
        """Compile from now on; does nothing where programs are not kept, and would be lost."""
        if cache.traced() is not None and not self._begun:
            self._begun = True
            threading.Thread(target=self._work, name="foresight", daemon=True).start()

    def expect(self, experiment: Experiment, looked_at: tuple[str, ...] = ()) -> None:
        """Somebody stands here.

        Args:
            experiment: as it is played.
            looked_at: how the paths of those settings begin that are in view.
        """
        stand = (experiment.structure(), looked_at)
        with self._changed:
            if not self._stands or self._stands[0] != stand:
                with suppress(ValueError):
                    self._stands.remove(stand)
                self._stands.appendleft(stand)
                self._changed.notify()

    def notice(self, *, hand: bool) -> None:
        """A page has asked for something.

        Args:
            hand: whether somebody does something there, and not only watches.
        """
        self._seen_at = time.monotonic()
        if hand:
            self._acted_at = self._seen_at
            self._mind()

    @property
    def _rests(self) -> bool:
        now = time.monotonic()
        return now - self._acted_at < QUIET or now - self._seen_at > WATCHED

    def _mind(self) -> None:
        """Stop the process or have it go on, as things are."""
        with self._changed:
            if self._worker and self._stopped != self._rests and hasattr(signal, "SIGSTOP"):
                self._stopped = not self._stopped
                self._worker.send_signal(signal.SIGSTOP if self._stopped else signal.SIGCONT)

    def _work(self) -> None:
        """Have one program after another compiled."""
        idle_since = time.monotonic()
        for structure in self._wanted():
            if structure is None:
                if time.monotonic() - idle_since > DISMISSED:
                    self._dismiss()
                continue
            with self._changed:
                worker = self._worker = self._worker or self._employ()
            with suppress(OSError):  # it has ended: nobody misses what it would have made
                _told(worker, structure)
            if worker.poll() is not None:
                self._dismiss()
            idle_since = time.monotonic()
        self._dismiss()

    def _wanted(self) -> Iterator[Experiment | None]:
        """Structures that nobody has compiled yet, as long as somebody may want them; None now and then where none is.

        Who comes last is served first.
        """
        done: set[Stand] = set()
        while len(self._foreseen) < LIMITS.foreseen:
            with self._changed:
                self._changed.wait(LOOK)
                stands = tuple(self._stands)
            if self._rests or done.issuperset(stands):
                yield None
                continue
            new = (found for stand in stands for found in self._choices(*stand) if found not in self._foreseen)
            for structure in new:
                self._foreseen.add(structure)
                yield structure
                if tuple(self._stands) != stands or self._rests:
                    break
            else:
                done = set(stands)

    def _employ(self) -> subprocess.Popen[str]:
        # In a group of its own, it hears no Ctrl-C; and where its server is killed while it is stopped, the system
        # ends it, as it does with all stopped groups that nobody is left to continue.
        alone: dict[str, Any] = (
            {"creationflags": subprocess.IDLE_PRIORITY_CLASS} if sys.platform == "win32" else {"process_group": 0}
        )
        worker = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            **alone,
        )
        _put_behind_all_others(worker.pid)
        self._stopped = False
        threading.Thread(target=self._watch, args=(worker,), name="foresight's watch", daemon=True).start()
        return worker

    def _watch(self, worker: subprocess.Popen[str]) -> None:
        while worker.poll() is None:
            time.sleep(LOOK)
            self._mind()

    def _dismiss(self) -> None:
        with self._changed:
            worker, self._worker = self._worker, None
            if worker:
                worker.kill()
                worker.communicate()


def _told(worker: subprocess.Popen[str], structure: Experiment) -> None:
    """Have one program compiled, and wait until it is."""
    assert worker.stdin and worker.stdout
    worker.stdin.write(json.dumps(structure.model_dump()) + "\n")
    worker.stdin.flush()
    worker.stdout.readline()


def _put_behind_all_others(process_id: int) -> None:
    """Have a process run where nobody else wants the core; Windows is told so when it starts one."""
    with suppress(OSError):  # it has ended by now
        if hasattr(os, "sched_setscheduler"):
            os.sched_setscheduler(process_id, os.SCHED_IDLE, os.sched_param(0))
        elif hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, process_id, 19)


def _serve() -> None:
    """Compile what standard input asks for, a line each, and say so on standard output."""
    process.begin()
    import jax

    from gausslab.lab.preparing import compile_loop

    for line in sys.stdin:
        with suppress(Exception):  # who chooses it meets the same, and is told
            compile_loop(Experiment(**json.loads(line)))
        jax.clear_caches()
        print(flush=True)


FORESIGHT = Foresight()  # of this server

if __name__ == "__main__":
    _serve()
