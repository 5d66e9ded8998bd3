"""What is seen of a hidden layer is what the network itself makes of its input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gausslab import networks
from gausslab.game import DATA_SPAN
from gausslab.lab.layers import POINTS, hidden, look_into
from gausslab.lab.session import Session
from gausslab.recipes import RECIPES
from gausslab.settings import Discriminator

TARGET = "normal(4, 1.25)"


def seen(**changes):
    """A session after some steps, and how it is looked at."""
    small = {"generator.widths": (8, 4), "discriminator.widths": (8, 4), "batch": 16, "target": TARGET}
    session = Session(RECIPES["vanilla"].experiment(**small, **changes))
    session.playback.advance(1, 20, hurry=False)
    return session, session.past.entries[-1].reel.look


@pytest.mark.parametrize("changes", [{}, {"batch_norm": True, "dropout": 0.5}, {"spectral_norm": True}])
def test_last_hidden_layer_leads_to_the_output_of_the_network(changes):
    network = Discriminator(widths=(8, 4), **changes)
    parameters, statistics = networks.initial(network, 1, DATA_SPAN, jax.random.key(0))
    x = jnp.linspace(-3, 3, 7)[:, None]
    *_, last = hidden(network, DATA_SPAN, parameters, statistics, x)
    graph, unravel = networks.blueprint(network, 1, DATA_SPAN)
    kept = {"update_stats": False} if network.spectral_norm else {}
    output, _ = graph.apply(unravel(parameters), statistics).output(last, **kept)
    told = (network, DATA_SPAN, parameters, statistics)
    expected, _ = networks.apply(*told, x, jax.random.key(0), training=False)
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("station", ["G", "D"])
def test_every_unit_is_seen_over_the_whole_input(station):
    session, look = seen()
    found = look_into(session.run, station, look)
    assert [layer.shape for layer in found.layers] == [(POINTS, 8), (POINTS, 4)]
    grid = look.reference.scene.z if station == "G" else look.reference.scene.x
    assert (found.places[0], found.places[-1]) == (grid[0], grid[-1])
    assert found.step == session.step == 20


@pytest.mark.parametrize(
    "changes",
    [
        {"discriminator.pack": 2, "latent.dimension": 2},
        {"discriminator.pack": 4, "discriminator.moments": 2}
        | {"generator.dropout": 0.2, "generator.always_dropped": True},
    ],
)
def test_unit_that_sees_more_than_one_number_or_drops_out_for_ever_is_not_shown(changes):
    session, look = seen(**changes)
    assert look_into(session.run, "D", look) is None
    assert look_into(session.run, "G", look) is None
