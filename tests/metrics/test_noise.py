import numpy as np
import pytest
from scipy import stats

from gausslab.errors import BadInput
from gausslab.metrics import noise_floor, reference
from gausslab.pushforward import empirical, graded_levels, push
from metrics.mixtures import LEVELS, TARGETS


@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize("name", ["normal", "exponential", "mixture"])
@pytest.mark.parametrize("batch", [1, 7, 256])
def test_the_noise_floor_is_the_mean_distance_of_simulated_batches(name, batch, stratified):
    target, generator = TARGETS[name], np.random.default_rng(8)
    levels = graded_levels(4097)
    here = reference(target, levels, levels, batch=batch, stratified=stratified)
    found = []
    for _ in range(1500):
        u = generator.uniform(size=batch)
        draws = here.law.ppf((np.arange(batch) + u) / batch if stratified else u)
        found.append(np.abs(here.law.cdf(GRIDS[name]) - np.searchsorted(np.sort(draws), GRIDS[name]) / batch).mean())
    length = GRIDS[name][-1] - GRIDS[name][0]
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) * length - here.scene.noise_floor) < (4 * error + 1e-3 / batch) * length


GRIDS = {
    "normal": np.linspace(-3, 11, 4001),
    "exponential": np.linspace(0, 16, 4001),
    "mixture": np.linspace(-6, 19, 4001),
}


@pytest.mark.parametrize("batch", [1, 2, 5, 64])
def test_the_noise_floor_of_a_coin_is_the_binomials_mean_deviation(batch):
    for share in (0.5, 0.3, 0.25):
        coin = empirical(np.repeat([0.0, 1.0], [round(20 * share), 20 - round(20 * share)]))
        expected = stats.binom(batch, share).expect(lambda k: np.abs(k / batch - share))  # noqa: B023
        assert noise_floor(coin, batch) == pytest.approx(expected, rel=1e-12)
        fraction = batch * share % 1
        assert noise_floor(coin, batch, stratified=True) == pytest.approx(2 * fraction * (1 - fraction) / batch)


def test_the_noise_floor_of_many_strata_is_a_third_of_range_over_batch():
    assert noise_floor(push(LEVELS, LEVELS), 5000, stratified=True) == pytest.approx(1 / 3 / 5000, rel=1e-6)


def test_a_batch_of_no_samples_is_refused():
    with pytest.raises(BadInput, match="at least 1"):
        noise_floor(push(LEVELS, LEVELS), 0)
