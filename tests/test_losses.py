"""Every loss against its definition: D* by numerical maximisation, what it is worth, and where the game rests."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from constructors import QUICKLY
from scipy.optimize import linprog, minimize, minimize_scalar
from scipy.special import rel_entr

from gausslab.losses import (
    LOSSES,
    RATIO_LIMIT,
    discriminator_loss,
    exact_discriminator_loss,
    exact_generator_loss,
    generator_loss,
)

P = np.array([0.05, 0.2, 0.1, 0.3, 0.25, 0.1])
Q = np.array([0.3, 0.1, 0.15, 0.05, 0.25, 0.15])
X = np.linspace(-1.0, 1.5, 6)
V = np.array([-2.0, 0.7, 0.1, 1.3, -0.4, 3.0])
BATCH = 100  # of every batch, so that each loss is compiled once
POINTWISE = [name for name, loss in LOSSES.items() if not loss.paired and name != "wasserstein"]
# D* is free where p = q for these, or runs off to infinity: the value is what can be compared.
ALL_OR_NOTHING = ["hinge", "total_variation"]


def _optimal(name: str, p=P, q=Q, x=X) -> np.ndarray:
    return LOSSES[name].optimal(p, q, np.cumsum(p), np.cumsum(q), x)


def _exact(name: str, v, p, q):
    return exact_discriminator_loss(LOSSES[name], v, p, q), exact_generator_loss(LOSSES[name], v, p, q)


def _value(name: str, v: np.ndarray, p=P, q=Q) -> float:
    """V(G, D): what the discriminator gains."""
    return -float(_exact(name, v, p, q)[0])


@partial(jax.jit, static_argnums=0, compiler_options=QUICKLY)
def _losses(name: str, real, fake, smoothing):
    """Each player's loss on a batch, with its slopes by what D says of reals and of fakes."""
    of_discriminator, of_generator = partial(discriminator_loss, LOSSES[name]), partial(generator_loss, LOSSES[name])
    return (
        jax.value_and_grad(of_discriminator, (0, 1))(real, fake, smoothing),
        jax.value_and_grad(of_generator, (0, 1))(real, fake),
    )


@pytest.mark.parametrize("name", LOSSES)
def test_both_losses_are_finite_scalars_with_finite_gradients(name):
    drawn = np.random.default_rng(0).normal(size=(2, BATCH))
    for size in (1e-3, 1.0, 20.0):
        for value, slopes in _losses(name, *size * drawn, 0.1):
            assert value.shape == ()
            assert np.isfinite(value)
            assert all(np.isfinite(slope).all() for slope in slopes)
            assert np.abs(slopes[1]).max() > 0


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, loss in LOSSES.items()
        if name
        in (
            "minimax",
            "nonsaturating",
            "least_squares",
            "hinge",
            "wasserstein",
            "relativistic",
            "jensen_shannon",
            "total_variation",
        )
    ],
)
def test_a_loss_that_grows_no_faster_than_a_square_survives_a_discriminator_that_is_sure(name):
    for real, fake in ((1e4, -1e4), (-1e4, 1e4)):
        for _, slopes in _losses(name, np.full(BATCH, real), np.full(BATCH, fake), 0.0):
            assert all(np.isfinite(slope).all() for slope in slopes)


