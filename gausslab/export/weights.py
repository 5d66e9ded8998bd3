"""Weights as safetensors: plain arrays under readable names, which every framework can read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from gausslab import sampling
from gausslab.errors import BadInput
from gausslab.export.layers import layers
from gausslab.game import DATA_SPAN
from gausslab.writing import refusals_told, whole_or_absent

if TYPE_CHECKING:
    from gausslab.run import Run

HEADER = "gausslab"  # the one key of the file's metadata; its value is JSON


class Weights(NamedTuple):
    """What a file of weights holds."""

    tree: dict[str, Any]  # nested by the parts of each name: tree["generator"]["hidden"]["0"]["kernel"]
    about: dict[str, Any]  # settings of the networks, the latent, and units: x = origin + unit × G's output


def save_weights(run: Run, path: str | os.PathLike[str]) -> Path:
    """Write a run's networks to a .safetensors file.

    `generator` is the average of G that is shown and kept, `generator_last` G as the last step left it, and
    `discriminator` D; `gausslab.export.layers.layers` says what the names behind them mean.

    Args:
        run: whose networks.
        path: where to; whatever was there is replaced.

    Returns:
        The path.

    Raises:
        BadInput: another suffix, or a file that cannot be written.
    """
    experiment, state = run.experiment, run.state
    span = sampling.span(experiment.latent)
    networks = {
        "generator": (experiment.generator, experiment.latent.dimension, span, state.average, state.generator),
        "generator_last": (
            experiment.generator,
            experiment.latent.dimension,
            span,
            state.generator.parameters,
            state.generator,
        ),
        "discriminator": (
            experiment.discriminator,
            experiment.discriminator.pack,
            DATA_SPAN,
            state.discriminator.parameters,
            state.discriminator,
        ),
    }
    arrays = {
        f"{player}.{name}": array
        for player, (network, inputs, over, parameters, kept) in networks.items()
        for name, array in layers(network, inputs, over, parameters, kept.statistics).items()
    }
    about = {
        "target": run.target.label,
        "step": run.step,
        "units": {"origin": run.units.origin, "unit": run.units.unit},
        "spans": {"generator": span, "discriminator": DATA_SPAN},
        "latent": experiment.latent.model_dump(),
        "generator": experiment.generator.model_dump(),
        "discriminator": experiment.discriminator.model_dump(),
    }
    with refusals_told(path), whole_or_absent(path, [".safetensors"]) as partial:
        save_file(arrays, partial, metadata={HEADER: json.dumps(about, ensure_ascii=False, allow_nan=False)})
    return Path(path)


def load_weights(path: str | os.PathLike[str]) -> Weights:
    """Read what `save_weights` wrote, as a tree of arrays.

    Raises:
        BadInput: no such file, or one of something else.
    """
    if not Path(path).is_file():
        raise BadInput(f"expected a file of weights, got nothing at {os.fspath(path)!r}; check the path")
    tree: dict[str, Any] = {}
    try:
        with safe_open(path, framework="numpy") as file:
            about = json.loads((file.metadata() or {})[HEADER])
            names = file.keys()
            for name in names:
                *groups, last = name.split(".")
                branch = tree
                for group in groups:
                    branch = branch.setdefault(group, {})
                branch[last] = np.asarray(file.get_tensor(name))
    except (SafetensorError, KeyError, ValueError):
        raise BadInput(
            f"expected weights as gausslab writes them, got something else in {os.fspath(path)!r}; write them again"
        ) from None
    return Weights(tree, about)
