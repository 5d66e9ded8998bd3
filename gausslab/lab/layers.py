"""What the units of a hidden layer say to every input."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from gausslab import networks, sampling
from gausslab.game import DATA_SPAN
from gausslab.observing import Lens
from gausslab.run import Run

POINTS = 65  # of the input at which a unit is looked at


class Layers(NamedTuple):
    """The hidden layers of one player at one step."""

    station: str  # "G" or "D"
    step: int
    places: Float[np.ndarray, " points"]  # z or x, in the units of the page
    layers: tuple[Float[np.ndarray, "points units"], ...]


def look_into(run: Run, station: str, look: Lens) -> Layers | None:
    """The hidden layers of G over z, or of D over x.

    Args:
        run: stands at the step to look at.
        station: "G" or "D".
        look: how the run is looked at.

    Returns:
        None where a unit is no function of one z or x alone.
    """
    structure, state, scene = run.experiment, run.state, look.reference.scene
    if station == "G":
        if structure.sampled:
            return None
        places, inputs, statistics = scene.z, look.view.z, state.generator.statistics
        # The average is what is shown of G everywhere else, too.
        network, span, parameters = structure.generator, sampling.span(structure.latent), state.average
    else:
        if structure.discriminator.pack > 1 or structure.discriminator.moments:
            return None
        places, inputs, statistics = scene.x, look.view.x, state.discriminator.statistics
        network, span, parameters = structure.discriminator, DATA_SPAN, state.discriminator.parameters
    some = np.linspace(0, places.size - 1, POINTS).round().astype(int)
    found = networks.hidden(network, span, parameters, statistics, np.asarray(inputs)[some, None])
    return Layers(station, run.step, places[some], tuple(np.asarray(layer) for layer in found))