@pytest.mark.parametrize("name", LOSSES)
def test_the_exact_losses_are_those_of_a_batch_that_holds_each_cell_as_often_as_it_weighs(name):
    real, fake = (np.repeat(V, np.round(BATCH * part).astype(int)) for part in (P, Q))
    assert real.size == fake.size == BATCH
    # A batch pairs one with one; all pairs are met when one side is turned round against the other.
    turns = range(BATCH if LOSSES[name].paired else 1)
    batches = [_losses(name, real, np.roll(fake, turn), 0.0) for turn in turns]
    for place, exact in enumerate(_exact(name, V, P, Q)):
        assert np.mean([batch[place][0] for batch in batches]) == pytest.approx(float(exact), rel=1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_the_same_to_jax_and_to_numpy_and_answers_each_in_kind(name):
    loss, v = LOSSES[name], np.concatenate([V, np.linspace(-40, 40, 101)])
    with jax.enable_x64(True):
        for function in (loss.real, loss.fake, loss.generated):
            by_jax, by_numpy = function(jnp.asarray(v)), function(v)
            assert isinstance(by_jax, jax.Array)
            assert isinstance(by_numpy, np.ndarray)
            np.testing.assert_allclose(by_numpy, by_jax, rtol=1e-12, atol=1e-12)
        by_jax = _exact(name, *(jnp.asarray(part) for part in (V, P, Q)))
    np.testing.assert_allclose(_exact(name, V, P, Q), by_jax, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_what_d_says_where_there_is_no_mass_is_worth_nothing(name):
    alone = _exact(name, np.array([0.5, -0.5]), np.array([0.3, 0.7]), np.array([0.6, 0.4]))
    beside = np.array([0.5, -0.5, 3e4]), np.array([0.3, 0.7, 0.0]), np.array([0.6, 0.4, 0.0])
    np.testing.assert_allclose(_exact(name, *beside), alone, rtol=1e-6)


@pytest.mark.parametrize("name", POINTWISE)
def test_the_optimal_discriminator_is_what_numerical_maximisation_finds(name):
    loss, best = LOSSES[name], _optimal(name)
    with jax.enable_x64(True):
        of_cell = jax.jit(lambda p, q, t: p * loss.real(t) + q * loss.fake(t), compiler_options=QUICKLY)
        for p, q, v in zip(P, Q, best, strict=True):
            cost = partial(of_cell, p, q)
            found = minimize_scalar(
                lambda t, cost=cost: float(cost(t)), bounds=(-30, 30), method="bounded", options={"xatol": 1e-9}
            )
            assert float(cost(v)) <= found.fun + 1e-8
            assert float(cost(v)) == pytest.approx(found.fun, abs=1e-6)
            if name not in ALL_OR_NOTHING:
                assert v == pytest.approx(found.x, abs=1e-4)


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.paired])
def test_the_optimal_discriminator_of_pairs_is_found_up_to_a_constant(name):
    with jax.enable_x64(True):
        cost = jax.jit(jax.value_and_grad(partial(exact_discriminator_loss, LOSSES[name])))
        found = minimize(lambda v: jax.device_get(cost(v, P, Q)), np.zeros(6), jac=True, tol=1e-10)
    best = _optimal(name)
    np.testing.assert_allclose(best - best[0], found.x - found.x[0], atol=1e-4)
    assert -_value(name, best) == pytest.approx(found.fun, abs=1e-9)


def test_the_kantorovich_potential_is_worth_as_much_as_the_best_of_a_linear_programme():
    rng = np.random.default_rng(0)
    for _ in range(5):
        p, q = rng.dirichlet(np.ones(40), 2)
        x = np.sort(rng.uniform(-3, 3, 40))
        steep = np.eye(40)[1:] - np.eye(40)[:-1]
        gaps = np.diff(x)
        found = linprog(q - p, A_ub=np.vstack([steep, -steep]), b_ub=np.concatenate([gaps, gaps]), bounds=(None, None))
        # The CDFs that count are those between the cells, where the potential bends at cell centres.
        distance = np.abs(np.cumsum(p - q)[:-1]) @ gaps
        assert -found.fun == pytest.approx(distance, rel=1e-6)
        fine = np.linspace(-3.5, 3.5, 40_001)
        at = np.searchsorted(x, fine, side="right")
        F, G = (np.concatenate([[0], np.cumsum(part)])[at] for part in (p, q))
        potential = LOSSES["wasserstein"].optimal(np.zeros_like(fine), np.zeros_like(fine), F, G, fine)
        assert np.abs(np.diff(potential) / np.diff(fine)).max() <= 1 + 1e-9
        assert np.interp(x, fine, potential) @ (p - q) == pytest.approx(-found.fun, rel=1e-3)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "wasserstein"])
def test_no_discriminator_beats_the_optimal_one(name):
    rng = np.random.default_rng(1)
    best = _value(name, _optimal(name))
    for spread in (0.1, 1.0, 4.0):
        for _ in range(10):
            assert _value(name, spread * rng.normal(size=6)) <= best + 1e-9
            assert _value(name, _optimal(name) + spread * rng.normal(size=6)) <= best + 1e-9


DIVERGENCES = {
    "minimax": lambda p, q: rel_entr(p, (p + q) / 2).sum() + rel_entr(q, (p + q) / 2).sum() - np.log(4),
    "nonsaturating": lambda p, q: rel_entr(p, (p + q) / 2).sum() + rel_entr(q, (p + q) / 2).sum() - np.log(4),
    "jensen_shannon": lambda p, q: rel_entr(p, (p + q) / 2).sum() + rel_entr(q, (p + q) / 2).sum(),
    "least_squares": lambda p, q: -0.5 * (p * q / (p + q)).sum(),
    "hinge": lambda p, q: np.abs(p - q).sum() - 2,
    "kl": lambda p, q: rel_entr(p, q).sum(),
    "reverse_kl": lambda p, q: rel_entr(q, p).sum(),
    "pearson": lambda p, q: ((p - q) ** 2 / q).sum(),
    "squared_hellinger": lambda p, q: ((np.sqrt(p) - np.sqrt(q)) ** 2).sum(),
    "jeffreys": lambda p, q: rel_entr(p, q).sum() + rel_entr(q, p).sum(),
    "total_variation": lambda p, q: 0.5 * np.abs(p - q).sum(),
}


@pytest.mark.parametrize("name", POINTWISE)
def test_the_value_against_the_optimal_discriminator_is_the_divergence_that_the_loss_is_named_for(name):
    assert _value(name, _optimal(name)) == pytest.approx(DIVERGENCES[name](P, Q), abs=1e-9)


