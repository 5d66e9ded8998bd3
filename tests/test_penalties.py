"""Each penalty against its formula on critics whose slope is known."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from constructors import QUICKLY

from gausslab.penalties import PENALTIES

KEY = jax.random.key(3)
DRAWN = np.random.default_rng(0).normal(size=(2, 32, 1)).astype(np.float32)
REAL, FAKE = DRAWN[0] + 1, DRAWN[1] / 2 - 1


def _linear(x, slope):
    return slope * x[:, 0] + 3.0


def _square(x):
    return (x**2).sum(1)


def _flat_between(x):
    return jnp.maximum(jnp.abs(x[:, 0]) - 1.0, 0.0)


@partial(jax.jit, static_argnums=(0, 1), compiler_options=QUICKLY)
def _value(name: str, critic, real, fake, key, *settings):
    return PENALTIES[name].value(lambda x: critic(x, *settings), real, fake, key)


def _of(name: str, critic, *settings, real=REAL, fake=FAKE) -> float:
    return float(_value(name, critic, real, fake, KEY, *settings))


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("pack", [1, 4])
def test_a_penalty_is_a_finite_scalar_with_finite_gradients(name, pack):
    @partial(jax.jit, compiler_options=QUICKLY)
    @jax.value_and_grad
    def penalty(weights, real, fake):
        return PENALTIES[name].value(lambda x: jnp.tanh(x @ weights), real, fake, KEY)

    for weights in (np.ones(pack), np.zeros(pack)):
        value, slope = penalty(weights, REAL.reshape(-1, pack), FAKE.reshape(-1, pack))
        assert value.shape == ()
        assert value >= 0
        assert np.isfinite(slope).all()
        assert np.isfinite(value)


@pytest.mark.parametrize("name", PENALTIES)
def test_the_gradient_of_a_penalty_agrees_with_finite_differences(name):
    real, fake = REAL.astype(float), FAKE.astype(float)
    start, way = np.array([0.7, -0.4]), np.array([0.6, 0.8])

    @partial(jax.jit, compiler_options=QUICKLY)
    @jax.value_and_grad
    def penalty(w, real, fake):
        return PENALTIES[name].value(lambda x: w[1] * jnp.tanh(w[0] * x[:, 0]), real, fake, KEY)

    with jax.enable_x64(True):
        ahead, here, behind = (penalty(start + step * way, real, fake) for step in (1e-5, 0.0, -1e-5))
    central = (float(ahead[0]) - float(behind[0])) / 2e-5
    np.testing.assert_allclose(np.asarray(here[1]) @ way, central, rtol=1e-6)


@pytest.mark.parametrize("slope", [0.0, 1.0, -2.0])
def test_a_linear_critic_pays_for_its_slope_alone(slope):
    expected = {
        "r1": slope**2 / 2,
        "r2": slope**2 / 2,
        "wgan_gp": (abs(slope) - 1) ** 2,
        "zero_centred": slope**2,
        "dragan": (abs(slope) - 1) ** 2,
    }
    assert set(expected) == set(PENALTIES)
    for name, value in expected.items():
        assert _of(name, _linear, slope) == pytest.approx(value, abs=1e-5)


def test_r1_looks_at_reals_and_r2_at_fakes():
    assert _of("r1", _square) == pytest.approx(2 * float((REAL**2).mean()), rel=1e-5)
    assert _of("r2", _square) == pytest.approx(2 * float((FAKE**2).mean()), rel=1e-5)


def test_r1_of_a_pack_adds_the_squared_slopes_over_its_members():
    assert _of("r1", _square, real=REAL.reshape(8, 4), fake=FAKE.reshape(8, 4)) == pytest.approx(
        2 * float((REAL**2).sum()) / 8, rel=1e-5
    )


@pytest.mark.parametrize("name", ["wgan_gp", "zero_centred"])
def test_an_interpolated_penalty_looks_between_reals_and_fakes(name):
    # Slope 0 between −2 and 2 only, so that only points beyond the segments from 1 to −1 would be punished.
    between, beyond = (
        _of(name, _flat_between, real=np.full((32, 1), real), fake=np.full((32, 1), fake))
        for real, fake in ((1.0, -1.0), (5.0, 4.0))
    )
    assert between == pytest.approx(1.0 if name == "wgan_gp" else 0.0, abs=1e-5)
    assert beyond != pytest.approx(between)


def test_dragan_looks_around_the_reals_and_not_at_the_fakes():
    assert _of("dragan", _square) == _of("dragan", _square, fake=FAKE + 7)
    assert _of("dragan", _square) != _of("dragan", _square, real=REAL + 7)


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_that_draws_draws_from_its_key_alone(name):
    values = [float(_value(name, _square, REAL, FAKE, jax.random.key(seed))) for seed in (0, 0, 1)]
    assert values[0] == values[1]
    assert (values[0] != values[2]) == (name in ("wgan_gp", "zero_centred", "dragan"))
