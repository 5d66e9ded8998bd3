"""Seconds from the start of a process to its first training step, and to the end of `gausslab --help`.

Each process is new. A cold one has an empty cache folder: it imports everything, makes the recipe `steady` on its
target, compiles, trains one step, brings its frame to the host, and says so; the clock stops when that is read here.
The second process does the same with what the first left in JAX's persistent compilation cache. Both begin as the
command does. Help runs to its end, and says whether JAX was loaded. Beside each time stands the processor's, which
neighbours on the machine lengthen less.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .environment import of_a_person
from .rounds import Contestant, interleaved, timed
from .rows import Options, Row

PROCESSES = 5
COLD, SECOND, HELP = 3.0, 1.5, 0.5  # seconds
FIRST_STEP = """
from gausslab import process
process.begin()
from gausslab.recipes import RECIPES
from gausslab.run import train
train(RECIPES["steady"].experiment(), steps=1, progress=False)
print("stepped", flush=True)
"""
SHOW_HELP = """
import sys
from gausslab.cli import main
sys.argv = ["gausslab", "--help"]
try:
    main()
finally:
    print("jax" in sys.modules, file=sys.stderr)
"""


def rows(options: Options) -> list[Row]:
    """Measure all rows of this group."""
    busy: dict[str, list[float]] = {name: [] for name in ("cold", "second", "help")}
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept"
        _to_first_step(kept)

        def cold() -> float:
            with tempfile.TemporaryDirectory(dir=folder) as empty:
                return _to_first_step(Path(empty))

        turns = {"cold": cold, "second": lambda: _to_first_step(kept), "help": lambda: timed(_help)}
        contestants = {name: _accounted(turn, busy[name]) for name, turn in turns.items()}
        times = interleaved(contestants, min(PROCESSES, options.rounds))
    jax_loaded = _help() == "True"
    bars = {
        "cold": ("first step, cold", COLD, True),
        "second": ("first step, second process with JAX's persistent compilation cache", SECOND, True),
        "help": ("gausslab --help, without loading JAX", HELP, not jax_loaded),
    }
    return [
        Row(
            what,
            f"≤ {bar:g} s",
            f"{times[name].median:.2f} s ({times[name].best:.2f} s at best; processor {min(busy[name]):.2f} s)"
            + ("" if fit else "; it loads JAX"),
            times[name].median <= bar and fit,
            {"seconds": times[name].turns, "processor_seconds": busy[name]},
        )
        for name, (what, bar, fit) in bars.items()
    ]


def _accounted(turn: Contestant, busy: list[float]) -> Contestant:
    def turn_and_account() -> float:
        before = _processor_seconds()
        seconds = turn()
        busy.append(_processor_seconds() - before)
        return seconds

    return turn_and_account


def _processor_seconds() -> float:
    """How long all processes started here, and ended by now, have kept the processor busy."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _to_first_step(cache: Path) -> float:
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", FIRST_STEP], stdout=subprocess.PIPE, text=True, env=of_a_person(cache)
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        seconds = time.perf_counter() - started
    if said != "stepped\n":
        raise RuntimeError(f"expected a process that trains a step, got one that ended with {process.returncode}")
    return seconds


def _help() -> str:
    """Show the help; the last line of its errors says whether JAX was loaded."""
    done = subprocess.run([sys.executable, "-c", SHOW_HELP], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout, done.stdout
    return done.stderr.split()[-1]
