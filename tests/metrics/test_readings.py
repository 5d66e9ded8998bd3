from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from gausslab.errors import BadInput
from gausslab.metrics import best_hit_rate, certainty, readings, reference
from gausslab.pushforward import folds, graded_levels, push, push_sample
from metrics.mixtures import LEVELS, NORMAL, TARGETS, Mixture, data, normal_values, read


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("followed", [True, False])
def test_a_perfect_generator_reads_zero(name, followed):
    target = TARGETS[name]
    levels = graded_levels(quantile=target.ppf if followed else None)
    ideal = reference(target, levels, levels).scene.ideal
    found = read(target, ideal, levels)
    zero = (found.wasserstein_over_std, found.wasserstein2 / target.spread, found.ks, found.energy / target.spread)
    assert max(zero) < 1e-12
    assert max(found.mae, found.mse, found.folding) < 1e-12
    # Without a grid that follows the quantile function, one long chord bridges the valley between separate modes.
    chord = 0.01 if name == "two modes" and not followed else 2e-5
    assert max(found.js, found.kl, found.reverse_kl) < chord
    assert found.mean == pytest.approx(target.mean, abs=1e-4 * target.spread)
    assert found.std == pytest.approx(target.std, rel=7e-3 if name == "student_t" else 1e-3)
    np.testing.assert_allclose(found.mode_masses, target.mode_masses, atol=1e-5)
    assert found.modes_covered == target.mode_masses.size
    low, high = target.window
    assert found.outside == pytest.approx(float(target.cdf(low) + 1 - target.cdf(high)), abs=1e-5)


@pytest.mark.parametrize(("mean", "std"), [(4.5, 1.25), (4, 2.5), (2, 0.3), (-8, 1), (4, 1.25)])
def test_transport_distances_between_normals_are_the_closed_forms(mean, std):
    found = read(NORMAL, normal_values(mean, std))
    difference = stats.norm(mean - 4, max(abs(std - 1.25), 1e-300))
    assert found.wasserstein == pytest.approx(difference.expect(abs) if std != 1.25 else abs(mean - 4), abs=2e-5)
    assert found.wasserstein_over_std == pytest.approx(found.wasserstein / 1.25)
    assert found.wasserstein2 == pytest.approx(np.hypot(mean - 4, std - 1.25), abs=2e-4)
    assert found.mae == pytest.approx(found.wasserstein, abs=1e-9)
    assert found.mse == pytest.approx(found.wasserstein2**2, abs=1e-9)
    assert found.folding == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("mean", "std"), [(4.5, 1.25), (4, 2), (5, 1.5)])
def test_divergences_between_normals_are_the_closed_forms(mean, std):
    def kl(m, s, n, t):
        return np.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - 0.5

    target = Mixture([stats.norm(4, 1.25)], window=(-1.5, 9.5))
    found = read(target, normal_values(mean, std), cells=2048)
    # The outer cells merge all that lies beyond the window, which hides a little of a divergence.
    assert found.kl == pytest.approx(kl(4, 1.25, mean, std), abs=5e-5)
    wide = Mixture([stats.norm(4, 1.25)], window=(-10.0, 18.0))
    unmerged = read(wide, normal_values(mean, std), cells=4096)
    assert unmerged.reverse_kl == pytest.approx(kl(mean, std, 4, 1.25), abs=5e-5)
    p, q = stats.norm(4, 1.25).pdf, stats.norm(mean, std).pdf

    def integrand(x):
        half = (p(x) + q(x)) / 2
        return (p(x) * np.log(p(x) / half) + q(x) * np.log(q(x) / half)) / 2

    assert found.js == pytest.approx(integrate.quad(integrand, -6, 14, limit=200)[0], abs=1e-5)


@pytest.mark.parametrize("apart", [0.0, 0.5, 2.0, 30.0])
def test_best_hit_rate_between_normals_is_the_closed_form_and_the_mean_of_the_certainty(apart):
    edges = np.linspace(-10, 40, 8001)
    x, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    p, q = stats.norm(0, 1).pdf(x), stats.norm(apart, 1).pdf(x)
    expected = stats.norm.cdf(apart / 2)  # (1 + TV)/2
    assert best_hit_rate(p, q, widths) == pytest.approx(expected, abs=1e-5)
    sure = certainty(p, q)
    assert np.nansum(sure * (p + q) / 2 * widths) == pytest.approx(expected, abs=1e-5)
    assert np.nanmin(sure) >= 0.5 and np.nanmax(sure) <= 1


