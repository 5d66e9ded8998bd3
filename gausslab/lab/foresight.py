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
LET_GO = 20.0  # seconds without anything to compile, after which the process is let go
PROGRAMS = 40  # that one process compiles: it grows by some 6 MB with each
STANDS = 16  # experiments at which somebody stands, the newest first

Stand = tuple[Experiment, tuple[str, ...]]
Choices = Callable[[Experiment, tuple[str, ...]], Iterable[Experiment]]


class Worker:
    """The process that compiles."""

    def __init__(self) -> None:
        """Start it, to run where nobody else wants the core."""
        # In a group of its own, it hears no Ctrl-C; and where its server is killed while it is stopped, the system
        # ends it, as it does with all stopped groups that nobody is left to continue.
        alone: dict[str, Any] = (
            {"creationflags": subprocess.IDLE_PRIORITY_CLASS} if sys.platform == "win32" else {"process_group": 0}
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            **alone,
        )
        _put_behind_all_others(self.process.pid)
        self.compiled = 0
        self._stopped = False

    def compile(self, structure: Experiment) -> bool:
        """Have a program compiled, and wait until it is.

        Returns:
            Whether the process has lived to say so.
        """
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(json.dumps(structure.model_dump()) + "\n")
            self.process.stdin.flush()
        except OSError:
            return False
        self.compiled += 1
        return bool(self.process.stdout.readline())

    def stop(self, stopped: bool) -> None:
        """Stop it or have it go on, where the system can do that."""
        if stopped != self._stopped and hasattr(signal, "SIGSTOP"):
            self._stopped = stopped
            self.process.send_signal(signal.SIGSTOP if stopped else signal.SIGCONT)

    def let_go(self) -> None:
        """End it."""
        self.process.kill()
        with suppress(OSError), self.process:  # closes its pipes, in which something may be left, and waits for its end
            pass


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
        self._worker: Worker | None = None
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
    def _in_the_way(self) -> bool:
        return time.monotonic() - self._acted_at < QUIET

    @property
    def _unseen(self) -> bool:
        return time.monotonic() - self._seen_at > WATCHED

    def _mind(self) -> None:
        """Stop the process, have it go on, or end it, as things are."""
        with self._changed:
            if self._worker and self._unseen:
                self._worker.process.kill()
            elif self._worker:
                self._worker.stop(self._in_the_way)

    def _work(self) -> None:
        """Have one program after another compiled."""
        last = time.monotonic()
        for structure in self._wanted():
            if structure:
                with self._changed:
                    worker = self._worker = self._worker or self._employ()
                lives = worker.compile(structure)
                last = time.monotonic()
                if not lives or worker.compiled >= PROGRAMS:
                    self._let_go()
            elif time.monotonic() - last > LET_GO:
                self._let_go()
        self._let_go()

    def _wanted(self) -> Iterator[Experiment | None]:
        """Structures that nobody has compiled yet, as long as somebody may want them; None now and then where none is.

        Who comes last is served first.
        """
        done: set[Stand] = set()
        while len(self._foreseen) < LIMITS.foreseen:
            with self._changed:
                self._changed.wait(LOOK)
                stands = tuple(self._stands)
            if self._in_the_way or self._unseen or done.issuperset(stands):
                yield None
                continue
            new = (found for stand in stands for found in self._choices(*stand) if found not in self._foreseen)
            for structure in new:
                self._foreseen.add(structure)
                yield structure
                if tuple(self._stands) != stands or self._in_the_way or self._unseen:
                    break
            else:
                done = set(stands)

    def _employ(self) -> Worker:
        worker = Worker()
        threading.Thread(target=self._watch, args=(worker,), name="foresight's watch", daemon=True).start()
        return worker

    def _watch(self, worker: Worker) -> None:
        while worker.process.poll() is None:
            time.sleep(LOOK)
            self._mind()

    def _let_go(self) -> None:
        with self._changed:
            worker, self._worker = self._worker, None
        if worker:
            worker.let_go()


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
    from gausslab import programs
    from gausslab.lab.preparing import compile_loop

    for line in sys.stdin:
        with suppress(Exception):  # who chooses it meets the same, and is told
            compile_loop(Experiment(**json.loads(line)))
        programs.forget()
        print(flush=True)


FORESIGHT = Foresight()  # of this server

if __name__ == "__main__":
    _serve()
