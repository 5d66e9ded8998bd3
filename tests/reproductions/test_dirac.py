"""The Dirac-GAN: its fields are those of the lab's own losses, and its verdicts and rates are the paper's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gausslab.errors import BadInput
from gausslab.losses import LOSSES, discriminator_loss, generator_loss
from gausslab.penalties import PENALTIES
from gausslab.reproductions.dirac import (
    METHODS,
    NOISE,
    converges,
    eigenvalues,
    ends,
    factor_of_a_step,
    fate,
    field,
    measured_rate,
    rate_of_convergence,
    trajectory,
)
from gausslab.reproductions.dirac_gan import EIGENVALUES
from gausslab.settings import Experiment

PLACES = np.array([[1.0, 1.0], [-0.4, 0.7], [1.3, -1.1], [0.2, 0.0]])


def slopes_of_the_lab(loss, penalties, theta, psi):
    """Minus the gradients of the lab's losses, one real at 0 and one fake at θ; the lab's D is above 0 on reals."""

    def discriminator(psi):
        real, fake = jnp.array([0.0]), jnp.array([theta])
        cost = discriminator_loss(LOSSES[loss], -psi * real, -psi * fake, jnp.array(0.0))
        critic = lambda x: -psi * x[:, 0]  # noqa: E731
        for penalty, weight in penalties.items():
            cost += weight * PENALTIES[penalty].value(critic, real[:, None], fake[:, None], jax.random.key(0))
        return cost

    def generator(theta):
        return generator_loss(LOSSES[loss], jnp.array([0.0]), -psi * jnp.array([theta]))

    return -float(jax.grad(generator)(theta)), -float(jax.grad(discriminator)(psi))


def alike(name):
    """Whether the lab's losses alone make the method, without a remedy that is no loss, or a clip."""
    settings = METHODS[name].settings
    return settings is not None and not any(path.startswith("remedies.") for path in settings)


@pytest.mark.parametrize("name", [*filter(alike, METHODS), "wgan"])
def test_a_field_is_the_slope_of_the_losses_that_play_its_method_on_the_lab(name):
    settings = METHODS[name].settings
    ours = np.array(field(name, *PLACES.T)).T
    theirs = [slopes_of_the_lab(settings["loss"], settings["penalties"], theta, psi) for theta, psi in PLACES]
    smooth = PLACES[:, 1] != 0 if not METHODS[name].smooth else slice(None)
    np.testing.assert_allclose(ours[smooth], np.array(theirs)[smooth], atol=1e-6)


def test_every_method_but_one_can_be_played_on_the_lab():
    experiments = [Experiment().changed(method.settings) for method in METHODS.values() if method.settings is not None]
    assert len({(one.loss, one.penalties, one.remedies) for one in experiments}) == len(METHODS) - 1


@pytest.mark.parametrize("rate", [0.05, 0.2, 1.0])
def test_factor_of_a_step_is_the_closed_form(rate):
    assert factor_of_a_step("gan", rate=rate) == pytest.approx(np.sqrt(1 + rate**2 / 4))
    assert factor_of_a_step("gan", rate=rate, order="alternating") == pytest.approx(1.0)
    assert factor_of_a_step("wgan", rate=rate) == pytest.approx(np.sqrt(1 + rate**2))
    assert factor_of_a_step("r1_critical", rate=rate) == pytest.approx(1 - rate / 2, abs=1e-3)
    assert factor_of_a_step("r1", rate=rate) == pytest.approx(rate_of_convergence("r1", rate))


@pytest.mark.parametrize(
    ("name", "told", "expected"),
    [
        ("gan", {}, "outward"),
        ("gan", {"order": "alternating"}, "circles"),
        ("nonsaturating", {}, "inward"),
        ("wgan", {}, "circles"),
        ("r1", {}, "converges"),
        ("r1", {"rate": 0.01}, "inward"),
        ("wgan_gp", {"rate": 1.0}, "outward"),
    ],
)
def test_fate_of_a_trajectory(name, told, expected):
    assert fate(trajectory(name, **told)) == expected


