"""What other ways of learning reach on the targets of the group `quality`: no discriminator in any of them.

Four of the five learn as many steps, with the same batch, the same draws in strata, Adam, the same schedule and the
same average as `steady`. The first three move the generator of `steady`, a curve of 513 knots over z:

- quantile regression: the pinball loss of G(z) at level z against every real of the batch (Koenker and Bassett 1978);
- sorted batches: the mean square of sorted fakes less sorted reals, W2² of two batches;
- MMD: the squared distance of two batches under the kernel −|x − y|, the energy distance (Székely and Rizzo 2013);
- flow: a piecewise linear F with a knot at every knot of `steady`'s discriminator, by maximum likelihood (Müller et
  al. 2019);
- KDE: a Gaussian kernel density of as many reals as one player of `steady` sees, with Scott's bandwidth.

Each row is the median W1/σ over a few seeds, and the worst. Each rate is the best of 0.003, 0.01, 0.02, 0.05 and 0.2 in
the geometric mean over N(4, 1.25), comb(8), faithful and student_t(5).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from scipy.ndimage import gaussian_filter1d

from gausslab import networks, sampling
from gausslab.observing import Units, target_table
from gausslab.recipes import RECIPES
from gausslab.sampling import TargetTable
from gausslab.targets import Target, parse

from .quality import TARGETS
from .rows import Options, Row

SEEDS = 3
LEVELS = 16_384  # at which two quantile functions are compared
KDE_CELLS = 2**17
STEADY = RECIPES["steady"].experiment()
SPAN = (0.0, 1.0)


class Way(NamedTuple):
    """A way to learn: where it begins, what it minimises on a batch, and the quantile function that comes out."""

    title: str
    rate: float
    initial: Array
    objective: Callable[[Array, Array, Array], Array]  # (parameters, levels of z, reals)
    quantiles: Callable[[Array, Array], Array]  # (parameters, levels)


@jax.jit
def generated(heights: Array, u: Array) -> Array:
    """The generator of `steady`."""
    x, _ = networks.apply(STEADY.generator, SPAN, heights, _statistics(), u[:, None], jax.random.key(0), training=False)
    return x[:, 0]


def pinball(heights: Array, u: Array, real: Array) -> Array:
    """The pinball loss of every fake at its own level against every real."""
    gap = real[None, :] - generated(heights, u)[:, None]
    return (jnp.maximum(gap, 0) * u[:, None] + jnp.maximum(-gap, 0) * (1 - u[:, None])).mean()


def sorted_batches(heights: Array, u: Array, real: Array) -> Array:
    """The squared W2 of two batches."""
    return ((jnp.sort(generated(heights, u)) - jnp.sort(real)) ** 2).mean()


def energy_distance(heights: Array, u: Array, real: Array) -> Array:
    """What of the energy distance of two batches depends on the fakes, each pair of fakes counted once."""
    fake = generated(heights, u)
    apart = 1 - jnp.eye(fake.size)
    within = (apart * jnp.abs(fake[:, None] - fake[None, :])).sum() / apart.sum()
    return 2 * jnp.abs(fake[:, None] - real[None, :]).mean() - within


def surprise(weights: Array, u: Array, real: Array) -> Array:
    """Minus the mean log-likelihood of the reals under a piecewise linear F."""
    places = jnp.asarray(_knots())
    index = jnp.clip(jnp.searchsorted(places, real) - 1, 0, weights.size - 1)
    return -(jax.nn.log_softmax(weights) - jnp.log(jnp.diff(places)))[index].mean()


@jax.jit
def flowed(weights: Array, u: Array) -> Array:
    """The quantile function of a piecewise linear F."""
    F = jnp.concatenate([jnp.zeros(1), jnp.cumsum(jax.nn.softmax(weights))])
    return jnp.interp(u, F, jnp.asarray(_knots()))


def _knots() -> np.ndarray:
    return networks.graded(STEADY.discriminator.knots, (-4.0, 4.0)).places


def _statistics() -> networks.Statistics:
    return networks.initial(STEADY.generator, 1, SPAN, jax.random.key(0))[1]


def ways() -> list[Way]:
    """All that learn."""
    heights = networks.initial(STEADY.generator, 1, SPAN, jax.random.key(0))[0]
    weights = jnp.zeros(STEADY.discriminator.knots - 1)
    return [
        Way("quantile regression", 0.05, heights, pinball, generated),
        Way("sorted batches", 0.003, heights, sorted_batches, generated),
        Way("MMD", 0.01, heights, energy_distance, generated),
        Way("flow", 0.2, weights, surprise, flowed),
    ]


@partial(jax.jit, static_argnames=("objective", "steps", "batch", "stratified"))
def learn(
    objective: Callable[[Array, Array, Array], Array],
    start: Array,
    table: TargetTable,
    key: Array,
    rate: float,
    *,
    steps: int,
    batch: int = STEADY.batch,
    stratified: bool = True,
) -> Array:
    """The average of the parameters after so many steps of Adam."""
    settings = STEADY.optimiser
    cosine = optax.cosine_decay_schedule(1.0, steps, settings.final)

    def step(carry, t):
        parameters, memory, average = carry
        u = sampling.uniforms(key, t, 0, (2, batch))
        u = sampling.stratified(u) if stratified else u
        real = sampling.quantile(table, u[0], jnp.float32(0), jnp.float32(1))
        gradient = jax.grad(objective)(parameters, u[1], real)
        share = jnp.asarray(cosine(t)) * jnp.minimum(1.0, (t + 1) / settings.warm_up)
        move, memory = optax.adam(rate * share, settings.beta1, settings.beta2).update(gradient, memory)
        parameters = parameters + _vector(move)
        kept = jnp.minimum(STEADY.generator.averaging, (1.0 + t) / (10.0 + t))
        return (parameters, memory, kept * average + (1 - kept) * parameters), None

    begin = (start, optax.adam(rate).init(start), start)
    return jax.lax.scan(step, begin, jnp.arange(steps))[0][2]


def _vector(updates: Any) -> Array:
    """Optax's updates of a flat vector, which are a flat vector."""
    return updates


