"""Loading a run, and running one again from its experiment.toml alone."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from gausslab.errors import BadInput
from gausslab.files import layout, script, tensors
from gausslab.files.whole import recover
from gausslab.run import Run, begin


def load(path: str | os.PathLike[str]) -> Run:
    """Read a run from its folder; it goes on with the same bits as if it had never stopped.

    Times start at zero.

    Args:
        path: the folder.

    Raises:
        BadInput: no folder, or one whose run is damaged, foreign or of a later format; the sentence names the file.
    """
    folder = recover(path)
    with layout.naming(folder):
        if not folder.is_dir():
            came = "a file" if folder.exists() else "nothing there"
            raise BadInput(f"expected the folder of a run, got {came}; check the path")
    layout.check(folder)
    with layout.naming(folder / layout.EXPERIMENT):
        told = script.understand(_text(folder / layout.EXPERIMENT), folder, own_data=True)
    experiment = told.experiment
    with layout.naming(folder / layout.CHECKPOINT):
        checkpoint = tensors.read_checkpoint(folder / layout.CHECKPOINT, experiment.structure())
        step = int(checkpoint.state.step)
        if step != told.taken:
            raise BadInput(
                f"expected the state after step {told.taken}, as {layout.EXPERIMENT} says, got that after {step}; "
                f"{layout.RESTORE}"
            )
    with layout.naming(folder / layout.FRAMES):
        frames = tensors.read_frames(folder / layout.FRAMES, experiment, checkpoint.units, told.taken)
    return Run(
        experiment, checkpoint.state, checkpoint.moves, checkpoint.units, list(told.events), frames, told.failure
    )


def replay(path: str | os.PathLike[str], *, progress: bool | None = None) -> Run:
    """Run an experiment.toml again, with everything that was done at its step: the same bits once more.

    An experiment without a record of what was done is trained for its own number of steps.

    Args:
        path: the file, or the folder of a run.
        progress: show progress bars; None shows them on a terminal and in a notebook.

    Raises:
        BadInput: no such file, no TOML, or a setting or an event that cannot be; the sentence names the file.
    """
    return deque(replaying(path, progress=progress), maxlen=1)[0]


def replaying(path: str | os.PathLike[str], *, progress: bool | None = None) -> Iterator[Run]:
    """As `replay`, yielding the run after each chunk of its training, so that a caller may stop between two."""
    file = Path(path)
    file = file / layout.EXPERIMENT if file.is_dir() else file
    with layout.naming(file):
        told = script.understand(_text(file), file.parent, own_data=False)
        run = begin(told.experiment)
    for step in sorted({*told.stops, *(event.step for event in told.events), told.taken}):
        if step > run.step and not run.failure:
            for _ in run.training(step - run.step, progress=progress):
                yield run
        for event in told.events:
            if event.step == step:
                with layout.naming(file):
                    run.change({event.knob: event.value})
    if told.failure and not run.frames:
        run.train(1, progress=progress)  # it broke down in its very first step
    run.failure = run.failure or told.failure
    yield run


def _text(file: Path) -> str:
    content = layout.read_bytes(file, layout.LARGEST[layout.EXPERIMENT])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"expected text in UTF-8, got other bytes at {error.start + 1}; re-save it") from None
