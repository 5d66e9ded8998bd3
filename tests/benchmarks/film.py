"""Seconds to film 300 frames of a run as MP4 at the usual size, 1280 × 720.

The frames are new: their readings and diagnoses are worked out within the time, as when somebody films a run that was
never looked at. The bar is held against the median of three films.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from gausslab.figures import film
from gausslab.observing import Frames
from gausslab.recipes import RECIPES
from gausslab.run import train

from .rounds import interleaved, timed
from .rows import Options, Row

FRAMES, FILMS = 300, 3
LONGEST = 20.0  # seconds


def rows(options: Options) -> list[Row]:
    """Measure all rows of this group."""
    run = train(RECIPES["vanilla"].experiment(), steps=(FRAMES - 1) * 20, progress=False)
    sizes = []
    with tempfile.TemporaryDirectory() as folder:

        def turn() -> float:
            path = Path(folder) / "film.mp4"
            fresh = Frames(run.frames.reels)
            assert len(fresh) == FRAMES
            seconds = timed(lambda: film(fresh, path, progress=False))
            sizes.append(path.stat().st_size)
            return seconds

        times = interleaved({"film": turn}, min(FILMS, options.rounds))["film"]
    return [
        Row(
            "film of 300 frames, MP4",
            f"≤ {LONGEST:g} s",
            f"{times.median:.1f} s ({times.best:.1f} s at best; {sizes[-1] / 1e6:.1f} MB)",
            times.median <= LONGEST,
            {"seconds": times.turns, "bytes": sizes},
        )
    ]
