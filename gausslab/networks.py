"""The multilayer perceptron of both players, in Flax NNX: split once, plain functions of flat vectors after.

A player's parameters are one flat float32 vector, so that an optimiser touches one array and a checkpoint holds one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Key

from gausslab.settings import Discriminator, Network

Statistics = nnx.State  # what batch and spectral normalisation remember; empty without them

INITIAL = nnx.initializers.lecun_uniform()  # as wide as the usual truncated normal, and quicker to compile

# In powers of the angle's square, highest first; the next terms are below float32's rounding within ±¼ turn.
COSINE_SERIES = np.array([(-1) ** n / math.factorial(2 * n) for n in range(6, -1, -1)], np.float32)
SINE_SERIES = np.array([(-1) ** n / math.factorial(2 * n + 1) for n in range(6, -1, -1)], np.float32)

GENTLE_SLOPE = 0.3  # of a map that begins in order: from −0.3 to 0.3 in units of the data

SMALL = 8  # units below which a layer's products are not worth any care

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


def _dot_general(x: Array, kernel: Array, dimensions: Any, precision: Any = None, **_: Any) -> Array:
    """The product of a layer, for Flax; layers of a few units are no matter."""
    if x.ndim != 2 or min(kernel.shape) < SMALL:
        return jax.lax.dot_general(x, kernel, dimensions, precision=precision)
    return _product(x, kernel)


class MinibatchDiscrimination(nnx.Module):
    """Tell each sample how near the others of its batch are (Salimans et al. 2016, section 3.2)."""

    def __init__(self, inputs: int, kernels: int, dimension: int, rngs: nnx.Rngs):
        self.kernels, self.dimension = kernels, dimension
        self.tensor = nnx.Linear(inputs, kernels * dimension, use_bias=False, kernel_init=INITIAL, rngs=rngs)

    def __call__(self, x: Float[Array, "batch inputs"]) -> Float[Array, "batch outputs"]:
        """The inputs and, for each kernel, how near the rest of the batch lies."""
        rows = self.tensor(x).reshape(-1, self.kernels, self.dimension)
        distances = jnp.abs(rows[:, None] - rows[None]).sum(-1)
        return jnp.concatenate([x, jnp.exp(-distances).sum(1) - 1.0], axis=1)  # less the sample's nearness to itself


class Perceptron(nnx.Module):
    """A multilayer perceptron with one output, aware that its input lives on an interval.

    Args:
        settings: widths, activation, normalisation and so on.
        inputs: coordinates of one input.
        span: the stretch that every coordinate usually stays in; Fourier features and first kinks are laid over it.
        rngs: where the initial weights come from.
    """

    def __init__(self, settings: Network, inputs: int, span: tuple[float, float], rngs: nnx.Rngs):
        self.settings, self.span = settings, span
        sizes = [inputs * (1 + 2 * settings.fourier_features), *settings.widths]
        self.hidden = nnx.List(
            [
                nnx.Linear(before, after, kernel_init=INITIAL, dot_general=_dot_general, rngs=rngs)
                for before, after in pairwise(sizes)
            ]
        )
        if settings.initialisation == "spread" and settings.widths:
            self._spread_kinks(inputs, rngs)
        self.norms = nnx.List([nnx.BatchNorm(width, rngs=rngs) for width in settings.widths if settings.batch_norm])
        last = sizes[-1]
        if isinstance(settings, Discriminator) and settings.minibatch_kernels:
            self.minibatch = MinibatchDiscrimination(
                last, settings.minibatch_kernels, settings.minibatch_dimension, rngs
            )
            last += settings.minibatch_kernels
        if settings.ordered:
            self.line = nnx.Linear(inputs, 1, use_bias=False, kernel_init=_first_coordinate, rngs=rngs)
        first = nnx.initializers.zeros if settings.ordered else INITIAL
        self.output = nnx.Linear(last, 1, kernel_init=first, rngs=rngs)
        if settings.spectral_norm:
            self.hidden = nnx.List([nnx.SpectralNorm(layer, rngs=rngs) for layer in self.hidden])
            self.output = nnx.SpectralNorm(self.output, rngs=rngs)
        self.dropout = nnx.Dropout(settings.dropout)

    def _spread_kinks(self, inputs: int, rngs: nnx.Rngs) -> None:
        """Let every first-layer unit cross zero at its own place of the span, not all at 0."""
        layer: Any = self.hidden[0]
        low, high = self.span
        places = jax.random.uniform(rngs.params(), (layer.out_features, inputs), minval=low, maxval=high)
        layer.bias[...] = -(self.features(places) * layer.kernel[...].T).sum(1)

    def scaled(self, x: Float[Array, "batch inputs"]) -> Float[Array, "batch inputs"]:
        """The input with its span laid on [−1, 1]."""
        low, high = self.span
        return 2.0 * (x - low) / (high - low) - 1.0

    def features(self, x: Float[Array, "batch inputs"]) -> Float[Array, "batch features"]:
        """The input as it is, or scaled to [−1, 1] over the span and followed by half-period sines and cosines."""
        if self.settings.initialisation == "zeros" and not self.settings.fourier_features:
            return x
        scaled = self.scaled(x)
        if not self.settings.fourier_features:
            return scaled
        t = 0.5 * (scaled + 1.0)
        waves = jnp.concatenate(harmonics(t, self.settings.fourier_features), axis=-1)
        if self.settings.fourier_decay:
            heights = np.arange(1, self.settings.fourier_features + 1, dtype=np.float32) ** -self.settings.fourier_decay
            waves = waves * np.tile(heights, 2).reshape((1,) * x.ndim + (-1,))
        return jnp.concatenate([scaled, waves.reshape(*x.shape[:-1], -1)], axis=-1)

    def __call__(self, x: Float[Array, "batch inputs"], key: Key[Array, ""], training: bool) -> Float[Array, "batch 1"]:
        """Raw output.

        Args:
            x: inputs.
            key: decides which units dropout silences.
            training: drop units and use the batch's own statistics.
        """
        activate = ACTIVATIONS[self.settings.activation]
        spectral = {"update_stats": training} if self.settings.spectral_norm else {}
        h = self.features(x)
        for depth, layer in enumerate(self.hidden):
            h = layer(h, **spectral)
            if self.settings.batch_norm:
                h = self.norms[depth](h, use_running_average=not training)
            h = activate(h)
            if self.settings.dropout:
                h = self.dropout(h, deterministic=not training, rngs=jax.random.fold_in(key, depth))
        if isinstance(self.settings, Discriminator) and self.settings.minibatch_kernels:
            h = self.minibatch(h)
        straight = self.line(self.scaled(x)) if self.settings.ordered else 0.0
        return self.output(h, **spectral) + straight


def _first_coordinate(key: Array, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Array:
    """A gentle slope along the first coordinate: the map begins in order, narrow and in the middle."""
    return jnp.zeros(shape, dtype).at[0].set(GENTLE_SLOPE)


class Blueprint(NamedTuple):
    """All of a network but its numbers."""

    graph: Any
    unravel: Callable[[Array], Any]


@lru_cache(maxsize=64)
def blueprint(network: Network, inputs: int, span: tuple[float, float]) -> Blueprint:
    """What is needed to turn a flat vector back into a network."""
    model = nnx.eval_shape(lambda: Perceptron(network, inputs, span, nnx.Rngs(0)))
    graph, shapes, _ = nnx.split(model, nnx.Param, ...)
    unravel: list[Callable[[Array], Any]] = []
    # Traced only: to make the zeros would compile a dozen little programs.
    jax.eval_shape(lambda tree: unravel.append(ravel_pytree(tree)[1]), shapes)
    return Blueprint(graph, unravel[0])


def initial(
    network: Network, inputs: int, span: tuple[float, float], key: Key[Array, ""]
) -> tuple[Float[Array, " parameters"], Statistics]:
    """Fresh parameters and statistics."""
    _, parameters, statistics = nnx.split(Perceptron(network, inputs, span, nnx.Rngs(key)), nnx.Param, ...)
    return ravel_pytree(parameters)[0], statistics


def apply(
    network: Network,
    span: tuple[float, float],
    parameters: Float[Array, " parameters"],
    statistics: Statistics,
    x: Float[Array, "batch inputs"],
    key: Key[Array, ""],
    *,
    training: bool,
) -> tuple[Float[Array, "batch 1"], Statistics]:
    """Raw output of a network, and its statistics after."""
    graph, unravel = blueprint(network, x.shape[-1], span)  # pyright: ignore[reportArgumentType] (frozen: hashable)
    model = nnx.merge(graph, unravel(parameters), statistics, copy=True)
    output = model(x, key, training)
    return output, _statistics(model)


def _statistics(model: Any) -> Statistics:
    rest: Any = nnx.split(model, nnx.Param, ...)[2]
    return rest