def test_nobody_is_sure_where_there_is_nothing_to_judge():
    np.testing.assert_array_equal(certainty(np.array([0.0, 1.0, 0.0]), np.array([0.0, 3.0, 2.0])), [np.nan, 0.75, 1.0])


def test_mass_beyond_the_cells_is_told_apart_too():
    edges = np.linspace(-8, 8, 2001)
    x = (edges[1:] + edges[:-1]) / 2
    far = np.zeros(x.size)  # all of it is beyond
    assert best_hit_rate(stats.norm.pdf(x), far, np.diff(edges)) == pytest.approx(1.0, abs=1e-6)


def test_kolmogorov_smirnov_between_normals_is_at_their_crossing():
    found = read(NORMAL, normal_values(5, 1.25))
    assert found.ks == pytest.approx(2 * stats.norm.cdf(0.5 / 1.25) - 1, abs=1e-6)


def test_energy_distance_between_normals_is_the_closed_form():
    def mean_distance(mean, std):
        return stats.foldnorm(abs(mean) / std, scale=std).mean()

    found = read(NORMAL, normal_values(5, 2))
    squared = 2 * mean_distance(1, np.hypot(1.25, 2)) - mean_distance(0, 2 * np.sqrt(2))
    squared -= mean_distance(0, 1.25 * np.sqrt(2))
    assert found.energy == pytest.approx(np.sqrt(squared), abs=1e-5)


MAPS = {
    "folded": lambda u: 4 + 3 * np.sin(9 * u),
    "staircase": lambda u: np.floor(4 * u) * 1.7,
    "falling": lambda u: 8 * (1 - u) ** 2,
    "flat": lambda u: np.maximum(6 * u, 2),
    "collapsed": lambda u: np.full_like(u, 5.0),
}


@cache
def dense_quantiles(name):
    middle = (np.arange(100_000) + 0.5) / 100_000
    target = TARGETS[name]
    return middle, np.where(middle < 0.5, target.ppf(middle), target.isf(1 - middle))


@pytest.mark.parametrize("shape", MAPS)
@pytest.mark.parametrize("name", ["normal", "mixture", "exponential", "beta"])
def test_distances_agree_with_dense_samples(name, shape):
    target, values = TARGETS[name], MAPS[shape](LEVELS)
    found = read(target, values)
    middle, ideal = dense_quantiles(name)
    generated = np.interp(middle, LEVELS, values)
    assert found.wasserstein == pytest.approx(stats.wasserstein_distance(generated, ideal), rel=1e-3)
    assert found.energy == pytest.approx(stats.energy_distance(generated, ideal), rel=1e-3)
    assert found.wasserstein2 == pytest.approx(np.sqrt(np.mean((np.sort(generated) - ideal) ** 2)), rel=1e-3)
    assert found.ks == pytest.approx(stats.ks_2samp(generated, ideal, method="asymp").statistic, abs=1e-3)
    assert found.mae == pytest.approx(np.abs(generated - ideal).mean(), rel=1e-3)
    assert found.mse == pytest.approx(((generated - ideal) ** 2).mean(), rel=1e-3)
    assert found.folding == pytest.approx(found.mse - found.wasserstein2**2, abs=1e-9)
    assert found.mean == pytest.approx(generated.mean(), abs=1e-3)
    assert found.std == pytest.approx(generated.std(), abs=1e-3)


@pytest.mark.parametrize("shape", MAPS)
def test_distances_to_data_are_to_the_staircase_of_the_sample(shape):
    sample = np.round(np.random.default_rng(4).gamma(3, size=272), 1)
    target, values = data(sample), MAPS[shape](LEVELS)
    found = read(target, values)
    middle = (np.arange(272 * 2000) + 0.5) / (272 * 2000)
    generated, ideal = np.interp(middle, LEVELS, values), np.repeat(np.sort(sample), 2000)
    assert found.wasserstein == pytest.approx(stats.wasserstein_distance(generated, sample), rel=1e-4)
    assert found.energy == pytest.approx(stats.energy_distance(generated, sample), rel=1e-4)
    assert found.wasserstein2 == pytest.approx(np.sqrt(np.mean((np.sort(generated) - ideal) ** 2)), rel=1e-4)
    assert found.mae == pytest.approx(np.abs(generated - ideal).mean(), rel=1e-4)
    assert found.mse == pytest.approx(((generated - ideal) ** 2).mean(), rel=1e-4)
    x = np.unique(sample)
    law = push(values, LEVELS)
    both = np.abs([law.cdf(x) - target.cdf(x), law.cdf_before(x) - target.cdf(np.nextafter(x, -np.inf))])
    # Off the sample's steps only G's own steps can be furthest from F.
    own = np.abs([law.right - target.cdf(law.knots), law.left - target.cdf(np.nextafter(law.knots, -np.inf))])
    assert found.ks == pytest.approx(max(both.max(), own.max()), abs=1e-12)


