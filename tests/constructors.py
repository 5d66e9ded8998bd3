"""What the tests of the learning core share: one table of small experiments that holds every member of every table.

A member added to LOSSES, PENALTIES, OPTIMISERS, SCHEDULES or UPDATES gets its place in EXPERIMENTS by itself.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache, partial
from itertools import zip_longest
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gausslab import looking, training
from gausslab.compiling import COMPILED_FOR_ONE_USE, COMPILED_FOR_SMALL_STEPS
from gausslab.frame import Frame
from gausslab.game import Conditions, State
from gausslab.looking import Observation
from gausslab.losses import LOSSES
from gausslab.observing import Lens, Units, frame, lens, target_table
from gausslab.optimisers import OPTIMISERS, SCHEDULES
from gausslab.pacing import padded
from gausslab.penalties import PENALTIES
from gausslab.settings import Experiment
from gausslab.targets import parse
from gausslab.updates import UPDATES, Moves

# As people get them, whatever flags `conftest` has set; it puts others in their place that are compiled quickly.
PROGRAMS_OF = training.programs_of
DEEP = training.jitted(COMPILED_FOR_SMALL_STEPS | {"xla_cpu_use_fusion_emitters": True})
QUICKLY = COMPILED_FOR_ONE_USE
PLAYERS = ("generator", "discriminator")
NETWORK = {
    "activation": "tanh",
    "knots": 0,
    "fourier_features": 0,
    "fourier_decay": 0.0,
    "initialisation": "spread",
    "ordered": False,
    "rate": 5e-3,
}
SMALL = {f"{player}.{name}": value for player in PLAYERS for name, value in NETWORK.items()} | {
    "generator.widths": (5,),
    "generator.averaging": 0.0,
    "discriminator.widths": (6,),
    "discriminator.weight_decay": 0.0,
    "batch": 16,
    "frame_every": 5,
    "standardised": True,
    "stratified": False,
    "loss": "relativistic",
    "update": "alternating",
    "penalties": {"r1": 0.5},
    "latent.stratified": False,
    "optimiser.name": "adam",
    "optimiser.schedule": "constant",
    "optimiser.warm_up": 1,
    "optimiser.beta1": 0.5,
    "optimiser.beta2": 0.999,
}
PLAIN = {
    f"{player}.{name}": value for player in PLAYERS for name, value in (("initialisation", "zeros"), ("rate", 1e-2))
}
PLAIN |= {"loss": "nonsaturating", "penalties": {}, "optimiser.name": "sgd"}


def small(changes: Mapping[str, Any] | None = None) -> Experiment:
    """A tiny experiment that learns, with some settings changed by dotted path."""
    return Experiment().changed(SMALL | dict(changes or {}))


def plain(changes: Mapping[str, Any] | None = None) -> Experiment:
    """A tiny experiment without any remedy: plain networks, plain descent."""
    return small(PLAIN | dict(changes or {}))


def _members() -> dict[str, Experiment]:
    """As many experiments as the longest table has members; where a shorter table ends, its first member goes on."""
    tables = [list(LOSSES), list(PENALTIES), list(OPTIMISERS), list(SCHEDULES), list(UPDATES)]
    experiments = {}
    for names in zip_longest(*tables):
        loss, penalty, optimiser, schedule, update = (
            table[0] if name is None else name for name, table in zip(names, tables, strict=True)
        )
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
    "default": Experiment().changed({"generator.knots": 17, "discriminator.knots": 33, "batch": 16}),
    "curves beside layers": small(
        {
            **{f"{player}.{what}": how for player in PLAYERS for what, how in (("knots", 9), ("ordered", True))},
            "discriminator.pack": 2,
            "discriminator.weight_decay": 0.1,
            "latent.kind": "normal",
            "latent.dimension": 2,
        }
    ),
    "deep, normal latent, no penalty": small(
        {"generator.widths": (4, 3), "discriminator.widths": (4, 3), "latent.kind": "normal", "penalties": {}}
    ),
    "no hidden layer, fourier features": small(
        {
            "generator.widths": (),
            "discriminator.widths": (),
            "generator.fourier_features": 3,
            "generator.fourier_decay": 1.0,
            "generator.ordered": True,
            "discriminator.fourier_features": 2,
        }
    ),
    "dropout, batch norm": small(
        {f"{player}.{what}": how for player in PLAYERS for what, how in (("dropout", 0.2), ("batch_norm", True))}
    ),
    "spectral norm, stratified": small(
        {f"{player}.spectral_norm": True for player in PLAYERS} | {"latent.stratified": True, "stratified": True}
    ),
    "moments of the whole batch": small({"discriminator.pack": 16, "discriminator.moments": 4}),
    "bounded, limited, leaky, wide weights": small(
        {f"{player}.activation": "leaky_relu" for player in PLAYERS}
        | {f"{player}.leak": 0.1 for player in PLAYERS}
        | {f"{player}.initial_std": 1.0 for player in PLAYERS}
        | {"generator.bound": 5.0, "discriminator.limit": 4.6}
    ),
    "dropout that never ends": small({"generator.dropout": 0.2, "generator.always_dropped": True}),
    "whole batch at once": small({"discriminator.pack": 16, "loss": "nonsaturating"}),
    "pack, minibatch discrimination": small({"discriminator.pack": 2, "discriminator.minibatch_kernels": 2}),
    "three latent dimensions": small({"latent.dimension": 3, "latent.stratified": True}),
    "unrolled": small({"remedies.unrolled": 2}),
    "consensus": small({"remedies.consensus": 0.1}),
    "clipping, noise, smoothing": small(
        {
            "remedies.clip_gradient": 0.5,
            "remedies.clip_weights": 0.3,
            "remedies.instance_noise": 0.3,
            "remedies.label_smoothing": 0.1,
        }
    ),
}


class Game(NamedTuple):
    """All that a call of `training.train_and_look` needs."""

    structure: Experiment
    conditions: Conditions
    state: State
    moves: Moves
    look: Lens


def game(experiment: Experiment) -> Game:
    """A game that has not begun."""
    structure = experiment.structure()
    conditions, look = conditions_of(experiment)
    return Game(structure, conditions, _initial(experiment.beginning(), experiment.seed), training.still(), look)


def conditions_of(experiment: Experiment, units: Units | None = None) -> tuple[Conditions, Lens]:
    """What an experiment tells its steps, and how it is looked at."""
    unmoved = parse(experiment.target)
    moved = unmoved.moved(experiment.location, experiment.scale)
    if units is None:
        units = Units(float(moved.centre), float(moved.spread)) if experiment.standardised else Units(0.0, 1.0)
    knobs = {path: jnp.float32(value) for path, value in experiment.knobs().items()}
    conditions = Conditions(knobs, target_table(unmoved, units), jax.random.key(experiment.seed))
    return conditions, lens(experiment.structure(), moved, units)


@lru_cache(maxsize=64)
def _initial(structure: Experiment, seed: int) -> State:
    return training.initial(structure, jax.random.key(seed))


def turned(experiment: Experiment, target: str = "laplace(1, 2)", by: float = 1.1) -> Experiment:
    """Every knob and the target somewhere else, gates on their side of 0."""
    values: dict[str, Any] = {"target": target}
    for setting in experiment.settings:
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


class Played(NamedTuple):
    """A game of five steps, and what a second call with every knob turned had compiled."""

    experiment: Experiment
    before: Game
    state: State
    moves: Moves
    observations: Observation
    compiled_again: list[str]
    turned: State


@cache
def play(name: str) -> Played:
    """Play one of EXPERIMENTS, the second time under guard: nothing may compile, nothing may move to the device."""
    experiment = EXPERIMENTS[name]
    # As many looks as a run takes at once: its program is the same.
    steps, other_steps = (jnp.asarray(padded(some)) for some in ([0, 2, 3], [1, 0, 1]))
    with jax.numpy_rank_promotion("raise"):
        before, elsewhere = game(experiment), turned(experiment)
        conditions, look = conditions_of(elsewhere, before.look.units)
        advance = partial(training.train_and_look, before.structure)
        state, moves, words = advance(before.conditions, before.state, before.moves, before.look.view, steps)
        with compilations() as compiled_again, jax.transfer_guard("disallow"):
            after, *_ = advance(conditions, state, moves, look.view, other_steps)
            jax.block_until_ready(after)
    seen = jax.tree.map(lambda leaf: leaf[:3], looking.to_host(words, before.look.view))
    return Played(experiment, before, state, moves, seen, compiled_again, after)


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
def optimised() -> Iterator[None]:
    """Compile as outside of the tests, in this process and in those that it starts: where last bits are looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_DISABLE_MOST_OPTIMIZATIONS", "0")
        patch.setattr(training, "programs_of", PROGRAMS_OF)
        patch.setattr(training, "_FOR_SMALL_STEPS", DEEP)
        before = jax.config.read("jax_disable_most_optimizations")
        jax.config.update("jax_disable_most_optimizations", False)
        try:
            yield
        finally:
            jax.config.update("jax_disable_most_optimizations", before)


def observed(text: str = "normal(4, 1.25)", loss: str = "minimax", **changes: Any) -> Frame:
    """The frame of a generator that is the ideal map, and of a discriminator that knows nothing; fields may differ."""
    unmoved = parse(text)
    units = Units(float(unmoved.centre), float(unmoved.spread))
    look = lens(small({"target": text, "loss": loss, "batch": 256}).structure(), unmoved, units)
    scene, number = look.reference.scene, np.float32(0)
    ideal = units.from_x(scene.ideal)
    flat, rug = np.zeros(scene.x.size, np.float32), np.zeros(16, np.float32)
    still = Moves(number, number, number, number)
    seen = Observation(np.int32(3), ideal, flat, flat, rug, rug, still, np.array(True))
    return frame(look, seen._replace(**changes), {"generator.rate": 0.1})
