"""Pictures and films of a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gausslab.errors import BadInput
from gausslab.files.layout import shown
from gausslab.frame import Frame

if TYPE_CHECKING:
    from gausslab.run import Run

MOST = 300  # frames of a film or of a picture's history: more than the eye can tell apart


def places(count: int, most: int = MOST) -> list[int]:
    """Which of so many frames to take, evenly, the first and the last among them."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most)).tolist()})


def final_picture(run: Run, path: str | os.PathLike[str], *, theme: str = "light") -> Path:
    """Draw the last frame of a run with its history, as the suffix of the path says: .png, .svg or .pdf.

    Args:
        run: what to draw.
        path: where to; whatever was there is replaced.
        theme: a key of `gausslab.figures.THEMES`.

    Raises:
        BadInput: a run without frames, another suffix, or a file that cannot be written.
    """
    return draw([run.frames[place] for place in _places(run, MOST)], path, theme)


def draw(frames: Sequence[Frame], path: str | os.PathLike[str], theme: str) -> Path:
    """Draw the last of some frames, with the others as its history."""
    from gausslab import figures

    try:
        return figures.save(figures.panel(frames[-1], frames, theme=theme), path)
    except OSError as error:
        raise BadInput(_unwritable(path, error)) from error


def animate(
    run: Run,
    path: str | os.PathLike[str],
    *,
    frames: int = MOST,
    fps: int = 30,
    size: tuple[int, int] = (1280, 720),
    theme: str = "light",
    hold: float | int = 0,
    progress: bool | None = None,
) -> Path:
    """Write a film of a run, as the suffix of the path says: .mp4 (H.264) or .gif.

    Args:
        run: what to film.
        path: where to; whatever was there is replaced once the film is whole.
        frames: how many of the run's frames to show at most, taken evenly, the first and the last among them.
        fps: pictures per second, in [1, 120]; at most 50 in a GIF.
        size: width and height in pixels, both even.
        theme: a key of `gausslab.figures.THEMES`.
        hold: seconds for which the last picture stays.
        progress: show a progress bar; None shows one on a terminal and in a notebook.

    Returns:
        The path.

    Raises:
        BadInput: a run without frames, a setting out of its range, or a file that cannot be written.
    """
    from gausslab import figures

    if frames < 2:
        raise BadInput(f"expected a film of at least 2 frames, got {frames}; ask for more")
    visible = (sys.stderr.isatty() or "ipykernel" in sys.modules) if progress is None else progress
    chosen = [run.frames[place] for place in _places(run, frames)]
    try:
        return figures.film(chosen, path, fps=fps, size=size, theme=theme, hold=hold, progress=visible)
    except OSError as error:
        raise BadInput(_unwritable(path, error)) from error


def _places(run: Run, most: int) -> list[int]:
    if not run.frames:
        raise BadInput("expected a run with frames to draw, got one without; train it for a step first")
    return places(len(run.frames), most)


def _unwritable(path: str | os.PathLike[str], error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"expected to write {shown(path)}, got {reason!r}; check the disk, or choose another folder"
