"""What the tests of the learning core share: one table of small experiments that holds every member of every table.

A member added to LOSSES, PENALTIES, OPTIMISERS, SCHEDULES or UPDATES gets its place in EXPERIMENTS by itself.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from gausslab import training
from gausslab.game import Conditions, State
from gausslab.losses import LOSSES
from gausslab.observing import Lens, Units, lens, target_table
from gausslab.optimisers import OPTIMISERS, SCHEDULES
from gausslab.penalties import PENALTIES
from gausslab.settings import Experiment, settings
from gausslab.targets import parse
from gausslab.updates import UPDATES, Moves

SMALL = {"generator.widths": (5,), "discriminator.widths": (6,), "batch": 16, "frame_every": 5}
PLAIN = {
    "loss": "nonsaturating",
    "update": "alternating",
    "penalties": {},
    "standardised": True,
    "stratified": False,
    "generator.fourier_features": 0,
    "generator.initialisation": "zeros",
    "generator.averaging": 0.0,
    "generator.rate": 1e-2,
    "discriminator.fourier_features": 0,
    "discriminator.initialisation": "zeros",
    "discriminator.rate": 1e-2,
    "latent.stratified": False,
    "optimiser.name": "sgd",
    "optimiser.schedule": "constant",
}


def small(changes: Mapping[str, Any] | None = None) -> Experiment:
    """A tiny experiment, otherwise the default one, with some settings changed by dotted path."""
    return Experiment().changed(SMALL | dict(changes or {}))


def plain(changes: Mapping[str, Any] | None = None) -> Experiment:
    """A tiny experiment without any remedy, whatever the defaults are: plain networks, plain descent."""
    return small(PLAIN | dict(changes or {}))


def _members() -> dict[str, Experiment]:
    """As many experiments as the longest table has members; shorter tables go round and round."""
    tables = [list(LOSSES), list(PENALTIES), list(OPTIMISERS), list(SCHEDULES), list(UPDATES)]
    experiments = {}
    for place in range(max(map(len, tables))):
        loss, penalty, optimiser, schedule, update = (names[place % len(names)] for names in tables)
        experiments["-".join([loss, penalty, optimiser, schedule, update])] = small(
            {
                "loss": loss,
                "penalties": {penalty: 0.1},
                "optimiser.name": optimiser,
                "optimiser.schedule": schedule,
                "update": update,
            }
        )
    return experiments


EXPERIMENTS: dict[str, Experiment] = {
    **_members(),
    "default": small(),
    "no penalty": small({"penalties": {}}),
    "all penalties": small({"penalties": dict.fromkeys(PENALTIES, 0.1)}),
    "deep": small({"generator.widths": (4, 3), "discriminator.widths": (4, 3)}),
    "no hidden layer": small({"generator.widths": (), "discriminator.widths": ()}),
    "fourier features": small({"generator.fourier_features": 3, "discriminator.fourier_features": 2}),
    "dropout": small({"generator.dropout": 0.2, "discriminator.dropout": 0.2}),
    "batch norm": small({"generator.batch_norm": True, "discriminator.batch_norm": True}),
    "spectral norm": small({"generator.spectral_norm": True, "discriminator.spectral_norm": True}),
    "pack": small({"discriminator.pack": 4}),
    "whole batch at once": small({"discriminator.pack": 16, "loss": "nonsaturating"}),
    "minibatch discrimination": small({"discriminator.minibatch_kernels": 2}),
    "pack with minibatch discrimination": small({"discriminator.pack": 2, "discriminator.minibatch_kernels": 2}),
    "normal latent": small({"latent.kind": "normal"}),
    "stratified latent": small({"latent.stratified": True, "stratified": True}),
    "three latent dimensions": small({"latent.dimension": 3, "latent.stratified": True}),
    "unrolled": small({"remedies.unrolled": 2}),
    "unrolled through rmsprop": small({"remedies.unrolled": 2, "optimiser.name": "rmsprop"}),
    "consensus": small({"remedies.consensus": 0.1}),
    "clipping": small({"remedies.clip_gradient": 0.5, "remedies.clip_weights": 0.3}),
    "noise and smoothing": small({"remedies.instance_noise": 0.3, "remedies.label_smoothing": 0.1}),
}


class Game(NamedTuple):
    """All that a call of `training.advance` needs."""

    structure: Experiment
    conditions: Conditions
    state: State
    moves: Moves
    look: Lens


def game(experiment: Experiment) -> Game:
    """A game that has not begun."""
    structure = experiment.structure()
    conditions, look = conditions_of(experiment)
    return Game(structure, conditions, _initial(_networks_of(structure), experiment.seed), training.still(), look)


def conditions_of(experiment: Experiment, units: Units | None = None) -> tuple[Conditions, Lens]:
    """What an experiment tells its steps, and how it is looked at."""
    unmoved = parse(experiment.target)
    moved = unmoved.moved(experiment.location, experiment.scale)
    units = Units(float(moved.centre), float(moved.spread)) if units is None else units
    knobs = {path: jnp.float32(value) for path, value in experiment.knobs().items()}
    conditions = Conditions(knobs, target_table(unmoved, units), jax.random.key(experiment.seed))
    return conditions, lens(experiment.structure(), moved, units)


def _networks_of(structure: Experiment) -> Experiment:
    """The part of a structure that its first state depends on, so that it is compiled once for all the rest."""
    values = {"optimiser.name": structure.optimiser.name}
    values |= {f"latent.{name}": value for name, value in structure.latent.model_dump().items()}
    for player in ("generator", "discriminator"):
        values |= {f"{player}.{name}": value for name, value in getattr(structure, player).model_dump().items()}
    return Experiment().changed(values | {"batch": structure.batch}).structure()


@lru_cache(maxsize=64)
def _initial(structure: Experiment, seed: int) -> State:
    return training.initial(structure, jax.random.key(seed))


def turned(experiment: Experiment, target: str = "laplace(1, 2)", by: float = 1.1) -> Experiment:
    """Every knob and the target somewhere else, gates on their side of 0."""
    values: dict[str, Any] = {"target": target}
    for setting in settings(experiment):
        if not setting.knob or (setting.gate and not setting.value):
            continue
        moved = setting.value * by + (0.0 if setting.gate or setting.low == setting.value else 0.01)
        if setting.path == "location":
            moved = 0.3 * by
        elif isinstance(setting.value, int):
            moved = setting.value + 1
        elif not setting.value:
            moved = min(0.01 * by, setting.high)
        values[setting.path] = moved if moved <= setting.high else setting.high - (moved - setting.high) / 2
    return experiment.changed(values)


@contextmanager
def compilations() -> Iterator[list[str]]:
    """Collect what JAX's compile log says is being compiled."""
    messages: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage().startswith("Compiling "):
                messages.append(record.getMessage())

    collector, logger = Collector(), logging.getLogger("jax")
    loudness, spreads = logger.level, logger.propagate
    logger.addHandler(collector)
    logger.propagate = False
    try:
        with jax.log_compiles():
            yield messages
    finally:
        logger.removeHandler(collector)
        logger.propagate = spreads
        logger.setLevel(loudness)


@contextmanager
def quick_compilation() -> Iterator[None]:
    """Compile in half the time to slower programs: for tests that look at what comes out, not at its last bit."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    try:
        yield
    finally:
        jax.config.update("jax_disable_most_optimizations", before)
