"""Draws: one per stratum, of the right law, and never the same twice."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from constructors import QUICKLY
from scipy import stats

from gausslab import sampling
from gausslab.observing import Units, target_table
from gausslab.settings import Latent
from gausslab.targets import parse

KEY = jax.random.key(5)
MANY = 50_000

jitted = partial(jax.jit, compiler_options=QUICKLY)
_drawn = jitted(sampling.uniforms, static_argnums=(2, 3))
_normals = jitted(sampling.normals, static_argnums=3)
_stratified = jitted(sampling.stratified)
_latent = jitted(sampling.latent, static_argnums=0)
_quantile = jitted(sampling.quantile)


def _uniforms(step=0, index=0, shape=(MANY,), key=KEY) -> np.ndarray:
    return np.asarray(_drawn(key, jnp.int32(step), index, shape))


def _numbers(shape: tuple[int, ...]) -> np.ndarray:
    """Uniform numbers from elsewhere."""
    return np.random.default_rng(0).uniform(1e-6, 1 - 1e-6, shape).astype(np.float32)


def test_uniforms_are_uniform_and_strictly_inside_their_interval():
    u = _uniforms()
    assert 0 < u.min() < u.max() < 1
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.02
    assert u.dtype == np.float32


def test_normals_are_normal_and_decided_by_their_draw():
    one, other = (np.asarray(_normals(KEY, jnp.int32(3), index, (MANY,))) for index in (64, 65))
    assert stats.kstest(one, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.02
    np.testing.assert_array_equal(one, _normals(KEY, jnp.int32(3), 64, (MANY,)))


def test_the_extreme_normals_are_finite(monkeypatch):
    ends = np.array([0.5 / 2**23, 1 - 0.5 / 2**23], np.float32)
    monkeypatch.setattr(sampling, "uniforms", lambda *draw: ends)
    assert np.isfinite(jitted(lambda: sampling.normals(KEY, jnp.int32(0), 0, (2,)))()).all()


def test_the_least_and_the_greatest_uniform_have_finite_logits():
    ends = np.float32(0.5) / 2**23, (np.float32(2**23 - 1) + np.float32(0.5)) / np.float32(2**23)
    assert all(np.isfinite(np.log(end) - np.log1p(-end)) for end in ends)


@pytest.mark.parametrize(
    "other", [{"step": 1}, {"index": 1}, {"index": 63}, {"key": jax.random.key(6)}, {"step": 2**31 - 1}]
)
def test_other_steps_indices_and_seeds_draw_other_numbers(other):
    one, two = _uniforms(shape=(4000,)), _uniforms(shape=(4000,), **other)
    assert np.isin(one, two).mean() < 0.01  # nor the same numbers later or sooner
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.06
    np.testing.assert_array_equal(one, _uniforms(shape=(4000,)))


def test_neighbouring_seeds_and_steps_do_not_meet():
    # Seed and step share one word of the generator's key: seed 1 at step 0 must not repeat seed 0 at step 1.
    drawn = [_uniforms(step=step, shape=(8,), key=jax.random.key(seed)) for seed in range(6) for step in range(6)]
    assert len({tuple(u) for u in drawn}) == 36


def test_an_index_may_be_traced():
    traced = jitted(lambda index: sampling.uniforms(KEY, jnp.int32(3), index, (5,)))
    np.testing.assert_array_equal(traced(jnp.int32(2)), _uniforms(step=3, index=2, shape=(5,)))


@pytest.mark.parametrize("shape", [(1000,), (3, 1000)])
def test_stratified_draws_fall_one_in_each_stratum(shape):
    u = np.asarray(_stratified(_numbers(shape)))
    assert 0 < u.min() < u.max() < 1
    np.testing.assert_array_equal(
        np.floor(u.astype(float) * 1000 - 1e-4).clip(0), np.tile(np.arange(1000), (*shape[:-1], 1))
    )
    jitter = (u * 1000) % 1
    assert stats.kstest(jitter.ravel(), "uniform").pvalue > 1e-4


LATENTS = {
    "uniform": (Latent(), stats.uniform()),
    "uniform about 0": (Latent(low=-1, high=1), stats.uniform(-1, 2)),
    "normal": (Latent(kind="normal"), stats.norm()),
    "stratified normal": (Latent(kind="normal", stratified=True), stats.norm()),
    "stratified uniform": (Latent(low=2, high=5, stratified=True), stats.uniform(2, 3)),
}


@pytest.mark.parametrize("name", LATENTS)
@pytest.mark.parametrize("dimension", [1, 3])
def test_a_latent_has_the_law_that_it_is_said_to_have(name, dimension):
    settings, law = LATENTS[name]
    settings = settings.model_copy(update={"dimension": dimension})
    z = np.asarray(_latent(settings, _numbers((dimension, 20_000))))
    assert z.shape == (20_000, dimension)
    for coordinate in z.T:
        assert stats.kstest(coordinate, law.cdf).pvalue > 1e-3
        assert coordinate.mean() == pytest.approx(law.mean(), abs=0.03)
        assert coordinate.std() == pytest.approx(law.std(), rel=0.02)
    if settings.stratified:
        strata = np.sort(law.cdf(z[:, 0]) * 20_000)
        assert np.abs(strata - np.arange(20_000) - 0.5).max() < 0.51 + 20_000 * 1e-6
    low, high = sampling.span(settings)
    assert np.mean((z >= low) & (z <= high)) > 0.997


def _table(text: str, units: Units | None = None):
    target = parse(text)
    return target, target_table(target, units or Units(0.0, 1.0))


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("normal(4, 1.25)", stats.norm(4, 1.25)),
        ("exponential(1)", stats.expon()),
        ("uniform(22, 24)", stats.uniform(22, 2)),
        ("beta(0.5, 0.5)", stats.beta(0.5, 0.5)),
        ("cauchy(1, 2)", stats.cauchy(1, 2)),
        ("student_t(3)", stats.t(3)),
    ],
)
def test_the_look_up_is_scipys_quantile_function(text, law):
    _, table = _table(text)
    u = np.concatenate([np.geomspace(1e-6, 0.4, 200), np.linspace(0.4, 0.999, 200)]).astype(np.float32)
    x = np.asarray(_quantile(table, u, 0.0, 1.0))
    expected = law.ppf(u.astype(float))
    assert (np.abs(x - expected) / (1 + np.abs(expected))).max() < 3e-5
    drawn = _quantile(table, _numbers((MANY,)), 0.0, 1.0)
    assert stats.kstest(np.asarray(drawn, dtype=float), law.cdf).pvalue > 1e-3


def test_location_moves_and_scale_widens_about_the_centre_in_whatever_units():
    u = np.linspace(0.01, 0.99, 99, dtype=np.float32)
    for units in (Units(0.0, 1.0), Units(4.0, 1.25), Units(-3.0, 7.0)):
        target, table = _table("normal(4, 1.25)", units)
        x = units.to_x(np.asarray(_quantile(table, u, 2.0, 3.0)))
        np.testing.assert_allclose(x, target.moved(2.0, 3.0).ppf(np.asarray(u, dtype=float)), rtol=1e-4, atol=1e-3)


def test_levels_beyond_the_table_take_its_ends():
    _, table = _table("normal(0, 1)")
    x = np.asarray(_quantile(table, np.array([1e-30, 1 - 2.0**-24]), 0.0, 1.0))
    assert np.isfinite(x).all()
    assert x[0] == np.asarray(table.quantiles)[0]


def test_every_target_has_a_table_of_the_same_shape():
    shapes = {jax.tree.map(jnp.shape, _table(text)[1]) for text in ("normal(0, 1)", "comb(8)", "pareto(1)")}
    assert len(shapes) == 1
