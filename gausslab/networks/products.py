"""The products of a layer, forward and back."""

from __future__ import annotations

from typing import Any

import jax
from jaxtyping import Array, Float

SMALL = 8  # units below which a layer's products are not worth any care


@jax.custom_vjp
def _product(x: Float[Array, "batch inputs"], kernel: Float[Array, "inputs outputs"]) -> Float[Array, "batch outputs"]:
    return x @ kernel


def _product_forward(x: Array, kernel: Array) -> tuple[Array, tuple[Array, Array]]:
    return _product(x, kernel), (x, kernel)


def _product_backward(saved: tuple[Array, Array], slope: Array) -> tuple[Array, Array]:
    x, kernel = saved
    # On a CPU a product whose left side is read transposed runs at half the rate of transposing it first.
    return _product(slope, kernel.T), _product(jax.lax.optimization_barrier(x.T), slope)


_product.defvjp(_product_forward, _product_backward)


def dot_general(x: Array, kernel: Array, dimensions: Any, precision: Any = None, **_: Any) -> Array:
    """The product of a layer, for Flax; layers of a few units are no matter."""
    if x.ndim != 2 or min(kernel.shape) < SMALL:
        return jax.lax.dot_general(x, kernel, dimensions, precision=precision)
    return _product(x, kernel)
