"""f-GAN: the exact columns are the paper's, each divergence is its loss's own, and a run fits."""

import numpy as np
import pytest

from gausslab.losses import LOSSES, exact_discriminator_loss
from gausslab.reproductions.f_gan import (
    DIVERGENCES,
    LOG_P,
    PUBLISHED,
    TARGET,
    X,
    best,
    divergence,
    experiment,
    trained,
)
from gausslab.targets import parse


@pytest.mark.parametrize("name", DIVERGENCES)
def test_best_normal_is_the_papers(name):
    published = [float(figure) for figure in DIVERGENCES[name].best]
    np.testing.assert_allclose(best(name), published, atol=1e-3)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_no_neighbour_is_nearer(name):
    found = best(name)
    for mean, std in ((1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)):
        assert divergence(name, found.mean + mean, found.std + std) > found.divergence


@pytest.mark.parametrize("name", DIVERGENCES)
def test_bar_is_the_excess_of_what_the_paper_trained(name):
    item = DIVERGENCES[name]
    excess = divergence(name, float(item.trained[1]), float(item.trained[2])) - best(name).divergence
    assert excess == pytest.approx(item.excess, rel=0.1)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_divergence_is_what_the_loss_is_worth_to_the_best_discriminator(name):
    fit, loss = best(name), LOSSES[DIVERGENCES[name].loss]
    inside = (X > -4) & (X < 7)
    width = X[1] - X[0]
    p = np.exp(LOG_P[inside]) * width
    q = np.exp(-0.5 * ((X[inside] - fit.mean) / fit.std) ** 2) / (fit.std * np.sqrt(2 * np.pi)) * width
    F = np.cumsum(p)
    v = loss.optimal(p, q, F, np.cumsum(q), X[inside])
    value = -float(exact_discriminator_loss(loss, v, p, q))
    assert value == pytest.approx(fit.divergence, abs=0.02)


def test_mixture_is_the_one_that_runs_learn():
    np.testing.assert_allclose(parse(TARGET).pdf(X), np.exp(LOG_P), atol=1e-9)


def test_networks_and_batch_are_the_papers():
    run = experiment("kl")
    assert run.generator.widths == () and run.discriminator.widths == (64, 64)
    assert (run.discriminator.activation, run.batch, run.latent.kind) == ("tanh", 1024, "normal")


def test_a_short_run_comes_near_the_best_normal():
    few = {"steps": 400, "frame_every": 400, "optimiser.horizon": 400, "optimiser.warm_up": 40, "batch": 256}
    fit = trained("kl", 0, **few)
    assert fit.divergence - best("kl").divergence < 5e-3


def test_every_divergence_has_its_two_rows():
    assert len(PUBLISHED) == 2 * len(DIVERGENCES)
