"""How gradients become steps: Optax optimisers and schedules with traced settings.

Each optimiser is built anew inside the jitted step from the knobs in force, so that a knob never recompiles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import optax
from jaxtyping import Array

Knobs = dict[str, Array]

# Unrolling differentiates through Adam, whose root has no slope where a gradient is exactly 0; beside ε² = (1e-8)².
UNDER_ROOT = 1e-16


class OptimiserKind(NamedTuple):
    """An optimiser: one line of what it is, and how it is made from a learning rate, the two memories and ε."""

    summary: str
    make: Callable[[Array, Array, Array, Array], optax.GradientTransformation]


class Schedule(NamedTuple):
    """A schedule: one line of what it is, and the share of the learning rate left at a step."""

    summary: str
    share: Callable[[Array, Knobs], Array]


def _cosine(step: Array, knobs: Knobs) -> Array:
    progress = jnp.clip(step / knobs["optimiser.horizon"], 0.0, 1.0)
    final = knobs["optimiser.final"]
    return final + (1 - final) * 0.5 * (1 + jnp.cos(jnp.pi * progress))


def _drops(step: Array, knobs: Knobs) -> Array:
    return knobs["optimiser.decay"] ** jnp.floor(step / knobs["optimiser.decay_every"])


SCHEDULES: dict[str, Schedule] = {
    "constant": Schedule("The same learning rate throughout.", lambda step, knobs: jnp.ones(())),
    "cosine": Schedule("Falls like half a cosine over the horizon.", _cosine),
    "step": Schedule("Falls by a factor every so many steps.", _drops),
}

OPTIMISERS: dict[str, OptimiserKind] = {
    "sgd": OptimiserKind("Plain gradient descent.", lambda rate, beta1, beta2, epsilon: optax.sgd(rate)),
    "momentum": OptimiserKind(
        "Gradient descent with momentum β₁.", lambda rate, beta1, beta2, epsilon: optax.sgd(rate, momentum=beta1)
    ),
    "adam": OptimiserKind(
        "Adam (Kingma and Ba 2015).",
        lambda rate, beta1, beta2, epsilon: optax.adam(rate, b1=beta1, b2=beta2, eps=epsilon, eps_root=UNDER_ROOT),
    ),
    "rmsprop": OptimiserKind(
        "Gradient over its running size, memory β₂.",
        lambda rate, beta1, beta2, epsilon: optax.rmsprop(rate, decay=beta2, eps=epsilon),
    ),
    "nadam": OptimiserKind(
        "Adam with Nesterov momentum (Dozat 2016).",
        lambda rate, beta1, beta2, epsilon: optax.nadam(rate, b1=beta1, b2=beta2, eps=epsilon, eps_root=UNDER_ROOT),
    ),
    "optimistic_adam": OptimiserKind(
        "Adam that steps on a forecast of the next gradient (Daskalakis et al. 2018).",
        lambda rate, beta1, beta2, epsilon: optax.optimistic_adam_v2(
            rate, b1=beta1, b2=beta2, eps=epsilon, eps_root=UNDER_ROOT, nesterov=False
        ),
    ),
}
