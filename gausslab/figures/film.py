"""Films: a panel per frame, drawn on one unchanging background and encoded while the next is drawn."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from jaxtyping import UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image
from tqdm.auto import tqdm

from gausslab.errors import BadInput
from gausslab.figures.panel import Board, board
from gausslab.figures.saving import whole_or_absent
from gausslab.frame import Frame

FILMS = (".mp4", ".gif")
# Players take an untagged film of this size to be BT.709, but the encoder's own default is BT.601: colours would shift.
COLOURS = ["-vf", "scale=out_color_matrix=bt709,setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"]

Picture = UInt8[np.ndarray, "height width 4"]

# To shield the encoder from Ctrl-C, imageio-ffmpeg would run Python in a fork, which may hang where JAX has threads.
os.environ.setdefault("IMAGEIO_FFMPEG_NO_PREVENT_SIGINT", "1")


def film(
    frames: Sequence[Frame],
    path: str | os.PathLike[str],
    *,
    fps: int = 30,
    size: tuple[int, int] = (1280, 720),
    theme: str = "light",
    hold: float | int = 0,
    progress: bool = True,
) -> Path:
    """Writes a film of the panel, one picture a frame, as the suffix of the path says: .mp4 (H.264) or .gif.

    Args:
        frames: what to show, in order.
        path: where to; whatever was there is replaced once the film is whole, and untouched where it fails.
        fps: pictures per second, in [1, 120]; at most 50 in a GIF, whose clock ticks in hundredths of a second.
        size: width and height in pixels, both even, as H.264 needs them.
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
    if any(side < 128 or side % 2 for side in size):
        raise BadInput(
            f"Expected a film of even width and height of at least 128 pixels, got {size[0]} × {size[1]}: "
            f"take {max(128, size[0] // 2 * 2)} × {max(128, size[1] // 2 * 2)}."
        )
    fastest = 50 if Path(path).suffix.lower() == ".gif" else 120
    if not 1 <= fps <= fastest:
        raise BadInput(f"Expected 1 to {fastest} pictures per second, got {fps}: choose fps in this range.")
    if not 0 <= hold <= 60:
        raise BadInput(f"Expected the last picture to be held for 0 to 60 seconds, got {hold:g}: choose hold in it.")
    with whole_or_absent(path, FILMS) as partial:
        # The layout has 12.8 × 7.2 inches or more, whatever the pixels: a small film is the large one, smaller.
        dpi = min(size[0] / 12.8, size[1] / 7.2)
        # A hundredth of a pixel more: the canvas cuts off fractions, and 719.9999 would be 719.
        inches = ((size[0] + 0.01) / dpi, (size[1] + 0.01) / dpi)
        stage = board(frames[0], frames, 0, theme=theme, size=inches, dpi=dpi)
        write = _write_gif if partial.suffix == ".gif" else _write_mp4
        with tqdm(total=len(frames), desc="film", unit="frame", disable=not progress) as bar:
            write(stage, frames, partial, fps, size, hold, bar)
    return Path(path)


def _pictures(stage: Board, frames: Sequence[Frame]) -> Iterator[Picture]:
    """One picture a frame, all in the same memory: each is gone when the next is asked for."""
    canvas = FigureCanvasAgg(stage.figure)
    moving = stage.moving
    if any(frame.scene is not frames[0].scene for frame in frames):
        moving = (*stage.scenic, *moving)
    for artist in moving:
        artist.set_animated(True)
    canvas.draw()
    background = canvas.copy_from_bbox(stage.figure.bbox)
    renderer = canvas.get_renderer()
    for index, frame in enumerate(frames):
        canvas.restore_region(background)
        stage.update(frame, index)
        for artist in moving:
            artist.draw(renderer)
        yield np.asarray(canvas.buffer_rgba())


def _write_mp4(
    stage: Board, frames: Sequence[Frame], path: Path, fps: int, size: tuple[int, int], hold: float | int, bar: tqdm
) -> None:
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
        for picture in _pictures(stage, frames):
            encoder.send(picture)
            bar.update()
        for _ in range(held):
            encoder.send(picture)
    finally:
        encoder.close()
    # The encoder's own end tells nothing, and a full disk shows only there.
    written = imageio_ffmpeg.count_frames_and_secs(path)[0]
    if written != len(frames) + held:
        raise OSError(f"Expected a film of {len(frames) + held} pictures, but only {written} could be written.")


def _write_gif(
    stage: Board, frames: Sequence[Frame], path: Path, fps: int, size: tuple[int, int], hold: float | int, bar: tqdm
) -> None:
    # One palette for all, or colours would flicker; taken from pictures of the whole run, since early ones lack some.
    samples = [frames[place] for place in sorted({0, len(frames) // 4, len(frames) // 2, len(frames) - 1})]
    montage = np.concatenate([picture[..., :3].copy() for picture in _pictures(stage, samples)])
    palette = Image.fromarray(montage).quantize(256, method=Image.Quantize.MAXCOVERAGE)

    def indexed() -> Iterator[Image.Image]:
        for picture in _pictures(stage, frames):
            image = Image.fromarray(np.ascontiguousarray(picture[..., :3]))
            yield image.quantize(palette=palette, dither=Image.Dither.NONE)
            bar.update()

    # Rounded sums, so that hundredths of a second do not add up to a film of another length.
    ends = np.round(np.arange(len(frames) + 1) * 100 / fps)
    durations = (np.diff(ends) * 10).astype(int)
    durations[-1] += round(hold * 100) * 10
    images = indexed()
    next(images).save(
        path, save_all=True, append_images=images, duration=durations.tolist(), loop=0, optimize=False, disposal=1
    )
