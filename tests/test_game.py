"""Both players' losses and gradients, against back-propagation by hand and against finite differences."""

from functools import partial

import backpropagation as hand
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from constructors import QUICKLY, game, plain

from gausslab import game as played
from gausslab import penalties
from gausslab.game import Batch, Conditions, Gradient, State, draw
from gausslab.losses import LOSSES, discriminator_loss, generator_loss
from gausslab.settings import Experiment

WIDTHS = {
    "generator.widths": (9, 8),
    "discriminator.widths": (8, 9),
}  # products of 8 units and more have their own rule
PLAIN = plain(WIDTHS).structure()
WAYS = 3  # random directions in which a slope is taken


@partial(jax.jit, static_argnums=0, compiler_options=QUICKLY)
def _gradients(structure: Experiment, conditions: Conditions, state: State, batch: Batch) -> tuple[Gradient, Gradient]:
    return (
        played.discriminator_gradient(structure, conditions, state, batch),
        played.generator_gradient(structure, conditions, state, batch),
    )


@partial(jax.jit, static_argnums=0, compiler_options=QUICKLY)
def _losses(loss: str, real, fake):
    none = jnp.zeros(())
    return discriminator_loss(LOSSES[loss], real, fake, none), generator_loss(LOSSES[loss], real, fake)


_averaged = jax.jit(played.averaged, compiler_options=QUICKLY)
_draw = jax.jit(draw, static_argnums=0, compiler_options=QUICKLY)
_judge = jax.jit(played.judge, static_argnums=0, compiler_options=QUICKLY)
_moved = jax.jit(played.moved, static_argnums=(0, 3), compiler_options=QUICKLY)


def _turned(conditions: Conditions, **knobs: float) -> Conditions:
    values = {name.replace("__", "."): jnp.float32(value) for name, value in knobs.items()}
    assert set(values) <= set(conditions.knobs)
    return conditions._replace(knobs=conditions.knobs | values)


def _start(changes=None):
    """A plain game with weights large enough to bend its networks, and one batch."""
    start = game(plain(WIDTHS | dict(changes or {})))
    players = {player: getattr(start.state, player) for player in ("generator", "discriminator")}
    grown = {
        name: player._replace(parameters=1.5 * np.asarray(player.parameters) + 0.05) for name, player in players.items()
    }
    state = start.state._replace(**grown)
    return start.structure, start.conditions, state, _draw(PLAIN, start.conditions, state.step, 0)


def _layers(structure: Experiment, state: State) -> tuple[hand.Layers, hand.Layers]:
    pair = []
    for player in ("generator", "discriminator"):
        sizes = [1, *getattr(structure, player).widths, 1]
        pair.append(hand.unflattened(np.asarray(getattr(state, player).parameters, dtype=float), sizes))
    return pair[0], pair[1]


