"""Formulas, drawn curves, mixtures and slow families of SciPy against numerical integration and closed forms."""

import numpy as np
import pytest
import scipy.stats
from scipy import integrate

from gausslab.targets import from_points, parse

LEVELS = np.concatenate([np.geomspace(2e-7, 0.4, 25), np.linspace(0.5, 0.99, 8)])


def test_a_formula_agrees_with_scipys_quadrature():
    target = parse("density(exp(-x^4 + 3*x^2), -3, 3)")

    def formula(x):
        return np.exp(-(x**4) + 3 * x**2)

    total = integrate.quad(formula, -3, 3, epsabs=0, epsrel=1e-12)[0]
    for x in [-2.5, -1.7, -0.3, 0.0, 1.1, 2.4]:
        below = integrate.quad(formula, -3, x, epsabs=0, epsrel=1e-12, limit=200)[0] / total
        assert target.cdf(x) == pytest.approx(below, rel=1e-9)
        assert target.ppf(below) == pytest.approx(x, abs=1e-7)
        assert target.pdf(x) == pytest.approx(formula(x) / total, rel=1e-10)
    second = integrate.quad(lambda x: x**2 * formula(x), -3, 3)[0] / total
    assert target.mean == pytest.approx(0, abs=1e-12)
    assert target.std == pytest.approx(np.sqrt(second), rel=1e-10)


@pytest.mark.parametrize(
    ("text", "twin"),
    [
        ("density(exp(-x^2/2), -9, 9)", scipy.stats.norm()),
        ("density(exp(-x^2/2), -90000, 90000)", scipy.stats.norm()),
        ("density(exp(-x), 0, 60)", scipy.stats.expon()),
        ("density(1/sqrt(x*(1-x)), 0, 1)", scipy.stats.beta(0.5, 0.5)),
        ("density(x^-0.9, 0, 1)", scipy.stats.beta(0.1, 1)),
        ("density(-log(x), 0, 1)", None),
        ("density(1/sqrt(abs(x - 0.3)), 0, 1)", None),
        ("density(max(0, sin(x)), 0, 9)", None),
        ("drawn(0 0, 1 2, 3 0)", scipy.stats.triang(1 / 3, 0, 3)),
        ("drawn(-1 2, 4 2)", scipy.stats.uniform(-1, 5)),
        ("drawn(0 1, 1 0, 1 3, 1.5 3, 4 0)", None),
    ],
)
def test_quantiles_of_numerical_densities_invert_the_cdf_and_match_closed_forms(text, twin):
    target = parse(text)
    np.testing.assert_allclose(target.cdf(target.ppf(LEVELS)), LEVELS, rtol=1e-8)
    upper = target.isf(LEVELS)
    # Beside an upper end that is not 0, the place itself is only known to the last digit of x.
    np.testing.assert_allclose(target.sf(upper), LEVELS, rtol=1e-8, atol=16 * np.spacing(np.abs(upper)).max() ** 0.5)
    if twin is not None:
        np.testing.assert_allclose(target.ppf(LEVELS), twin.ppf(LEVELS), rtol=1e-7, atol=1e-14)
        np.testing.assert_allclose(upper, twin.isf(LEVELS), rtol=1e-7, atol=1e-14)
        assert target.mean == pytest.approx(twin.mean(), rel=1e-6, abs=1e-9)
        assert target.std == pytest.approx(twin.std(), rel=1e-6)


def test_a_hole_in_the_formula_is_filled_from_beside_it():
    assert parse("density(sin(x)/x + 1, -10, 10)").pdf(0.0) == pytest.approx(
        2 / integrate.quad(lambda x: np.sinc(x / np.pi) + 1, -10, 10)[0], rel=1e-6
    )


def test_outside_its_bounds_a_density_is_zero():
    target = parse("density(1 + 0*x, 2, 4)")
    np.testing.assert_allclose(target.pdf([1.9, 2, 3, 4, 4.1]), [0, 0.5, 0.5, 0.5, 0])
    np.testing.assert_allclose(target.cdf([1.9, 2, 3, 4, 4.1]), [0, 0, 0.5, 1, 1], atol=1e-12)


@pytest.mark.parametrize(
    ("formula", "numpy_one"),
    [
        ("x**2 + x^2 * 0", lambda x: x**2),
        ("2^3^2 * x / 512", lambda x: x),
        ("-x^2 + 20", lambda x: 20 - x**2),
        ("x * 3 - 1 − 0.5", lambda x: 3 * x - 1.5),
        ("atan(x) + tanh(x) * pi / e", lambda x: np.arctan(x) + np.tanh(x) * np.pi / np.e),
        ("min(x, 2, 1.5) + max(x, 1.7)", lambda x: np.minimum(x, 1.5) + np.maximum(x, 1.7)),
        ("cosh(x) - sinh(x) + sqrt(x) + abs(-x)", lambda x: np.exp(-x) + np.sqrt(x) + x),
        ("log(x) + cos(x)^2 + sin(x)^2 + tan(x)*0", lambda x: np.log(x) + 1),
        ("erf(x)", lambda x: 2 * scipy.stats.norm.cdf(x * np.sqrt(2)) - 1),
        ("----x", lambda x: x),
    ],
)
def test_formulas_mean_what_they_mean_in_mathematics(formula, numpy_one):
    x = np.linspace(1, 1.5, 11)
    found = parse(f"density({formula}, 1, 1.5)").pdf(x)
    np.testing.assert_allclose(found / found[0], numpy_one(x) / numpy_one(x)[0], rtol=1e-12)


