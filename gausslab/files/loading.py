"""Loading a run, and running one again from its experiment.toml alone."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gausslab.errors import BadInput
from gausslab.files import layout, script, tensors
from gausslab.files.script import Plan
from gausslab.files.whole import recover
from gausslab.observing import Frames
from gausslab.run import Run, begin


class OnItsWay(NamedTuple):
    """A run, and what is still to come."""

    run: Run
    plan: Plan | None  # None: nothing is


def load(path: str | os.PathLike[str]) -> Run:
    """Read a run from its folder; it goes on with the same bits as if it had never stopped.

    Times start at zero.

    Args:
        path: the folder.

    Raises:
        BadInput: no folder, or one whose run is damaged, foreign or of a later format; the sentence names the file.
    """
    return load_on_its_way(path).run


def load_on_its_way(path: str | os.PathLike[str]) -> OnItsWay:
    """As `load`, with what is still to come where the run was saved on its way.

    Raises:
        BadInput: as `load`.
    """
    folder = recover(path)
    with layout.naming(folder):
        if not folder.is_dir():
            came = "a file" if folder.exists() else "nothing there"
            raise BadInput(f"expected the folder of a run, got {came}; check the path")
    manifest = layout.check(folder)
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
    looks: tensors.Looks = {}
    frames = Frames()
    for name in layout.frames_names(manifest.files):
        with layout.naming(folder / name):
            reels = tensors.read_frames(folder / name, experiment, checkpoint.units, told.taken, looks)
            if frames and int(reels[0].observations.step[0]) <= frames.last_step:
                raise BadInput(f"expected frames beyond step {frames.last_step}, got earlier ones; {layout.RESTORE}")
            for reel in reels:
                frames.add(reel)
    run = Run(
        experiment,
        checkpoint.state,
        checkpoint.moves,
        checkpoint.units,
        list(told.events),
        frames,
        told.failure,
        first=told.first,
    )
    return OnItsWay(run, told.plan)


def replay(path: str | os.PathLike[str], *, progress: bool | None = None) -> Run:
    """Run an experiment.toml again, with everything that was done at its step: the same bits once more.

    An experiment without a record of what was done is trained for its own number of steps.

    Args:
        path: the file, or the folder of a run.
        progress: show progress bars; None shows them on a terminal and in a notebook.

    Raises:
        BadInput: no such file, no TOML, or a setting or an event that cannot be; the sentence names the file.
    """
    return deque(replaying(path, progress=progress), maxlen=1)[0].run


def replaying(path: str | os.PathLike[str], *, progress: bool | None = None) -> Iterator[OnItsWay]:
    """As `replay`, yielding the run after each chunk of its training, so that a caller may stop between two."""
    file = Path(path)
    file = file / layout.EXPERIMENT if file.is_dir() else file
    with layout.naming(file):
        told = script.understand(_text(file), file.parent, own_data=False)
        if told.first:
            raise BadInput(
                f"expected a run that began with an experiment of its own, got one whose weights were those of another "
                f"until step {told.first:,}; load its folder instead, and go on from where it stands"
            )
        run = begin(told.experiment)
    plan = Plan(told.taken, told.events, tuple(stop for stop in told.stops if stop <= told.taken))
    with layout.naming(file):
        for on_its_way in going_on(run, plan, progress=progress):
            if on_its_way.plan is not None:
                yield on_its_way
    if told.failure and not run.frames:
        run.train(1, progress=progress)  # it broke down in its very first step
    run.failure = run.failure or told.failure
    yield OnItsWay(run, None)


def going_on(run: Run, plan: Plan, *, progress: bool | None = None) -> Iterator[OnItsWay]:
    """Take a run to its goal, doing on the way what is planned; yields after each chunk, the last time without a plan.

    Raises:
        BadInput: something cannot be done to this run.
    """
    ahead = deque(plan.events)
    for stop in sorted({*plan.stops, *(event.step for event in ahead), plan.goal}):
        if stop > run.step and not run.failure:
            for _ in run.training(stop - run.step, progress=progress):
                yield OnItsWay(run, plan._replace(events=tuple(ahead)))
        while ahead and ahead[0].step <= stop:
            run.do(ahead.popleft())
    yield OnItsWay(run, None)


def _text(file: Path) -> str:
    content = layout.read_bytes(file, layout.LARGEST[layout.EXPERIMENT])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"expected text in UTF-8, got other bytes at {error.start + 1}; re-save it") from None
