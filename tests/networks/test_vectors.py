"""Flat vectors of parameters, short and long."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from gausslab.networks import vectors
from gausslab.settings import Generator

SPAN = (0.0, 1.0)
WIDE, NARROW = Generator(widths=(200, 200), activation="tanh"), Generator(widths=(8, 8), activation="tanh")


@cache
def begun(network):
    return vectors.initial(network, 1, SPAN, jax.random.key(1))


def _output(network, vector, x):
    _, statistics = begun(network)
    return vectors.apply(network, SPAN, vector, statistics, x, jax.random.key(0), training=True)[0].sum()


def test_one_network_is_long_and_one_is_not():
    assert begun(WIDE)[0].size >= vectors.LONG > begun(NARROW)[0].size


@pytest.mark.parametrize("network", [WIDE, NARROW])
def test_a_vector_turns_into_a_network_and_back(network):
    vector, _ = begun(network)
    unravelled = vectors.blueprint(network, 1, SPAN).unravel(vector)
    np.testing.assert_array_equal(ravel_pytree(unravelled)[0], vector)


def test_the_gradient_of_a_long_vector_is_that_of_a_short_one(monkeypatch):
    vector, _ = begun(WIDE)
    x = jnp.linspace(0, 1, 7)[:, None]

    def slope(vector):
        return jax.grad(lambda v: _output(WIDE, v, x))(vector)

    def bend(vector):  # as consensus optimisation and unrolling take it
        return jax.grad(lambda v: (slope(v) ** 2).sum())(vector)

    asked = (slope, bend)
    pieces = [np.asarray(ask(vector)) for ask in asked]
    vectors.blueprint.cache_clear()
    monkeypatch.setattr(vectors, "LONG", 10**9)
    whole = [np.asarray(ask(vector)) for ask in asked]
    vectors.blueprint.cache_clear()
    for one, other in zip(pieces, whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(other).max())
        assert np.abs(other).max() > 0
