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
from flax import nnx
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Key

from gausslab.settings import Discriminator, Network

Statistics = nnx.State  # what batch and spectral normalisation remember; empty without them

INITIAL = nnx.initializers.lecun_uniform()  # as wide as the usual truncated normal, and a second quicker to compile

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
def harmonics(t: Float[Array, "*shape"], count: int) -> tuple[Float[Array, "*shape n"], Float[Array, "*shape n"]]:
    """sin(πkt) and cos(πkt) for k = 1 to count, to float32's rounding.

    Whole half-turns are taken off exactly and the rest, within ±¼ turn, goes into Taylor's series: on a CPU a tenth of
    the time of the library's sine, which was three quarters of a step.
    """
    halves = t[..., None] * jnp.arange(1, count + 1, dtype=t.dtype).reshape(*(1,) * t.ndim, count)
    whole = jnp.round(halves)
    sign = 1.0 - 2.0 * jnp.abs(whole - 2.0 * jnp.floor(0.5 * whole))
    angle = jnp.pi * (halves - whole)
    square = angle * angle
    sine, cosine = jnp.zeros_like(angle), jnp.zeros_like(angle)
    for power in range(12, -1, -2):
        cosine = cosine * square + (-1) ** (power // 2) / math.factorial(power)
        sine = sine * square + (-1) ** (power // 2) / math.factorial(power + 1)
    return sign * angle * sine, sign * cosine


@harmonics.defjvp
def _harmonics_jvp(count: int, primals: tuple[Array], tangents: tuple[Array]) -> tuple[Any, Any]:
    sine, cosine = harmonics(primals[0], count)
    orders = jnp.arange(1, count + 1, dtype=sine.dtype).reshape(*(1,) * (sine.ndim - 1), count)
    turned = tangents[0][..., None] * (math.pi * orders)
    return (sine, cosine), (turned * cosine, -turned * sine)


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
            [nnx.Linear(before, after, kernel_init=INITIAL, rngs=rngs) for before, after in pairwise(sizes)]
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
        self.output = nnx.Linear(last, 1, kernel_init=INITIAL, rngs=rngs)
        if settings.spectral_norm:
            self.hidden = nnx.List([nnx.SpectralNorm(layer, rngs=rngs) for layer in self.hidden])
            self.output = nnx.SpectralNorm(self.output, rngs=rngs)
        self.dropout = nnx.Dropout(settings.dropout)

    def _spread_kinks(self, inputs: int, rngs: nnx.Rngs) -> None:
        """Let every first-layer unit cross zero at its own place of the span, not all at 0."""
        layer, (low, high) = self.hidden[0], self.span
        places = jax.random.uniform(rngs.params(), (layer.out_features, inputs), minval=low, maxval=high)
        layer.bias[...] = -(self.features(places) * layer.kernel[...].T).sum(1)

    def features(self, x: Float[Array, "batch inputs"]) -> Float[Array, "batch features"]:
        """The input as it is, or scaled to [−1, 1] over the span and followed by half-period sines and cosines."""
        if self.settings.initialisation == "zeros" and not self.settings.fourier_features:
            return x
        low, high = self.span
        t = (x - low) / (high - low)
        scaled = 2.0 * t - 1.0
        if not self.settings.fourier_features:
            return scaled
        waves = jnp.concatenate(harmonics(t, self.settings.fourier_features), axis=-1)
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
        return self.output(h, **spectral)


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
    graph, unravel = blueprint(network, x.shape[-1], span)
    model = nnx.merge(graph, unravel(parameters), statistics, copy=True)
    output = model(x, key, training)
    return output, nnx.split(model, nnx.Param, ...)[2]
