"""The table of benchmarks: which module measures which rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from . import film, quality, rate, recompiles, speed, start
from .rows import Options, Row


class Benchmark(NamedTuple):
    """A group of rows: one line of what it is, and the function that measures it."""

    summary: str
    rows: Callable[[Options], list[Row]]


BENCHMARKS: dict[str, Benchmark] = {
    "quality": Benchmark("How well `steady` learns.", quality.rows),
    "speed": Benchmark("Steps per second against bare JAX, PyTorch and TensorFlow.", speed.rows),
    "rate": Benchmark("Arithmetic rate of larger nets against a matrix product.", rate.rows),
    "recompiles": Benchmark("Programs compiled after a change of knob or target.", recompiles.rows),
    "start": Benchmark("From the start of a process to its first step, and to its help.", start.rows),
    "film": Benchmark("Filming 300 frames.", film.rows),
}
