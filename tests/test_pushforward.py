import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from gausslab.errors import BadInput
from gausslab.pushforward import Pushforward, empirical, flats, folds, graded_levels, push, push_sample

LEVELS = graded_levels()


def staircase(u):
    return np.floor(5 * u)


MAPS = {
    "smooth": lambda u: 4 + 1.25 * stats.norm.ppf(np.clip(u, 1e-7, 1 - 1e-7)),
    "falling": lambda u: np.exp(-3 * u),
    "one fold": lambda u: (u - 0.4) ** 2,
    "many folds": lambda u: np.sin(23 * u) + u,
    "flat in the middle": lambda u: np.maximum(u, 0.7) + np.minimum(u, 0.2),
    "flat and folded": lambda u: np.abs(np.clip(np.sin(9 * u), -0.5, 0.5) + 0.1 * u),
    "staircase": staircase,
    "staircase down and up": lambda u: np.abs(staircase(u) - 2),
    "constant": lambda u: np.full_like(u, 4.0),
    "float32 on a plateau": lambda u: (4 + 1e-7 * np.sin(40 * u)).astype(np.float32).astype(float),
    "noise": lambda u: np.random.default_rng(0).normal(size=u.size),
    "two scales": lambda u: np.where(u < 0.5, 1e-9 * np.sin(30 * u), 1e6 * (u - 0.5)),
    "many scales": lambda u: np.sin(200 * u) * 10.0 ** np.round(-12 * u),
    "infinite density at an end": lambda u: u ** (10 / 3),
}


@pytest.fixture(params=MAPS, scope="module")
def values(request):
    """Those of one map, for all tests of it one after the other: to sort four million takes a while."""
    values = MAPS[request.param](LEVELS)
    values.flags.writeable = False
    return values


@pytest.fixture(scope="module")
def brute(values):
    """The interpolant of G at four million latent points, sorted."""
    latent = (np.arange(4_000_000) + 0.5) / 4_000_000
    return np.sort(np.interp(latent, LEVELS, values))


def probe(values):
    """Edges that meet no value of G, so that an atom lies clearly on one side."""
    low, high = values.min(), values.max()
    return np.linspace(low - 0.0123 * (high - low) - 1e-3, high + 0.0171 * (high - low) + 1e-3, 514)


def test_cdf_equals_a_brute_force_count(values, brute):
    x = probe(values)
    np.testing.assert_allclose(push(values, LEVELS).cdf(x), np.searchsorted(brute, x, "right") / brute.size, atol=2e-5)


def test_cdf_is_the_sum_of_the_segments_own_uniform_laws(values):
    x = probe(values)
    low, high = np.minimum(values[1:], values[:-1]), np.maximum(values[1:], values[:-1])
    width = np.where(high > low, high - low, 1.0)
    inside = np.where(high > low, (x[:, None] - low) / width, x[:, None] >= low)
    np.testing.assert_allclose(push(values, LEVELS).cdf(x), np.clip(inside, 0, 1) @ np.diff(LEVELS), atol=1e-11)


def test_density_equals_a_brute_force_histogram(values, brute):
    edges = probe(values)
    counted = np.histogram(brute, edges)[0] / brute.size
    np.testing.assert_allclose(push(values, LEVELS).density(edges) * np.diff(edges), counted, atol=2e-5)


def test_quantiles_are_the_sorted_values_of_the_map(values, brute):
    law = push(values, LEVELS)
    middle = (np.arange(brute.size) + 0.5) / brute.size
    mean_gap = np.abs(law.ppf(middle) - brute).mean()
    assert mean_gap < 1e-6 * (np.ptp(values) + 1e-6)


def test_mean_and_std_are_those_of_the_interpolant(values):
    law = push(values, LEVELS)
    weights, start, stop = np.diff(LEVELS), values[:-1], values[1:]
    mean = weights @ (start + stop) / 2
    variance = weights @ (start**2 + start * stop + stop**2) / 3 - mean**2
    assert law.mean == pytest.approx(mean, abs=1e-9 * (1 + np.ptp(values)))
    assert law.std == pytest.approx(np.sqrt(max(variance, 0.0)), abs=1e-7 * (1 + np.ptp(values)))


def test_a_constant_map_is_one_atom():
    law = push(np.full(LEVELS.size, 4.0), LEVELS)
    assert law.knots.tolist() == [4.0]
    assert law.cdf(np.array([3.999, 4.0, 4.001])).tolist() == [0.0, 1.0, 1.0]
    assert law.cdf_before(np.array([3.999, 4.0, 4.001])).tolist() == [0.0, 0.0, 1.0]
    assert law.ppf(np.array([0.0, 0.3, 1.0])).tolist() == [4.0, 4.0, 4.0]
    assert (law.mean, law.std) == (4.0, 0.0)


