"""What a visitor of the lab may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from gausslab.errors import BadInput
from gausslab.settings.experiment import Experiment


@dataclass(frozen=True)
class Limits:
    """What one visitor of the lab may ask of a server that serves others too."""

    width: int = 1024  # units of a hidden layer
    layers: int = 4  # hidden layers of a network
    batch: int = 2048
    latent: int = 128  # coordinates of z
    pack: int = 512  # samples that the discriminator looks at together
    look_ahead: int = 60  # frames asked for at once
    frame_rate: int = 20  # frames a second of a run that plays; the stage draws 60, and what lies between them
    frame_rate_in_a_crowd: int = 12  # the same where others wait most of the time: each has more steps before it
    steps_per_frame: int = 10_000
    turn: float = 0.05  # seconds of one answer, so that sessions take turns
    history: int = 384  # recorded frames of a session, thinned evenly; a slow crowd has them after a minute
    checkpoints: int = 1_000_000  # bytes of a branch's checkpoints
    seek: float = 0.25  # seconds that may go into the replay of a past step; else the last remembered one is shown
    replay: float = 3.0  # seconds that may go into the replay of a step from which another branch is to leave
    branches: int = 6  # of a session
    upload: int = 10_000_000  # bytes of a file of data
    values: int = 200_000  # numbers in it
    answers: int = 256  # visitors whose answers are waited for at the same time; the rest wait for them
    request: int = 100_000  # characters of what the stage asks for, a drawn curve included
    formula: int = 2_000  # characters of a typed target
    points: int = 1_000  # of a drawn curve
    foreseen: int = 400  # programs compiled before anybody asks for them, each some 300 kB on disk
    plane_steps: int = 10  # of D, for one of G, in the phase plane
    link: int = 8_000  # characters of a link
    link_steps: int = 200_000  # that a link may ask for before its first shown frame
    films: int = 1  # made at the same time, by all sessions together
    film_frames: int = 240  # of one film
    saves: int = 8  # runs that wait to be written, of all sessions together
    saved: int = 120_000_000  # bytes of a run that is saved
    runs: int = 60  # on the shelf of one visitor
    shelf: int = 400_000_000  # bytes of it
    shelves: int = 8_000_000_000  # bytes of all shelves together, or of the one that all share
    opened: int = 256_000_000  # bytes of a saved run that is opened

    def check(self, experiment: Experiment) -> None:
        """Refuse an experiment that is too large to share a server with.

        Raises:
            BadInput: the first setting that goes too far.
        """
        sizes = {
            "batch": (experiment.batch, self.batch),
            "latent.dimension": (experiment.latent.dimension, self.latent),
            "discriminator.pack": (experiment.discriminator.pack, self.pack),
        }
        for player in ("generator", "discriminator"):
            widths = getattr(experiment, player).widths
            sizes[f"units in {player}.widths"] = (max(widths, default=0), self.width)
            sizes[f"layers in {player}.widths"] = (len(widths), self.layers)
        for name, (size, most) in sizes.items():
            if size > most:
                raise BadInput(
                    f"expected at most {most:,} {name} in the lab, got {size:,}; train it with `gausslab train`"
                )


LIMITS = Limits()
