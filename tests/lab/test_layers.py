"""Hidden layers, as they are looked into."""

import pytest
from constructors import conditions_of

from gausslab.lab.layers import POINTS, look_into
from gausslab.lab.session import Session
from gausslab.recipes import RECIPES
from gausslab.run import begin

TARGET = "normal(4, 1.25)"


def experiment(**changes):
    small = {"generator.widths": (8, 4), "discriminator.widths": (8, 4), "batch": 16, "target": TARGET}
    return RECIPES["vanilla"].experiment(**small, **changes)


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