def test_the_sample_itself_as_a_staircase_reads_zero():
    sample = np.random.default_rng(5).normal(size=100)
    target = data(sample)
    levels = np.repeat(np.linspace(0, 1, 101), 2)[1:-1]
    values = np.repeat(target.sample, 2)
    found = read(target, values, levels)
    assert max(found.wasserstein, found.wasserstein2**2, found.energy**2, found.ks, found.mae, found.mse) < 1e-12


def test_divergences_of_data_use_the_density_estimate():
    sample = np.random.default_rng(6).normal(size=300)
    target = data(sample)
    kde = target.parts[0].kde
    smooth = Mixture([stats.norm(x, np.sqrt(kde.covariance.item())) for x in sample], window=target.window)
    ideal = reference(smooth, LEVELS, LEVELS).scene.ideal
    found = read(target, ideal)
    assert max(found.js, found.kl, found.reverse_kl) < 1e-4


def test_folding_is_the_part_of_the_error_that_rearranging_removes():
    ideal = reference(NORMAL, LEVELS, LEVELS).scene.ideal
    found = read(NORMAL, ideal[::-1])
    assert found.wasserstein < 1e-9 and found.wasserstein2 < 1e-6
    # E (X − X')² with X' = 2μ − X.
    assert found.folding == pytest.approx(4 * 1.25**2, abs=1e-3)
    assert folds(LEVELS, ideal[::-1]) == ()


def test_a_generator_collapsed_onto_one_mode_covers_one():
    target = TARGETS["two modes"]
    found = read(target, normal_values(3, 0.5))
    np.testing.assert_allclose(found.mode_masses, [0, 1], atol=1e-6)
    assert found.modes_covered == 1
    assert found.kl == np.inf
    assert found.js == pytest.approx(0.75 * np.log(4 / 3), abs=2e-3)
    assert found.reverse_kl == pytest.approx(np.log(2), abs=1e-3)


def test_a_mode_with_a_quarter_of_its_share_is_covered():
    target = TARGETS["two modes"]

    def covered(left):
        return read(target, np.where(left > LEVELS, -3.0, 3.0)).modes_covered

    assert covered(0.13) == 2
    assert covered(0.12) == 1


def test_laws_that_share_nothing_read_the_largest_divergences():
    found = read(TARGETS["uniform"], LEVELS + 10)
    assert found.js == pytest.approx(np.log(2), abs=1e-6)
    assert found.kl == found.reverse_kl == np.inf
    assert found.ks == found.outside == pytest.approx(1)


def test_mass_on_the_windows_edge_is_inside():
    target = TARGETS["beta"]
    assert read(target, np.round(LEVELS)).outside == 0


@pytest.mark.parametrize(
    ("part", "infinite"),
    [
        (stats.cauchy(1, 2), {"wasserstein", "wasserstein_over_std", "wasserstein2", "mae", "mse"}),
        (stats.pareto(1), {"wasserstein", "wasserstein_over_std", "wasserstein2", "mae", "mse"}),
        (stats.pareto(1.5), {"wasserstein2", "mse"}),
        (stats.pareto(0.4), {"wasserstein", "wasserstein_over_std", "wasserstein2", "mae", "mse", "energy"}),
    ],
)
def test_distances_are_infinite_just_where_their_integrals_diverge(part, infinite):
    target = Mixture([part], window=(-10.0, 10.0))
    found = read(target, 3 * LEVELS)
    names = ("wasserstein", "wasserstein_over_std", "wasserstein2", "mae", "mse", "energy", "ks", "js", "folding")
    assert {name for name in names if getattr(found, name) == np.inf} == infinite
    assert np.isfinite(reference(target, LEVELS, LEVELS).scene.noise_floor) == ("wasserstein" not in infinite)


