"""Every loss against its definition: D* by numerical maximisation, what it is worth, and where the game rests."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linprog, minimize, minimize_scalar
from scipy.special import rel_entr

from gausslab.losses import LOSSES, RATIO_LIMIT, discriminator_loss, exact_value, generator_loss

P = np.array([0.05, 0.2, 0.1, 0.3, 0.25, 0.1])
Q = np.array([0.3, 0.1, 0.15, 0.05, 0.25, 0.15])
X = np.linspace(-1.0, 1.5, 6)
V = np.array([-2.0, 0.7, 0.1, 1.3, -0.4, 3.0])
NOTHING = jnp.float32(0)
POINTWISE = [name for name, loss in LOSSES.items() if not loss.paired and name != "wasserstein"]
# D* is free where p = q for these, or runs off to infinity: the value is what can be compared.
ALL_OR_NOTHING = ["hinge", "total_variation"]


def _optimal(name: str, p=P, q=Q, x=X) -> np.ndarray:
    return LOSSES[name].optimal(p, q, np.cumsum(p), np.cumsum(q), x)


def _value(name: str, v: np.ndarray, p=P, q=Q) -> float:
    """V(G, D): what the discriminator gains, in float64."""
    with jax.enable_x64(True):
        return -float(exact_value(LOSSES[name], jnp.asarray(v), jnp.asarray(p), jnp.asarray(q))[0])


@pytest.mark.parametrize("name", LOSSES)
def test_both_losses_are_finite_scalars_with_finite_gradients(name):
    loss = LOSSES[name]
    both = jax.jit(
        lambda real, fake, smoothing: (
            discriminator_loss(loss, real, fake, smoothing),
            generator_loss(loss, real, fake),
        )
    )
    for size in (1e-3, 1.0, 20.0):
        real, fake = (size * jax.random.normal(jax.random.key(seed), (16,)) for seed in (0, 1))
        for place in (0, 1):
            value, slopes = jax.value_and_grad(lambda r, f, place=place: both(r, f, jnp.float32(0.1))[place], (0, 1))(
                real, fake
            )
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
    loss = LOSSES[name]
    for real, fake in ((1e4, -1e4), (-1e4, 1e4)):
        slopes = jax.grad(lambda r, f: discriminator_loss(loss, r, f, NOTHING) + generator_loss(loss, r, f), (0, 1))(
            jnp.full(4, real), jnp.full(4, fake)
        )
        assert all(np.isfinite(slope).all() for slope in slopes)


@pytest.mark.parametrize("name", LOSSES)
def test_the_exact_losses_are_those_of_a_batch_that_holds_each_cell_as_often_as_it_weighs(name):
    loss = LOSSES[name]
    real, fake = (np.repeat(V, np.round(100 * part).astype(int)) for part in (P, Q))
    assert real.size == fake.size == 100
    exact = exact_value(loss, *(jnp.asarray(part, jnp.float32) for part in (V, P, Q)))
    if loss.paired:
        # A batch pairs one with one; all pairs are met when one side is turned round against the other.
        turns = [jnp.asarray(np.roll(fake, turn), jnp.float32) for turn in range(100)]
        batches = [(jnp.asarray(real, jnp.float32), turn) for turn in turns]
    else:
        batches = [(jnp.asarray(real, jnp.float32), jnp.asarray(fake, jnp.float32))]
    for place, of_batch in enumerate(
        (lambda r, f: discriminator_loss(loss, r, f, NOTHING), lambda r, f: generator_loss(loss, r, f))
    ):
        assert float(np.mean([of_batch(*batch) for batch in batches])) == pytest.approx(float(exact[place]), rel=1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_what_d_says_where_there_is_no_mass_is_worth_nothing(name):
    alone = exact_value(LOSSES[name], jnp.array([0.5, -0.5]), jnp.array([0.3, 0.7]), jnp.array([0.6, 0.4]))
    beside = jnp.array([0.5, -0.5, 3e4]), jnp.array([0.3, 0.7, 0.0]), jnp.array([0.6, 0.4, 0.0])
    np.testing.assert_allclose(exact_value(LOSSES[name], *beside), alone, rtol=1e-6)


@pytest.mark.parametrize("name", POINTWISE)
def test_the_optimal_discriminator_is_what_numerical_maximisation_finds(name):
    loss, best = LOSSES[name], _optimal(name)
    with jax.enable_x64(True):
        for p, q, v in zip(P, Q, best, strict=True):
            cost = jax.jit(lambda t, p=p, q=q: p * loss.real(t) + q * loss.fake(t))
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
        cost = jax.jit(lambda v: exact_value(LOSSES[name], v, jnp.asarray(P), jnp.asarray(Q))[0])
        found = minimize(
            lambda v: np.asarray(cost(v)), np.zeros(6), jac=lambda v: np.asarray(jax.grad(cost)(v)), tol=1e-10
        )
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
    with jax.enable_x64(True):
        values = exact_value(LOSSES[name], jnp.asarray(best), jnp.asarray(P), jnp.asarray(P))
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
    loss, real, fake = LOSSES[name], jnp.asarray(V, jnp.float32), jnp.asarray(V[::-1].copy(), jnp.float32)
    whole, half, none = (float(discriminator_loss(loss, real, fake, jnp.float32(s))) for s in (0.0, 0.25, 0.5))
    assert half == pytest.approx((whole + none) / 2, rel=1e-5)
    called_fake = loss.real(-(real - fake)) if loss.paired else loss.fake(real)
    called_real = loss.real(real - fake) if loss.paired else loss.real(real)
    assert none - whole == pytest.approx(0.5 * float((called_fake - called_real).mean()), rel=1e-4, abs=1e-6)


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
        batch = (jnp.full(1, v, jnp.float32), jnp.full(1, v, jnp.float32), jnp.float32(smoothing))
        assert float(discriminator_loss(loss, *batch)) == pytest.approx(cost(v, 1, 1), rel=1e-5)
