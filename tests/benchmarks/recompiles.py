"""Programs compiled while every knob is turned and ten targets are set, in two sessions; read off JAX's compile log.

Each session trains for some steps and looks at a frame, then turns one knob after another, then sets one target after
another, training and looking after each. The first session is the recipe `steady`, all of whose gates (knobs that
leave their machinery out at 0) are shut, the second has every gate and every penalty open. Every program counts,
however small, whatever it is for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import jax

from gausslab.penalties import PENALTIES
from gausslab.run import Run, begin
from gausslab.settings import Experiment, Setting

from .quality import TARGETS
from .rows import Options, Row

STEPS = 3  # of training after each change
HOW_MANY_TARGETS = 10
COMPILED = "Finished XLA compilation of "


def rows(options: Options) -> list[Row]:
    """Count all rows of this group."""
    shut = Experiment()
    gates = {setting.path: type(setting.value)(1) for setting in shut.settings if setting.gate}
    opened = shut.changed(gates | {f"penalties.{name}": 0.1 for name in PENALTIES})
    return [_session("every gate shut", shut), _session("every gate and penalty open", opened)]


def _session(what: str, experiment: Experiment) -> Row:
    run = begin(experiment)
    _go_on(run)
    knobs = [setting for setting in experiment.settings if setting.knob and not (setting.gate and not setting.value)]
    with compiled() as programs:
        for setting in knobs:
            _go_on(run.change({setting.path: _turned(setting)}))
        for target in list(TARGETS.values())[:HOW_MANY_TARGETS]:
            _go_on(run.change({"target": target}))
    return Row(
        f"recompiles after a change of knob or target, {what}",
        "0",
        f"{len(programs)} in {len(knobs)} knobs and {HOW_MANY_TARGETS} targets"
        + (f": {', '.join(sorted(set(programs)))}" if programs else ""),
        not programs,
        {"programs": programs, "knobs": [setting.path for setting in knobs]},
    )


def _go_on(run: Run) -> None:
    run.train(STEPS, progress=False)
    assert run.failure is None, run.failure
    assert run.frames[-1].diagnosis


def _turned(setting: Setting) -> float:
    """Another value that the knob may take, on the same side of 0."""
    assert setting.low is not None and setting.high is not None
    if isinstance(setting.value, int):
        return setting.value + 1 if setting.value < setting.high else setting.value - 1
    return 0.5 * setting.value if 0.5 * setting.value >= max(setting.low, 1e-9) else setting.low + 0.01


@contextmanager
def compiled() -> Iterator[list[str]]:
    """The names of all programs that JAX compiles meanwhile."""
    log, notes = logging.getLogger("jax"), _Notes()
    propagated, log.propagate = log.propagate, False
    log.addHandler(notes)
    try:
        with jax.log_compiles():
            yield notes.programs
    finally:
        log.removeHandler(notes)
        log.propagate = propagated


class _Notes(logging.Handler):
    """Keeps the names of compiled programs out of a log."""

    def __init__(self):
        super().__init__()
        self.programs: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message.startswith(COMPILED):
            self.programs.append(message.removeprefix(COMPILED).partition(" in ")[0])
