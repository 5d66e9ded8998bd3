"""The networks of both players, in Flax NNX: split once, plain functions of flat vectors after.

A network is a multilayer perceptron, a curve with a knot at each of many places, or the sum of both.

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
from jaxtyping import Array, Float, Int, Key

from gausslab.settings import Discriminator, Network

Statistics = nnx.State  # what batch and spectral normalisation remember; empty without them

INITIAL = nnx.initializers.lecun_uniform()  # as wide as the usual truncated normal, and quicker to compile

# In powers of the angle's square, highest first; the next terms are below float32's rounding within ±¼ turn.
COSINE_SERIES = np.array([(-1) ** n / math.factorial(2 * n) for n in range(6, -1, -1)], np.float32)
SINE_SERIES = np.array([(-1) ** n / math.factorial(2 * n + 1) for n in range(6, -1, -1)], np.float32)

GENTLE_SLOPE = 0.3  # of a map that begins in order: from −0.3 to 0.3 in units of the data

REACH = 3.0  # how far the knots of a discriminator's curve go, in spans: a target may move
EVEN_PART = 0.25  # of a span: up to here from its middle they lie evenly, further out ever farther apart

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


class Hats(nnx.Module):
    """A curve that runs straight from knot to knot: a linear spline, one hat function for each knot.

    Args:
        count: knots, evenly over the span; beyond its ends the curve goes straight on.
        span: the stretch of the input.
        slope: the curve begins as the line from −slope to slope.
    """

    def __init__(self, count: int, span: tuple[float, float], slope: float):
        self.span = span
        self.heights = nnx.Param(jnp.linspace(-slope, slope, count))

    def __call__(self, x: Float[Array, " n"]) -> Float[Array, " n"]:
        """The curve's height at x."""
        low, high = self.span
        heights = _ends(self.heights[...])
        place = (x - low) * ((heights.size - 1) / (high - low))
        before = _index(place, heights.size)
        left, right = _at(heights, before), _at(heights, before + 1)
        return left + (right - left) * (place - before)


