"""Who moves when: each rule against the moves that it is made of."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from constructors import QUICKLY, game, plain

from gausslab import game as played
from gausslab import training
from gausslab.game import Conditions, State
from gausslab.losses import LOSSES
from gausslab.run import begin
from gausslab.settings import Experiment
from gausslab.updates import GENERATOR_DRAWS, UPDATES

RATES = {"generator.rate": 0.3, "discriminator.rate": 0.2}
SHARED = plain(RATES).structure()  # the rule is no part of a gradient


@partial(jax.jit, static_argnums=0, compiler_options=QUICKLY)
def _field(structure: Experiment, conditions: Conditions, at: State, index):
    batch = played.draw(structure, conditions, at.step, index)
    of_d = played.discriminator_gradient(structure, conditions, at, batch)
    of_g = played.generator_gradient(structure, conditions, at, batch)
    return of_d.vector, of_g.vector


_step = jax.jit(training.step, static_argnums=0, compiler_options=QUICKLY)


def _down(state: State, player: str, slope, rate: float) -> State:
    moved = getattr(state, player)
    return state._replace(**{player: moved._replace(parameters=moved.parameters - rate * slope)})


def _d_move(conditions: Conditions, state: State, index: int) -> State:
    return _down(state, "discriminator", _field(SHARED, conditions, state, index)[0], 0.2)


def _g_move(conditions: Conditions, state: State, index: int) -> State:
    return _down(state, "generator", _field(SHARED, conditions, state, index)[1], 0.3)


def _both(conditions: Conditions, at: State, state: State, index: int) -> State:
    of_d, of_g = _field(SHARED, conditions, at, index)
    return _down(_down(state, "discriminator", of_d, 0.2), "generator", of_g, 0.3)


def _alternating(conditions, state):
    for index in (0, 1, 2):
        state = _d_move(conditions, state, index)
    for index in (0, 1):
        state = _g_move(conditions, state, GENERATOR_DRAWS + index)
    return state


def _generator_first(conditions, state):
    for index in (0, 1):
        state = _g_move(conditions, state, GENERATOR_DRAWS + index)
    for index in (0, 1, 2):
        state = _d_move(conditions, state, index)
    return state


def _simultaneous(conditions, state):
    for index in (0, 1):
        state = _d_move(conditions, state, index)
    return _both(conditions, state, state, GENERATOR_DRAWS)


def _extragradient(conditions, state):
    for index in (0, 1):
        state = _d_move(conditions, state, index)
    ahead = _both(conditions, state, state, GENERATOR_DRAWS)
    return _both(conditions, ahead, state, GENERATOR_DRAWS + 1)


@partial(jax.jit, static_argnums=(0, 3), compiler_options=QUICKLY)
def _side(structure: Experiment, conditions: Conditions, at: State, reals: bool, index):
    batch = played.draw(structure, conditions, at.step, index)
    loss, statistics = LOSSES[structure.loss], at.discriminator.statistics
    fake, _ = played.generate(structure, at.generator.parameters, at.generator.statistics, batch)

    def objective(psi):
        x = batch.real if reals else fake
        v, _ = played.judge(structure, psi, statistics, x, batch.key_for(6))
        return (loss.real(v) if reals else loss.fake(v)).mean()

    return jax.grad(objective)(at.discriminator.parameters)


def _real_then_fake(conditions, state):
    assert not LOSSES[SHARED.loss].paired
    for index in (0, 1, 2):
        for reals in (True, False):
            slope = _side(SHARED, conditions, state, reals, jnp.int32(index))
            state = _down(state, "discriminator", slope, 0.2)
    for index in (0, 1):
        state = _g_move(conditions, state, GENERATOR_DRAWS + index)
    return state


BY_HAND = {
    "alternating": _alternating,
    "real_then_fake": _real_then_fake,
    "generator_first": _generator_first,
    "simultaneous": _simultaneous,
    "extragradient": _extragradient,
}


@pytest.mark.parametrize("rule", UPDATES)
def test_a_step_of_three_d_and_two_g_updates_is_made_of_the_moves_that_the_rule_names(rule):
    start = game(plain(RATES | {"update": rule, "discriminator.steps": 3, "generator.steps": 2}))
    after, moves = _step(start.structure, start.conditions, start.state, start.moves)
    expected = BY_HAND[rule](start.conditions, start.state)
    for player in ("generator", "discriminator"):
        parameters = getattr(after, player).parameters
        np.testing.assert_allclose(parameters, getattr(expected, player).parameters, rtol=1e-4, atol=1e-5)
        assert not np.allclose(parameters, getattr(start.state, player).parameters, atol=1e-3)
    assert (after.step, after.clock) == (1, 1)
    np.testing.assert_array_equal(after.average, after.generator.parameters)
    assert all(np.isfinite(moves))
    assert min(moves.discriminator_gradient, moves.generator_gradient) > 0


@pytest.mark.parametrize("rule", UPDATES)
def test_a_player_that_stays_leaves_its_loss_and_gradient_as_they_were(rule):
    start = game(plain(RATES | {"update": rule, "discriminator.steps": 0}))
    after, moves = _step(
        start.structure, start.conditions, start.state, start.moves._replace(discriminator_loss=jnp.float32(7))
    )
    assert moves.discriminator_loss == 7
    np.testing.assert_equal(moves.discriminator_gradient, start.moves.discriminator_gradient)
    assert moves.generator_gradient > 0
    np.testing.assert_array_equal(after.discriminator.parameters, start.state.discriminator.parameters)


def test_the_rules_differ():
    after = {}
    for rule in UPDATES:
        start = game(plain(RATES | {"update": rule}))
        state, _ = _step(start.structure, start.conditions, start.state, start.moves)
        after[rule] = (*np.asarray(state.generator.parameters), *np.asarray(state.discriminator.parameters))
    assert len(set(after.values())) == len(UPDATES)


def test_extragradient_comes_to_rest_where_simultaneous_steps_spiral_away():
    """A linear D and a linear G in the Wasserstein game: the bilinear game min over b, max over w of w·(μ − b)."""
    bilinear = {
        "loss": "wasserstein",
        "generator.widths": (),
        "discriminator.widths": (),
        "stratified": True,
        "latent.stratified": True,
        "generator.rate": 0.2,
        "discriminator.rate": 0.2,
        "frame_every": 20,
    }
    distance = {}
    for rule in ("simultaneous", "extragradient"):
        run = begin(plain(bilinear | {"update": rule})).train(200, progress=False)
        distance[rule] = np.array([abs(frame.readings.mean - 4.0) for frame in run.frames])
    assert distance["extragradient"][-3:].max() < 0.1 * distance["extragradient"].max()
    assert distance["simultaneous"][-3:].max() > 2 * distance["simultaneous"][:3].max()
