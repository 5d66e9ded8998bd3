"""Drawing what enters a step: reals from the target's quantile table, and noise for the generator.

Every draw of a step is made from the key folded with that step alone, so that no cut of a run into chunks changes it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.lax import RandomAlgorithm
from jax.scipy.special import ndtri
from jaxtyping import Array, Float, Key

from gausslab.settings import Latent
from gausslab.targets import LOGIT_LIMIT

NORMAL_SPAN = (-3.0, 3.0)  # where all but 0.3 % of a normal latent lies


class TargetTable(NamedTuple):
    """The target as training sees it: F⁻¹ at sigmoid(l), l uniform on [−16, 16], in the run's own units."""

    quantiles: Float[Array, " table"]  # (F⁻¹ − origin) / unit
    pivot: Float[Array, ""]  # the centre about which the target is widened, in the same units
    unit: Float[Array, ""]  # what one unit is in x: a knob's shift in x is divided by it


def uniforms(key: Key[Array, ""], step: Array, index: Array | int, shape: tuple[int, ...]) -> Float[Array, "..."]:
    """Uniform numbers strictly inside (0, 1), decided by the key, the step and the index of the draw within the step.

    Threefry in counter mode, with seed and step as its key and the index above the counter: one fused kernel, where
    each fold of a key is a loop of its own on a CPU.
    """
    words = jax.random.key_data(key)
    where = jnp.stack([words[0] ^ words[1], step.astype(jnp.uint32), jnp.uint32(0), jnp.asarray(index, jnp.uint32)])
    _, bits = jax.lax.rng_bit_generator(where, shape, dtype=jnp.uint32, algorithm=RandomAlgorithm.RNG_THREE_FRY)
    return ((bits >> 9).astype(jnp.float32) + 0.5) * (1 / 2**23)


def normals(key: Key[Array, ""], step: Array, index: Array | int, shape: tuple[int, ...]) -> Float[Array, "..."]:
    """Standard normal numbers, decided like `uniforms`, and compiled in a fraction of the time of JAX's own."""
    return math.sqrt(2) * jax.lax.erf_inv(2 * uniforms(key, step, index, shape) - 1)


def stratified(u: Float[Array, "*rows batch"]) -> Float[Array, "*rows batch"]:
    """Turn independent uniforms into one jittered uniform per 1/batch of [0, 1]."""
    batch = u.shape[-1]
    stratum = jax.lax.broadcasted_iota(jnp.float32, u.shape, u.ndim - 1)
    return jnp.clip((stratum + u) / batch, 2.0**-24, 1 - 2.0**-24)


def quantile(table: TargetTable, u: Float[Array, " n"], location: Array, scale: Array) -> Float[Array, " n"]:
    """The target's quantile function at levels u, moved and widened.

    Args:
        table: the target.
        u: levels in (0, 1).
        location: how far the target is moved, in x.
        scale: how many times it is widened about its centre.
    """
    intervals = table.quantiles.shape[0] - 1
    logits = jnp.clip(jnp.log(u) - jnp.log1p(-u), -LOGIT_LIMIT, LOGIT_LIMIT)
    position = (logits + LOGIT_LIMIT) * (intervals / (2 * LOGIT_LIMIT))
    index = jnp.clip(position.astype(jnp.int32), 0, intervals - 1)
    share = position - index
    x = (1 - share) * table.quantiles[index] + share * table.quantiles[index + 1]
    return table.pivot + location / table.unit + scale * (x - table.pivot)


def latent(settings: Latent, u: Float[Array, "dimension batch"]) -> Float[Array, "batch dimension"]:
    """Noise for the generator from uniform numbers."""
    if settings.stratified:
        u = u.at[0].set(stratified(u[0])) if settings.dimension > 1 else stratified(u)
    return at_level(settings, u.T)


def at_level(settings: Latent, u: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The latent's quantile function."""
    if settings.kind == "normal":
        return ndtri(u)
    return settings.low + (settings.high - settings.low) * u


def span(settings: Latent) -> tuple[float, float]:
    """The stretch in which nearly all of the latent lies."""
    return NORMAL_SPAN if settings.kind == "normal" else (settings.low, settings.high)
