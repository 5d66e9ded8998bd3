"""Optimisers against a few steps worked out in plain NumPy, and the values of every schedule."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from constructors import QUICKLY

from gausslab.optimisers import OPTIMISERS, SCHEDULES

RATE, BETA1, BETA2, EPSILON = 0.1, 0.6, 0.9, 1e-8
START = np.array([1.0, -2.0, 0.5])
GRADIENTS = [np.array(g) for g in ([0.3, -1.0, 0.0], [-0.2, 0.7, 1e-3], [0.5, 0.5, -0.4], [0.1, -0.3, 0.2])]


@partial(jax.jit, static_argnums=0, compiler_options=QUICKLY)
def _places(name: str, rate, x, gradients):
    kind = OPTIMISERS[name].make(rate, *map(jnp.float32, (BETA1, BETA2, EPSILON)))
    memory, places = kind.init(x), []
    for gradient in gradients:
        step, memory = kind.update(gradient, memory, x)
        x = optax.apply_updates(x, step)
        places.append(x)
    return places


def _walk(name: str, rate=RATE) -> np.ndarray:
    return np.array(_places(name, rate, START, GRADIENTS))


def _adam_ratios() -> list[tuple[np.ndarray, np.ndarray, np.ndarray, int]]:
    """First moment, root of the unbiased second moment and gradient of each step."""
    m, v, seen = np.zeros(3), np.zeros(3), []
    for t, g in enumerate(GRADIENTS, start=1):
        m, v = BETA1 * m + (1 - BETA1) * g, BETA2 * v + (1 - BETA2) * g**2
        seen.append((m, np.sqrt(v / (1 - BETA2**t)) + EPSILON, g, t))
    return seen


def _from_steps(steps) -> np.ndarray:
    return START + np.cumsum(np.array(steps), axis=0)


def _momentum() -> np.ndarray:
    speed, steps = np.zeros(3), []
    for g in GRADIENTS:
        speed = BETA1 * speed + g
        steps.append(-RATE * speed)
    return _from_steps(steps)


def _rmsprop() -> np.ndarray:
    size, steps = np.zeros(3), []
    for g in GRADIENTS:
        size = BETA2 * size + (1 - BETA2) * g**2
        steps.append(-RATE * g / np.sqrt(size + EPSILON))
    return _from_steps(steps)


def _nadam() -> np.ndarray:
    steps = []
    for m, root, g, t in _adam_ratios():
        ahead = BETA1 * m / (1 - BETA1 ** (t + 1)) + (1 - BETA1) * g / (1 - BETA1**t)
        steps.append(-RATE * ahead / root)
    return _from_steps(steps)


def _adam() -> np.ndarray:
    return _from_steps([-RATE * m / (1 - BETA1**t) / root for m, root, _, t in _adam_ratios()])


def _optimistic_adam() -> np.ndarray:
    ratios = [m / (1 - BETA1**t) / root for m, root, _, t in _adam_ratios()]
    before = [ratios[0], *ratios[:-1]]  # the first step has nothing to forecast from
    return _from_steps([-RATE * (2 * now - old) for now, old in zip(ratios, before, strict=True)])


BY_HAND = {
    "sgd": lambda: _from_steps([-RATE * g for g in GRADIENTS]),
    "momentum": _momentum,
    "adam": _adam,
    "rmsprop": _rmsprop,
    "nadam": _nadam,
    "optimistic_adam": _optimistic_adam,
}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_four_steps_agree_with_four_steps_worked_out_by_hand(name):
    np.testing.assert_allclose(_walk(name), BY_HAND[name](), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_an_optimiser_at_rate_zero_goes_nowhere(name):
    np.testing.assert_array_equal(_walk(name, rate=0.0), np.tile(START.astype(np.float32), (4, 1)))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_step_has_a_finite_slope_even_where_the_gradient_is_zero(name):
    @partial(jax.jit, compiler_options=QUICKLY)
    @jax.jacobian
    def step(gradient):
        kind = OPTIMISERS[name].make(*map(jnp.float32, (RATE, BETA1, BETA2, EPSILON)))
        return kind.update(gradient, kind.init(jnp.zeros(2)), jnp.zeros(2))[0]

    slope = step(np.array([0.0, 1.0]))
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("name", OPTIMISERS)
def test_settings_may_be_traced(name):
    @partial(jax.jit, compiler_options=QUICKLY)
    def step(*settings):
        kind = OPTIMISERS[name].make(*settings)
        return kind.update(jnp.ones(2), kind.init(jnp.zeros(2)), jnp.zeros(2))[0]

    steps = [step(jnp.float32(rate), jnp.float32(0.5), jnp.float32(0.9), jnp.float32(1e-8)) for rate in (0.1, 0.2)]
    np.testing.assert_allclose(steps[1], 2 * np.asarray(steps[0]), rtol=1e-6)
    assert step._cache_size() == 1


@partial(jax.jit, static_argnums=0, compiler_options=QUICKLY)
def _share(name: str, step, knobs):
    return SCHEDULES[name].share(step, {f"optimiser.{knob}": jnp.float32(value) for knob, value in knobs.items()})


def _shares(name: str, steps, **knobs: float) -> np.ndarray:
    return np.array([_share(name, step, knobs) for step in steps])


ALL = {"horizon": 100, "final": 0.2, "decay": 0.5, "decay_every": 10}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_starts_at_the_whole_rate_and_never_rises(name):
    shares = _shares(name, range(0, 200, 7), **ALL)
    assert shares[0] == 1
    assert (np.diff(shares) <= 1e-7).all()
    assert (shares >= 0).all()


def test_a_constant_schedule_leaves_the_rate_alone():
    np.testing.assert_array_equal(_shares("constant", [0, 10, 10_000_000], **ALL), 1)


def test_a_cosine_schedule_falls_to_its_final_share_and_stays_there():
    shares = _shares("cosine", [0, 25, 50, 75, 100, 10_000], **ALL)
    quarter = 0.2 + 0.8 * 0.5 * (1 + np.cos(np.pi / 4))
    np.testing.assert_allclose(shares, [1, quarter, 0.6, 1.2 - quarter, 0.2, 0.2], rtol=1e-6)
    assert _shares("cosine", [100], **ALL | {"final": 0.0}) == pytest.approx(0, abs=1e-7)


def test_a_step_schedule_drops_every_so_many_steps():
    np.testing.assert_allclose(_shares("step", [0, 9, 10, 19, 20, 35], **ALL), [1, 1, 0.5, 0.5, 0.25, 0.125])
