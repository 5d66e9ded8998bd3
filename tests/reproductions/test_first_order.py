"""First-order dynamics: the slopes are the exact game's, an optimal discriminator wins, first-order steps do not."""

import numpy as np
import pytest
from scipy.special import ndtr

from gausslab.reproductions import first_order as game
from gausslab.reproductions.first_order import FIRST_ORDER, PUBLISHED, RATE, REMEDIES, SIGNS, TRUE, starts, succeeded

WIDTH = 1e-5


def value(means, ends):
    """L of one game, from the normal's CDF."""

    def mass(centres):
        return 0.5 * sum(ndtr(ends - centre) for centre in centres)

    return float((SIGNS * (mass(TRUE[0]) - mass(means))).sum())


def slope(cost, place):
    steps = WIDTH * np.eye(place.size)
    return np.array([(cost(place + step) - cost(place - step)) / (2 * WIDTH) for step in steps])


@pytest.fixture
def some():
    means, ends = starts(1, seed=3)
    return means[[4, 27, 71]], ends[[4, 27, 71]]


def test_both_players_follow_the_slopes_of_the_exact_game(some):
    means, ends = some
    after = game._at_once(means, ends, 1)
    for index in range(len(means)):
        expected = means[index] - RATE * slope(lambda m, i=index: value(m, ends[i]), means[index])
        np.testing.assert_allclose(after[index], expected, atol=1e-8)
        toward = slope(lambda e, i=index: value(means[i], e), ends[index])
        np.testing.assert_allclose(game._toward_ends(means, ends)[index], toward, atol=1e-8)


def test_consensus_also_descends_half_of_the_squared_field(some):
    means, ends = some

    def cost(place):
        toward = (
            game._toward_means(place[None, :2], place[None, 2:]),
            game._toward_ends(place[None, :2], place[None, 2:]),
        )
        return 0.5 * sum(float((part**2).sum()) for part in toward)

    moved = REMEDIES["consensus"].play(means, ends, 1) - game._at_once(means, ends, 1)
    for index in range(len(means)):
        uphill = slope(cost, np.concatenate([means[index], ends[index]]))[:2]
        np.testing.assert_allclose(moved[index], -RATE * game.CONSENSUS * uphill, atol=1e-8)


def test_unrolling_descends_the_value_of_the_discriminator_to_come(some):
    means, ends = some

    def ahead(means, ends):
        for _ in range(game.UNROLLED):
            ends = ends + RATE * game._toward_ends(means[None], ends[None])[0]
        return ends

    after = REMEDIES["unrolled"].play(means, ends, 1)
    first = ends + RATE * game._toward_ends(means, ends)
    for index in range(len(means)):
        uphill = slope(lambda m, i=index: value(m, ahead(m, first[i])), means[index])
        np.testing.assert_allclose(after[index], means[index] - RATE * uphill, atol=1e-8)


def test_optimal_discriminator_is_worth_the_total_variation(some):
    means, _ = some
    x = np.linspace(-10, 10, 20_001)
    gap = game._density(x[None], TRUE) - game._density(x[None], means)
    best = np.maximum(gap, 0).sum(1) * (x[1] - x[0])
    uphill = np.array([slope(lambda m: _best_value(m), one) for one in means])
    after = game._optimal(means, np.zeros((len(means), 4)), 1)
    np.testing.assert_allclose(after, means - RATE * uphill, atol=2e-4)
    np.testing.assert_allclose(best, [_best_value(one) for one in means], atol=1e-6)


def _best_value(means):
    x = np.linspace(-10, 10, 20_001)
    gap = game._density(x[None], TRUE) - game._density(x[None], means[None])
    return float(np.maximum(gap, 0).sum() * (x[1] - x[0]))


def test_every_game_is_won_against_an_optimal_discriminator():
    assert succeeded(game._optimal(*starts(1), 1000)).all()


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_first_order_play_wins_few_games(name):
    assert succeeded(FIRST_ORDER[name][0].play(*starts(2), 1500)).mean() <= 0.15


def test_a_discriminator_of_waves_with_r1_wins_every_game():
    assert succeeded(REMEDIES["waves_r1"].play(*starts(1), 1500)).all()


def test_no_start_has_equal_means():
    means, ends = starts(2)
    assert means.shape == (200, 2) and ends.shape == (200, 4)
    assert (means[:, 0] != means[:, 1]).all()
    assert (np.diff(ends, axis=1) > 0).all()


def test_either_order_of_the_means_is_a_success():
    assert succeeded(np.array([[-0.45, 0.55], [0.55, -0.45], [-0.5, 0.61], [0.5, 0.5]])).tolist() == [
        True,
        True,
        False,
        False,
    ]


def test_every_way_to_play_has_a_row():
    assert len(PUBLISHED) == 1 + len(FIRST_ORDER) + len(REMEDIES)
