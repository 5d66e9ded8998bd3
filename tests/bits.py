"""Every bit of a run in one line, to compare runs by."""

import hashlib

import jax
import numpy as np

from gausslab.observing import named
from gausslab.run import Run


def digest(run: Run) -> str:
    """The SHA-256 of a run's state and of all that it has shown."""
    found = hashlib.sha256()
    for leaf in jax.tree.leaves((run.state, run.moves)):
        found.update(np.asarray(leaf).tobytes())
    parts = [named(reel.observations) for reel in run.frames.reels]
    for name in sorted(parts[0]):
        found.update(np.concatenate([part[name] for part in parts]).tobytes())
    return found.hexdigest()
