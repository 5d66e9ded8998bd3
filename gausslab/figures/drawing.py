"""What every drawing gives back, and the limits that a whole film is drawn in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from jaxtyping import Float
from matplotlib.artist import Artist
from matplotlib.text import Text

from gausslab.errors import BadInput
from gausslab.frame import Frame, Scene

Place = TypeVar("Place")

MEASURES = {"W1": "W₁/σ", "KS": "KS"}  # what a distance is measured by, in words


@dataclass(frozen=True)
class Drawing(Generic[Place]):
    """Artists that were made once, and the way to bring them to another place: a frame, or an index into frames."""

    moving: tuple[Artist, ...]  # change from frame to frame
    scenic: tuple[Artist, ...]  # change only where the scene does, that is where the target moves
    update: Callable[[Place], None]


class View(NamedTuple):
    """The limits of densities and map. Those of a film are one for all of its frames, so that nothing flickers."""

    window: tuple[float, float]  # of x
    latent: tuple[float, float]  # of z
    ceiling: float  # the highest density that is shown
    push: float  # the size of ∂loss/∂x that gets the longest arrow; 0 where nothing is pushed

    @classmethod
    def of(cls, frames: Sequence[Frame]) -> View:
        """The smallest view that holds all the frames.

        The ceiling is fixed by the target alone, so that the spike of a collapse cannot squash the target's curve.

        Raises:
            BadInput: where there are no frames.
        """
        if not frames:
            raise BadInput("Expected at least one frame to draw, got none: train for at least one step first.")
        scenes = list({id(frame.scene): frame.scene for frame in frames}.values())
        latents = [scene.z[np.isfinite(scene.z)] for scene in scenes]
        return cls(
            window=(min(scene.window[0] for scene in scenes), max(scene.window[1] for scene in scenes)),
            latent=(float(min(z.min() for z in latents)), float(max(z.max() for z in latents))),
            ceiling=max(_ceiling(scene) for scene in scenes),
            push=max(_strongest_push(frame) for frame in frames),
        )


def inside(ceiling: float, values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """The values, none of them higher than a little above the ceiling: infinities become drawable, NaNs stay gaps."""
    return np.clip(values, 0.0, 1.5 * ceiling)


def plain(text: Text) -> Text:
    """Takes the text as it stands: a `$` in the name of a column is not mathematics."""
    text.set_parse_math(False)
    return text


def one_line(words: str, most: int) -> str:
    """The words on one line of at most so many characters."""
    words = " ".join(words.split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _ceiling(scene: Scene) -> float:
    # A density may have a pole or a needle, which would leave the rest of it flat on the floor. The density that half
    # of the target's mass exceeds is blind to both.
    p = np.nan_to_num(scene.p, nan=0.0, posinf=0.0)
    mass = p * np.diff(scene.edges)
    order = np.argsort(p)
    held = np.cumsum(mass[order])
    typical = p[order][min(int(np.searchsorted(held, held[-1] / 2)), p.size - 1)]
    highest = min(2.2 * float(p.max()), 5.0 * float(typical))
    return highest if highest > 0 else 1.0


def _strongest_push(frame: Frame) -> float:
    fakes = frame.fake[np.isfinite(frame.fake)]
    sizes = np.abs(np.interp(fakes, frame.scene.x, frame.push))
    sizes = sizes[np.isfinite(sizes)]
    return float(sizes.max()) if sizes.size else 0.0
