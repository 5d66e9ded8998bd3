"""The perceptron: shapes and gradients of every kind, and each special layer against its formula."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from constructors import QUICKLY
from flax import nnx

from gausslab import networks
from gausslab.networks import ACTIVATIONS, MinibatchDiscrimination, blueprint
from gausslab.settings import Activation, Discriminator, Generator, Network

SPAN = (0.0, 1.0)
KEY = jax.random.key(0)
X = np.linspace(0.01, 0.99, 8, dtype=np.float32)[:, None]

jitted = partial(jax.jit, compiler_options=QUICKLY)
_initial = jitted(networks.initial, static_argnums=(0, 1, 2))
_apply = jitted(networks.apply, static_argnums=(0, 1), static_argnames="training")
_in_order = jitted(networks.in_order, static_argnums=(0, 1, 2))


@partial(jitted, static_argnums=(0, 1))
def _features(settings: Network, span, x):
    return networks.Perceptron(settings, 1, span, nnx.Rngs(0)).features(x)


def _network(**changes) -> Network:
    return Network(
        **{"widths": (4, 3), "activation": "tanh", "fourier_features": 0, "initialisation": "spread", "ordered": False}
        | {"knots": 0}
        | changes
    )


def _discriminator(**changes) -> Discriminator:
    return Discriminator(**{**_network().model_dump(), "minibatch_kernels": 2, **changes})


def _generator(**changes) -> Generator:
    return Generator(**_network().model_dump() | changes)


def _made(settings: Network, inputs: int = 1, span=SPAN, seed: int = 0):
    return jax.device_get(_initial(settings, inputs, span, jax.random.key(seed)))


def _output(settings: Network, x=X, training: bool = True, key=KEY, seed: int = 0):
    parameters, statistics = _made(settings, x.shape[1], seed=seed)
    return _apply(settings, SPAN, parameters, statistics, x, key, training=training)


@partial(jitted, static_argnums=0)
def _unravelled(settings: Network, parameters):
    return blueprint(settings, 1, SPAN).unravel(parameters)


def _layers(settings: Network, parameters):
    return jax.device_get(_unravelled(settings, parameters))


KINDS = {
    **{name: _network(activation=name) for name in ACTIVATIONS},
    "no hidden layer": _network(widths=()),
    "fourier": _network(fourier_features=3),
    "ordered": _network(fourier_features=3, fourier_decay=1.0, ordered=True),
    "wide": _network(widths=(9, 9)),
    "dropout": _network(dropout=0.5),
    "batch norm": _network(batch_norm=True),
    "spectral norm": _network(spectral_norm=True),
    "wide weights": _network(initial_std=2.0),
    "bounded": _generator(bound=5.0),
    "dropout that never ends": _generator(dropout=0.5, always_dropped=True),
    "limited": _discriminator(limit=4.0),
    "moments": _discriminator(moments=4, fourier_features=2),
    "a curve of moments": _discriminator(widths=(), knots=9, minibatch_kernels=0, moments=2),
    "minibatch": _discriminator(),
    "curve alone": _network(widths=(), knots=9, ordered=True),
    "curve beside layers": _network(knots=9, ordered=True),
    "one knot": _network(widths=(), knots=1),
    "discriminator's curve": _discriminator(widths=(), knots=9, minibatch_kernels=0),
    "discriminator's curve beside layers": _discriminator(knots=9),
    "discriminator's one knot": _discriminator(widths=(), knots=1, minibatch_kernels=0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_network_has_one_output_and_finite_gradients(kind):
    settings, x = KINDS[kind], np.tile(X, (1, 2))

    @jitted
    def everything(key):
        parameters, statistics = networks.initial(settings, 2, SPAN, key)

        def total(parameters, x):
            output, after = networks.apply(settings, SPAN, parameters, statistics, x, KEY, training=True)
            return output.sum(), (output, after)

        return parameters, statistics, jax.grad(total, argnums=(0, 1), has_aux=True)(parameters, x)

    parameters, statistics, (slopes, (output, after)) = everything(KEY)
    assert parameters.dtype == jnp.float32
    assert output.shape == (8, 1)
    assert slopes[0].shape == parameters.shape
    assert slopes[1].shape == x.shape
    assert all(np.isfinite(part).all() for part in (output, *slopes))
    assert np.abs(slopes[0]).max() > 0
    assert jax.tree.structure(after) == jax.tree.structure(statistics)


def test_every_activation_on_offer_is_there():
    assert set(ACTIVATIONS) == set(Activation.__args__)


def test_the_same_key_gives_the_same_network_and_another_key_another():
    one, again, other = (_made(_network(), seed=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_network_without_extras_is_the_textbook_formula():
    settings = _network(activation="tanh", initialisation="zeros")
    parameters, statistics = _made(settings)
    layers = _layers(settings, parameters)
    h = np.asarray(X, dtype=float)
    for layer in (layers["hidden"][0], layers["hidden"][1]):
        h = np.tanh(h @ np.asarray(layer["kernel"][...]) + np.asarray(layer["bias"][...]))
    h = h @ np.asarray(layers["output"]["kernel"][...]) + np.asarray(layers["output"]["bias"][...])
    output, after = _apply(settings, SPAN, parameters, statistics, X, KEY, training=True)
    np.testing.assert_allclose(output, h, rtol=1e-5, atol=1e-6)
    assert not jax.tree.leaves(after)


def test_zero_initialisation_leaves_every_bias_at_zero():
    settings = _network(initialisation="zeros")
    layers = _layers(settings, _made(settings)[0])
    assert not np.any(layers["hidden"][0]["bias"][...])


@pytest.mark.parametrize("span", [(0.0, 1.0), (-3.0, 3.0)])
def test_first_layer_kinks_are_spread_over_the_whole_span(span):
    settings = _network(widths=(200,), activation="relu")
    layers = _layers(settings, _made(settings, span=span)[0])
    kernel, bias = (np.asarray(layers["hidden"][0][name][...]) for name in ("kernel", "bias"))
    scaled = -bias / kernel[0]
    kinks = span[0] + (scaled + 1) / 2 * (span[1] - span[0])
    shares = np.histogram(kinks, bins=4, range=span)[0]
    assert shares.sum() == 200
    assert shares.min() > 25


def test_fourier_features_are_half_period_waves_over_the_span():
    t = np.array([0.0, 0.25, 0.5, 1.0])
    features = _features(_network(fourier_features=2), (-1.0, 3.0), -1 + 4 * t[:, None])
    waves = [np.sin(np.pi * t), np.sin(2 * np.pi * t), np.cos(np.pi * t), np.cos(2 * np.pi * t)]
    np.testing.assert_allclose(features, np.stack([2 * t - 1, *waves], axis=1), atol=1e-6)


def test_waves_fall_as_fast_as_they_are_told_to():
    t = np.linspace(-1.0, 3.0, 7, dtype=np.float32)[:, None]
    level, falling = (
        _features(_network(fourier_features=3, fourier_decay=decay), (-1.0, 3.0), t) for decay in (0.0, 1.5)
    )
    waves = np.arange(1, 4) ** -1.5
    heights = np.concatenate([[1], waves, waves])
    np.testing.assert_allclose(falling, level * heights, rtol=1e-5, atol=1e-6)


def test_a_map_that_begins_in_order_is_a_gentle_line():
    output, _ = _output(_network(ordered=True), x=np.concatenate([X, X[::-1]], axis=1))
    np.testing.assert_allclose(output, 0.3 * (2 * X - 1), atol=1e-6)


@pytest.mark.parametrize("inputs", [1, 2])
def test_waves_are_right_to_float32_however_many_turns_they_make(inputs):
    t = np.random.default_rng(0).uniform(-3.0, 3.0, (50, inputs)).astype(np.float32)
    sine, cosine = networks.harmonics(t, 64)
    angle = np.pi * np.asarray(t, dtype=float)[..., None] * np.arange(1, 65)
    np.testing.assert_allclose(sine, np.sin(angle), atol=3e-5)
    np.testing.assert_allclose(cosine, np.cos(angle), atol=3e-5)
    slope = jitted(jax.grad(lambda t: networks.harmonics(t, 3)[0].sum()))(t)
    np.testing.assert_allclose(slope, (np.pi * np.arange(1, 4) * np.cos(angle[..., :3])).sum(-1), atol=1e-3)


def test_dropout_silences_units_in_training_only():
    settings = _network(widths=(50,), dropout=0.5, activation="sigmoid")
    one, again, other = (_output(settings, key=jax.random.key(seed))[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    shown = [_output(settings, training=False, key=jax.random.key(seed))[0] for seed in (0, 1)]
    np.testing.assert_array_equal(*shown)
    np.testing.assert_allclose(shown[0], _output(_network(widths=(50,), activation="sigmoid"))[0], rtol=1e-6)


def test_dropout_keeps_the_mean_of_what_passes():
    settings = _network(widths=(50,), dropout=0.3, activation="sigmoid")
    draws = np.mean([_output(settings, key=jax.random.key(seed))[0] for seed in range(300)], axis=0)
    np.testing.assert_allclose(draws, _output(settings, training=False)[0], atol=0.1)


def test_batch_norm_normalises_over_the_batch_and_remembers_it():
    settings = _network(widths=(5,), batch_norm=True, activation="relu", initialisation="zeros")
    parameters, statistics = _made(settings)
    layers = _layers(settings, parameters)
    h = np.asarray(X) @ np.asarray(layers["hidden"][0]["kernel"][...])
    normal = (h - h.mean(0)) / np.sqrt(h.var(0) + 1e-5)
    expected = np.maximum(normal, 0) @ np.asarray(layers["output"]["kernel"][...])
    output, after = _apply(settings, SPAN, parameters, statistics, X, KEY, training=True)
    np.testing.assert_allclose(output, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(after["norms"][0]["mean"][...], 0.01 * h.mean(0), rtol=1e-4, atol=1e-7)
    shown, unchanged = _apply(settings, SPAN, parameters, after, X, KEY, training=False)
    assert not np.allclose(shown, output)
    np.testing.assert_array_equal(unchanged["norms"][0]["mean"][...], after["norms"][0]["mean"][...])


def test_applying_a_network_leaves_the_statistics_that_it_was_given_alone():
    settings = _network(widths=(5,), batch_norm=True, spectral_norm=True)
    parameters, statistics = _made(settings)
    before = [np.asarray(leaf) for leaf in jax.tree.leaves(statistics)]
    _apply(settings, SPAN, parameters, statistics, X, KEY, training=True)
    for old, now in zip(before, jax.tree.leaves(statistics), strict=True):
        np.testing.assert_array_equal(old, now)


def test_spectral_norm_bounds_the_slope_of_the_network_by_one():
    settings = _network(widths=(6, 6), activation="relu", spectral_norm=True, initialisation="zeros")
    parameters, statistics = _made(settings)
    for _ in range(60):
        _, statistics = _apply(settings, SPAN, 5 * parameters, statistics, X, KEY, training=True)
    x = np.linspace(-3, 3, 400, dtype=np.float32)[:, None]
    output, _ = _apply(settings, SPAN, 5 * parameters, statistics, x, KEY, training=False)
    slopes = np.diff(np.asarray(output)[:, 0]) / np.diff(x[:, 0])
    assert 0 < np.abs(slopes).max() < 1.001
    layers = _layers(settings, 5 * parameters)
    sizes = [np.linalg.svd(np.asarray(layers["hidden"][i]["layer_instance"]["kernel"][...]))[1][0] for i in (0, 1)]
    assert max(sizes) > 1.5


def test_initial_weights_have_the_std_that_is_asked_for_and_end_at_two_of_it():
    settings = _network(widths=(40, 300), initial_std=0.5)
    layers = _layers(settings, _made(settings)[0])
    kernel = np.asarray(layers["hidden"][1]["kernel"][...])
    assert np.abs(kernel).max() <= 1.0
    assert kernel.std() == pytest.approx(0.5 * 0.8796, rel=0.02)  # of a normal cut at two of its stds


def test_the_leak_is_the_slope_below_zero():
    steep, flat = (_network(activation="leaky_relu", leak=leak) for leak in (0.9, 0.1))
    x = np.array([-2.0, 3.0])
    np.testing.assert_allclose(jitted(networks.activation(steep))(x), [-1.8, 3.0], rtol=1e-6)
    np.testing.assert_allclose(jitted(networks.activation(flat))(x), [-0.2, 3.0], rtol=1e-6)
    assert np.abs(_output(steep)[0] - _output(flat)[0]).max() > 1e-3


def test_a_bounded_generator_is_the_bound_times_tanh_of_the_free_one():
    parameters, statistics = _made(_generator())
    free, held = (
        _apply(_generator(bound=bound), SPAN, 30 * parameters, statistics, X, KEY, training=True)[0]
        for bound in (0.0, 5.0)
    )
    np.testing.assert_allclose(held, 5 * np.tanh(free), rtol=1e-5)
    assert np.abs(free).max() > 5


def test_a_limited_discriminator_is_cut_off_and_teaches_nothing_there():
    free, held = (_discriminator(minibatch_kernels=0, limit=limit) for limit in (0.0, 0.5))
    parameters, statistics = _made(free)

    @partial(jitted, static_argnums=1)
    def judged(x, network):
        def total(x):
            v = networks.apply(network, SPAN, jnp.asarray(3 * parameters), statistics, x, KEY, training=True)[0][:, 0]
            return v.sum(), v

        return jax.grad(total, has_aux=True)(x)

    x = np.linspace(-2, 2, 41, dtype=np.float32)[:, None]
    (steep, raw), (slopes, cut) = jax.device_get((judged(x, free), judged(x, held)))
    there = np.abs(raw) <= 0.5
    np.testing.assert_array_equal(cut, np.clip(raw, -0.5, 0.5))
    assert 0 < there.sum() < raw.size and np.abs(steep[there]).max() > 0.1
    np.testing.assert_allclose(slopes[:, 0], np.where(there, steep[:, 0], 0.0), rtol=1e-5)


def test_dropout_that_never_ends_drops_where_the_other_does_not():
    for always in (True, False):
        settings = _generator(dropout=0.5, always_dropped=always)
        one, other = (_output(settings, training=False, key=jax.random.key(seed))[0] for seed in (1, 2))
        assert np.array_equal(one, other) == (not always)


def test_minibatch_discrimination_is_the_formula_of_salimans_2016():
    @jitted
    def discriminated(x):
        law = nnx.initializers.normal(1.0)
        layer = MinibatchDiscrimination(3, kernels=2, dimension=4, law=law, rngs=nnx.Rngs(0))
        return layer.tensor.kernel[...], layer(x)

    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    kernel, output = discriminated(x)
    rows = (x @ np.asarray(kernel)).reshape(5, 2, 4)
    nearness = np.zeros((5, 2))
    for i in range(5):
        for j in range(5):
            if i != j:
                nearness[i] += np.exp(-np.abs(rows[i] - rows[j]).sum(-1))
    np.testing.assert_allclose(output, np.concatenate([x, nearness], axis=1), rtol=1e-4, atol=1e-5)


def test_only_a_discriminator_of_minibatches_sees_the_others():
    settings, moved = _discriminator(), X.copy()
    moved[7] = 0.3
    for network, sees in ((settings, True), (_network(), False)):
        change = np.abs(np.asarray(_output(network)[0]) - _output(network, moved)[0])[:7].max()
        assert bool(change > 1e-6) == sees


def test_a_flat_vector_comes_back_as_the_same_network():
    settings = _network()
    parameters, _ = _made(settings)
    assert parameters.shape == (4 + 4 + 12 + 3 + 3 + 1,)
    leaves = jax.tree.leaves(_layers(settings, parameters))
    np.testing.assert_array_equal(np.concatenate([np.ravel(leaf) for leaf in leaves]), parameters)


SLOPED = {"widths": (), "minibatch_kernels": 0}


@partial(jitted, static_argnums=0)
def _with_curve(settings: Network, parameters, **curve):
    """A network's parameters with others in the place of its curve's."""
    layers = blueprint(settings, 1, SPAN).unravel(parameters)
    for name, values in curve.items():
        layers["curve"][name][...] = values
    return jax.flatten_util.ravel_pytree(layers)[0]


def _filled(settings: Network, values, x, span=SPAN):
    """What a curve alone makes of x when its parameters are these."""
    parameters, statistics = _made(settings, span=span)
    assert parameters.shape == np.shape(values)
    x = np.asarray(x)[:, None]
    return np.asarray(_apply(settings, span, values, statistics, x, KEY, training=True)[0])[:, 0]


def test_a_generators_curve_runs_straight_from_knot_to_knot_and_beyond():
    heights = np.array([1.0, 3.0, 2.0, 2.5, -1.0])
    x = np.linspace(-1, 3, 33)
    expected = np.interp(x, np.linspace(-1, 3, 5), heights)
    settings = _network(widths=(), knots=5)
    np.testing.assert_allclose(_filled(settings, heights, x, (-1.0, 3.0)), expected, atol=1e-5)
    beyond = _filled(settings, heights, [-2.0, 4.0], (-1.0, 3.0))
    np.testing.assert_allclose(beyond, [-1.0, -4.5], atol=1e-5)


def test_a_curve_that_begins_in_order_is_a_gentle_line():
    output, _ = _output(_network(widths=(), knots=33, ordered=True))
    np.testing.assert_allclose(output, 0.3 * (2 * X - 1), atol=1e-6)


def test_a_discriminators_curve_has_the_slopes_that_are_its_parameters():
    settings = _discriminator(**SLOPED, knots=33)
    places = networks.graded(33, SPAN).places
    slopes = np.random.default_rng(0).normal(size=33)
    x = np.concatenate([np.linspace(places[0] - 1, places[-1] + 1, 400), 0.5 * (places[1:] + places[:-1])])
    parameters, statistics = _made(settings)
    flat = _with_curve(settings, parameters, slopes=slopes)

    def total(x):
        return networks.apply(settings, SPAN, flat, statistics, x[:, None], KEY, training=True)[0].sum()

    found = jitted(jax.grad(total))(x)
    np.testing.assert_allclose(found, np.interp(x, places, slopes), atol=2e-4)


def test_a_discriminators_curve_is_the_integral_of_its_slope():
    settings = _discriminator(**SLOPED, knots=9)
    places = networks.graded(9, SPAN).places.astype(float)
    parameters, statistics = _made(settings)
    slopes = np.array([1.0, -2.0, 0.5, 3.0, -1.0, 0.0, 2.0, 1.0, -1.0])
    flat = _with_curve(settings, parameters, slopes=slopes, height=0.25)
    fine = np.linspace(places[0] - 0.5, places[-1] + 0.5, 20_001)
    slope = np.interp(fine, places, slopes)
    risen = np.concatenate([[0], np.cumsum(0.5 * (slope[1:] + slope[:-1]) * np.diff(fine))])
    output = np.asarray(_apply(settings, SPAN, flat, statistics, fine[::500, None], KEY, training=True)[0])
    np.testing.assert_allclose(output[:, 0], 0.25 + risen[::500] - np.interp(places[4], fine, risen), atol=2e-4)


def test_knots_of_a_discriminator_reach_three_spans_and_lie_closest_in_the_middle():
    places = networks.graded(101, (-4.0, 4.0)).places
    np.testing.assert_allclose(places[[0, 50, 100]], [-12, 0, 12], atol=1e-4)
    gaps = np.diff(places)
    assert (np.diff(gaps[50:]) > 0).all()
    assert gaps[50] < places[-1] / 50 / 2 < gaps[-1]


def test_a_pack_is_judged_by_the_curve_at_every_sample_of_it():
    settings = _discriminator(**SLOPED, knots=9)
    parameters, statistics = _made(settings)
    parameters = np.random.default_rng(0).normal(size=parameters.shape).astype(np.float32)
    alone = [_apply(settings, SPAN, parameters, statistics, x, KEY, training=True)[0] for x in (X, X[::-1])]
    both = _apply(settings, SPAN, parameters, statistics, np.concatenate([X, X[::-1]], 1), KEY, training=True)[0]
    np.testing.assert_allclose(both, np.add(*map(np.asarray, alone)), atol=1e-4)


def test_a_curve_beside_layers_is_added_to_them():
    settings, bare = _network(knots=5), _network()
    parameters, statistics = _made(settings)
    flat = _with_curve(settings, parameters, heights=np.arange(5.0))
    layers = jax.tree.leaves_with_path(_layers(settings, parameters))
    rest = np.concatenate([leaf.reshape(-1) for path, leaf in layers if "curve" not in str(path)])
    with_curve = _apply(settings, SPAN, flat, statistics, X, KEY, training=True)[0]
    without = _apply(bare, SPAN, rest, statistics, X, KEY, training=True)[0]
    np.testing.assert_allclose(np.asarray(with_curve) - without, 4 * X, atol=1e-5)


@pytest.mark.parametrize("knots", [1, 2, 8, 9])
def test_knots_that_overtook_a_neighbour_change_places_and_no_value_is_lost(knots):
    settings = _network(widths=(), knots=knots, ordered=True)
    values = np.arange(knots, dtype=np.float32)
    swapped = values.copy()
    swapped[:-1:2], swapped[1::2] = values[1::2], values[: knots - 1 : 2].copy()
    np.testing.assert_array_equal(_in_order(settings, 1, SPAN, swapped), values)


def test_any_disorder_is_sorted_in_time():
    settings = _network(widths=(), knots=16, ordered=True)
    values = np.random.default_rng(0).permutation(16).astype(np.float32)
    for _ in range(8):
        values = _in_order(settings, 1, SPAN, values)
    np.testing.assert_array_equal(values, np.arange(16))


@pytest.mark.parametrize(
    "settings",
    [
        _network(widths=(), knots=8),
        _network(knots=8, ordered=True),
        _discriminator(**SLOPED, knots=8, ordered=True),
    ],
)
def test_only_the_knots_of_an_ordered_generator_without_layers_are_kept_in_order(settings):
    parameters = -np.arange(_made(settings)[0].size, dtype=np.float32)
    np.testing.assert_array_equal(_in_order(settings, 1, SPAN, parameters), parameters)
