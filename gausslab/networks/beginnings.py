"""What a network's weights are to begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array

from gausslab.settings import Network

Initialiser = Callable[..., Any]

INITIAL = nnx.initializers.lecun_uniform()  # as wide as the usual truncated normal, and quicker to compile
GENTLE_SLOPE = 0.3  # of a map that begins in order: from −0.3 to 0.3 in units of the data


def initial_law(settings: Network) -> Initialiser:
    """Where the weights of a network's layers are drawn from."""
    return nnx.initializers.truncated_normal(settings.initial_std) if settings.initial_std else INITIAL


def first_coordinate(key: Array, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Array:
    """A gentle slope along the first coordinate: the map begins in order, narrow and in the middle."""
    return jnp.zeros(shape, dtype).at[0].set(GENTLE_SLOPE)
