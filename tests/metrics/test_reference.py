import numpy as np
import pytest
from scipy import stats

from gausslab.errors import BadInput
from gausslab.metrics import MOST_ATOMS, moved, reference
from gausslab.pushforward import graded_levels
from gausslab.targets import parse
from metrics.mixtures import LEVELS, TARGETS, Mixture, data, normal_values, read


@pytest.mark.parametrize("name", TARGETS)
def test_the_interpolated_target_is_the_target(name):
    target = TARGETS[name]
    levels = graded_levels(quantile=target.ppf)
    law = reference(target, levels, levels).law
    knots = np.unique(np.concatenate([law.knots, law.ppf(graded_levels(40_001))]))
    gap = np.abs(law.cdf(knots) - target.cdf(knots))
    assert np.trapezoid(gap, knots) / target.spread < 4e-5


def test_a_sample_of_very_many_values_is_thinned_without_moving_the_distances():
    sample = np.random.default_rng(7).normal(4, 1.25, 50_000)
    target = Mixture([stats.norm(4, 1.25)], window=(0.0, 8.0), sample=sample)
    assert reference(target, LEVELS, LEVELS).law.knots.size <= MOST_ATOMS + 1
    values = normal_values(4.3, 1.3)
    middle = (np.arange(200_000) + 0.5) / 200_000
    expected = stats.wasserstein_distance(np.interp(middle, LEVELS, values), sample)
    assert read(target, values).wasserstein == pytest.approx(expected, abs=1e-4)


def test_a_target_without_finite_quantiles_is_refused():
    target = Mixture([stats.norm()])
    target.ppf = lambda u: np.full(np.shape(u), -np.inf)
    with pytest.raises(BadInput, match="finite"):
        reference(target, LEVELS, LEVELS)


def test_the_scene_holds_the_target_on_its_grids():
    target = TARGETS["mixture"]
    scene = reference(target, LEVELS, 2 * LEVELS - 1, cells=100, batch=64).scene
    assert scene.edges.shape == (101,) and scene.x.shape == (100,)
    assert (scene.edges[0], scene.edges[-1]) == scene.window == target.window
    np.testing.assert_allclose(scene.p, target.pdf(scene.x))
    np.testing.assert_allclose(scene.F, target.cdf(scene.x))
    np.testing.assert_allclose(target.cdf(scene.ideal), np.clip(LEVELS, 1.125e-7, 1 - 1.125e-7), atol=1e-8)
    assert scene.z[0] == -1 and scene.u[0] == 0
    assert (scene.mean, scene.std, scene.spread) == (target.mean, target.std, target.spread)
    assert not scene.is_sample and data(np.arange(5.0)).sample is not None


@pytest.mark.parametrize("text", ["normal(4, 1.25)", "comb(3)", "dataset(faithful, waiting_minutes)", "cauchy(1, 2)"])
def test_moving_the_target_is_the_same_as_measuring_it_anew(text):
    levels = graded_levels(257)
    target = parse(text)
    there = target.moved(1.5, 0.25)
    still = reference(target, levels, levels)
    carried = moved(still, there, there.onward(still.scene.ideal))
    anew = reference(there, levels, levels)
    for name in ("x", "edges", "p", "F", "ideal", "mode_edges", "mode_masses"):
        np.testing.assert_allclose(getattr(carried.scene, name), getattr(anew.scene, name), rtol=1e-9, atol=1e-9)
    assert (carried.scene.label, carried.scene.window) == (anew.scene.label, anew.scene.window)
    assert carried.scene.noise_floor == pytest.approx(anew.scene.noise_floor, rel=1e-9)
    np.testing.assert_allclose(carried.cell_masses, anew.cell_masses, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(carried.law.knots, anew.law.knots, rtol=1e-9)
