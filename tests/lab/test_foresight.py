"""Foresight, with its real process: it compiles what may be chosen next, and gets into nobody's way."""

import os
import signal
import subprocess
import sys
import time

import pytest

from gausslab.lab import foresight
from gausslab.settings import Experiment

PATIENCE = 120.0  # seconds that a busy machine may take
HERE = """
import sys, time
from gausslab import process
process.begin()
from gausslab.lab import foresight
from gausslab.recipes import RECIPES
here = RECIPES["vanilla"].experiment(**{"generator.widths": (4,), "discriminator.widths": (4,), "batch": 8})
foresight.QUIET = 0.0
seen = foresight.Foresight(lambda experiment, looked_at: [here.changed({"loss": "hinge"}).structure()])
seen.notice(hand=False)
seen.expect(here)
seen.begin()
for line in sys.stdin:
    if line == "hand\\n":
        foresight.QUIET = 1e9
        seen.notice(hand=True)
    if line == "gone\\n":
        foresight.WATCHED = 0.0
    print(seen._worker.process.pid if seen._worker else 0, flush=True)
"""
pytestmark = pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="looks at processes as Linux shows them")


@pytest.fixture
def watched(tmp_path):
    """A process that foresees one choice, and programs kept in a folder of their own."""
    environment = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    environment |= {"XDG_CACHE_HOME": str(tmp_path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", HERE], env=environment, **pipes) as process:
        yield process
        process.kill()


def said(process, line=""):
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def until(so):
    ends = time.monotonic() + PATIENCE
    while not (found := so()):
        assert time.monotonic() < ends
        time.sleep(0.02)
    return found


def state(process):
    """As the system's table of processes says it; empty where it is over."""
    try:
        with open(f"/proc/{process}/stat") as table:
            return table.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def worker_of(watched):
    """Its number, once it is seen to run behind everybody else; beside other tests it would never come to its turn."""
    worker = until(lambda: said(watched))
    assert os.sched_getscheduler(worker) == os.SCHED_IDLE
    os.sched_setscheduler(worker, os.SCHED_OTHER, os.sched_param(0))
    return worker


def test_what_may_be_chosen_is_compiled_behind_everybody_else_and_found_by_another_process(watched, tmp_path):
    worker = worker_of(watched)
    kept = tmp_path / "gausslab" / "programs"
    until(lambda: list(kept.glob("jit_advance-*-cache")))
    until(lambda: state(worker) in "SZ")  # it waits for more
    before = {path.name for path in kept.rglob("*")}
    again = """
from gausslab import process
process.begin()
from gausslab.lab.preparing import compile_loop
from gausslab.recipes import RECIPES
here = RECIPES["vanilla"].experiment(**{"generator.widths": (4,), "discriminator.widths": (4,), "batch": 8})
compile_loop(here.changed({"loss": "hinge"}).structure())
"""
    environment = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    subprocess.run([sys.executable, "-c", again], env=environment | {"XDG_CACHE_HOME": str(tmp_path)}, check=True)
    made = {path.name for path in kept.rglob("*")} - before
    assert not [name for name in made if name.startswith(("jit_advance", "jit_initial")) or ".stablehlo" in name]


def test_hand_stops_it_and_no_process_is_left_where_its_server_is_killed(watched):
    worker = worker_of(watched)
    said(watched, "hand")
    until(lambda: state(worker) == "T")
    os.kill(watched.pid, signal.SIGKILL)
    until(lambda: state(worker) in ("", "Z"))


def test_nothing_is_left_of_it_once_nobody_is_there(watched):
    worker = worker_of(watched)
    said(watched, "hand")
    until(lambda: state(worker) == "T")
    said(watched, "gone")
    until(lambda: not state(worker))
    until(lambda: not said(watched))


def test_process_ends_with_its_server(watched):
    worker = worker_of(watched)
    watched.stdin.close()
    watched.wait(PATIENCE)
    until(lambda: state(worker) in ("", "Z"))


def test_nothing_is_foreseen_where_programs_are_not_kept(monkeypatch):
    monkeypatch.setattr("gausslab.cache._keeping", False)
    asked = []
    seen = foresight.Foresight(lambda *stand: asked.append(stand) or [])
    seen.expect(Experiment())
    seen.notice(hand=False)
    seen.begin()
    time.sleep(2 * foresight.LOOK)
    assert not asked and seen._worker is None
