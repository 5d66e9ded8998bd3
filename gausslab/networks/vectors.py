"""Networks as plain functions of flat vectors."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Key

from gausslab.networks.perceptron import Perceptron, is_a_curve
from gausslab.settings import Discriminator, Network

LONG = 2**15  # numbers in a vector that is put together piece by piece
Statistics = nnx.State | dict  # what batch and spectral normalisation remember; an empty dict without them


class Blueprint(NamedTuple):
    """All of a network but its numbers."""

    graph: Any
    unravel: Callable[[Array], Any]


@lru_cache(maxsize=64)
def blueprint(network: Network, inputs: int, span: tuple[float, float]) -> Blueprint:
    """What is needed to turn a flat vector back into a network."""
    model = nnx.eval_shape(lambda: Perceptron(network, inputs, span, nnx.Rngs(0)))
    graph, shapes, _ = nnx.split(model, nnx.Param, ...)
    leaves, tree = jax.tree.flatten(shapes)
    pieces = tuple(leaf.shape for leaf in leaves)
    if sum(map(math.prod, pieces)) >= LONG:
        return Blueprint(graph, lambda vector: jax.tree.unflatten(tree, _pieces(pieces, vector)))
    unravel: list[Callable[[Array], Any]] = []
    # Traced only: to make the zeros would compile a dozen little programs.
    jax.eval_shape(lambda tree: unravel.append(ravel_pytree(tree)[1]), shapes)
    return Blueprint(graph, unravel[0])


def _pieces(shapes: tuple[tuple[int, ...], ...], vector: Float[Array, " parameters"]) -> tuple[Array, ...]:
    """Arrays of these shapes out of a long vector.

    Of the gradient, a concatenation otherwise, XLA's loop on a CPU goes over the whole for each of its pieces: half a
    million weights then cost more than all that is done with them (docs/design.md).
    """
    sizes = tuple(map(math.prod, shapes))
    starts = tuple(accumulate(sizes, initial=0))[:-1]

    @jax.custom_vjp
    def split(whole: Array) -> tuple[Array, ...]:
        cuts = zip(starts, sizes, shapes, strict=True)
        return tuple(jax.lax.slice(whole, (start,), (start + size,)).reshape(shape) for start, size, shape in cuts)

    def joined(_: None, parts: tuple[Array, ...]) -> tuple[Array]:
        whole = jnp.zeros_like(vector)
        for start, part in zip(starts, parts, strict=True):
            whole = jax.lax.dynamic_update_slice(whole, part.reshape(-1), (start,))
        return (whole,)

    split.defvjp(lambda whole: (split(whole), None), joined)
    return split(vector)


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
    model = Perceptron(network, inputs, span, nnx.Rngs(key))
    return ravel_pytree(nnx.state(model, nnx.Param))[0], _statistics(model)


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
    model = nnx.merge(graph, unravel(parameters), *remembered(statistics), copy=True)
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


def remembered(statistics: Statistics) -> tuple[Statistics, ...]:
    """Statistics as a network takes them beside its parameters: none at all, or one state."""
    return (statistics,) if statistics else ()


def _statistics(model: Any) -> Statistics:
    rest: Any = nnx.split(model, nnx.Param, ...)[2]
    return rest if rest else {}
