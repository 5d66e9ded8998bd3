"""Pictures and films of a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int

from gausslab.comparing import BESIDE_THE_GAME, shown
from gausslab.errors import BadInput
from gausslab.frame import Frame
from gausslab.writing import refusals_told

if TYPE_CHECKING:
    from gausslab.figures import Movie, Track
    from gausslab.run import Run

MOST = 300  # frames of a film or of a picture's history: more than the eye can tell apart
RATE = 30  # of these a second, at speed 1
SLOWEST, FASTEST = 0.05, 100  # speeds
POSTER_MOMENTS = 8
MOMENTS_TOGETHER = 60  # on the way of several runs


def places(count: int, most: int = MOST) -> list[int]:
    """Which of so many frames to take, evenly, the first and the last among them."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most)).tolist()})


def moments(count: int, most: int, fps: int, speed: float | int) -> list[int]:
    """Which of a run's frames the pictures of its film show, in order; some twice where the film has more pictures.

    At speed 1 a film lasts as long as its frames, at most so many of them, would at RATE a second, however smooth fps
    makes it.
    """
    seconds = min(count, most) / (RATE * speed)
    return [round(place) for place in np.linspace(0, count - 1, max(2, round(seconds * fps))).tolist()]


def final_picture(
    run: Run, path: str | os.PathLike[str], *, theme: str = "light", panels: Sequence[str] | None = None
) -> Path:
    """Draw the last frame of a run with its history, as the suffix of the path says: .png, .svg or .pdf.

    Args:
        run: what to draw.
        path: where to; whatever was there is replaced.
        theme: a key of `gausslab.figures.THEMES`.
        panels: some of `gausslab.figures.PANELS`, in the order wanted; all if None.

    Raises:
        BadInput: a run without frames, another suffix, or a file that cannot be written.
    """
    return draw([run.frames[place] for place in _places(run, MOST)], path, theme, panels)


def draw(
    frames: Sequence[Frame], path: str | os.PathLike[str], theme: str, panels: Sequence[str] | None = None
) -> Path:
    """Draw the last of some frames, with the others as its history."""
    from gausslab import figures

    with refusals_told(path):
        return figures.save(figures.panel(frames[-1], frames, theme=theme, panels=panels or figures.PANELS), path)


def draw_small(frame: Frame, path: str | os.PathLike[str]) -> Path:
    """Draw a frame at a glance, as a list of runs shows it."""
    from gausslab import figures

    with refusals_told(path):
        return figures.save(figures.thumbnail(frame), path)


def picture_together(
    runs: Sequence[Run],
    path: str | os.PathLike[str],
    *,
    labels: Sequence[str] | None = None,
    theme: str = "light",
) -> Path:
    """Draw 2 to 4 runs over one another where they stand, and their W1 on the way, as the suffix of the path says.

    Args:
        runs: what to draw.
        path: where to, .png, .svg or .pdf; whatever was there is replaced.
        labels: a name for each; their differences if None.
        theme: a key of `gausslab.figures.THEMES`.

    Raises:
        BadInput: one run or more than four, one without frames, another suffix, or a file that cannot be written.
    """
    from gausslab import figures

    tracks = _tracks(runs, labels or labels_of(runs), MOMENTS_TOGETHER, RATE, 1.0)
    with refusals_told(path):
        return figures.save(figures.panel_together(tracks, theme=theme), path)


def poster(run: Run, path: str | os.PathLike[str], *, moments: int = POSTER_MOMENTS, theme: str = "light") -> Path:
    """Draw some moments of a run beside one another, as the suffix of the path says: .pdf, .svg or .png.

    Args:
        run: what to draw.
        path: where to; whatever was there is replaced.
        moments: how many, from 2 to 16: the first frame, the last, and steps between them that grow by one factor.
        theme: a key of `gausslab.figures.THEMES`.

    Raises:
        BadInput: a run without frames, another suffix, or a file that cannot be written.
    """
    from gausslab import figures

    if not 2 <= moments <= 16:
        raise BadInput(f"expected 2 to 16 moments on a poster, got {moments}; choose a number in between")
    _places(run, 1)
    frames = [run.frames[place] for place in figures.moments(_steps(run), moments)]
    with refusals_told(path):
        return figures.save(figures.poster(frames, words=headline(run), theme=theme), path)


def headline(run: Run) -> str:
    """What was done, in one line."""
    experiment = run.experiment
    penalties = ", ".join(f"{name} {weight:g}" for name, weight in experiment.penalties)
    players = [
        f"{name} {'×'.join(map(str, network.widths)) or 'linear'} {network.activation}"
        for name, network in (("G", experiment.generator), ("D", experiment.discriminator))
    ]
    parts = [
        f"{experiment.loss} loss" + (f" with {penalties}" if penalties else ""),
        f"{experiment.optimiser.name}, {experiment.optimiser.schedule} rates "
        f"{experiment.generator.rate:g} and {experiment.discriminator.rate:g}",
        *players,
        f"batch {experiment.batch}",
        f"seed {experiment.seed}",
    ]
    if run.events:
        parts.append(f"{len(run.events)} change{'s' * (len(run.events) > 1)} on the way")
    return " · ".join(parts)