def test_a_target_without_a_mean_is_measured_by_ks():
    found = read(Mixture([stats.cauchy(1, 2)], window=(-10.0, 10.0)), 3 * LEVELS)
    assert (found.measure, found.distance) == ("KS", found.ks)
    found = read(Mixture([stats.norm(1, 2)]), 3 * LEVELS)
    assert (found.measure, found.distance) == ("W1", found.wasserstein_over_std)


def test_energy_distance_to_a_cauchy_target_is_its_integral():
    found = read(Mixture([stats.cauchy()]), LEVELS)
    squared = 0.0
    for low, high in [(-np.inf, -1), (-1, 0), (0, 1), (1, 2), (2, np.inf)]:
        squared += integrate.quad(lambda x: (np.clip(x, 0, 1) - stats.cauchy.cdf(x)) ** 2, low, high)[0]
    assert found.energy == pytest.approx(np.sqrt(2 * squared), rel=1e-4)


normals = st.tuples(st.floats(-5, 5), st.floats(0.05, 5))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-20, 20, width=32), min_size=9, max_size=9),
    st.sampled_from(["normal", "uniform", "mixture", "beta"]),
)
def test_readings_of_any_map_keep_their_order(heights, name):
    target = TARGETS[name]
    values = np.interp(LEVELS, np.linspace(0, 1, 9), heights)
    found = read(target, values)
    slack = 1e-6
    assert found.wasserstein <= found.wasserstein2 + slack
    assert found.wasserstein <= found.mae + slack
    assert found.wasserstein2**2 <= found.mse + slack * (1 + found.mse)
    assert found.mae**2 <= found.mse + slack * (1 + found.mse)
    assert abs(found.mean - target.mean) <= found.wasserstein + 1e-4
    assert found.energy**2 <= 2 * found.wasserstein * found.ks + slack
    assert 0 <= found.ks <= 1 and 0 <= found.js <= np.log(2) + slack and 0 <= found.outside <= 1
    assert found.folding >= 0 and found.kl >= 0 and found.reverse_kl >= 0
    assert found.mode_masses.sum() == pytest.approx(1, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(normals, normals)
def test_wasserstein_distances_scale_and_shift_with_x(one, other):
    def distances(scale, shift):
        target = Mixture([stats.norm(one[0] * scale + shift, one[1] * scale)])
        return read(target, normal_values(other[0] * scale + shift, other[1] * scale))

    here, there = distances(1, 0), distances(7, -3)
    assert there.wasserstein == pytest.approx(7 * here.wasserstein, rel=1e-6, abs=1e-9)
    assert there.wasserstein2 == pytest.approx(7 * here.wasserstein2, rel=1e-6, abs=1e-9)
    assert there.energy == pytest.approx(np.sqrt(7) * here.energy, rel=1e-6, abs=1e-9)
    assert (there.ks, there.js) == pytest.approx((here.ks, here.js), rel=1e-6, abs=1e-9)


def test_a_sampled_law_reads_about_zero_when_it_is_the_target():
    here = reference(NORMAL, LEVELS, LEVELS)
    sample = np.sort(np.random.default_rng(9).normal(4, 1.25, 65_536))
    law = push_sample(sample, np.linspace(0, 1, sample.size), sample.size)
    found = readings(law, law.ppf(LEVELS), here)
    assert found.wasserstein_over_std < 0.02 and found.ks < 0.01 and found.js < 2e-3
    assert np.isfinite(found.kl)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_generator_that_is_not_finite_is_refused(bad):
    values = LEVELS.copy()
    values[7] = bad
    with pytest.raises(BadInput, match="2048 finite values of 2049"):
        readings(push(LEVELS, LEVELS), values, reference(NORMAL, LEVELS, LEVELS))


def test_values_on_another_grid_are_refused():
    with pytest.raises(BadInput, match="2049 levels"):
        readings(push(LEVELS, LEVELS), LEVELS[::2].copy(), reference(NORMAL, LEVELS, LEVELS))


def test_kolmogorov_smirnov_finds_the_peak_inside_a_cell():
    found = read(NORMAL, normal_values(4, 2))
    far = optimize.minimize_scalar(
        lambda x: -abs(stats.norm.cdf(x, 4, 2) - stats.norm.cdf(x, 4, 1.25)), bounds=(0, 4), method="bounded"
    )
    assert found.ks == pytest.approx(-far.fun, abs=1e-6)