def test_an_atom_gets_the_cell_that_it_closes():
    law = push(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.5, 0.75, 1.0]))
    np.testing.assert_allclose(law.masses(np.array([0.0, 0.5, 1.0])), [0.625, 0.375])
    np.testing.assert_allclose(law.masses(np.array([-1.0, 0.0, 1.0])), [0.5, 0.5])
    np.testing.assert_allclose(law.density(np.array([-1.0, -0.5, 0.5])), [0.0, 0.625])


def test_cdf_at_infinity_is_zero_and_one(values):
    np.testing.assert_array_equal(push(values, LEVELS).cdf(np.array([-np.inf, np.inf])), [0.0, 1.0])


def test_a_rising_map_is_its_own_rearrangement():
    values = MAPS["smooth"](LEVELS)
    np.testing.assert_allclose(push(values, LEVELS).ppf(LEVELS), values, rtol=0, atol=1e-9)


def test_a_map_and_its_mirror_have_the_same_law(values):
    edges = probe(values)
    here, there = push(values, LEVELS), push(values[::-1].copy(), 1 - LEVELS[::-1])
    np.testing.assert_allclose(here.cdf(edges), there.cdf(edges), atol=1e-12)


finite = st.floats(-1e6, 1e6, width=32)


@settings(max_examples=150, deadline=None)
@given(st.lists(finite, min_size=2, max_size=40), st.data())
def test_the_law_of_any_map_is_a_distribution(values, data):
    weights = data.draw(st.lists(st.floats(0.01, 1), min_size=len(values) - 1, max_size=len(values) - 1))
    levels = np.concatenate([[0.0], np.cumsum(weights)]) / np.sum(weights)
    levels[-1] = 1.0
    law = push(np.array(values), levels)
    knots, heights = law.path
    assert (np.diff(law.knots) > 0).all()
    assert (np.diff(knots) >= 0).all() and (np.diff(heights) >= 0).all()
    assert heights[0] == 0 and heights[-1] == 1
    edges = np.unique(np.concatenate([knots - 1, knots, knots + 1]))
    assert law.masses(edges).sum() == pytest.approx(1, abs=1e-12)
    assert law.mean == pytest.approx(np.diff(levels) @ (np.array(values)[1:] + np.array(values)[:-1]) / 2, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.lists(finite, min_size=3, max_size=12), st.randoms())
def test_the_law_does_not_change_when_hat_shaped_pieces_change_places(heights, random):
    # A hat goes up from zero and back, so equally heavy hats join up in any order.
    def law(order):
        values = np.zeros(2 * len(order) + 1)
        values[1::2] = order
        return push(values, np.linspace(0, 1, values.size))

    shuffled = list(heights)
    random.shuffle(shuffled)
    x = np.linspace(min(*heights, -1.0), max(*heights, 1.0), 57)
    np.testing.assert_allclose(law(heights).cdf(x), law(shuffled).cdf(x), atol=1e-9)


def test_levels_are_dense_at_both_ends():
    assert LEVELS.size == 2049 and LEVELS[0] == 0 and LEVELS[-1] == 1
    gaps = np.diff(LEVELS)
    assert (gaps > 0).all()
    assert gaps[0] < 2e-7 and gaps[-1] < 2e-7 and gaps.max() < 1e-3
    assert np.diff(np.log(LEVELS[1:1000])).max() < 0.04
    np.testing.assert_allclose(LEVELS + LEVELS[::-1], 1, atol=1e-9)


def test_levels_follow_a_quantile_function_over_its_leaps():
    def quantile(u):
        return u + 10 * special.expit(1e4 * (u - 0.5))

    levels = graded_levels(quantile=quantile)
    assert levels.size == 2049 and levels[0] == 0 and levels[-1] == 1
    assert (np.diff(levels) > 0).all()
    assert np.diff(quantile(levels)).max() < 0.1 < 1 < np.diff(quantile(LEVELS)).max()


def test_levels_of_an_unmoving_quantile_function_are_the_plain_ones():
    np.testing.assert_array_equal(graded_levels(33, np.zeros_like), graded_levels(33))


def test_a_grid_of_one_point_is_refused():
    with pytest.raises(BadInput, match="at least 2"):
        graded_levels(1)


def test_a_sample_approaches_the_law_it_is_drawn_from():
    sample = np.sort(np.random.default_rng(1).normal(4, 1.25, 65_536))
    law = push_sample(sample, np.linspace(0, 1, sample.size), sample.size)
    x = np.linspace(0, 8, 200)
    np.testing.assert_allclose(law.cdf(x), stats.norm.cdf(x, 4, 1.25), atol=2 / 256)
    assert law.resolution == pytest.approx(8 / 65_536)


