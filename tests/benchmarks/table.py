"""The table of benchmarks: which module measures which rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from . import alternatives, classics, crowd, film, lab, quality, rate, recipes, recompiles, seek, speed, start
from .rows import Options, Row


class Benchmark(NamedTuple):
    """A group of rows: one line of what it is, and the function that measures it."""

    summary: str
    rows: Callable[[Options], list[Row]]


BENCHMARKS: dict[str, Benchmark] = {
    "quality": Benchmark("How well `steady` learns.", quality.rows),
    "alternatives": Benchmark("What learns the same targets without a game.", alternatives.rows),
    "speed": Benchmark("Steps per second against bare JAX, PyTorch and TensorFlow.", speed.rows),
    "rate": Benchmark("Arithmetic rate of larger nets against a matrix product.", rate.rows),
    "recompiles": Benchmark("Programs compiled after a change of knob or target.", recompiles.rows),
    "start": Benchmark("From the start of a process to its first step, and to its help.", start.rows),
    "film": Benchmark("Filming 300 frames.", film.rows),
    "seek": Benchmark("Going back in a run, saving it on its way, and Ctrl-C.", seek.rows),
    "lab": Benchmark("The live page in a browser, both on the same cores.", lab.rows),
    "crowd": Benchmark("Thirty visitors of the lab at once on two cores.", crowd.rows),
    "hour": Benchmark("One visitor of the lab for an hour.", crowd.hour),
    "recipes": Benchmark("Failures on demand and their cures: what they show, what is said.", recipes.rows),
    "classics": Benchmark("Published 1D GANs, beside `steady` on the same target.", classics.rows),
}
