"""GAN Connoisseur: their networks, and scores that mean what the paper's mean."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm

from gausslab.observing import Units, lens
from gausslab.reproductions.connoisseur import PAIRS, experiment, learnt, scores
from gausslab.run import begin
from gausslab.targets import parse


def weights(*layers):
    return sum((before + 1) * after for before, after in pairwise(layers))


@pytest.mark.parametrize("name", PAIRS)
def test_networks_have_the_papers_sizes(name):
    state = begin(experiment(name)).state
    assert state.generator.parameters.size == weights(1, 7, 13, 7, 1) + 1  # and the slope of its ordered start
    assert state.discriminator.parameters.size == weights(1, 11, 29, 11, 1)


@pytest.mark.parametrize("name", PAIRS)
def test_bars_are_below_their_best(name):
    pair = PAIRS[name]
    assert pair.bars["mae"] <= float(pair.mmd_gan[0]) * 1.002
    assert pair.bars.get("mse", 0) <= float(pair.mmd_gan[1]) * 1.006


@pytest.mark.parametrize(("name", "mae", "mse"), [("uniform_uniform", 0.5, 1 / 3), ("uniform_normal", 0.798, 1.0)])
def test_a_constant_scores_what_the_paper_would_call_learnt(name, mae, mse):
    target = parse(PAIRS[name].target)
    levels = np.linspace(0.0005, 0.9995, 1000)
    errors = target.ppf(levels) - target.mean
    assert np.abs(errors).mean() == pytest.approx(mae, abs=2e-3)
    assert (errors**2).mean() == pytest.approx(mse, abs=6e-3)


def test_map_asked_for_is_the_increasing_one():
    run = experiment("normal_normal")
    scene = lens(run.structure(), parse(run.target), Units(0.0, 1.0)).reference.scene
    inner = np.abs(scene.z) < 4
    np.testing.assert_allclose(scene.ideal[inner], 23 + scene.z[inner], atol=1e-3)
    np.testing.assert_allclose(scene.u[inner], norm.cdf(scene.z[inner]), atol=1e-6)


def test_a_short_run_is_already_far_better_than_a_constant():
    few = {"steps": 600, "frame_every": 600, "optimiser.horizon": 600, "optimiser.warm_up": 60, "generator.rate": 4e-3}
    found = scores(learnt("normal_normal", 0, **few, **{"discriminator.rate": 6e-3}))
    assert found.mae < 0.2 and found.mse < 0.1
