"""What leaves a hidden layer is what the network itself makes of its input."""

from functools import partial

import jax
import numpy as np
import pytest
from constructors import QUICKLY

from gausslab import networks
from gausslab.game import DATA_SPAN
from gausslab.networks import hidden
from gausslab.settings import Discriminator


@pytest.mark.parametrize("changes", [{}, {"batch_norm": True, "dropout": 0.5}, {"spectral_norm": True}])
def test_last_hidden_layer_leads_to_the_output_of_the_network(changes):
    network = Discriminator(widths=(8, 4), **changes)
    kept = {"update_stats": False} if network.spectral_norm else {}
    compiled = partial(jax.jit, compiler_options=QUICKLY)
    start = compiled(lambda key: networks.initial(network, 1, DATA_SPAN, key))(jax.random.key(0))
    x = jax.device_put(np.linspace(-3, 3, 7, dtype=np.float32)[:, None])
    *_, last = hidden(network, DATA_SPAN, *start, x)

    @compiled
    def outputs(parameters, statistics, x):
        graph, unravel = networks.blueprint(network, 1, DATA_SPAN)
        output, _ = graph.apply(unravel(parameters), statistics).output(last, **kept)
        told = (network, DATA_SPAN, parameters, statistics, x)
        return output, networks.apply(*told, jax.random.key(0), training=False)[0]

    output, expected = outputs(*start, x)
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)
