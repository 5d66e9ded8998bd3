"""Networks as plain functions of flat vectors."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Key

from gausslab.networks.perceptron import Perceptron, is_a_curve
from gausslab.settings import Discriminator, Network

Statistics = nnx.State  # what batch and spectral normalisation remember; empty without them


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
