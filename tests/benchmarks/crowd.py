"""Thirty people in the lab at once on two cores, and one for an hour.

The server is a process of its own, started as a person starts it, and all visitors are a second one, which speaks
Streamlit's own websocket protocol and asks for frames as the stage does (`live/visitors.py`, `live/playing.py`): thirty
browsers would leave the server nothing of two cores. What the visitors take of them stands beside each row. Both are
held to two cores where the machine has more.

A frame is fresh when the playhead passes it: it was computed, arrived in time, and was not made void by a slider. A
slider's delay is from its move to the arrival of the first frame computed with its new place. Memory is the server's
resident set, over the last half minute against that which follows the first minute after all have come.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from .live.serving import Server, serving
from .rows import Options, Row

CORES = 2
SPEEDS = {"vanilla": 200.0, "steady": 60.0}  # steps per second that each visitor asks for
SESSIONS, MINUTES, HOUR = 30, 5.0, 60.0
FRAMES, DELAY, GROWTH_EACH, GROWTH_ALONE = 10.0, 0.4, 2.0, 20.0  # per second, seconds, MB, MB
SETTLED = 60.0  # seconds, after which memory has to stay as it is
WINDOW = 30.0  # seconds, of which the median counts: what is freed goes back to the system now and then
MEGABYTE = 1e6
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Sample(NamedTuple):
    """The server at one moment."""

    when: float  # seconds since all had come
    memory: float  # MB
    busy: float  # processor seconds since its start


class Crowd(NamedTuple):
    """What was seen of a server and its visitors."""

    report: dict[str, Any]  # of the visitors
    server: list[Sample]

    @property
    def growth(self) -> float | None:
        """MB from the half minute after the first minute to the last one, by medians; None where there was no time."""
        end = self.server[-1].when
        early = [sample.memory for sample in self.server if SETTLED <= sample.when < SETTLED + WINDOW]
        late = [sample.memory for sample in self.server if sample.when >= end - WINDOW]
        return median(late) - median(early) if end >= SETTLED + 2 * WINDOW else None

    @property
    def cores(self) -> float:
        """Cores that the server kept busy."""
        first, last = self.server[0], self.server[-1]
        return (last.busy - first.busy) / (last.when - first.when)

    def of_all(self, name: str) -> list[Any]:
        """One reading of each visitor."""
        return [visitor[name] for visitor in self.report["visitors"]]


def rows(options: Options) -> list[Row]:
    """Measure the rows of a crowd."""
    return [_crowd_row(recipe, options) for recipe in SPEEDS]


def hour(options: Options) -> list[Row]:
    """Measure the row of a long visit."""
    minutes = options.minutes or HOUR
    crowd = visited("steady", SPEEDS["steady"], 1, minutes)
    growth = crowd.growth
    whole = minutes >= HOUR
    measured = [] if whole else [f"only {minutes:g} minutes, from which nothing follows for an hour"]
    if growth is not None:
        measured.append(f"{growth:+.1f} MB after the first minute, from {crowd.server[0].memory:.0f} MB at the start")
    measured += [f"{min(crowd.of_all('frames_per_second')):.1f} fresh frames per second", *_faults(crowd)]
    met = all(crowd.of_all("alive")) and growth is not None and growth <= GROWTH_ALONE
    return [
        Row(
            "an hour of one session, `steady` at 60 steps/s, a slider every 5 s: growth of the server's memory",
            f"≤ {GROWTH_ALONE:g} MB",
            "; ".join(measured),
            met if whole else None,
            crowd._asdict(),
        )
    ]


def _crowd_row(recipe: str, options: Options) -> Row:
    sessions, minutes = options.sessions or SESSIONS, options.minutes or MINUTES
    crowd = visited(recipe, SPEEDS[recipe], sessions, minutes)
    delays = np.concatenate([*crowd.of_all("delays"), [np.inf] * sum(crowd.of_all("unanswered"))])
    alive, fresh = sum(crowd.of_all("alive")), min(crowd.of_all("frames_per_second"))
    half, most = np.percentile(delays, [50, 95], method="higher") if delays.size else (np.inf, np.inf)
    growth = None if crowd.growth is None else crowd.growth / sessions
    whole = sessions >= SESSIONS and minutes >= MINUTES
    measured = [] if whole else [f"only {sessions} sessions for {minutes:g} minutes, from which no more follows"]
    measured += [
        f"{alive} of {sessions} alive",
        f"fresh frames per second {fresh:.1f} at worst, {np.median(crowd.of_all('frames_per_second')):.1f} mostly",
        f"slider {1000 * most:.0f} ms at the 95th percentile of {delays.size}, {1000 * half:.0f} at the median",
        "too short for memory" if growth is None else f"memory {growth:+.2f} MB per session after the first minute",
        f"{np.median(crowd.of_all('steps_per_second')):.0f} steps/s each",
        f"longest wait for a fresh frame {max(crowd.of_all('longest_gap')):.1f} s",
        f"server {crowd.cores:.2f} and visitors {crowd.report['processor_seconds'] / crowd.report['seconds']:.2f} "
        f"of {CORES} cores",
        *_faults(crowd),
    ]
    met = alive == sessions and fresh >= FRAMES and most <= DELAY and growth is not None and growth <= GROWTH_EACH
    return Row(
        f"{SESSIONS} sessions on {CORES} cores for {MINUTES:g} minutes, `{recipe}` at {SPEEDS[recipe]:g} steps/s, "
        "a slider every 5 s",
        f"all alive; ≥ {FRAMES:g} fresh frames per second each; slider ≤ {1000 * DELAY:g} ms at the 95th percentile; "
        f"memory ≤ {GROWTH_EACH:g} MB per session after the first minute",
        "; ".join(measured),
        bool(met) if whole else None,
        crowd._asdict(),
    )


def _faults(crowd: Crowd) -> list[str]:
    """Whatever went wrong, in words."""
    messages = {message for some in crowd.of_all("messages") for message in some}
    said = {*crowd.of_all("fault"), *crowd.of_all("failure"), *messages} - {"", None}
    repeated = sum(crowd.of_all("repeated"))
    return [*sorted(said), *([f"{repeated} requests had to be repeated"] if repeated else [])]


def visited(recipe: str, speed: float, sessions: int, minutes: float) -> Crowd:
    """Start a server, send visitors, and watch both."""
    with tempfile.TemporaryDirectory() as folder, held_to(CORES):
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "tests.benchmarks.live.visitors"]
        wishes = {"recipe": recipe, "speed": speed, "sessions": sessions, "minutes": minutes, "report": report}
        with serving(Path(folder) / "cache", Path(folder) / "output.txt") as server:
            command += [server.address, *(f"--{name}={value}" for name, value in wishes.items())]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as visitors:
                assert visitors.stdout is not None
                said = visitors.stdout.readline()
                samples = _samples(server, visitors)
            if said != "begun\n" or visitors.returncode:
                complaints = server.output.read_text(errors="replace")[-4000:]
                raise RuntimeError(f"expected visitors, got none; the server said:\n{complaints}")
        return Crowd(json.loads(report.read_text()), samples)


def _samples(server: Server, visitors: subprocess.Popen[str]) -> list[Sample]:
    """Look at the server every second until the visitors have left."""
    samples, began = [], time.monotonic()
    while not samples or visitors.poll() is None:
        pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
        samples.append(Sample(time.monotonic() - began, pages * PAGE / MEGABYTE, server.processor_seconds()))
        time.sleep(1.0)
    return samples


@contextmanager
def held_to(cores: int) -> Iterator[None]:
    """Hold this process, and those it starts, to the first cores of the machine."""
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(everywhere)[:cores])
    yield
    os.sched_setaffinity(0, everywhere)