def _columns(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(batch.real, dtype=float)[:, None], np.asarray(batch.z, dtype=float)


def _slope(value, layers: hand.Layers, way: np.ndarray, step: float = 1e-5) -> float:
    """Central difference of a function of layers in one direction."""
    flat, sizes = hand.flattened(layers), [layers[0][0].shape[0], *(b.size for _, b in layers)]
    ends = [value(hand.unflattened(flat + sign * step * way, sizes)) for sign in (1, -1)]
    return (ends[0] - ends[1]) / (2 * step)


def _ways(size: int) -> np.ndarray:
    ways = np.random.default_rng(0).normal(size=(WAYS, size))
    return ways / np.linalg.norm(ways, axis=1, keepdims=True)


def test_the_hand_made_gradients_agree_with_finite_differences():
    structure, _, state, batch = _start()
    G, D = _layers(structure, state)
    real, z = _columns(batch)
    for way in _ways(hand.flattened(D).size):
        slope = _slope(lambda layers: hand.discriminator(G, layers, real, z)[0], D, way)
        assert hand.flattened(hand.discriminator(G, D, real, z)[1]) @ way == pytest.approx(slope, rel=1e-6)
    for saturating in (False, True):
        gradient = hand.flattened(hand.generator(G, D, z, saturating=saturating)[1])
        for way in _ways(gradient.size):
            slope = _slope(lambda layers, s=saturating: hand.generator(layers, D, z, saturating=s)[0], G, way)
            assert gradient @ way == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("loss", ["nonsaturating", "minimax"])
def test_both_gradients_agree_with_back_propagation_by_hand(loss):
    structure, conditions, state, batch = _start({"loss": loss})
    (G, D), (real, z) = _layers(structure, state), _columns(batch)
    of_d, of_g = _gradients(structure, conditions, state, batch)
    for found, (value, gradient) in (
        (of_d, hand.discriminator(G, D, real, z)),
        (of_g, hand.generator(G, D, z, saturating=loss == "minimax")),
    ):
        assert float(found.loss) == pytest.approx(value, rel=1e-5)
        np.testing.assert_allclose(found.vector, hand.flattened(gradient), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_both_gradients_agree_with_finite_differences_for_every_loss(loss):
    structure, conditions, state, batch = _start({"loss": loss})
    (G, D), (real, z) = _layers(structure, state), _columns(batch)
    of_d, of_g = _gradients(structure, conditions, state, batch)

    def outputs(G, D):
        fake = hand.forward(G, z)[0]
        return (hand.forward(D, x)[0][:, 0] for x in (real, fake))

    with jax.enable_x64(True):

        def of_discriminator(layers):
            return float(_losses(loss, *outputs(G, layers))[0])

        def of_generator(layers):
            return float(_losses(loss, *outputs(layers, D))[1])

        for found, value, layers in ((of_d, of_discriminator, D), (of_g, of_generator, G)):
            assert float(found.loss) == pytest.approx(value(layers), rel=1e-5, abs=1e-6)
            for way in _ways(found.vector.size):
                assert np.asarray(found.vector) @ way == pytest.approx(_slope(value, layers, way), rel=2e-4, abs=2e-6)


def test_consensus_adds_the_slope_of_the_squared_field():
    structure, conditions, state, batch = _start({"remedies.consensus": 1.0})
    (G, D), (real, z) = _layers(structure, state), _columns(batch)

    def squared_field(G, D):
        of_d, of_g = hand.discriminator(G, D, real, z)[1], hand.generator(G, D, z, saturating=False)[1]
        return 0.5 * (np.sum(hand.flattened(of_d) ** 2) + np.sum(hand.flattened(of_g) ** 2))

    without, with_ = (_gradients(structure, _turned(conditions, remedies__consensus=w), state, batch) for w in (0, 10))
    for place, (value, layers) in enumerate(((lambda D: squared_field(G, D), D), (lambda G: squared_field(G, D), G))):
        added = (np.asarray(with_[place].vector, dtype=float) - np.asarray(without[place].vector, dtype=float)) / 10
        for way in _ways(added.size):
            assert added @ way == pytest.approx(_slope(value, layers, way), rel=2e-3, abs=1e-6)
    plainly = _gradients(PLAIN, conditions, state, batch)
    for one, other in zip(plainly, without, strict=True):
        np.testing.assert_allclose(one.vector, other.vector, rtol=1e-4, atol=1e-7)


def test_an_unrolled_generator_sees_how_the_discriminator_would_answer():
    structure, conditions, state, batch = _start({"remedies.unrolled": 1, "discriminator.rate": 0.5})
    (G, D), (real, z) = _layers(structure, state), _columns(batch)

    def looking_ahead(G, steps):
        answer = D
        for _ in range(steps):
            slopes = hand.discriminator(G, answer, real, z)[1]
            answer = [(W - 0.5 * U, b - 0.5 * c) for (W, b), (U, c) in zip(answer, slopes, strict=True)]
        return hand.generator(G, answer, z, saturating=False)[0]

    once = _gradients(structure, conditions, state, batch)[1]
    programs = _gradients._cache_size()
    seen = {k: _gradients(structure, _turned(conditions, remedies__unrolled=k), state, batch) for k in (0, 1, 3)}
    assert _gradients._cache_size() == programs
    np.testing.assert_array_equal(seen[1][1].vector, once.vector)
    for steps, (_, found) in seen.items():
        assert float(found.loss) == pytest.approx(looking_ahead(G, steps), rel=1e-5)
        for way in _ways(found.vector.size):
            slope = _slope(lambda layers, k=steps: looking_ahead(layers, k), G, way)
            assert np.asarray(found.vector) @ way == pytest.approx(slope, rel=1e-3, abs=1e-6)
    _, off = _gradients(PLAIN, conditions, state, batch)
    np.testing.assert_allclose(seen[0][1].vector, off.vector, rtol=1e-4, atol=1e-7)
    assert not np.allclose(seen[3][1].vector, off.vector, rtol=1e-2)


def test_a_penalty_weighs_as_much_as_its_knob_says_and_leaves_the_generator_alone():
    structure, conditions, state, batch = _start({"penalties": {"r1": 1.0}})
    found = {w: _gradients(structure, _turned(conditions, penalties__r1=w), state, batch) for w in (0, 1, 3)}
    (_, D), (real, _) = _layers(structure, state), _columns(batch)
    _, seen = hand.forward(D, real)
    _, slope = hand.backward(D, seen, np.ones_like(real))
    for weight, (of_d, of_g) in found.items():
        added = float(of_d.loss) - float(found[0][0].loss)
        assert added == pytest.approx(weight * 0.5 * float((slope**2).mean()), rel=1e-4, abs=1e-6)
        np.testing.assert_array_equal(of_g.vector, found[0][1].vector)


@pytest.mark.parametrize("pack", [1, 4])
def test_outputs_and_slopes_of_one_pass_are_those_of_two(monkeypatch, pack):
    before = game(Experiment(batch=32, discriminator={"pack": pack}, penalties={"r1": 2.0, "r2": 3.0}))
    state = before.state._replace(discriminator=_bent(before.state.discriminator))
    batch = draw(before.structure, before.conditions, state.step, 0)

    def found():
        gradient = jax.jit(partial(played.discriminator_gradient, before.structure), compiler_options=QUICKLY)
        return gradient(before.conditions, state, batch)

    once = found()
    monkeypatch.setattr(penalties, "at_all_judged", lambda members: False)
    twice = found()
    assert float(once.loss) != pytest.approx(np.log(2), abs=0.01)
    np.testing.assert_allclose(once.loss, twice.loss, rtol=1e-5)
    np.testing.assert_allclose(once.vector, twice.vector, rtol=1e-4, atol=1e-6)


def _bent(player):
    """A player whose parameters are anything."""
    noise = np.random.default_rng(0).normal(size=player.parameters.shape)
    return player._replace(parameters=player.parameters + jnp.asarray(noise, jnp.float32))


def test_instance_noise_halves_in_its_half_life():
    structure, conditions, state, batch = _start()
    early = _turned(conditions, remedies__instance_noise=0.2, remedies__noise_half_life=50)
    late = _turned(conditions, remedies__instance_noise=0.4, remedies__noise_half_life=50)
    for one, other in zip(
        _gradients(structure, early, state, batch),
        _gradients(structure, late, state._replace(clock=jnp.int32(50)), batch),
        strict=True,
    ):
        np.testing.assert_allclose(one.vector, other.vector, rtol=1e-5, atol=1e-8)
    still = _gradients(structure, conditions, state, batch)
    assert not np.allclose(still[0].vector, _gradients(structure, early, state, batch)[0].vector)


def test_label_smoothing_is_for_the_discriminator_alone():
    structure, conditions, state, batch = _start()
    (G, D), (real, z) = _layers(structure, state), _columns(batch)
    of_d, of_g = _gradients(structure, _turned(conditions, remedies__label_smoothing=0.2), state, batch)
    v = hand.forward(D, real)[0]
    value = hand.discriminator(G, D, real, z)[0] + 0.2 * np.mean(np.logaddexp(0, v) - np.logaddexp(0, -v))
    assert float(of_d.loss) == pytest.approx(value, rel=1e-5)
    np.testing.assert_array_equal(of_g.vector, _gradients(structure, conditions, state, batch)[1].vector)


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_a_plain_step_goes_down_the_gradient_as_far_as_the_learning_rate_says(player):
    structure, conditions, state, batch = _start()
    gradient = _gradients(structure, conditions, state, batch)[player == "generator"]
    before = getattr(state, player)
    after = _moved(structure, _turned(conditions, **{f"{player}__rate": 0.3}), state.clock, player, before, gradient)
    expected = before.parameters - 0.3 * np.asarray(gradient.vector)
    np.testing.assert_allclose(after.parameters, expected, rtol=1e-6, atol=1e-7)


def test_the_learning_rate_rises_over_the_warm_up():
    structure, conditions, state, batch = _start()
    gradient = _gradients(structure, conditions, state, batch)[0]
    turned = _turned(conditions, optimiser__warm_up=10, discriminator__rate=1.0)
    for clock, share in ((0, 0.1), (4, 0.5), (9, 1.0), (500, 1.0)):
        after = _moved(structure, turned, jnp.int32(clock), "discriminator", state.discriminator, gradient)
        step = np.asarray(after.parameters) - state.discriminator.parameters
        np.testing.assert_allclose(step, -share * np.asarray(gradient.vector), rtol=1e-4, atol=1e-6)


def test_a_clipped_gradient_is_no_longer_than_its_limit_and_keeps_its_way():
    structure, conditions, state, batch = _start({"remedies.clip_gradient": 1.0})
    gradient = _gradients(structure, conditions, state, batch)[0]
    length = float(np.linalg.norm(gradient.vector))
    for limit, expected in ((length / 4, 0.25), (length * 4, 1.0)):
        turned = _turned(conditions, remedies__clip_gradient=limit, discriminator__rate=1.0)
        after = _moved(structure, turned, state.clock, "discriminator", state.discriminator, gradient)
        step = np.asarray(after.parameters) - state.discriminator.parameters
        np.testing.assert_allclose(step, -expected * np.asarray(gradient.vector), rtol=1e-3, atol=1e-6)


def test_clipped_weights_are_the_discriminators_alone():
    structure, conditions, state, batch = _start({"remedies.clip_weights": 1.0})
    of_d, of_g = _gradients(structure, conditions, state, batch)
    turned = _turned(conditions, remedies__clip_weights=0.2)
    D = _moved(structure, turned, state.clock, "discriminator", state.discriminator, of_d)
    G = _moved(structure, turned, state.clock, "generator", state.generator, of_g)
    assert np.abs(D.parameters).max() == pytest.approx(0.2)
    assert np.abs(G.parameters).max() > 0.3


def test_weight_decay_fades_the_curve_of_the_discriminator_alone_as_the_rates_fall():
    curves = {"generator.knots": 4, "discriminator.knots": 5, "optimiser.schedule": "step"}
    structure, conditions, state, batch = _start(curves)
    of_d, of_g = _gradients(structure, conditions, state, batch)
    still = {"generator__rate": 0.0, "discriminator__rate": 0.0}
    turned = _turned(conditions, **still, discriminator__weight_decay=0.2, optimiser__decay_every=10)
    before = state.discriminator._replace(parameters=np.ones_like(state.discriminator.parameters))
    for clock, share in ((0, 0.2), (10, 0.1)):
        D = _moved(structure, turned, jnp.int32(clock), "discriminator", before, of_d)
        values, counts = np.unique(np.asarray(D.parameters), return_counts=True)
        np.testing.assert_allclose(values, [1 - share, 1], rtol=1e-6)
        np.testing.assert_array_equal(counts, [5, before.parameters.size - 5])
    G = _moved(structure, turned, state.clock, "generator", state.generator, of_g)
    np.testing.assert_array_equal(G.parameters, state.generator.parameters)


def test_a_step_leaves_the_knots_of_the_generator_in_order():
    structure, conditions, state, batch = _start(
        {"generator.widths": (), "generator.knots": 6, "generator.ordered": True, "discriminator.ordered": False}
    )
    gradient = _gradients(structure, conditions, state, batch)[1]
    crossing = gradient._replace(vector=np.array([-1.0, 1.0, 0.0, 0.0, -1.0, 1.0]))
    before = state.generator._replace(parameters=np.zeros(6))
    after = _moved(structure, _turned(conditions, generator__rate=0.5), state.clock, "generator", before, crossing)
    np.testing.assert_allclose(after.parameters, [-0.5, 0.0, 0.5, -0.5, 0.0, 0.5])
    level = gradient._replace(vector=np.zeros(6))
    still = _moved(structure, conditions, state.clock, "generator", after, level)
    np.testing.assert_allclose(still.parameters, [-0.5, -0.5, 0.0, 0.0, 0.5, 0.5])


def test_the_average_of_the_generator_is_the_textbook_one_once_it_has_forgotten_its_beginning():
    _, conditions, _, _ = _start()
    places = [np.array([float(t), -1.0]) for t in range(1, 200)]
    average = expected = np.zeros(2)
    for clock, place in enumerate(places):
        turned = _turned(conditions, generator__averaging=0.9)
        average = _averaged(turned, jnp.int32(clock), average, place)
        memory = min(0.9, (1 + clock) / (10 + clock))
        expected = memory * expected + (1 - memory) * place
    np.testing.assert_allclose(average, expected, rtol=1e-4)
    assert expected[0] == pytest.approx(199 - 9, rel=0.01)
    now = _averaged(_turned(conditions, generator__averaging=0), jnp.int32(5), average, np.ones(2))
    np.testing.assert_array_equal(now, np.ones(2))


def test_a_batch_is_decided_by_step_index_and_key_alone():
    structure, conditions, _, _ = _start()
    one, again, later, beside = (
        _draw(structure, conditions, jnp.int32(step), index) for step, index in ((3, 0), (3, 0), (4, 0), (3, 1))
    )
    np.testing.assert_array_equal(one.real, again.real)
    np.testing.assert_array_equal(one.z, again.z)
    for other in (later, beside):
        assert not np.intersect1d(one.real, other.real).size
        assert not np.intersect1d(one.z, other.z).size
    assert len({int(batch.count) for batch in (one, later, beside)}) == 3
    keys = {tuple(np.asarray(jax.random.key_data(batch.key_for(place)))) for batch in (one, later) for place in (1, 2)}
    assert len(keys) == 4


@pytest.mark.parametrize(("pack", "loss"), [(1, "nonsaturating"), (1, "relativistic"), (4, "nonsaturating")])
def test_strata_are_shuffled_where_neighbours_would_meet(pack, loss):
    structure, conditions, _, _ = _start(
        {"discriminator.pack": pack, "loss": loss, "stratified": True, "latent.stratified": True}
    )
    batch = _draw(structure, conditions, jnp.int32(0), 0)
    real, z = np.asarray(batch.real), np.asarray(batch.z)[:, 0]
    np.testing.assert_array_equal(np.floor(np.sort(z) * 16), np.arange(16))
    assert bool((np.diff(real) > 0).all()) == (pack == 1)
    assert bool((np.diff(z) > 0).all()) == (pack == 1 and loss == "nonsaturating")


def test_reals_and_fakes_that_are_compared_are_turned_against_each_other():
    structure, conditions, _, _ = _start({"loss": "relativistic", "stratified": True, "latent.stratified": True})
    angles = set()
    for step in range(40):
        z = np.floor(np.asarray(_draw(structure, conditions, jnp.int32(step), 0).z)[:, 0] * 16)
        angles.add(int(z[0]))
        np.testing.assert_array_equal(z, (z[0] + np.arange(16)) % 16)
    assert len(angles) > 10


def test_a_pack_is_judged_as_one():
    structure, _, state, batch = _start({"discriminator.pack": 4})
    v, _ = _judge(
        structure, state.discriminator.parameters, state.discriminator.statistics, batch.real, batch.key_for(6)
    )
    assert v.shape == (4,)
    D = hand.unflattened(np.asarray(state.discriminator.parameters, dtype=float), [4, 8, 9, 1])
    expected = hand.forward(D, np.asarray(batch.real, dtype=float).reshape(4, 4))[0][:, 0]
    np.testing.assert_allclose(v, expected, rtol=1e-4, atol=1e-6)