def kernel_density(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles of a Gaussian kernel density of many values, binned, with Scott's bandwidth."""
    bandwidth = values.std() * values.size**-0.2
    low, high = values.min() - 6 * bandwidth, values.max() + 6 * bandwidth
    edges = np.linspace(low, high, KDE_CELLS + 1)
    counts = np.histogram(values, edges)[0].astype(float)
    smooth = gaussian_filter1d(counts, bandwidth / (edges[1] - edges[0]), mode="constant", truncate=6.0)
    F = np.concatenate([[0.0], np.cumsum(smooth)])
    return np.interp(levels, F / F[-1], edges)


def rows(options: Options) -> list[Row]:
    """Measure all rows of this group."""
    u = (np.arange(LEVELS) + 0.5) / LEVELS
    learners, found = ways(), []
    for name in options.targets or TARGETS:
        target = parse(TARGETS[name])
        units = Units(float(target.centre), float(target.spread))
        table, ideal = target_table(target, units), target.ppf(u)
        distances: dict[str, list[float]] = {way.title: [] for way in learners} | {"KDE": []}
        for seed in range(options.seeds or SEEDS):
            for way in learners:
                end = learn(
                    way.objective, way.initial, table, jax.random.key(seed), jnp.float32(way.rate), steps=options.steps
                )
                x = units.to_x(way.quantiles(end, jnp.asarray(u, jnp.float32)))
                distances[way.title].append(_distance(x, ideal, target))
            levels = np.random.default_rng(seed).random(options.steps * STEADY.batch)
            distances["KDE"].append(_distance(kernel_density(target.ppf(levels), u), ideal, target))
        found += [_row(name, title, values) for title, values in distances.items()]
    return found


def _distance(x: np.ndarray, ideal: np.ndarray, target: Target) -> float:
    return float(np.abs(np.sort(x) - ideal).mean() / target.std)


def _row(name: str, title: str, distances: list[float]) -> Row:
    measured = f"median {statistics.median(distances):.4f}, worst {max(distances):.4f}"
    return Row(f"{title}, {name}: W1/σ", "", measured, None, {"distances": distances})
