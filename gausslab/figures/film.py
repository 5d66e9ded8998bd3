"""Films: a panel per frame, drawn on one unchanging background and encoded while the next is drawn."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import imageio_ffmpeg
import numpy as np
from jaxtyping import UInt8
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image
from tqdm.auto import tqdm

from gausslab.errors import BadInput
from gausslab.figures.layout import PANELS, Plan, best
from gausslab.figures.panel import Board, board, plans_for
from gausslab.figures.together import Track, board_of_several, plans_for_several
from gausslab.frame import Frame
from gausslab.writing import whole_or_absent

FILMS = (".mp4", ".gif")
FASTEST, FASTEST_GIF = 120, 50  # pictures per second
LARGEST = 7680  # pixels a side
# Players take an untagged film of this size to be BT.709, but the encoder's own default is BT.601: colours would shift.
COLOURS = ["-vf", "scale=out_color_matrix=bt709,setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"]

Picture = UInt8[np.ndarray, "height width 4"]

# To shield the encoder from Ctrl-C, imageio-ffmpeg would run Python in a fork, which may hang where JAX has threads.
os.environ.setdefault("IMAGEIO_FFMPEG_NO_PREVENT_SIGINT", "1")


class Take(NamedTuple):
    """What is filmed: a stage, and how its moments differ."""

    stage: Board
    moments: int
    still: Callable[[int], bool]  # whether the moment of this index looks like the one before it
    moving: tuple[Artist, ...]  # what has to be drawn for each


def film(
    frames: Sequence[Frame],
    path: str | os.PathLike[str],
    *,
    fps: int = 30,
    size: tuple[int, int] = (1280, 720),
    panels: Sequence[str] = PANELS,
    theme: str = "light",
    hold: float | int = 0,
    progress: bool = True,
) -> Path:
    """Writes a film of the panel, one picture a frame, as the suffix of the path says: .mp4 (H.264) or .gif.

    Args:
        frames: what to show, in order; the same frame twice in a row is drawn once.
        path: where to; whatever was there is replaced once the film is whole, and untouched where it fails.
        fps: pictures per second, in [1, 120]; at most 50 in a GIF, whose clock ticks in hundredths of a second.
        size: width and height in pixels, both even, as H.264 needs them; words grow with it.
        panels: some of `PANELS`, in the order wanted; the game is a strip, on top where it is named first.
        theme: a key of `THEMES`.
        hold: seconds for which the last picture stays.
        progress: whether to show a progress bar.

    Returns:
        The path.

    Raises:
        BadInput: where there are no frames, or a setting is out of its range.
        OSError: where the file cannot be written.
    """
    frames = list(frames)
    if not frames:
        raise BadInput("Expected at least one frame to film, got none: train for at least one step first.")
    _check(path, fps, size, hold)
    inches, dpi = _inches(plans_for(frames, panels), size)

    def take() -> Take:
        stage = board(frames[0], frames, 0, panels=panels, theme=theme, size=inches, dpi=dpi)
        steady = all(frame.scene is frames[0].scene for frame in frames)
        moving = stage.moving if steady else (*stage.scenic, *stage.moving)
        return Take(stage, len(frames), lambda index: frames[index] is frames[index - 1], moving)

    return _shot(take, path, fps, size, hold, progress)


def film_together(
    tracks: Sequence[Track],
    path: str | os.PathLike[str],
    *,
    layout: str = "beside",
    fps: int = 30,
    size: tuple[int, int] = (1280, 720),
    panels: Sequence[str] = PANELS,
    theme: str = "light",
    hold: float | int = 0,
    progress: bool = True,
) -> Path:
    """Writes a film of 2 to 4 runs, one picture a moment.

    Args:
        tracks: the runs, each with its name and a frame for every moment.
        path: where to; whatever was there is replaced once the film is whole, and untouched where it fails.
        layout: `beside` gives each run a column of its own, `overlaid` draws their curves over one another.
        fps: pictures per second, in [1, 120]; at most 50 in a GIF.
        size: width and height in pixels, both even.
        panels: some of `PANELS`, in the order wanted; the game is the race of the runs' distances.
        theme: a key of `THEMES`.
        hold: seconds for which the last picture stays.
        progress: whether to show a progress bar.

    Returns:
        The path.

    Raises:
        BadInput: where the runs do not go together, or a setting is out of its range.
        OSError: where the file cannot be written.
    """
    _check(path, fps, size, hold)
    inches, dpi = _inches(plans_for_several(tracks, layout, panels), size)

    def take() -> Take:
        stage = board_of_several(tracks, 0, layout=layout, panels=panels, theme=theme, size=inches, dpi=dpi)
        steady = all(frame.scene is track.frames[0].scene for track in tracks for frame in track.frames)
        moving = stage.moving if steady else (*stage.scenic, *stage.moving)
        return Take(
            stage,
            len(tracks[0].frames),
            lambda index: all(track.frames[index] is track.frames[index - 1] for track in tracks),
            moving,
        )

    return _shot(take, path, fps, size, hold, progress)


def _check(path: str | os.PathLike[str], fps: int, size: tuple[int, int], hold: float | int) -> None:
    if any(not 128 <= side <= LARGEST or side % 2 for side in size):
        sides = [min(LARGEST, max(128, side // 2 * 2)) for side in size]
        raise BadInput(
            f"Expected a film of even width and height from 128 to {LARGEST} pixels, got {size[0]} × {size[1]}: "
            f"take {sides[0]} × {sides[1]}."
        )
    fastest = FASTEST_GIF if Path(path).suffix.lower() == ".gif" else FASTEST
    if not 1 <= fps <= fastest:
        raise BadInput(f"Expected 1 to {fastest} pictures per second, got {fps}: choose fps in this range.")
    if not 0 <= hold <= 60:
        raise BadInput(f"Expected the last picture to be held for 0 to 60 seconds, got {hold:g}: choose hold in it.")


def _inches(candidates: Sequence[Plan], size: tuple[int, int]) -> tuple[tuple[float, float], float]:
    """The size of the layout in inches, and pixels per inch: a small film is the large one, smaller."""
    dpi = best(candidates, *size).fit(*size)
    # A hundredth of a pixel more: the canvas cuts off fractions, and 719.9999 would be 719.
    return ((size[0] + 0.01) / dpi, (size[1] + 0.01) / dpi), dpi


def _shot(
    take: Callable[[], Take],
    path: str | os.PathLike[str],
    fps: int,
    size: tuple[int, int],
    hold: float | int,
    progress: bool,
) -> Path:
    with whole_or_absent(path, FILMS) as partial:
        scene = take()
        write = _write_gif if partial.suffix == ".gif" else _write_mp4
        with tqdm(total=scene.moments, desc="film", unit="frame", disable=not progress) as bar:
            write(scene, partial, fps, size, hold, bar)
    return Path(path)


def _pictures(take: Take, moments: Sequence[int]) -> Iterator[Picture]:
    """One picture a moment, all in the same memory: each is gone when the next is asked for."""
    canvas = FigureCanvasAgg(take.stage.figure)
    for artist in take.moving:
        artist.set_animated(True)
    canvas.draw()
    background = canvas.copy_from_bbox(take.stage.figure.bbox)
    renderer = canvas.get_renderer()
    for place, index in enumerate(moments):
        if not (place and moments[place - 1] == index - 1 and take.still(index)):
            canvas.restore_region(background)
            take.stage.update(index)
            for artist in take.moving:
                artist.draw(renderer)
        yield np.asarray(canvas.buffer_rgba())


def _write_mp4(take: Take, path: Path, fps: int, size: tuple[int, int], hold: float | int, bar: tqdm) -> None:
    held = round(hold * fps)
    encoder = imageio_ffmpeg.write_frames(
        path,
        size,
        pix_fmt_in="rgba",
        pix_fmt_out="yuv420p",
        fps=fps,
        quality=6,  # of libx264: a constant rate factor of 20
        codec="libx264",
        macro_block_size=2,
        ffmpeg_log_level="error",
        # Thin lines on a flat ground: at this rate they stay sharp, and slower presets gain next to nothing on them.
        output_params=["-preset", "veryfast", "-tune", "animation", "-movflags", "+faststart", *COLOURS],
    )
    encoder.send(None)
    try:
        for picture in _pictures(take, range(take.moments)):
            encoder.send(picture)
            bar.update()
        for _ in range(held):
            encoder.send(picture)
    finally:
        encoder.close()
    # The encoder's own end tells nothing, and a full disk shows only there.
    written = imageio_ffmpeg.count_frames_and_secs(path)[0]
    if written != take.moments + held:
        raise OSError(f"Expected a film of {take.moments + held} pictures, but only {written} could be written.")


def _write_gif(take: Take, path: Path, fps: int, size: tuple[int, int], hold: float | int, bar: tqdm) -> None:
    # One palette for all, or colours would flicker; taken from pictures of the whole run, since early ones lack some.
    last = take.moments - 1
    samples = sorted({0, take.moments // 4, take.moments // 2, last})
    montage = np.concatenate([picture[..., :3].copy() for picture in _pictures(take, samples)])
    palette = Image.fromarray(montage).quantize(256, method=Image.Quantize.MAXCOVERAGE)

    def indexed() -> Iterator[Image.Image]:
        for picture in _pictures(take, range(take.moments)):
            image = Image.fromarray(np.ascontiguousarray(picture[..., :3]))
            yield image.quantize(palette=palette, dither=Image.Dither.NONE)
            bar.update()

    # Rounded sums, so that hundredths of a second do not add up to a film of another length.
    ends = np.round(np.arange(take.moments + 1) * 100 / fps)
    durations = (np.diff(ends) * 10).astype(int)
    durations[-1] += round(hold * 100) * 10
    images = indexed()
    next(images).save(
        path, save_all=True, append_images=images, duration=durations.tolist(), loop=0, optimize=False, disposal=1
    )