def test_fate_of_ways_that_are_known():
    turns = np.exp(1j * np.linspace(0, 12 * np.pi, 500))
    for growth, expected in ((1.0, "circles"), (1.001, "outward"), (0.999, "inward"), (0.98, "converges")):
        way = growth ** np.arange(500) * turns
        assert fate(np.stack([3 * way.real, way.imag], axis=1)) == expected
    assert fate(np.zeros((3, 2))) == "converges"
    assert fate(np.array([[1.0, 1.0], [np.inf, np.nan]])) == "outward"


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_consensus_descends_half_of_the_squared_field(spread):
    def cost(theta, psi):
        return 0.5 * sum(part**2 for part in field("gan", theta, psi, spread))

    width = 1e-5
    theta, psi = PLACES.T
    plain, ours = np.array(field("gan", theta, psi, spread)), np.array(field("consensus", theta, psi, spread))
    uphill = [
        (cost(theta + width, psi) - cost(theta - width, psi)) / (2 * width),
        (cost(theta, psi + width) - cost(theta, psi - width)) / (2 * width),
    ]
    np.testing.assert_allclose(plain - ours, uphill, atol=1e-8)


def test_a_spread_field_is_the_mean_over_the_noise():
    rng = np.random.default_rng(0)
    noise = 0.5 * rng.standard_normal(400_000)
    theta, psi = 0.8, -0.6
    fake = theta + noise
    slope, slope_real = 1 / (1 + np.exp(psi * fake)), 1 / (1 + np.exp(-psi * noise))
    expected = [-(psi * slope).mean(), (fake * slope - noise * slope_real).mean()]
    np.testing.assert_allclose(np.array(field("gan", np.array(theta), np.array(psi), 0.5)), expected, atol=4e-3)


def test_instance_noise_is_a_spread_of_data_and_fakes():
    np.testing.assert_array_equal(field("instance_noise", *PLACES.T), field("gan", *PLACES.T, NOISE))


def test_a_field_on_a_grid_is_that_of_its_points():
    theta, psi = np.meshgrid(np.linspace(-1, 1, 3), np.linspace(-1, 1, 4))
    for name in METHODS:
        whole = np.array(field(name, theta, psi))
        single = np.array(field(name, theta[2, 1], psi[2, 1]))
        assert whole.shape == (2, 4, 3)
        np.testing.assert_allclose(whole[:, 2, 1], single)


@pytest.mark.parametrize("name", EIGENVALUES)
def test_eigenvalues_at_the_equilibrium_are_the_papers(name):
    ours = eigenvalues(name)
    for value in EIGENVALUES[name]:
        assert np.abs(ours - value).min() < 1e-3


def test_r1_converges_at_the_papers_rate():
    assert rate_of_convergence("r1") == pytest.approx(0.9747, abs=1e-4)
    assert measured_rate("r1") == pytest.approx(0.9747, abs=1e-3)


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.converges])
def test_verdict_in_general_is_the_papers(name):
    assert converges(name) == METHODS[name].converges[1]


@pytest.mark.parametrize("name", ["gan", "wgan", "r1"])
def test_verdict_with_a_density_is_the_papers(name):
    assert converges(name, NOISE) == METHODS[name].converges[0]


def test_ends_are_in_the_order_of_the_table():
    assert ends("nonsaturating") == pytest.approx((0.64, 0.28, 0.14), abs=0.005)


def test_a_trajectory_begins_where_it_is_told_and_keeps_its_bound():
    path = trajectory("wgan", (0.5, 3.0), 50)
    assert path.shape == (51, 2)
    assert tuple(path[0]) == (0.5, 1.0)
    assert np.abs(path[:, 1]).max() <= 1.0


def test_a_trajectory_takes_steps_along_its_field():
    first, second = trajectory("r1", (0.3, -0.2), 1, rate=0.1)
    toward = np.array(field("r1", first[0], first[1]))
    np.testing.assert_allclose(second - first, 0.1 * toward)


def test_alternating_lets_the_generator_move_first():
    start, end = trajectory("gan", (0.3, -0.2), 1, order="alternating")
    assert end[0] - start[0] == pytest.approx(0.2 * field("gan", start[0], start[1])[0])
    assert end[1] - start[1] == pytest.approx(0.2 * field("gan", end[0], start[1])[1])


def test_unknown_method_is_bad_input():
    with pytest.raises(BadInput, match="'dirac'"):
        field("dirac", np.zeros(1), np.zeros(1))


def test_a_kink_has_no_eigenvalues():
    with pytest.raises(BadInput, match="WGAN-GP"):
        eigenvalues("wgan_gp")