def test_an_empirical_law_is_the_staircase_of_the_sample():
    sample = np.array([3.0, 1.0, 1.0, 7.0])
    law = empirical(sample)
    assert law.cdf(np.array([0.9, 1.0, 2.0, 3.0, 7.0])).tolist() == [0.0, 0.5, 0.5, 0.75, 1.0]
    assert law.mean == pytest.approx(sample.mean()) and law.std == pytest.approx(sample.std())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "function",
    [
        lambda values: push(values, np.linspace(0, 1, values.size)),
        lambda values: push_sample(values, np.linspace(0, 1, values.size), values.size),
        empirical,
        lambda values: folds(np.linspace(0, 1, values.size), values),
        lambda values: flats(np.linspace(0, 1, values.size), np.linspace(0, 1, values.size), values, 0.1),
    ],
)
def test_values_that_are_not_finite_are_refused(function, bad):
    with pytest.raises(BadInput, match="1 of 3 are NaN or infinite"):
        function(np.array([0.0, bad, 1.0]))


@pytest.mark.parametrize("levels", [[0.0, 0.6, 0.5, 1.0], [0.1, 0.2, 0.3, 1.0], [0.0, 0.2, 0.3, 0.9]])
def test_levels_that_do_not_rise_from_0_to_1_are_refused(levels):
    with pytest.raises(BadInput, match="rising from 0 to 1"):
        push(np.arange(4.0), np.array(levels))


def test_empty_samples_are_refused():
    with pytest.raises(BadInput, match="at least 1"):
        empirical(np.array([]))


def test_a_fold_runs_from_turn_to_turn():
    found = folds(LEVELS, LEVELS + 0.2 * np.sin(4 * np.pi * LEVELS))
    # 1 + 0.8 π cos(4πu) changes sign at these turns.
    turn = np.arccos(-1 / (0.8 * np.pi)) / (4 * np.pi)
    np.testing.assert_allclose(found, [(turn, 0.5 - turn), (0.5 + turn, 1 - turn)], atol=1e-3)


def test_a_fold_of_a_falling_map_is_where_it_rises():
    (fold,) = folds(LEVELS, -LEVELS + 0.3 * np.exp(-(((LEVELS - 0.5) / 0.05) ** 2)))
    assert 0.4 < fold.start < 0.47 and fold.stop == pytest.approx(0.5, abs=0.01)


def test_a_fold_that_lasts_to_the_end_is_found():
    (fold,) = folds(LEVELS, np.sin(4 * LEVELS))
    assert fold == pytest.approx((0.0, np.pi / 8), abs=1e-3)
    (fold,) = folds(LEVELS, np.sin(3 * LEVELS))
    assert fold == pytest.approx((np.pi / 6, 1.0), abs=1e-3)


def test_a_noisy_fold_is_one_fold():
    values = np.sin(12 * LEVELS) + 3 * LEVELS + 1e-5 * np.random.default_rng(2).normal(size=LEVELS.size)
    assert len(folds(LEVELS, values)) == len(folds(LEVELS, np.sin(12 * LEVELS) + 3 * LEVELS)) == 2


@pytest.mark.parametrize(
    "name", ["smooth", "falling", "flat in the middle", "constant", "float32 on a plateau", "staircase"]
)
def test_wiggles_of_rounding_are_no_folds(name):
    values = MAPS[name](LEVELS)
    noise = 2e-7 * np.abs(values).max() * np.random.default_rng(3).uniform(-1, 1, values.size)
    assert folds(LEVELS, values + noise) == ()


def test_flats_are_found_with_place_and_mass():
    values = np.maximum(LEVELS, 0.7) + np.minimum(LEVELS, 0.2)
    rising, falling = flats(LEVELS, LEVELS, values + 3, 0.01), flats(LEVELS, LEVELS, -values, 0.01)
    assert len(rising) == len(falling) == 1
    assert rising[0] == pytest.approx((0.2, 0.7, 3.9, 0.5), abs=2e-3)
    assert falling[0].x == pytest.approx(-0.9)


def test_a_collapsed_map_is_one_flat_in_spite_of_rounding():
    (flat,) = flats(2 * LEVELS - 1, LEVELS, MAPS["float32 on a plateau"](LEVELS), 0.01)
    assert flat == pytest.approx((-1.0, 1.0, 4.0, 1.0), abs=1e-6)


def test_a_map_to_a_normal_density_has_no_flats():
    assert flats(LEVELS, LEVELS, MAPS["smooth"](LEVELS), 0.0125) == ()


def test_a_pushforward_is_built_from_its_graph():
    law = Pushforward(np.array([0.0, 1.0]), np.array([0.0, 0.5]), np.array([0.25, 1.0]))
    assert law.path[0].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert law.path[1].tolist() == [0.0, 0.25, 0.5, 1.0]
