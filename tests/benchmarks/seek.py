"""Going back to any step of a long run, saving a run on its way, and how soon Ctrl-C is answered.

A run of 20,000 steps of each recipe, with a knob turned and the target changed on the way, is asked for steps drawn at
random. The row tells the slowest of them, with and without working its last frame out, the memory that the checkpoints
take, and what the run itself had said a seek may take. One step is compared bit for bit with a run that walked there.

A save on the way is timed in a run of `vanilla` with a frame at every step, every 500 steps: 500 new frames each, up to
25,000. Ctrl-C is sent to `gausslab train` in a process of its own, and the clock stops at the sentence that says where
the run was saved.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
import numpy as np

from gausslab.files import Autosave, Plan
from gausslab.recipes import RECIPES
from gausslab.run import Run, begin

from .rounds import timed
from .rows import Options, Row

STEPS = 20_000
SEEKS = 100
LONGEST = {"vanilla": 0.150, "steady": 0.300}  # seconds
CHANGES = {7_003: {"generator.rate": 2e-3}, 13_000: {"target": "comb(5)"}}
SAVE_EVERY, SAVED_STEPS = 500, 25_000
ANSWER = 1.0  # seconds until Ctrl-C is answered
COMMAND = "from gausslab.cli import main; main()"


def rows(options: Options) -> list[Row]:
    """Measure all rows of this group."""
    return [*(_seek(name) for name in LONGEST), _saves(), _interrupt(options)]


def _seek(name: str) -> Row:
    run = _eventful(begin(RECIPES[name].experiment(), ahead=True), STEPS)
    chance = random.Random(0)
    times: list[float] = []
    for _ in range(SEEKS):
        step = chance.randrange(STEPS + 1)
        times.append(timed(lambda step=step: run.at(step).frames[-1].diagnosis))
    bare = [timed(lambda step=step: run.at(step)) for step in (chance.randrange(STEPS + 1) for _ in range(SEEKS))]
    step = 13_777
    walked = _eventful(begin(run.experiment), step)
    pairs = zip(jax.tree.leaves(run.at(step).state), jax.tree.leaves(walked.state), strict=True)
    same = all(np.array_equal(one, other) for one, other in pairs)
    return Row(
        f"{name}: to any of {STEPS:,} steps",
        f"≤ {1000 * LONGEST[name]:.0f} ms, the same bits",
        f"{1000 * max(bare):.0f} ms at worst, {1000 * float(np.median(bare)):.0f} ms in the median "
        f"({1000 * max(times):.0f} and {1000 * float(np.median(times)):.0f} ms with its frame and diagnosis); "
        f"{len(run.checkpoints)} checkpoints take {run.checkpoints.nbytes / 1e6:.1f} MB, "
        f"the run had said {1000 * run.seek_seconds:.0f} ms; {'the same bits' if same else 'OTHER BITS'}",
        max(bare) <= LONGEST[name] and same,
        {"seconds": bare, "seconds_with_frame": times, "said": run.seek_seconds, "bytes": run.checkpoints.nbytes},
    )


def _eventful(run: Run, steps: int) -> Run:
    for step in sorted({*CHANGES, steps}):
        if run.step < step <= steps:
            run.train(step - run.step, progress=False)
        if step in CHANGES and step < steps:
            run.change(CHANGES[step])
    return run


def _saves() -> Row:
    run = begin(RECIPES["vanilla"].experiment(frame_every=1), ahead=True)
    times: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        autosave = Autosave(run, Path(folder) / "run")
        while run.step < SAVED_STEPS:
            run.train(SAVE_EVERY, progress=False)
            times.append(timed(lambda: autosave.save(Plan(SAVED_STEPS))))
    return Row(
        f"saving a run on its way, {SAVE_EVERY} new frames at a time up to {SAVED_STEPS:,}",
        "",
        f"{1000 * float(np.median(times)):.0f} ms in the median, {1000 * max(times):.0f} ms at worst, "
        f"{sum(times):.1f} s in all beside {run.timing.training:.1f} s of training",
        None,
        {"seconds": times, "training": run.timing.training},
    )


def _interrupt(options: Options) -> Row:
    times = [_answered(turn) for turn in range(min(5, options.rounds))]
    return Row(
        "Ctrl-C in mid-training: until the run is saved and says so",
        f"≤ {ANSWER:g} s",
        f"{max(times):.2f} s at worst, {float(np.median(times)):.2f} s in the median",
        max(times) <= ANSWER,
        {"seconds": times},
    )


def _answered(turn: int) -> float:
    """Seconds from Ctrl-C to its answer, of a run with frames far apart."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["train", "--steps", "1000000", "--frame-every", "10000", "--checkpoint-every", "500"]
        command = [sys.executable, "-c", COMMAND, *arguments, "--quiet", "--out", f"{folder}/run"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
            assert process.stderr is not None
            while _taken(Path(folder) / "run") < 1000 + 100 * turn:
                time.sleep(0.01)
            started = time.perf_counter()
            os.kill(process.pid, signal.SIGINT)
            said = process.stderr.readline()
            seconds = time.perf_counter() - started
            process.wait()
    assert "stopped at step" in said, said
    return seconds


def _taken(folder: Path) -> int:
    file = folder / "experiment.toml"
    found = re.search(r"^taken = (\d+)", file.read_text(encoding="utf-8"), re.M) if file.exists() else None
    return int(found[1]) if found else 0
