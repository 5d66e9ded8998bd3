"""G as an ONNX graph, from z to x in the target's own units, for programs that know nothing of JAX."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gausslab import sampling
from gausslab.errors import BadInput
from gausslab.export.layers import layers
from gausslab.networks import Statistics
from gausslab.observing import Units
from gausslab.settings import Generator, Latent
from gausslab.writing import refusals_told, whole_or_absent

if TYPE_CHECKING:
    from gausslab.run import Run

OPSET, IR = 17, 8  # of 2022: runtimes since then read it
NORM_EPSILON = 1e-5  # Flax's own for batch normalisation


class _Graph:
    """Nodes and constants in the making; each method returns the name of what it adds."""

    def __init__(self, onnx: Any):
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, value: Any, kind: Any = np.float32) -> str:
        self.constants[name] = self.onnx.numpy_helper.from_array(np.asarray(value, kind), name)
        return name

    def number(self, value: float) -> str:
        return self.constant(f"number.{value!r}", value)

    def __call__(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        name = name or f"{kind.lower()}.{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name


def onnx_graph(run: Run) -> Any:
    """G of a run as it is shown and kept, as an `onnx.ModelProto`.

    Dropout that is always there is in the graph too.

    Its input `z` is float32 of shape (batch, dimension of the latent), its output `x` float64 of shape (batch, 1) in
    units of the target. Its metadata says which law z has to be drawn from.

    Raises:
        BadInput: ONNX is not installed.
    """
    structure, state = run.experiment, run.state
    about = {"target": run.target.label, "step": str(run.step)}
    return generator_graph(
        structure.generator, structure.latent, state.average, state.generator.statistics, run.units, about
    )


def generator_graph(
    generator: Generator,
    latent: Latent,
    parameters: Any,
    statistics: Statistics,
    units: Units,
    about: Mapping[str, str],
) -> Any:
    """A generator as an `onnx.ModelProto`.

    Args:
        generator: its settings.
        latent: what it is fed.
        parameters: its flat vector.
        statistics: what batch and spectral normalisation remember.
        units: of the run.
        about: metadata, beside the law of z.

    Raises:
        BadInput: ONNX is not installed.
    """
    onnx = _onnx()
    span = sampling.span(latent)
    arrays = layers(generator, latent.dimension, span, parameters, statistics)
    add = _Graph(onnx)
    for name in sorted(arrays.keys() - {"curve.places"}):
        add.constant(name, arrays[name])
    raw = _output(add, generator, arrays, span, latent.dimension)
    if generator.bound:
        raw = add("Mul", add("Tanh", raw), add.number(generator.bound))
    # In float64, for a target that is narrow and far from 0.
    wide = add("Cast", raw, to=onnx.TensorProto.DOUBLE)
    scaled = add("Mul", wide, add.constant("unit", units.unit, np.float64))
    add("Add", scaled, add.constant("origin", units.origin, np.float64), name="x")
    graph = onnx.helper.make_graph(
        add.nodes,
        "generator",
        [onnx.helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, ["batch", latent.dimension])],
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.DOUBLE, ["batch", 1])],
        initializer=list(add.constants.values()),
    )
    opset = [onnx.helper.make_opsetid("", OPSET)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=IR, producer_name="gausslab")
    law = "normal(0, 1)" if latent.kind == "normal" else f"uniform({latent.low}, {latent.high})"
    onnx.helper.set_model_props(model, {"z": law, **about})
    onnx.checker.check_model(model, full_check=True)
    return model


def save_onnx(run: Run, path: str | os.PathLike[str]) -> Path:
    """Write `onnx_graph` to an .onnx file.

    Args:
        run: whose G.
        path: where to; whatever was there is replaced.

    Returns:
        The path.

    Raises:
        BadInput: ONNX is not installed, another suffix, or a file that cannot be written.
    """
    with refusals_told(path), whole_or_absent(path, [".onnx"]) as partial:
        partial.write_bytes(onnx_graph(run).SerializeToString())
    return Path(path)


def _output(
    add: _Graph, generator: Generator, arrays: dict[str, np.ndarray], span: tuple[float, float], inputs: int
) -> str:
    """The sum of the parts that the network has: layers, a straight line, a curve."""
    low, high = span
    scaled = add("Sub", add("Mul", add("Sub", "z", add.number(low)), add.number(2.0 / (high - low))), add.number(1.0))
    parts = []
    if "output.kernel" in arrays:
        parts.append(_layered(add, generator, scaled, inputs))
    if "line.kernel" in arrays:
        parts.append(add("MatMul", scaled, "line.kernel"))
    if "curve.heights" in arrays:
        parts.append(_curve(add, generator.knots, span))
    return add("Sum", *parts)


def _layered(add: _Graph, generator: Generator, scaled: str, inputs: int) -> str:
    h = _features(add, generator, scaled, inputs)
    for depth in range(len(generator.widths)):
        h = add("Gemm", h, f"hidden.{depth}.kernel", f"hidden.{depth}.bias")
        if generator.batch_norm:
            parts = [f"norms.{depth}.{part}" for part in ("scale", "bias", "mean", "var")]
            h = add("BatchNormalization", h, *parts, epsilon=NORM_EPSILON)
        h = ACTIVATIONS[generator.activation](add, h, generator.leak)
        if generator.always_dropped and generator.dropout:
            h = _dropped(add, h, generator.dropout)
    return add("Gemm", h, "output.kernel", "output.bias")


def _dropped(add: _Graph, h: str, share: float) -> str:
    """Units silenced at random; ONNX's own Dropout is taken out by runtimes that take inference to need none."""
    kept = add("GreaterOrEqual", add("RandomUniformLike", h), add.number(share))
    return add("Mul", h, add("Mul", add("Cast", kept, to=add.onnx.TensorProto.FLOAT), add.number(1 / (1 - share))))


