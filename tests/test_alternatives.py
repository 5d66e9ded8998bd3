"""The ways of learning that `steady` is measured against do what they are said to do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from benchmarks import alternatives
from benchmarks.alternatives import LEVELS, kernel_density, learn, ways
from scipy.integrate import quad_vec
from scipy.special import ndtri
from scipy.stats import beta, norm

from gausslab.observing import Units, target_table
from gausslab.targets import parse

# Thousands of steps of a program take longer than compiling it well.
pytestmark = pytest.mark.usefixtures("as_people_run_it")
U = (np.arange(LEVELS) + 0.5) / LEVELS
STEPS = 2000
NORMAL = target_table(parse("normal(0, 1)"), Units(0.0, 1.0))


@pytest.mark.parametrize("way", ways(), ids=lambda way: way.title)
def test_every_way_learns_a_normal(way):
    end = learn(way.objective, way.initial, NORMAL, jax.random.key(0), jnp.float32(way.rate), steps=STEPS)
    x = np.sort(way.quantiles(end, jnp.asarray(U, jnp.float32)))
    assert np.abs(x - norm.ppf(U)).mean() < 0.05


def shrinkage(batch: int) -> float:
    """What E(x₍ᵢ₎)² summed over the order statistics of a normal batch is, over the sum of E x₍ᵢ₎²."""
    ranks = np.arange(1, batch + 1)
    means, _ = quad_vec(lambda u: ndtri(u) * beta.pdf(u, ranks, batch + 1 - ranks), 0, 1, limit=200)
    return float(np.mean(np.square(means)))


def _matched(parameters, u, real):
    return ((jnp.sort(parameters[0] + parameters[1] * jax.scipy.special.ndtri(u)) - jnp.sort(real)) ** 2).mean()


def test_sorted_batches_of_independent_draws_shrink_the_spread_as_order_statistics_say():
    expected = shrinkage(16)
    told = {"steps": 4000, "batch": 16}
    start, rate = jnp.array([0.0, 0.5]), jnp.float32(0.01)
    ends = [
        learn(_matched, start, NORMAL, jax.random.key(seed), rate, stratified=False, **told)[1] for seed in range(4)
    ]
    assert 0.8 < expected < 0.95
    assert np.mean(ends) == pytest.approx(expected, abs=0.015)
    assert learn(_matched, start, NORMAL, jax.random.key(0), rate, stratified=True, **told)[1] > 0.97


def test_a_batch_of_256_shrinks_by_a_ninetieth():
    assert shrinkage(256) == pytest.approx(0.989, abs=5e-4)


def test_the_kernel_density_of_a_normal_is_wider_by_its_bandwidth():
    values = norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    bandwidth = values.std() * values.size**-0.2
    x = kernel_density(values, U)
    np.testing.assert_allclose(x[1000:-1000], np.hypot(1, bandwidth) * norm.ppf(U)[1000:-1000], atol=2e-3)


def test_every_target_of_the_quality_group_is_asked_of_every_way():
    options = alternatives.Options(seeds=1, steps=STEPS, targets=("N(0, 1)",))
    assert [row.what.split(",")[0] for row in alternatives.rows(options)] == [
        *(way.title for way in ways()),
        "KDE",
    ]
