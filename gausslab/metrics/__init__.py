"""Exact distances between the law of G(z) and the target, the modes it covers, and the noise floor of a batch.

Both laws have piecewise-linear CDFs: that of G on its latent grid, and the target's quantile function on the same grid
(or, where the target is data, the staircase of the sample). Between two corners of either graph the difference is a
straight line, whose integrals are elementary; no sum over a grid stands in for an integral. `docs/exactness.md` derives
each reading and says what is left out.

`graphs` holds these lines and their integrals, `noise` the floor, `reference` the target's side of every reading, and
`readings` the readings themselves, with how sure the ideal discriminator can be.
"""

from gausslab.metrics.noise import noise_floor
from gausslab.metrics.readings import best_hit_rate, certainty, readings
from gausslab.metrics.reference import MOST_ATOMS, Reference, Target, moved, reference

__all__ = [
    "MOST_ATOMS",
    "Reference",
    "Target",
    "best_hit_rate",
    "certainty",
    "moved",
    "noise_floor",
    "readings",
    "reference",
]
