"""G as ONNX, run by onnxruntime, against G itself."""

import sys

import jax
import numpy as np
import onnx
import onnxruntime
import pytest
from constructors import QUICKLY, small
from scipy import stats

from gausslab import networks, sampling
from gausslab.errors import BadInput
from gausslab.export import onnx_graph, save_onnx
from gausslab.export.graph import ACTIVATIONS, generator_graph
from gausslab.observing import Units
from gausslab.run import begin
from gausslab.settings import Generator, Latent

PLAIN = {"widths": (7, 5), "fourier_features": 0, "ordered": False, "knots": 0}
KINDS: dict[str, tuple[dict, dict]] = {
    **{name: ({"activation": name}, {}) for name in networks.ACTIVATIONS},
    "no hidden layer": ({"widths": ()}, {}),
    "one wide layer": ({"widths": (40,)}, {}),
    "zero biases": ({"initialisation": "zeros"}, {}),
    "fourier": ({"fourier_features": 64}, {}),
    "fourier, zero biases": ({"fourier_features": 3, "initialisation": "zeros"}, {"low": -2.0, "high": 5.0}),
    "fading fourier, ordered": ({"fourier_features": 32, "fourier_decay": 1.5, "ordered": True}, {}),
    "ordered, no hidden layer": ({"widths": (), "ordered": True}, {"low": -2.0, "high": 5.0}),
    "a curve alone": ({"widths": (), "knots": 513, "ordered": True}, {}),
    "a curve beside layers": ({"knots": 9}, {"low": -2.0, "high": 5.0}),
    "two knots": ({"knots": 2}, {}),
    "a curve of the first of two": ({"knots": 17, "ordered": True}, {"kind": "normal", "dimension": 2}),
    "dropout": ({"dropout": 0.5}, {}),
    "leaky by another slope": ({"activation": "leaky_relu", "leak": 0.01}, {}),
    "bounded": ({"bound": 2.0, "knots": 9}, {}),
    "batch norm": ({"batch_norm": True}, {}),
    "spectral norm": ({"spectral_norm": True, "ordered": True}, {}),
    "everything": (
        {
            **{"spectral_norm": True, "batch_norm": True, "dropout": 0.3, "ordered": True},
            **{"fourier_features": 8, "fourier_decay": 1.0, "knots": 65},
        },
        {"kind": "normal", "dimension": 4},
    ),
    "three dimensions, fourier": ({"fourier_features": 5}, {"dimension": 3}),
    "a normal latent": ({"fourier_features": 5}, {"kind": "normal"}),
}


_apply = jax.jit(networks.apply, static_argnums=(0, 1), static_argnames="training", compiler_options=QUICKLY)
_at_level = jax.jit(sampling.at_level, static_argnums=0, compiler_options=QUICKLY)


def random_network(generator, latent):
    """Parameters and statistics drawn at random, so that none is 0 or 1 by chance of the initialisation."""
    shapes = jax.eval_shape(
        lambda: networks.initial(generator, latent.dimension, sampling.span(latent), jax.random.key(0))
    )
    random = np.random.default_rng(1)
    # Above 0, as the variances among them have to be.
    return jax.tree.map(lambda leaf: random.uniform(0.1, 1.0, leaf.shape).astype(leaf.dtype), shapes)


def test_every_activation_has_its_node():
    assert ACTIVATIONS.keys() == networks.ACTIVATIONS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_onnxruntime_finds_what_g_finds(kind):
    network, noise = KINDS[kind]
    generator, latent = Generator(**PLAIN | network), Latent(**noise)
    parameters, statistics = random_network(generator, latent)
    parameters = 3.0 * (parameters - 0.5)
    units = Units(1000.0, 0.25)
    model = generator_graph(generator, latent, parameters, statistics, units, {})
    session = onnxruntime.InferenceSession(model.SerializeToString())
    u = np.random.default_rng(2).random((257, latent.dimension), np.float32)
    u[0], u[1] = 2.0**-24, 1.0 - 2.0**-24
    z = np.asarray(_at_level(latent, u))
    (x,) = session.run(None, {"z": z})
    span = sampling.span(latent)
    value, _ = _apply(generator, span, parameters, statistics, z, jax.random.key(0), training=False)
    assert x.shape == (257, 1) and x.dtype == np.float64
    assert np.ptp(value) > 0.01
    np.testing.assert_allclose(x, units.to_x(value), rtol=0, atol=1e-5)


def test_dropout_that_never_ends_is_drawn_by_onnxruntime_too():
    generator, latent = Generator(**PLAIN | {"dropout": 0.4, "always_dropped": True}), Latent()
    parameters, statistics = random_network(generator, latent)
    model = generator_graph(generator, latent, parameters - 0.3, statistics, Units(0.0, 1.0), {})
    z = np.full((4000, 1), 0.7, np.float32)
    (x,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"z": z})
    value, _ = _apply(generator, (0.0, 1.0), parameters - 0.3, statistics, z, jax.random.key(3), training=False)
    assert np.std(x) > 0.05
    assert stats.ks_2samp(x[:, 0], np.asarray(value)[:, 0]).pvalue > 1e-3


@pytest.fixture(scope="module")
def trained():
    return begin(small({"target": "normal(40, 3)", "generator.averaging": 0.9})).train(10, progress=False)


def test_the_graph_of_a_run_makes_the_map_that_its_last_frame_shows(trained, tmp_path):
    path = save_onnx(trained, tmp_path / "g.onnx")
    frame = trained.frames[-1]
    (x,) = onnxruntime.InferenceSession(path).run(None, {"z": frame.scene.z[:, None].astype(np.float32)})
    np.testing.assert_allclose(x[:, 0], frame.g, rtol=0, atol=1e-5)
    told = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert told == {"z": "uniform(0.0, 1.0)", "target": trained.target.label, "step": "10"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["g.onnx"]


def test_the_graph_takes_a_batch_of_any_size(trained):
    session = onnxruntime.InferenceSession(onnx_graph(trained).SerializeToString())
    assert [session.run(None, {"z": np.zeros((count, 1), np.float32)})[0].shape for count in (1, 3)] == [(1, 1), (3, 1)]


def test_without_onnx_a_sentence_says_what_to_install(trained, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(BadInput, match=r"gausslab\[onnx\]"):
        save_onnx(trained, tmp_path / "g.onnx")
    assert not list(tmp_path.iterdir())


def test_no_weight_is_lost_on_the_way(trained):
    weights = {entry.name: onnx.numpy_helper.to_array(entry) for entry in onnx_graph(trained).graph.initializer}
    count = sum(array.size for name, array in weights.items() if name.startswith(("hidden", "output", "line", "curve")))
    assert count == trained.state.average.size
