"""What a discriminator sees of several samples together."""

from __future__ import annotations

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from gausslab.networks.beginnings import Initialiser

TINY = 1e-12  # beside the variance of a pack, whose root would have no slope where all samples are alike


class MinibatchDiscrimination(nnx.Module):
    """Tell each sample how near the others of its batch are (Salimans et al. 2016, section 3.2)."""

    def __init__(self, inputs: int, kernels: int, dimension: int, law: Initialiser, rngs: nnx.Rngs):
        self.kernels, self.dimension = kernels, dimension
        self.tensor = nnx.Linear(inputs, kernels * dimension, use_bias=False, kernel_init=law, rngs=rngs)

    def __call__(self, x: Float[Array, "batch inputs"]) -> Float[Array, "batch outputs"]:
        """The inputs and, for each kernel, how near the rest of the batch lies."""
        rows = self.tensor(x).reshape(-1, self.kernels, self.dimension)
        distances = jnp.abs(rows[:, None] - rows[None]).sum(-1)
        return jnp.concatenate([x, jnp.exp(-distances).sum(1) - 1.0], axis=1)  # less the sample's nearness to itself


def moments(x: Float[Array, "packs pack"], count: int) -> Float[Array, "packs count"]:
    """The first moments of each pack: mean, standard deviation, skewness and excess kurtosis.

    Args:
        x: packs.
        count: how many of the four.
    """
    mean = x.mean(1, keepdims=True)
    spread = jnp.sqrt(((x - mean) ** 2).mean(1, keepdims=True) + TINY)
    scores = (x - mean) / spread
    skewness, kurtosis = ((scores**power).mean(1, keepdims=True) for power in (3, 4))
    return jnp.concatenate([mean, spread, skewness, kurtosis - 3.0], axis=1)[:, :count]