def test_a_mixture_is_the_weighted_sum_of_its_parts():
    target = parse("3*normal(-2, 0.5) + 7*laplace(3, 1)")
    left, right = scipy.stats.norm(-2, 0.5), scipy.stats.laplace(3, 1)
    x = np.linspace(-9, 12, 101)
    np.testing.assert_allclose(target.pdf(x), 0.3 * left.pdf(x) + 0.7 * right.pdf(x), rtol=1e-12)
    np.testing.assert_allclose(target.cdf(x), 0.3 * left.cdf(x) + 0.7 * right.cdf(x), rtol=1e-12)
    np.testing.assert_allclose(target.cdf(target.ppf(LEVELS)), LEVELS, rtol=1e-9)
    np.testing.assert_allclose(target.sf(target.isf(LEVELS)), LEVELS, rtol=1e-9)
    assert target.mean == pytest.approx(1.5)
    second = integrate.quad(lambda v: v**2 * float(target.pdf(v)), -40, 60, points=[-2, 3], limit=400)[0]
    assert target.std == pytest.approx(np.sqrt(second - 1.5**2), rel=1e-8)


def test_mixture_weights_are_normalised_and_default_to_one():
    one, two = parse("normal(-3, 0.5) + normal(3, 0.5)"), parse("0.5*normal(-3, 0.5) + normal(3, 0.5)*0.5")
    np.testing.assert_allclose(one.logit_quantiles(), two.logit_quantiles(), rtol=1e-12)
    np.testing.assert_allclose(one.mode_masses, [0.5, 0.5])


def test_mixtures_nest_and_may_hold_any_distribution():
    target = parse("0.5*(normal(-9, 1) + normal(-5, 1)) + 0.25*density(x, 0, 1) + 0.25*drawn(2 1, 3 1)")
    np.testing.assert_allclose(target.cdf([-7, 0, 1.5]), [0.25, 0.5, 0.75], atol=0.02)
    np.testing.assert_array_equal(parse(target.text).logit_quantiles(), target.logit_quantiles())


def test_a_mixture_with_a_heavy_part_has_no_mean():
    assert np.isnan(parse("normal + cauchy").mean)
    assert np.isfinite(parse("normal + cauchy").centre)


def test_a_comb_is_equal_normals_in_a_row():
    target = parse("comb(modes=3, spacing=4, std=0.5)")
    x = np.linspace(-6, 6, 99)
    np.testing.assert_allclose(target.pdf(x), sum(scipy.stats.norm(m, 0.5).pdf(x) for m in (-4, 0, 4)) / 3, rtol=1e-10)


@pytest.mark.parametrize(
    "text",
    [
        "argus(1)",
        "exponnorm(1.5)",
        "foldcauchy(4.7)",
        "genhyperbolic(0.5, 1.5, -0.5)",
        "irwinhall(10)",
        "ksone(5)",
        "norminvgauss(1.25, 0.5, 3, 2)",
        "recipinvgauss(0.63)",
        "rel_breitwigner(36.5)",
        "studentized_range(3, 10)",
        "vonmises(4)",
    ],
)
def test_families_with_slow_quantiles_are_integrated_to_the_same_cdf(text):
    target = parse(text)
    name, parameters = text[:-1].split("(")
    twin = getattr(scipy.stats, name)(*map(float, parameters.split(",")))
    levels = np.array([1e-5, 0.01, 0.3, 0.5, 0.9, 0.999])
    x = target.ppf(levels)
    np.testing.assert_allclose(twin.cdf(x), levels, rtol=1e-6)
    np.testing.assert_allclose(target.pdf(x), twin.pdf(x), rtol=1e-4)


def test_a_stable_distribution_keeps_its_heavy_tail():
    target = parse("levy_stable(1.5, 0)")
    levels = np.array([0.1, 0.3, 0.5, 0.8])
    np.testing.assert_allclose(scipy.stats.levy_stable(1.5, 0).cdf(target.ppf(levels)), levels, rtol=1e-5)
    # P(X > x) → Γ(α) sin(πα/2) / π · x^-α, Nolan 2020, Univariate Stable Distributions, theorem 1.2
    x = float(target.isf(1e-6))
    assert np.sqrt(np.pi) / 2 * np.sin(np.pi * 0.75) / np.pi * x**-1.5 == pytest.approx(1e-6, rel=1e-3)
    assert target.std == np.inf


def test_drawn_curves_with_thousands_of_points_are_exact():
    x = np.linspace(-4, 4, 5001)
    target = from_points(x, np.exp(-(x**2) / 2))
    np.testing.assert_allclose(
        target.ppf(LEVELS[10:]), scipy.stats.truncnorm(-4, 4).ppf(LEVELS[10:]), rtol=1e-5, atol=1e-12
    )
