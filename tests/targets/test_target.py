"""A target against SciPy: quantile tables, moments, moving, windows."""

import numpy as np
import pytest
import scipy.stats
from scipy import integrate

from gausslab.errors import BadInput
from gausslab.targets import LOGIT_LIMIT, TABLE_SIZE, TARGETS, from_distribution, from_points, from_values, parse

SMOOTH = {
    "normal(4, 1.25)": scipy.stats.norm(4, 1.25),
    "uniform(-2, 2)": scipy.stats.uniform(-2, 4),
    "exponential": scipy.stats.expon(),
    "cauchy(1, 2)": scipy.stats.cauchy(1, 2),
    "pareto(1)": scipy.stats.pareto(1),
    "beta(0.5, 0.5)": scipy.stats.beta(0.5, 0.5),
    "gamma(0.3)": scipy.stats.gamma(0.3),
    "gamma(2)": scipy.stats.gamma(2),
    "student_t(3)": scipy.stats.t(3),
    "lognormal(0, 1)": scipy.stats.lognorm(1),
    "laplace": scipy.stats.laplace(),
    "logistic": scipy.stats.logistic(),
    "weibull(1.5)": scipy.stats.weibull_min(1.5),
    "gumbel": scipy.stats.gumbel_r(),
    "triangular": scipy.stats.triang(0.5, -1, 2),
}
EVERY_KIND = [
    *SMOOTH,
    "comb(8)",
    "0.3*normal(-2, 0.5) + 0.7*laplace(3, 1)",
    "density(exp(-x^4 + 3*x^2), -3, 3)",
    "drawn(0 0, 1 2, 3 0)",
    "dataset(faithful)",
    "moved(gamma(2), 1, 3)",
]


def exact_quantiles(distribution, logits):
    smaller = 1 / (1 + np.exp(np.abs(logits)))
    return np.where(logits <= 0, distribution.ppf(smaller), distribution.isf(smaller))


@pytest.mark.parametrize("text", SMOOTH)
def test_linear_look_up_in_the_table_is_right_to_eight_millionths(text):
    logits = np.random.default_rng(0).uniform(-LOGIT_LIMIT, LOGIT_LIMIT, 20_000)
    found = np.interp(logits, np.linspace(-LOGIT_LIMIT, LOGIT_LIMIT, TABLE_SIZE), parse(text).logit_quantiles())
    exact = exact_quantiles(SMOOTH[text], logits)
    assert np.max(np.abs(found - exact) / (1 + np.abs(exact))) <= 8e-6


@pytest.mark.parametrize("text", SMOOTH)
def test_pdf_cdf_and_moments_are_those_of_scipy(text):
    target, scipy_one = parse(text), SMOOTH[text]
    x = np.linspace(*target.window, 101)
    np.testing.assert_allclose(target.pdf(x), scipy_one.pdf(x), rtol=1e-12)
    np.testing.assert_allclose(target.cdf(x), scipy_one.cdf(x), rtol=1e-12)
    np.testing.assert_allclose([target.mean, target.std], [scipy_one.mean(), scipy_one.std()], rtol=1e-12)


@pytest.mark.parametrize("name", TARGETS)
def test_every_family_of_the_table_works_without_parameters(name):
    target = parse(name)
    assert target.logit_quantiles().shape == (TABLE_SIZE,)
    assert np.isfinite([target.centre, target.spread, *target.window]).all()
    assert TARGETS[name].help


@pytest.mark.parametrize("text", EVERY_KIND)
def test_the_contract_of_a_target(text):
    target = parse(text)
    table = target.logit_quantiles()
    assert table.dtype == np.float64
    assert np.isfinite(table).all()
    assert (np.diff(table) >= 0).all()
    assert target.support[0] <= table[0] <= table[-1] <= target.support[1]
    assert target.window[0] < target.centre < target.window[1]
    assert target.spread > 0
    assert target.mode_edges[0] == -np.inf
    assert target.mode_edges[-1] == np.inf
    assert target.mode_masses.sum() == pytest.approx(1)
    assert len(target.mode_edges) == len(target.mode_masses) + 1
    assert target.pdf(np.zeros((2, 3))).shape == (2, 3)
    assert target.ppf(0.5).shape == ()
    assert (target.pdf(np.linspace(*target.window, 999)) >= 0).all()
    np.testing.assert_allclose(target.cdf(table) + target.sf(table), 1, atol=1e-9)


@pytest.mark.parametrize("text", EVERY_KIND)
def test_the_canonical_text_gives_the_same_target_bit_for_bit(text):
    target = parse(text)
    again = parse(target.text)
    assert again.text == target.text
    np.testing.assert_array_equal(again.logit_quantiles(), target.logit_quantiles())
    x = np.linspace(*target.window, 55)
    np.testing.assert_array_equal(again.pdf(x), target.pdf(x))
    assert (again.centre, again.spread, again.window) == (target.centre, target.spread, target.window)