def _curve(add: _Graph, knots: int, span: tuple[float, float]) -> str:
    """The linear spline of the first coordinate, as `gausslab.networks.Hats` has it."""
    low, high = span
    first = add("Gather", "z", add.constant("first", [0], np.int64), axis=1)
    place = add("Mul", add("Sub", first, add.number(low)), add.number((knots - 1) / (high - low)))
    before = add("Clip", add("Floor", place), add.number(0.0), add.number(knots - 2.0))
    index = add("Cast", before, to=add.onnx.TensorProto.INT64)
    left = add("Gather", "curve.heights", index)
    right = add("Gather", "curve.heights", add("Add", index, add.constant("next", 1, np.int64)))
    return add("Add", left, add("Mul", add("Sub", right, left), add("Sub", place, before)))


def _features(add: _Graph, generator: Generator, scaled: str, inputs: int) -> str:
    """The input, and half-period sines and cosines of it, as `gausslab.networks.Perceptron.features` has them."""
    count = generator.fourier_features
    if not count:
        return "z" if generator.initialisation == "zeros" else scaled
    t = add("Mul", add("Add", scaled, add.number(1.0)), add.number(0.5))
    orders = np.arange(1, count + 1, dtype=np.float32)
    along = add("Unsqueeze", t, add.constant("last", [2], np.int64))
    halves = add("Mul", along, add.constant("orders", orders.reshape(1, 1, count)))
    # Whole half-turns are taken off exactly, as in training: float32's sine of a large argument is less exact.
    whole = add("Round", halves)
    half = add("Mul", add("Floor", add("Mul", whole, add.number(0.5))), add.number(2.0))
    sign = add("Sub", add.number(1.0), add("Mul", add("Abs", add("Sub", whole, half)), add.number(2.0)))
    angle = add("Mul", add("Sub", halves, whole), add.number(math.pi))
    waves = add("Concat", *(add("Mul", sign, add(wave, angle)) for wave in ("Sin", "Cos")), axis=2)
    if generator.fourier_decay:
        heights = np.tile(orders**-generator.fourier_decay, 2).reshape(1, 1, 2 * count)
        waves = add("Mul", waves, add.constant("heights", heights))
    flat = add("Reshape", waves, add.constant("flat", [-1, 2 * count * inputs], np.int64))
    return add("Concat", scaled, flat, axis=1)


def _gelu(add: _Graph, x: str, leak: float) -> str:
    """½x(1 + tanh(√(2/π)(x + 0.044715x³))), which is JAX's; ONNX has none of its own before opset 20."""
    cube = add("Mul", add("Mul", add("Mul", x, x), x), add.number(0.044715))
    bent = add("Tanh", add("Mul", add("Add", x, cube), add.number(math.sqrt(2.0 / math.pi))))
    return add("Mul", add("Mul", x, add.number(0.5)), add("Add", bent, add.number(1.0)))


def _onnx() -> Any:
    try:
        found: Any = import_module("onnx")
        for part in ("checker", "helper", "numpy_helper"):
            import_module(f"onnx.{part}")
    except ImportError as error:
        raise BadInput(f"expected ONNX, got {error}; install it with pip install 'gausslab[onnx]'") from None
    return found


ACTIVATIONS: dict[str, Any] = {
    "relu": lambda add, x, leak: add("Relu", x),
    "leaky_relu": lambda add, x, leak: add("LeakyRelu", x, alpha=leak),
    "elu": lambda add, x, leak: add("Elu", x, alpha=1.0),
    "tanh": lambda add, x, leak: add("Tanh", x),
    "sigmoid": lambda add, x, leak: add("Sigmoid", x),
    "softplus": lambda add, x, leak: add("Softplus", x),
    "gelu": _gelu,
    "silu": lambda add, x, leak: add("Mul", x, add("Sigmoid", x)),
}
