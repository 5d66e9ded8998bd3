"""Curves with knots: what lies beneath `Perceptron`, where most of their tests are."""

import jax
import jax.numpy as jnp
import numpy as np

from gausslab.networks import curves


def test_inverse_of_sinh_is_right_to_the_last_bits_but_two_and_stays_finite():
    sizes = np.geomspace(1e-30, 1e14, 2_000).astype(np.float32)
    t = np.concatenate([-sizes, np.zeros(1, np.float32), sizes])
    found = np.asarray(jax.jit(curves._arcsinh)(t))
    np.testing.assert_allclose(found, np.arcsinh(t.astype(float)), rtol=3e-7)
    beyond = np.asarray(curves._arcsinh(jnp.array([-jnp.inf, -1e30, 1e30, jnp.inf])))
    assert np.isfinite(beyond).all()