@pytest.mark.parametrize("text", EVERY_KIND)
def test_moving_moves_everything(text):
    target = parse(text)
    moved = target.moved(location=3.0, scale=2.0)

    def onward(x):
        return target.centre + 3 + 2 * (x - target.centre)

    x = np.linspace(*target.window, 77) + 0.0123
    np.testing.assert_allclose(moved.logit_quantiles(), onward(target.logit_quantiles()), rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(moved.pdf(onward(x)), target.pdf(x) / 2, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(moved.cdf(onward(x)), target.cdf(x), rtol=1e-9)
    np.testing.assert_allclose(moved.ppf([0.1, 0.9]), onward(target.ppf([0.1, 0.9])))
    np.testing.assert_allclose(moved.isf([0.1, 0.9]), onward(target.isf([0.1, 0.9])))
    np.testing.assert_allclose(moved.mode_edges, onward(target.mode_edges))
    np.testing.assert_allclose(moved.window, onward(np.array(target.window)))
    assert moved.centre == pytest.approx(target.centre + 3)
    assert moved.spread == pytest.approx(2 * target.spread)
    assert (moved.sample is None) == (target.sample is None)


def test_moving_twice_is_moving_once_and_shares_the_table():
    target = parse("gamma(2)")
    twice = target.moved(1.0, 2.0).moved(-0.5, 3.0)
    assert twice.text == "moved(gamma(2), 0.5, 6)"
    assert twice.profile is target.profile
    assert parse(twice.text).moved(-0.5, 1 / 6).text == "gamma(2)"


def test_moving_by_nothing_changes_no_bit():
    target = parse("normal(0.1, 0.3)")
    assert target.moved().logit_quantiles() is target.logit_quantiles()


@pytest.mark.parametrize(("location", "scale"), [(np.nan, 1.0), (np.inf, 1.0), (0.0, 0.0), (0.0, -1.0), (0.0, np.nan)])
def test_moving_nowhere_is_refused(location, scale):
    with pytest.raises(BadInput, match=r"^Expected a (location|scale) .*\.$"):
        parse("normal").moved(location, scale)


def test_without_moments_the_centre_is_the_median_and_the_spread_a_quantile_range():
    target = parse("cauchy(1, 2)")
    assert np.isnan(target.mean)
    assert target.centre == pytest.approx(1, abs=1e-6)
    assert target.spread == pytest.approx(2 * np.tan(np.pi * 0.34), rel=1e-4)
    assert parse("pareto(1)").mean == np.inf


@pytest.mark.parametrize("text", ["cauchy", "pareto(1)", "student_t(1)", "lognormal(0, 2)", "pareto(0.7)"])
def test_the_window_of_a_heavy_tail_shows_the_bulk(text):
    target = parse(text)
    low, high = target.window
    quarter, middle, three_quarters = target.ppf([0.25, 0.5, 0.75])
    assert target.cdf(high) - target.cdf(low) > 0.85
    assert high - low < 30 * (three_quarters - quarter)
    assert low < quarter < middle < three_quarters < high


def test_an_object_of_scipy_is_a_target():
    target = from_distribution(scipy.stats.norm(4, 1.25), "mine")
    np.testing.assert_array_equal(target.logit_quantiles(), parse("normal(4, 1.25)").logit_quantiles())
    assert (target.label, target.mean, target.std) == ("mine", 4, 1.25)


def test_an_object_with_three_methods_is_a_target():
    class Exponential:
        def pdf(self, x):
            return np.where(x >= 0, np.exp(-np.maximum(x, 0)), 0)

        def cdf(self, x):
            return -np.expm1(-np.maximum(x, 0))

        def ppf(self, u):
            return -np.log1p(-u)

    target = from_distribution(Exponential(), "mine")
    np.testing.assert_allclose(target.logit_quantiles(), parse("exponential").logit_quantiles(), rtol=1e-8)
    assert target.mean == pytest.approx(1, abs=1e-5)
    assert target.std == pytest.approx(1, abs=1e-3)
    assert target.support == (0, np.inf)


def test_an_object_without_the_methods_is_refused():
    with pytest.raises(BadInput, match=r"without pdf and cdf and ppf"):
        from_distribution(object(), "mine")


def test_data_keep_the_quantile_function_of_the_sample():
    target = from_values([3, 1.0, 2.0, 2.0])
    np.testing.assert_array_equal(target.sample, [1, 2, 2, 3])
    np.testing.assert_array_equal(target.ppf([0, 0.25, 0.2501, 0.75, 0.76, 1]), [1, 1, 2, 2, 3, 3])
    np.testing.assert_array_equal(target.isf([1, 0.75, 0.7499, 0.25, 0.24, 0]), [1, 1, 2, 2, 3, 3])
    np.testing.assert_array_equal(target.cdf([0, 1, 2, 3]), [0, 0.25, 0.75, 1])
    assert set(target.logit_quantiles()) == {1, 2, 3}
    assert (target.mean, target.std) == (2, np.sqrt(0.5))
    assert target.density_label == "KDE of 4 values"
    assert target.label == "4 values"


def test_the_kde_integrates_to_one_and_follows_the_data():
    values = np.random.default_rng(1).normal(4, 1.25, 200_000)
    target = from_values(values, "many")
    x = np.linspace(-6, 14, 2001)
    density = target.pdf(x)
    assert integrate.trapezoid(density, x) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(density, scipy.stats.norm(4, 1.25).pdf(x), atol=0.01)


def test_drawn_points_come_in_any_order_and_are_normalised():
    target = from_points([3, 0, 1], [0, 0, 2])
    assert target.ppf(1.0) == 3
    assert target.pdf(1.0) == pytest.approx(2 / 3)
    assert target.mean == pytest.approx(4 / 3)
    assert target.std == pytest.approx(np.sqrt(7 / 18))
