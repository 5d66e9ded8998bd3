"""Saving a run: all of it when it is done, and only what is new while it is on its way."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tqdm.auto import tqdm

from gausslab.comparing import likeness
from gausslab.errors import BadInput
from gausslab.files import layout, script, tensors
from gausslab.files.pictures import draw, draw_small, places
from gausslab.files.script import Plan
from gausslab.files.whole import check_free, replaced
from gausslab.frame import Frame
from gausslab.history import table
from gausslab.observing import Reel
from gausslab.run import Run
from gausslab.summary import Summary

ON_ITS_WAY = "unfinished"  # the verdict on a run that was saved on its way


def save(
    run: Run,
    path: str | os.PathLike[str],
    *,
    theme: str = "light",
    history: bool = True,
    plan: Plan | None = None,
    progress: bool | None = None,
) -> Path:
    """Write a run into a folder: whole, or not at all; an earlier run that is there is replaced.

    Args:
        run: what to save; it has to have a frame.
        path: the folder, absent, empty or with an earlier run in it.
        theme: of final.png, a key of `gausslab.figures.THEMES`.
        history: write history.parquet, for which every frame has to be worked out: some 2 ms each.
        plan: what is still to come, of a run that was stopped on its way.
        progress: show a progress bar, should it take seconds; None shows one on a terminal and in a notebook.

    Returns:
        The folder.

    Raises:
        BadInput: a run without frames, or a folder that holds something else or cannot be written.
    """
    _check(run, run.frames.reels)
    check_free(path)
    wanted = places(len(run.frames))
    readings = None
    if history:
        shown: list[Frame] = []
        hidden = not (sys.stderr.isatty() or "ipykernel" in sys.modules) if progress is None else not progress
        # Frames are worked out when they are first looked at, which is now.
        with tqdm(total=len(run.frames), disable=hidden, unit="frame", desc="saving", leave=False, delay=1) as bar:
            readings = table(_noting(run, set(wanted), shown, bar))
    else:
        shown = [*(run.frames.plain(place) for place in wanted[:-1]), run.frames[-1]]
    summary = run.summary()
    with replaced(path) as folder:
        _write_beside_the_frames(folder, run, run.frames.reels, plan, summary)
        tensors.write_frames(folder / layout.FRAMES, run.frames.reels, script.pack(run).texts)
        if readings is not None:
            readings.to_parquet(folder / layout.HISTORY, engine="pyarrow", index=False)
        draw(shown, folder / layout.PICTURE, theme)
        draw_small(shown[-1], folder / layout.THUMBNAIL)
        layout.write_manifest(folder)
    return Path(path)


class _Part(NamedTuple):
    """A file of frames that is in the folder and stays as it is."""

    frames: int
    entry: layout.Entry
    inode: int


class Autosave:
    """Saves of one run on its way, each as whole as any, at the cost of what is new.

    Frames that are on the disk already stay there: a new save links their file and writes another one for those since.
    Files are merged where they grow many: each is larger than the next. The history and the picture are for the end.
    """

    def __init__(self, run: Run, path: str | os.PathLike[str]):
        """Prepare to save a run.

        Raises:
            BadInput: a folder that holds something else.
        """
        self.path = check_free(path)
        self._run = run
        self._parts: list[_Part] = []

    def save(self, plan: Plan) -> None:
        """Save the run as it stands.

        Args:
            plan: what is still to come.

        Raises:
            BadInput: the folder cannot be written; the save before is whole then.
        """
        run = self._run
        reels = run.frames.reels[:-1] if run.frames.passing else run.frames.reels
        _check(run, reels)
        total = sum(map(len, reels))
        kept = self._still_there()
        fresh = total - sum(part.frames for part in kept)
        while fresh and kept and kept[-1].frames <= fresh:
            fresh += kept.pop().frames
        with replaced(self.path) as folder:
            known = {}
            for place, part in enumerate(kept):
                name = layout.frames_name(place)
                _link(self.path / name, folder / name)
                known[name] = part.entry
            packed = _write_beside_the_frames(folder, run, reels, plan, self._summary(plan))
            new = layout.frames_name(len(kept))
            if fresh:
                tensors.write_frames(folder / new, _last(reels, fresh), packed.texts)
            entries = layout.write_manifest(folder, known)
        if fresh:
            kept.append(_Part(fresh, entries[new], (self.path / new).stat().st_ino))
        self._parts = kept

    def _still_there(self) -> list[_Part]:
        """The files of frames that nobody has touched since they were written."""
        for place, part in enumerate(self._parts):
            try:
                found = (self.path / layout.frames_name(place)).lstat()
            except OSError:
                return []
            if (found.st_ino, found.st_size) != (part.inode, part.entry.bytes):
                return []
        return list(self._parts)

    def _summary(self, plan: Plan) -> Summary:
        """The numbers of the last frame; words about it would take dozens of frames before it."""
        frames, step = self._run.frames, self._run.step
        summary = Summary.of(self._run, frame=frames.plain(len(frames) - 1))
        if self._run.failure:
            return summary
        told = f"Unfinished: saved at step {step:,} on the way to {plan.goal:,}."
        return replace(summary, verdict=ON_ITS_WAY, diagnosis=told)


def _check(run: Run, reels: Sequence[Reel]) -> None:
    if not run.frames:
        raise BadInput("expected a run with frames to save, got one without; train it for a step first")
    size = sum(leaf.nbytes for reel in reels for leaf in tensors.named(reel.observations).values())
    if size > layout.LARGEST[layout.FRAMES] - 2**28:
        raise BadInput(
            f"expected frames of at most 8 GB to save, got {size:,} bytes; record fewer of them with frame_every"
        )


def _write_beside_the_frames(
    folder: Path, run: Run, reels: Sequence[Reel], plan: Plan | None, summary: Summary
) -> script.Packed:
    packed = script.pack(run, plan.events if plan else ())
    for name, content in packed.files.items():
        (folder / name).write_bytes(content)
    text = script.write(run, packed, reels, plan)
    (folder / layout.EXPERIMENT).write_text(text, encoding="utf-8", newline="\n")
    tensors.write_checkpoint(folder / layout.CHECKPOINT, run.state, run.moves, run.units)
    beside = {"recipe": likeness(run.experiment), "saved": datetime.now(UTC).isoformat(timespec="seconds")}
    layout.write_json(folder / layout.SUMMARY, {"format": layout.FORMAT, **summary.as_json(), **beside})
    return packed


def _link(source: Path, destination: Path) -> None:
    """Have one file under two names; a copy where the disk knows no links."""
    try:
        os.link(source, destination)
    except OSError:
        shutil.copyfile(source, destination)


def _last(reels: Sequence[Reel], count: int) -> list[Reel]:
    """The last so many observations."""
    found: list[Reel] = []
    for reel in reversed(reels):
        if count <= 0:
            break
        found.append(reel.part(slice(max(0, len(reel) - count), None)))
        count -= len(reel)
    return found[::-1]


def _noting(run: Run, wanted: Collection[int], noted: list[Frame], bar: tqdm) -> Iterator[Frame]:
    """Every frame in order, noting some: a frame worked out once serves the table and the picture."""
    for place, frame in enumerate(run.frames):
        if place in wanted:
            noted.append(frame)
        yield frame
        bar.update()
