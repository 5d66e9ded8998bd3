"""What is seen of a hidden layer is what the network itself makes of its input."""

from functools import partial

import jax
import numpy as np
import pytest
from constructors import QUICKLY, conditions_of

from gausslab import networks
from gausslab.game import DATA_SPAN
from gausslab.lab.layers import POINTS, hidden, look_into
from gausslab.lab.session import Session
from gausslab.recipes import RECIPES
from gausslab.run import begin
from gausslab.settings import Discriminator

TARGET = "normal(4, 1.25)"


def experiment(**changes):
    small = {"generator.widths": (8, 4), "discriminator.widths": (8, 4), "batch": 16, "target": TARGET}
    return RECIPES["vanilla"].experiment(**small, **changes)


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


@pytest.mark.parametrize("station", ["G", "D"])
def test_every_unit_is_seen_over_the_whole_input(station):
    session = Session(experiment())
    session.playback.advance(1, 20, hurry=False)
    look = session.past.entries[-1].reel.look
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
    run = begin(experiment(**changes))
    _, look = conditions_of(run.experiment)
    assert look_into(run, "D", look) is None
    assert look_into(run, "G", look) is None
