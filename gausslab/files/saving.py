"""Saving a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from tqdm.auto import tqdm

from gausslab.errors import BadInput
from gausslab.files import layout, script, tensors
from gausslab.files.pictures import draw, places
from gausslab.files.whole import check_free, replaced
from gausslab.frame import Frame
from gausslab.history import table
from gausslab.run import Run


def save(run: Run, path: str | os.PathLike[str], *, theme: str = "light", progress: bool | None = None) -> Path:
    """Write a run into a folder: whole, or not at all; an earlier run that is there is replaced.

    Args:
        run: what to save; it has to have a frame.
        path: the folder, absent, empty or with an earlier run in it.
        theme: of final.png, a key of `gausslab.figures.THEMES`.
        progress: show a progress bar, should it take seconds; None shows one on a terminal and in a notebook.

    Returns:
        The folder.

    Raises:
        BadInput: a run without frames, or a folder that holds something else or cannot be written.
    """
    if not run.frames:
        raise BadInput("expected a run with frames to save, got one without; train it for a step first")
    check_free(path)
    size = sum(leaf.nbytes for reel in run.frames.reels for leaf in tensors.named(reel.observations).values())
    if size > layout.LARGEST[layout.FRAMES] - 2**28:
        raise BadInput(
            f"expected frames of at most 8 GB to save, got {size:,} bytes; record fewer of them with frame_every"
        )
    packed = script.pack(run)
    shown: list[Frame] = []
    hidden = not (sys.stderr.isatty() or "ipykernel" in sys.modules) if progress is None else not progress
    # Frames are worked out when they are first looked at, which is now.
    with tqdm(total=len(run.frames), disable=hidden, unit="frame", desc="saving", leave=False, delay=1) as bar:
        history = table(_noting(run, set(places(len(run.frames))), shown, bar))
    with replaced(path) as folder:
        for name, content in packed.files.items():
            (folder / name).write_bytes(content)
        (folder / layout.EXPERIMENT).write_text(script.write(run, packed), encoding="utf-8", newline="\n")
        tensors.write_checkpoint(folder / layout.CHECKPOINT, run.state, run.moves, run.units)
        tensors.write_frames(folder / layout.FRAMES, run.frames.reels, packed.texts)
        history.to_parquet(folder / layout.HISTORY, engine="pyarrow", index=False)
        layout.write_json(folder / layout.SUMMARY, run.summary().as_json())
        draw(shown, folder / layout.PICTURE, theme)
        layout.write_manifest(folder)
    return Path(path)


def _noting(run: Run, wanted: Collection[int], noted: list[Frame], bar: tqdm) -> Iterator[Frame]:
    """Every frame in order, noting some: a frame worked out once serves the table and the picture."""
    for place, frame in enumerate(run.frames):
        if place in wanted:
            noted.append(frame)
        yield frame
        bar.update()