class Slopes(nnx.Module):
    """A curve whose slope runs straight from knot to knot: a quadratic spline, flat to begin with.

    Its parameters are its slopes at the knots, so that a penalty of the slope acts on each of them alone, and its
    height in the middle. Beyond the last knot the slope stays what it is there.

    Args:
        count: knots; `graded` says where.
        span: the stretch of the input.
    """

    def __init__(self, count: int, span: tuple[float, float]):
        self.span = span
        self.slopes = nnx.Param(jnp.zeros(count))
        self.height = nnx.Param(jnp.zeros(()))

    def __call__(self, x: Float[Array, " n"]) -> Float[Array, " n"]:
        """The curve's height at x."""
        slopes = _ends(self.slopes[...])
        places, middle, unit, step = graded(slopes.size, self.span)
        lengths = np.diff(places)
        climbed = jnp.cumsum(0.5 * lengths * (slopes[1:] + slopes[:-1]))
        heights = jnp.concatenate([jnp.zeros(1), climbed])
        heights = heights + (self.height[...] - heights[slopes.size // 2])
        place = jnp.arcsinh((jax.lax.stop_gradient(x) - middle) / unit) / step + 0.5 * (slopes.size - 1)
        before = _index(place, slopes.size)
        left, right, length = _at(slopes, before), _at(slopes, before + 1), _at(jnp.asarray(lengths), before)
        share = (x - _at(jnp.asarray(places), before)) / length
        inside = jnp.clip(share, 0.0, 1.0)
        beyond = (share - inside) * jnp.where(share < 0, left, right)
        return _at(heights, before) + length * (left * inside + 0.5 * (right - left) * inside**2 + beyond)


class Grading(NamedTuple):
    """Where the knots of a discriminator's curve lie: at middle + unit × sinh(step × k), k counted from the middle."""

    places: Float[np.ndarray, " knots"]
    middle: float
    unit: float
    step: float


@lru_cache(maxsize=64)
def graded(count: int, span: tuple[float, float]) -> Grading:
    """Knots that reach three times as far as the span and lie the closer together, the nearer to its middle."""
    low, high = span
    middle, unit = 0.5 * (low + high), EVEN_PART * (high - low)
    step = 2 * math.asinh(0.5 * REACH / EVEN_PART) / max(count - 1, 1)
    places = middle + unit * np.sinh(step * (np.arange(count) - 0.5 * (count - 1)))
    return Grading(places.astype(np.float32), middle, unit, step)


def _ends(values: Float[Array, " n"]) -> Float[Array, " knots"]:
    """Values at two knots at least: a single one holds everywhere."""
    return values if values.size > 1 else jnp.tile(values, 2)


def _index(place: Float[Array, " n"], count: int) -> Int[Array, " n"]:
    """The knot before each place; the first or the last but one where there is none."""
    return jnp.clip(jnp.floor(place), 0, count - 2).astype(jnp.int32)


def _at(values: Float[Array, " knots"], index: Int[Array, " n"]) -> Float[Array, " n"]:
    return values.at[index].get(mode="promise_in_bounds")


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
    """A multilayer perceptron and a curve with one output, aware that their input lives on an interval.

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
        alone = is_a_curve(settings)
        if settings.knots and isinstance(settings, Discriminator):
            self.curve = Slopes(settings.knots, span)
        elif settings.knots:
            self.curve = Hats(settings.knots, span, GENTLE_SLOPE if settings.ordered and alone else 0.0)
        if alone:
            return
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
        if is_a_curve(self.settings):
            return self._curved(x)
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


@lru_cache(maxsize=64)
def _knots(network: Network, inputs: int, span: tuple[float, float]) -> slice:
    """Where the flat vector holds a curve's heights or slopes; empty where there is no curve."""
    if not network.knots:
        return slice(0, 0)
    model = nnx.eval_shape(lambda: Perceptron(network, inputs, span, nnx.Rngs(0)))
    leaves = jax.tree_util.tree_leaves_with_path(nnx.split(model, nnx.Param, ...)[1])
    names = [jax.tree_util.keystr(path) for path, _ in leaves]
    place = next(i for i, name in enumerate(names) if "heights" in name or "slopes" in name)
    start = sum(leaf.size for _, leaf in leaves[:place])
    return slice(start, start + network.knots)


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


def in_order(
    network: Network, inputs: int, span: tuple[float, float], parameters: Float[Array, " parameters"]
) -> Float[Array, " parameters"]:
    """Let neighbouring knots of an ordered generator's curve that have overtaken each other change places.

    A round of odd-even transposition sort: they seldom get further than past one another in one step.
    """
    if isinstance(network, Discriminator) or not (network.ordered and is_a_curve(network)):
        return parameters
    knots = _knots(network, inputs, span)  # pyright: ignore[reportArgumentType] (frozen: hashable)
    return parameters.at[knots].set(_pairs_in_order(_pairs_in_order(parameters[knots], 0), 1))


def fading(
    network: Network, inputs: int, span: tuple[float, float], parameters: Float[Array, " parameters"], share: Array
) -> Float[Array, " parameters"]:
    """A network whose curve has lost a share of its slopes or heights; layers keep all of theirs."""
    knots = _knots(network, inputs, span)  # pyright: ignore[reportArgumentType] (frozen: hashable)
    return parameters.at[knots].multiply(1.0 - share) if network.knots else parameters


def _pairs_in_order(values: Float[Array, " n"], first: int) -> Float[Array, " n"]:
    last = first + (values.size - first) // 2 * 2
    pairs = values[first:last].reshape(-1, 2)
    swapped = jnp.stack([pairs.min(1), pairs.max(1)], axis=1).reshape(-1)
    return jnp.concatenate([values[:first], swapped, values[last:]])


def _statistics(model: Any) -> Statistics:
    rest: Any = nnx.split(model, nnx.Param, ...)[2]
    return rest
