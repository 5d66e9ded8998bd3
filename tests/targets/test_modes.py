"""Which bumps of a density are modes."""

import numpy as np
import pytest

from gausslab.targets import from_values, parse


@pytest.mark.parametrize(
    ("text", "modes"),
    [
        ("normal", 1),
        ("uniform", 1),
        ("exponential", 1),
        ("cauchy", 1),
        ("pareto(1)", 1),
        ("triangular", 1),
        ("beta(0.5, 0.5)", 2),
        ("comb(8)", 8),
        ("comb(25)", 25),
        ("comb(100)", 100),
        ("normal(-3, 0.5) + normal(3, 0.5)", 2),
        ("normal(-300, 0.5) + normal(300, 0.5)", 2),
        ("normal + normal(1, 1)", 1),
        ("0.98*normal + 0.02*normal(20, 0.1)", 2),
        ("0.98*normal + 0.02*normal(2.5, 0.01)", 2),
        ("0.9999*normal + 0.0001*normal(20, 0.1)", 1),
        ("uniform(0, 1) + uniform(2, 3)", 2),
        ("density(exp(-x^4 + 3*x^2), -3, 3)", 2),
        ("density(1 + 0.01*sin(40*x), 0, 6)", 1),
        ("drawn(0 1, 1 0, 2 1, 3 0, 4 1)", 3),
        ("dataset(faithful)", 2),
        ("dataset(faithful, eruption_minutes)", 2),
        ("moved(comb(5), 2, 3)", 5),
    ],
)
def test_the_number_of_modes(text, modes):
    target = parse(text)
    assert len(target.mode_masses) == modes
    assert (target.mode_masses > 0).all()


def test_galaxies_have_three_to_six_modes():
    assert 3 <= len(parse("dataset(galaxies)").mode_masses) <= 6


def test_valleys_lie_in_the_middle_of_a_gap_and_masses_are_the_targets_own():
    target = parse("0.25*uniform(0, 1) + 0.75*uniform(3, 4)")
    assert target.mode_edges[1] == pytest.approx(2, abs=0.01)
    np.testing.assert_allclose(target.mode_masses, [0.25, 0.75], rtol=1e-12)


def test_masses_of_data_count_the_data():
    target = parse("dataset(faithful)")
    values = target.sample
    assert target.mode_masses[0] == np.mean(values <= target.mode_edges[1])
    assert 60 < target.mode_edges[1] < 70


@pytest.mark.parametrize("seed", range(5))
def test_samples_have_the_modes_of_what_they_were_drawn_from(seed):
    random = np.random.default_rng(seed)
    assert len(from_values(random.normal(size=500)).mode_masses) == 1
    assert len(from_values(random.exponential(size=20_000)).mode_masses) == 1
    assert len(from_values(random.normal(70, 10, 300).round()).mode_masses) == 1
    comb = random.normal(size=1000) * 0.25 + 2 * random.integers(0, 8, 1000)
    assert len(from_values(comb).mode_masses) == 8


def test_every_mode_is_in_the_window():
    low, high = parse("0.98*normal + 0.02*normal(20, 0.1)").window
    assert low < -2.5
    assert 20.2 < high < 25


def test_data_that_are_nearly_all_alike_still_have_a_window():
    low, high = from_values([0.0] + [1.0] * 10_000).window
    assert low < 0 < 1 < high
