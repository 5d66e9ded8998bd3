"""The multilayer perceptron of either player, in Flax NNX."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Key

from gausslab.networks.activations import activation
from gausslab.networks.beginnings import GENTLE_SLOPE, first_coordinate, initial_law
from gausslab.networks.crowds import MinibatchDiscrimination, moments
from gausslab.networks.curves import Hats, Slopes
from gausslab.networks.products import dot_general
from gausslab.networks.waves import harmonics
from gausslab.settings import Discriminator, Generator, Network


class Perceptron(nnx.Module):
    """A multilayer perceptron and a curve with one output, aware that their input lives on an interval.

    Args:
        settings: widths, activation, normalisation and so on.
        inputs: coordinates of one input.
        span: the stretch that every coordinate usually stays in; Fourier features and first kinks are laid over it.
        rngs: where the initial weights come from.
    """

    def __init__(self, settings: Network, inputs: int, span: tuple[float, float], rngs: nnx.Rngs):
        self.settings, self.span = settings, span
        law = initial_law(settings)
        seen = settings.moments if isinstance(settings, Discriminator) and settings.moments else inputs
        sizes = [seen * (1 + 2 * settings.fourier_features), *settings.widths]
        self.hidden = nnx.List(
            [
                nnx.Linear(before, after, kernel_init=law, dot_general=dot_general, rngs=rngs)
                for before, after in pairwise(sizes)
            ]
        )
        if settings.initialisation == "spread" and settings.widths:
            self._spread_kinks(seen, rngs)
        self.norms = nnx.List([nnx.BatchNorm(width, rngs=rngs) for width in settings.widths if settings.batch_norm])
        last = sizes[-1]
        if isinstance(settings, Discriminator) and settings.minibatch_kernels:
            self.minibatch = MinibatchDiscrimination(
                last, settings.minibatch_kernels, settings.minibatch_dimension, law, rngs
            )
            last += settings.minibatch_kernels
        alone = is_a_curve(settings)
        if settings.knots and isinstance(settings, Discriminator):
            self.curve = Slopes(settings.knots, span)
        elif settings.knots:
            self.curve = Hats(settings.knots, span, GENTLE_SLOPE if settings.ordered and alone else 0.0)
        if alone:
            return
        if settings.ordered:
            self.line = nnx.Linear(seen, 1, use_bias=False, kernel_init=first_coordinate, rngs=rngs)
        first = nnx.initializers.zeros if settings.ordered else law
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
        settings = self.settings
        if isinstance(settings, Discriminator):
            v = self._summed(moments(x, settings.moments) if settings.moments else x, key, training)
            return jnp.clip(v, -settings.limit, settings.limit) if settings.limit else v
        out = self._summed(x, key, training)
        bound = settings.bound if isinstance(settings, Generator) else 0.0
        return bound * jnp.tanh(out) if bound else out

    def _summed(self, x: Float[Array, "batch inputs"], key: Key[Array, ""], training: bool) -> Float[Array, "batch 1"]:
        """What layers, straight line and curve add up to."""
        if is_a_curve(self.settings):
            return self._curved(x)
        activate = activation(self.settings)
        dropping = training or (isinstance(self.settings, Generator) and self.settings.always_dropped)
        spectral = {"update_stats": training} if self.settings.spectral_norm else {}
        h = self.features(x)
        for depth, layer in enumerate(self.hidden):
            h = layer(h, **spectral)
            if self.settings.batch_norm:
                h = self.norms[depth](h, use_running_average=not training)
            h = activate(h)
            if self.settings.dropout:
                h = self.dropout(h, deterministic=not dropping, rngs=jax.random.fold_in(key, depth))
        if isinstance(self.settings, Discriminator) and self.settings.minibatch_kernels:
            h = self.minibatch(h)
        out = self.output(h, **spectral)
        if self.settings.ordered:
            out = out + self.line(self.scaled(x))
        return out + self._curved(x) if self.settings.knots else out

    def _curved(self, x: Float[Array, "batch inputs"]) -> Float[Array, "batch 1"]:
        """What the curve adds: a generator's is one of its first coordinate, a discriminator's of each of a pack."""
        along = x if isinstance(self.settings, Discriminator) else x[:, :1]
        return self.curve(along.reshape(-1)).reshape(along.shape).sum(1, keepdims=True)


def is_a_curve(settings: Network) -> bool:
    """Whether a network is nothing but its curve: no hidden layer, no waves and no kernels beside it."""
    kernels = isinstance(settings, Discriminator) and settings.minibatch_kernels
    return bool(settings.knots) and not (settings.widths or settings.fourier_features or kernels)
