"""Steps per second of the recipe `vanilla`, against bare JAX, PyTorch and TensorFlow.

gausslab's time is that of `Run.train` with the recipe as it stands: 1-32-32-1 tanh nets for both players, batch 256,
Adam, D then G, a frame every 20 steps copied to the host, the check for NaN after every step, every knob traced. The
run is new in each round and its program compiled before the first. The bare scan (`tests/benchmarks/bare.py`) has
none of this. A second row counts in all readings of all frames (distances, D*, diagnosis), which a run works out
only when somebody looks. The rivals (`tests/benchmarks/rivals.py`) train the same nets with the same batch and
Adam, one process each, and record nothing.

Each round gives everyone one turn; a ratio is the median of the rounds' ratios, "at best" the ratio of the quickest
turns.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp

from gausslab.recipes import RECIPES
from gausslab.run import begin
from gausslab.targets import parse

from . import bare
from .rounds import Contestant, Times, best_ratio, interleaved, ratio, timed
from .rows import Options, Row, unmeasured

STEPS = 5000  # of gausslab and of the bare scan in a turn: those of a default run, about half a second
TARGET = "normal(4, 1.25)"
SLOWEST_BARE = 1.15  # times the bare scan's


class Rival(NamedTuple):
    """Who else trains the same nets."""

    what: str
    least: float  # times its steps per second that gausslab must reach
    steps: int  # in a turn


RIVALS = {
    "torch_eager": Rival("eager PyTorch", 8, 200),
    "tensorflow_function": Rival("TensorFlow with tf.function", 4, 400),
    "tensorflow_eager": Rival("TensorFlow eager, as the classics run it", 200, 10),
}


def rows(options: Options) -> list[Row]:
    """Measure all rows of this group."""
    with ExitStack() as stack:
        contestants: dict[str, Contestant] = {
            "gausslab": lambda: _gausslab(reading=False),
            "gausslab, all read": lambda: _gausslab(reading=True),
            "bare": _bare(),
        }
        said: dict[str, str] = {}
        for name, rival in RIVALS.items():
            turn, said[name] = stack.enter_context(_process(options.rivals_python, name, rival.steps))
            if turn is not None:
                contestants[name] = turn
        for turn in contestants.values():
            turn()
        times = interleaved(contestants, options.rounds)
    return [*_against_bare(times), *(_against(name, times, said[name]) for name in RIVALS)]


def _gausslab(*, reading: bool) -> float:
    run = begin(RECIPES["vanilla"].experiment(target=TARGET))

    def work() -> None:
        run.train(STEPS, progress=False)
        if reading:
            for frame in run.frames:
                assert frame.diagnosis

    return timed(work) / STEPS


def _bare() -> Contestant:
    game = bare.initial(jax.random.key(0))
    table = jnp.asarray(parse(TARGET).logit_quantiles(), jnp.float32)
    key, steps = jax.random.key(1), jnp.int32(STEPS)
    return lambda: timed(lambda: jax.block_until_ready(bare.train(game, table, key, steps))) / STEPS


@contextmanager
def _process(python: str, name: str, steps: int) -> Iterator[tuple[Contestant | None, str]]:
    """A rival in a process of its own, and its versions; no rival, and why, where its library is missing."""
    command = [python, str(Path(__file__).with_name("rivals.py")), name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        requests, answers = process.stdin, process.stdout
        assert requests is not None and answers is not None

        def turn() -> float:
            print(steps, file=requests, flush=True)
            return json.loads(answers.readline())["seconds"] / steps

        hello = json.loads(answers.readline() or '{"missing": "its process ended before it was ready"}')
        yield (turn, hello["ready"]) if "ready" in hello else (None, hello["missing"])


def _numbers(times: dict[str, Times], names: Sequence[str]) -> dict[str, object]:
    return {
        name: {
            "median_us": 1e6 * times[name].median,
            "best_us": 1e6 * times[name].best,
            "turns_us": [1e6 * turn for turn in times[name].turns],
        }
        for name in names
    }


def _against_bare(times: dict[str, Times]) -> Iterator[Row]:
    bars = {"gausslab": SLOWEST_BARE, "gausslab, all read": None}
    whats = {
        "gausslab": "training, a frame every 20 steps, against the same bare scan in raw JAX",
        "gausslab, all read": "the same with all readings of all frames worked out",
    }
    for name, bar in bars.items():
        times_as_long = ratio(times, name, "bare")
        yield Row(
            whats[name],
            f"≤ {bar} × its time" if bar else "",
            f"{times_as_long:.2f} × ({best_ratio(times, name, 'bare'):.2f} × at best; "
            f"{1e6 * times[name].median:.0f} and {1e6 * times['bare'].median:.0f} µs a step)",
            times_as_long <= bar if bar else None,
            {"ratio": times_as_long, **_numbers(times, (name, "bare"))},
        )


def _against(name: str, times: dict[str, Times], said: str) -> Row:
    rival = RIVALS[name]
    what, bar = f"training against {rival.what}", f"≥ {rival.least:g} × the steps per second"
    if name not in times:
        return unmeasured(what, bar, said)
    faster = ratio(times, name, "gausslab")
    return Row(
        what,
        bar,
        f"{faster:.1f} × ({best_ratio(times, name, 'gausslab'):.1f} × at best; "
        f"{1e6 * times[name].median:,.0f} µs a step; {said})",
        faster >= rival.least,
        {"ratio": faster, "versions": said, **_numbers(times, (name, "gausslab"))},
    )
