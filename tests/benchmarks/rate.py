"""Arithmetic rate of training larger nets, as a share of what a matrix product reaches in the same run.

Both players are 1-128-128-128-1 tanh nets with batch 1024, all else is the recipe `vanilla`, trained by `Run.train`
with one frame at the end. Only the matrix products that a step cannot do without are counted, each as 2mnk floating
point operations; activations, the optimiser, random numbers and the frame are not, though their time is.

With B samples, P weights (biases left out) and F of these in the first layer, 2B times:
    D's update: G forward P; D forward on reals and fakes 2P; gradient of D's weights 2P; and of the hidden layers'
        outputs, which the first layer does not need, 2(P − F);
    G's update: G forward P; D forward P; gradient of D's input P; gradient of G's weights P; and of the hidden layers'
        outputs P − F.
In all 2B(12P − 3F).

The float32 matrix products are 1024 × 1024 × 1024, the machine's best, and 1024 × 128 × 128, the largest that a step
of these nets has; both by JAX, many in one compiled loop.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from math import prod

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from gausslab.recipes import RECIPES
from gausslab.run import begin

from .rounds import Contestant, interleaved, timed
from .rows import Options, Row

WIDTHS, BATCH = (128, 128, 128), 1024
STEPS = 50  # in a turn
LARGE, SMALL = (1024, 1024, 1024), (1024, 128, 128)
LEAST = 0.6


def operations(sizes: tuple[int, ...], batch: int) -> int:
    """Floating point operations of the matrix products of a step, by the formula above.

    Args:
        sizes: units of each layer of either net, input and output included.
        batch: samples in each update.
    """
    products = [rows * columns for rows, columns in pairwise(sizes)]
    return 2 * batch * (12 * sum(products) - 3 * products[0])


def rows(options: Options) -> list[Row]:
    """Measure all rows of this group."""
    contestants = {"training": _training(), "large": _product(LARGE, 20), "small": _product(SMALL, 1000)}
    times = interleaved(contestants, options.rounds)
    counted = operations((1, *WIDTHS, 1), BATCH)
    rates = {"training": counted / times["training"].median / 1e9}
    rates |= {name: 2 * prod(shape) / times[name].median / 1e9 for name, shape in (("large", LARGE), ("small", SMALL))}
    best = {"training": counted / times["training"].best / 1e9}
    best |= {name: 2 * prod(shape) / times[name].best / 1e9 for name, shape in (("large", LARGE), ("small", SMALL))}
    return [
        Row(
            f"1-128-128-128-1, batch 1024: arithmetic rate, against a float32 product {' × '.join(map(str, shape))}",
            "≥ 60 % of it" if name == "large" else "",
            f"{rates['training'] / rates[name]:.0%} ({best['training'] / best[name]:.0%} at best; "
            f"{rates['training']:.0f} of {rates[name]:.0f} Gflop/s)",
            rates["training"] / rates[name] >= LEAST if name == "large" else None,
            {"operations_per_step": counted, "gflops": rates, "gflops_at_best": best, "turns": times},
        )
        for name, shape in (("large", LARGE), ("small", SMALL))
    ]


def _training() -> Contestant:
    experiment = RECIPES["vanilla"].experiment(
        **{"generator.widths": WIDTHS, "discriminator.widths": WIDTHS, "batch": BATCH, "frame_every": STEPS}
    )
    run = begin(experiment).train(STEPS, progress=False)

    def turn() -> float:
        before = run.timing.training
        run.train(STEPS, progress=False)
        return (run.timing.training - before) / STEPS

    return turn


def _product(shape: tuple[int, int, int], times: int) -> Contestant:
    height, inner, width = shape
    a, b = jnp.ones((height, inner)), jnp.ones((inner, width)) / inner
    many = partial(_products, a, b, jnp.int32(times))
    jax.block_until_ready(many())
    return lambda: timed(lambda: jax.block_until_ready(many())) / times


@jax.jit
def _products(a: Float[Array, "height inner"], b: Float[Array, "inner width"], times: Int[Array, ""]) -> Array:
    """a @ b @ b ... : each product needs the one before, so that none can be left out."""
    return jax.lax.fori_loop(0, times, lambda _, product: product @ b, a)
