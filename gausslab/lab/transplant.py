"""Another structure in mid-run: which weights may stay."""

from __future__ import annotations

from gausslab.run import Run, begin
from gausslab.settings import Experiment, Network

SHAPES = (
    "widths",
    "knots",
    "fourier_features",
    "batch_norm",
    "spectral_norm",
    "pack",
    "moments",
    "minibatch_kernels",
    "minibatch_dimension",
)
UNITS = ("seed", "standardised")  # decide what the weights mean: another value asks for a new start


def transplanted(run: Run, new: Experiment) -> Run | None:
    """A run of another experiment that goes on with the players that fit into it.

    Args:
        run: stays as it is.
        new: what the run is to become.

    Returns:
        None where neither player fits, or the experiment asks for a new start.
    """
    old = run.experiment
    if any(getattr(old, name) != getattr(new, name) for name in UNITS):
        return None
    fresh = begin(new).state
    same_latent = old.latent.dimension == new.latent.dimension
    fits = {
        "generator": same_latent and _shape(old.generator) == _shape(new.generator),
        "discriminator": _shape(old.discriminator) == _shape(new.discriminator),
    }
    if not any(fits.values()):
        return None
    same_optimiser = old.optimiser.name == new.optimiser.name
    players = {}
    for name in (name for name, fit in fits.items() if fit):
        player = getattr(run.state, name)
        players[name] = player if same_optimiser else player._replace(optimiser=getattr(fresh, name).optimiser)
    state = fresh._replace(step=run.state.step, **players)
    if fits["generator"]:
        state = state._replace(average=run.state.average)
    return Run(new, state, run.moves, run.units)


def _shape(network: Network) -> tuple:
    return tuple(getattr(network, name, None) for name in SHAPES)
