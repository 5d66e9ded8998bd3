"""What a network's hidden layers make of its input."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
from jaxtyping import Array, Float

from gausslab.networks.activations import activation
from gausslab.networks.vectors import Statistics, blueprint, remembered
from gausslab.settings import Network


# As one program: layer by layer it would be twenty small ones, for which the first click would wait.
@partial(jax.jit, static_argnums=(0, 1))
def hidden(
    network: Network,
    span: tuple[float, float],
    parameters: Float[Array, " parameters"],
    statistics: Statistics,
    x: Float[Array, "n inputs"],
) -> list[Float[Array, "n units"]]:
    """What leaves each hidden layer, as the network is shown: nothing dropped, with the statistics that it keeps."""
    if not network.widths:
        return []
    graph, unravel = blueprint(network, x.shape[-1], span)  # pyright: ignore[reportArgumentType] (frozen: hashable)
    model: Any = graph.apply(unravel(parameters), *remembered(statistics))
    kept: dict[str, Any] = {"update_stats": False} if network.spectral_norm else {}
    h, _ = model.features(x)
    found, activate = [], activation(network)
    for depth in range(len(network.widths)):
        h, _ = model.hidden[depth](h, **kept)
        if network.batch_norm:
            h, _ = model.norms[depth](h, use_running_average=True)
        h = activate(h)
        found.append(h)
    return found
