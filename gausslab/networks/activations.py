"""What a hidden unit does to its sum."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array

from gausslab.settings import Network

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": jax.nn.relu,
    "leaky_relu": lambda x: jax.nn.leaky_relu(x, 0.2),
    "elu": jax.nn.elu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "softplus": jax.nn.softplus,
    "gelu": jax.nn.gelu,
    "silu": jax.nn.silu,
}


def activation(settings: Network) -> Callable[[Array], Array]:
    """What the hidden units of a network do."""
    if settings.activation == "leaky_relu":
        return partial(jax.nn.leaky_relu, negative_slope=settings.leak)
    return ACTIVATIONS[settings.activation]
