"""Half-period sines and cosines of an input: Fourier features."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# In powers of the angle's square, highest first; the next terms are below float32's rounding within ±¼ turn.
COSINE_SERIES = np.array([(-1) ** n / math.factorial(2 * n) for n in range(6, -1, -1)], np.float32)
SINE_SERIES = np.array([(-1) ** n / math.factorial(2 * n + 1) for n in range(6, -1, -1)], np.float32)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
@partial(jax.jit, static_argnums=1)  # traced once for each shape, not once for each use
def harmonics(t: Float[Array, "*shape"], count: int) -> tuple[Float[Array, "*shape n"], Float[Array, "*shape n"]]:
    """sin(πkt) and cos(πkt) for k = 1 to count, to float32's rounding.

    Whole half-turns are taken off exactly and the rest, within ±¼ turn, goes into Taylor's series: the library's sine,
    ready for arguments of any size, is slower.
    """
    halves = t[..., None] * jnp.arange(1, count + 1, dtype=t.dtype).reshape((1,) * t.ndim + (count,))
    whole = jnp.round(halves)
    sign = 1.0 - 2.0 * jnp.abs(whole - 2.0 * jnp.floor(0.5 * whole))
    angle = jnp.pi * (halves - whole)
    square = angle * angle
    cosine = jnp.polyval(COSINE_SERIES, square, unroll=8)
    sine = angle * jnp.polyval(SINE_SERIES, square, unroll=8)
    return sign * sine, sign * cosine


@harmonics.defjvp
def _harmonics_jvp(count: int, primals: tuple[Array], tangents: tuple[Array]) -> tuple[Any, Any]:
    sine, cosine = harmonics(primals[0], count)
    orders = jnp.arange(1, count + 1, dtype=sine.dtype).reshape(*(1,) * (sine.ndim - 1), count)
    turned = tangents[0][..., None] * (math.pi * orders)
    return (sine, cosine), (turned * cosine, -turned * sine)