REST = {  # (the discriminator's, the generator's) loss where p_g = p
    "minimax": (np.log(4), -np.log(2)),
    "nonsaturating": (np.log(4), np.log(2)),
    "least_squares": (0.25, 0.125),
    "hinge": (2.0, 0.0),
    "wasserstein": (0.0, 0.0),
    "relativistic": (np.log(2), np.log(2)),
    "kl": (0.0, -1.0),
    "reverse_kl": (0.0, 1.0),
    "jensen_shannon": (0.0, 0.0),
    "pearson": (0.0, 0.0),
    "squared_hellinger": (0.0, 0.0),
    "jeffreys": (0.0, 0.0),
    "total_variation": (0.0, 0.0),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_game_rests_at_its_known_values_with_a_belief_of_one_half(name):
    best = _optimal(name, P, P)
    values = _exact(name, best, P, P)
    np.testing.assert_allclose(values, REST[name], atol=1e-9)
    np.testing.assert_allclose(LOSSES[name].belief(best, best, P), 0.5, atol=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_a_belief_is_a_probability_that_rises_with_ds_output(name):
    v = np.linspace(-50, 50, 6)
    belief = LOSSES[name].belief(v, _optimal(name), (P + Q) / 2)
    assert ((belief >= 0) & (belief <= 1)).all()
    assert (np.diff(belief) >= 0).all()
    assert belief[-1] - belief[0] > 0.5


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in ("wasserstein", *ALL_OR_NOTHING)])
def test_the_belief_of_the_optimal_discriminator_is_the_share_of_reals(name):
    best = _optimal(name)
    belief = LOSSES[name].belief(best, best, (P + Q) / 2)
    share = P / (P + Q)
    if LOSSES[name].paired:  # known up to the constant that centres it
        belief, share = (np.log(part / (1 - part)) for part in (belief, share))
        belief, share = belief - belief[0], share - share[0]
    np.testing.assert_allclose(belief, share, rtol=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_the_optimal_discriminator_is_finite_where_either_has_no_mass(name):
    best = _optimal(name, np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0]), np.arange(3.0))
    assert np.isfinite(best).all()
    assert np.isfinite(best.astype(np.float32)).all()
    assert best[2] > best[1] or name == "wasserstein"
    assert np.abs(best).max() <= 2 * RATIO_LIMIT


@pytest.mark.parametrize("name", LOSSES)
def test_many_frames_at_once_give_what_each_gives_alone(name):
    p, q = np.stack([P, Q]), np.stack([Q, P])
    together = LOSSES[name].optimal(p, q, np.cumsum(p, -1), np.cumsum(q, -1), X)
    np.testing.assert_array_equal(together, np.stack([_optimal(name), _optimal(name, Q, P)]))
    beliefs = LOSSES[name].belief(together, together, (p + q) / 2)
    alone = LOSSES[name].belief(together[1], together[1], (P + Q) / 2)
    np.testing.assert_allclose(beliefs[1], alone, rtol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_label_smoothing_mixes_what_reals_are_called(name):
    loss, real, fake = LOSSES[name], np.resize(V, BATCH), np.resize(V[::-1], BATCH)
    whole, half, none = (float(_losses(name, real, fake, smoothing)[0][0]) for smoothing in (0.0, 0.25, 0.5))
    assert half == pytest.approx((whole + none) / 2, rel=1e-5)

    @partial(jax.jit, compiler_options=QUICKLY)
    def gap(real, fake):
        called_fake = loss.real(-(real - fake)) if loss.paired else loss.fake(real)
        called_real = loss.real(real - fake) if loss.paired else loss.real(real)
        return (called_fake - called_real).mean()

    assert none - whole == pytest.approx(0.5 * float(gap(real, fake)), rel=1e-4, abs=1e-6)


def test_a_smoothed_discriminator_never_believes_more_than_its_labels():
    """D* = (1 − s) p / (p + q) (Salimans et al. 2016, section 3.4)."""
    loss, smoothing = LOSSES["nonsaturating"], 0.1
    for p, q in zip(P, Q, strict=True):

        def cost(v, p=p, q=q):
            real = (1 - smoothing) * np.logaddexp(0, -v) + smoothing * np.logaddexp(0, v)
            return p * real + q * np.logaddexp(0, v)

        v = minimize_scalar(cost, bounds=(-20, 20), method="bounded", options={"xatol": 1e-10}).x
        assert loss.belief(np.array([v]), np.array([v]), np.array([1.0]))[0] == pytest.approx(
            0.9 * p / (p + q), abs=1e-6
        )
        found = _losses("nonsaturating", np.full(BATCH, v), np.full(BATCH, v), smoothing)[0][0]
        assert float(found) == pytest.approx(cost(v, 1, 1), rel=1e-5)
