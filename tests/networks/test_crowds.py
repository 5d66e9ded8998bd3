"""What a discriminator sees of a pack of samples."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from gausslab import networks
from gausslab.settings import Discriminator

SPAN = (-4.0, 4.0)


@pytest.fixture(scope="module")
def packs():
    return jax.random.gamma(jax.random.key(0), 2.0, (3, 50))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_moments_are_those_of_scipy(packs, count):
    x = np.asarray(packs, float)
    expected = [x.mean(1), x.std(1), stats.skew(x, axis=1), stats.kurtosis(x, axis=1)]
    np.testing.assert_allclose(networks.moments(packs, count), np.stack(expected, 1)[:, :count], rtol=1e-4, atol=1e-5)


def test_moments_of_samples_that_are_all_alike_have_a_finite_slope():
    slope = jax.grad(lambda x: networks.moments(x, 4).sum())(jnp.full((1, 5), 2.0))
    assert np.isfinite(slope).all()


def test_a_discriminator_of_moments_has_weights_for_them_alone_and_knows_no_order(packs):
    settings = Discriminator(widths=(6,), knots=0, moments=4, pack=50)
    parameters, statistics = networks.initial(settings, 50, SPAN, jax.random.key(1))
    assert parameters.size == 4 * 6 + 6 + 6 + 1
    outputs = [
        networks.apply(settings, SPAN, parameters, statistics, x, jax.random.key(0), training=True)[0]
        for x in (packs, packs[:, ::-1], packs + 1.0)
    ]
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-4)
    assert np.abs(outputs[0] - outputs[2]).min() > 1e-4
