"""A network's layers as plain arrays under readable names, with all that only training needs worked out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from gausslab.networks import Statistics, blueprint, graded
from gausslab.settings import Network

Layers = dict[str, np.ndarray]  # float32, under names such as hidden.0.kernel

TINY = 1e-12  # as in Flax's spectral normalisation


def layers(network: Network, inputs: int, span: tuple[float, float], parameters: Any, statistics: Statistics) -> Layers:
    """The layers of a network as they act when it is not being trained.

    `hidden.N.kernel` of shape (inputs, outputs) and `hidden.N.bias`, `output.kernel` and `output.bias`; with batch
    normalisation `norms.N.mean`, `.var`, `.scale` and `.bias`; where the map began in order, `line.kernel`. Kernels
    under spectral normalisation are divided by their largest singular value, as the network knows it. A curve has its
    knots at `curve.places` of the input: a generator's `curve.heights` there, a discriminator's `curve.slopes`.

    Args:
        network: settings.
        inputs: coordinates of one input.
        span: the stretch over which the input is laid.
        parameters: the flat vector.
        statistics: what batch and spectral normalisation remember.
    """
    named = dict(_leaves(blueprint(network, inputs, span).unravel(parameters)))  # pyright: ignore[reportArgumentType]
    remembered = dict(_leaves(statistics))
    found: Layers = {}
    for name, array in named.items():
        layer, _, kind = name.rpartition(".")
        u = remembered.get(f"{layer}.{kind}.u")
        found[name] = array if u is None else _spectrally_normalised(array, u)
    found |= {name: array for name, array in remembered.items() if name.rpartition(".")[2] in ("mean", "var")}
    if network.knots:
        even = np.linspace(*span, network.knots)
        found["curve.places"] = graded(network.knots, span).places if "curve.slopes" in found else even
    return {name: np.ascontiguousarray(array, np.float32) for name, array in sorted(found.items())}


def _spectrally_normalised(kernel: np.ndarray, u: np.ndarray) -> np.ndarray:
    """A kernel over its largest singular value by one more power iteration (Miyato et al. 2018, algorithm 1)."""
    kernel, u = kernel.astype(float), u.astype(float)
    v = _unit(u @ kernel.T)
    largest = (v @ kernel @ _unit(v @ kernel).T).item()
    return kernel / (largest or 1.0)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.sqrt((vector**2).sum() + TINY)


def _leaves(tree: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Every array of a network under its readable name: what wraps a layer does not show."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        keys = [part for entry in path if (key := getattr(entry, "key", None)) is not None for part in _parts(key)]
        yield ".".join(key for key in keys if key not in ("layer_instance", "batch_stats")), np.asarray(leaf)


def _parts(key: Any) -> tuple[str, ...]:
    return tuple(map(str, key)) if isinstance(key, tuple) else (str(key),)