def animate(
    run: Run | Sequence[Run],
    path: str | os.PathLike[str],
    *,
    frames: int = MOST,
    fps: int = RATE,
    speed: float | int = 1.0,
    size: tuple[int, int] = (1280, 720),
    panels: Sequence[str] | None = None,
    theme: str = "light",
    hold: float | int = 0,
    layout: str = "beside",
    labels: Sequence[str] | None = None,
    progress: bool | None = None,
) -> Path:
    """Write a film of a run, or of 2 to 4 together, as the suffix of the path says: .mp4 (H.264) or .gif.

    Several runs are shown at the same step; one that began later shows its first frame until then, and one that has
    ended its last.

    Args:
        run: what to film.
        path: where to; whatever was there is replaced once the film is whole.
        frames: at speed 1 the film lasts as long as this many frames, or all where there are fewer, at 30 a second.
        fps: pictures per second, in [1, 120]; at most 50 in a GIF. More make a smoother film, not a longer one.
        speed: how many times as fast to play, in [0.05, 100].
        size: width and height in pixels, both even; words grow with it.
        panels: some of `gausslab.figures.PANELS`, in the order wanted; all if None.
        theme: a key of `gausslab.figures.THEMES`.
        hold: seconds for which the last picture stays.
        layout: of several runs: `beside` one another, or `overlaid`.
        labels: names of several runs; what sets them apart if None.
        progress: show a progress bar; None shows one on a terminal and in a notebook.

    Returns:
        The path.

    Raises:
        BadInput: a run without frames, a setting out of its range, or a file that cannot be written.
    """
    from gausslab import figures

    if frames < 2:
        raise BadInput(f"expected a film of at least 2 frames, got {frames}; ask for more")
    if not SLOWEST <= speed <= FASTEST:
        raise BadInput(f"expected a speed from {SLOWEST} to {FASTEST}, got {speed}; choose one in between")
    visible = (sys.stderr.isatty() or "ipykernel" in sys.modules) if progress is None else progress
    how: dict[str, Any] = {"fps": fps, "size": size, "panels": panels or figures.PANELS, "theme": theme, "hold": hold}
    if isinstance(run, Sequence):
        tracks = _tracks(run, labels or labels_of(run), frames, fps, speed)
        with refusals_told(path):
            return figures.film_together(tracks, path, layout=layout, progress=visible, **how)
    _places(run, frames)
    chosen = [run.frames[place] for place in moments(len(run.frames), frames, fps, speed)]
    with refusals_told(path):
        return figures.film(chosen, path, progress=visible, **how)


def movie(
    run: Run,
    *,
    frames: int = 150,
    fps: int = RATE,
    speed: float | int = 1.0,
    size: tuple[int, int] = (960, 540),
    panels: Sequence[str] | None = None,
    theme: str = "light",
    progress: bool | None = None,
) -> Movie:
    """A film of a run that plays in place in a notebook.

    Args:
        run: what to film.
        frames: as for `animate`; so are the rest, at half the length and three quarters of the size.
        fps: pictures per second, in [1, 120].
        speed: how many times as fast to play, in [0.05, 100].
        size: width and height in pixels, both even.
        panels: some of `gausslab.figures.PANELS`, in the order wanted; all if None.
        theme: a key of `gausslab.figures.THEMES`.
        progress: show a progress bar; None shows one on a terminal and in a notebook.

    Raises:
        BadInput: a run without frames, a setting out of its range, or a film of more than 24 MB.
    """
    from gausslab.figures import Movie

    with TemporaryDirectory() as folder:
        path = Path(folder) / "movie.mp4"
        how = {"frames": frames, "fps": fps, "speed": speed, "size": size, "panels": panels, "theme": theme}
        data = animate(run, path, progress=progress, **how).read_bytes()
    return Movie(data, *size, title=f"Learning {run.target.label}, up to step {run.step:,}")


def labels_of(runs: Sequence[Run]) -> list[str]:
    """A name for each of several runs: the settings in which it differs from the others, the values in force last."""
    values = []
    for run in runs:
        told = {**run.experiment.values, **run.knobs}
        values.append(told | {"target": run.text, "step": run.step})
    names = [name for name in values[0] if any(values[0][name] != other.get(name) for other in values)]
    names += sorted({name for other in values for name in other} - set(values[0]))
    told = [name for name in names if name not in {"step", *BESIDE_THE_GAME}] or names
    labels = [", ".join(f"{name} {shown(value.get(name))}" for name in told[:3]) for value in values]
    if len(set(labels)) == len(labels):
        return labels
    return [f"run {place}" + f" ({label})" * bool(label) for place, label in enumerate(labels, start=1)]


def _tracks(runs: Sequence[Run], labels: Sequence[str], most: int, fps: int, speed: float | int) -> list[Track]:
    """Every run's frames at the same steps."""
    from gausslab.figures import Track

    if len(labels) != len(runs):
        raise BadInput(f"expected a name for each of {len(runs)} runs, got {len(labels)}; name them all")
    for run in runs:
        _places(run, 1)
    steps = [_steps(run) for run in runs]
    count = max(len(run.frames) for run in runs)
    first, last = min(some[0] for some in steps), max(some[-1] for some in steps)
    pictures = len(moments(count, most, fps, speed))
    tracks = []
    for run, some, label in zip(runs, steps, labels, strict=True):
        places = np.searchsorted(some, np.linspace(first, last, pictures), side="right") - 1
        tracks.append(Track(label, [run.frames[place] for place in np.maximum(places, 0).tolist()]))
    return tracks


def _steps(run: Run) -> Int[np.ndarray, " frames"]:
    """The steps of a run's frames, without working any of them out."""
    return np.concatenate([reel.observations.step for reel in run.frames.reels])


def _places(run: Run, most: int) -> list[int]:
    if not run.frames:
        raise BadInput("expected a run with frames to draw, got one without; train it for a step first")
    return places(len(run.frames), most)
