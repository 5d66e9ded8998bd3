"""The game at one moment: a batch, and each player's loss and gradient on it.

Everything here is pure and traced; who moves when is in `gausslab.updates`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key

from gausslab import networks, penalties, sampling
from gausslab.losses import LOSSES, discriminator_loss, generator_loss
from gausslab.optimisers import OPTIMISERS, SCHEDULES, Knobs
from gausslab.sampling import TargetTable
from gausslab.settings import Discriminator, Experiment

DATA_SPAN = (-4.0, 4.0)  # where nearly all of a target of unit size lies
DRAWS_PER_STEP = 64  # keys set aside for each step: discriminator updates from 0, generator updates from 32
MAX_UNROLLED = 16


class Player(NamedTuple):
    """One network and what its optimiser remembers."""

    parameters: Float[Array, " parameters"]
    statistics: networks.Statistics
    optimiser: optax.OptState


class State(NamedTuple):
    """What the next step needs, and no more."""

    step: Int[Array, ""]
    clock: Int[Array, ""]  # steps since the schedule and the average last began anew
    generator: Player
    discriminator: Player
    average: Float[Array, " parameters"]  # running average of the generator's parameters


class Conditions(NamedTuple):
    """What a step is told from outside, all of it traced."""

    knobs: Knobs
    target: TargetTable
    key: Key[Array, ""]


class Batch(NamedTuple):
    """What enters one update, in the run's own units."""

    real: Float[Array, " batch"]
    z: Float[Array, "batch dimension"]
    key: Key[Array, ""]  # of the run
    count: Int[Array, ""]  # of the updates of all steps so far

    def key_for(self, place: int) -> Key[Array, ""]:
        """A key of this batch's own for one place where something is drawn; folded only where it is used."""
        return jax.random.fold_in(jax.random.fold_in(self.key, self.count), place)


class Gradient(NamedTuple):
    """One player's loss on a batch, its gradient, and the statistics that its network kept."""

    loss: Float[Array, ""]
    vector: Float[Array, " parameters"]
    statistics: networks.Statistics


def draw(structure: Experiment, conditions: Conditions, step: Array, index: Array | int) -> Batch:
    """The batch of one update: `index` tells the updates of a step apart, 0 to 63."""
    packed, paired = structure.discriminator.pack > 1, LOSSES[structure.loss].paired
    mixed = packed or (paired and structure.latent.stratified)
    rows = 1 + structure.latent.dimension
    # A batch that is mixed takes some more numbers for that; any other is drawn as it would be without.
    u = sampling.uniforms(conditions.key, step, index, (rows + 2 * mixed, structure.batch))
    levels = sampling.stratified(u[0]) if structure.stratified else u[0]
    real = sampling.quantile(conditions.target, levels, conditions.knobs["location"], conditions.knobs["scale"])
    z = sampling.latent(structure.latent, u[1:rows])
    # Drawn once: left alone, the compiler would look the same reals up again wherever they are used.
    real, z = jax.lax.optimization_barrier((real, z))
    batch = Batch(real, z, conditions.key, step * DRAWS_PER_STEP + index)
    if packed:
        z = z[jnp.argsort(u[rows])] if structure.latent.stratified else z
        real = real[jnp.argsort(u[rows + 1])] if structure.stratified else real
    elif mixed:
        # Every real meets every fake equally often when they are turned against each other by a random angle.
        z = jnp.roll(z, (u[rows, 0] * structure.batch).astype(jnp.int32), axis=0)
    return batch._replace(real=real, z=z)


def generate(
    structure: Experiment, parameters: Array, statistics: networks.Statistics, batch: Batch
) -> tuple[Float[Array, " batch"], networks.Statistics]:
    """Fakes from noise, as in training."""
    x, statistics = networks.apply(
        structure.generator,
        sampling.span(structure.latent),
        parameters,
        statistics,
        batch.z,
        batch.key_for(3),
        training=True,
    )
    return x[:, 0], statistics


def judge(
    structure: Experiment, parameters: Array, statistics: networks.Statistics, x: Float[Array, " batch"], key: Array
) -> tuple[Float[Array, " packs"], networks.Statistics]:
    """D's raw outputs, one for each pack of samples, as in training."""
    packs = x.reshape(-1, structure.discriminator.pack)
    v, statistics = networks.apply(
        structure.discriminator, DATA_SPAN, parameters, statistics, packs, key, training=True
    )
    return v[:, 0], statistics


def _blurred(conditions: Conditions, clock: Array, batch: Batch, samples: dict[int, Array]) -> list[Array]:
    """Add instance noise (Sønderby et al. 2017), drawn only where there is any; `samples` by the place of the draw."""
    knobs, shape = conditions.knobs, (len(samples), *batch.real.shape)

    def blurred() -> list[Array]:
        level = knobs["remedies.instance_noise"] * 0.5 ** (clock / knobs["remedies.noise_half_life"])
        # Drawn together: each draw is several kernels to compile.
        noise = sampling.normals(batch.key, batch.count, DRAWS_PER_STEP + min(samples), shape)
        return [x + level * row for x, row in zip(samples.values(), noise, strict=True)]

    return jax.lax.cond(knobs["remedies.instance_noise"] > 0, blurred, lambda: list(samples.values()))


def _compares(settings: Discriminator) -> bool:
    """Whether D's output on a sample depends on the others of its batch."""
    return settings.batch_norm or settings.minibatch_kernels > 0


def _judged(
    structure: Experiment, psi: Array, statistics: networks.Statistics, real: Array, fake: Array, batch: Batch
) -> tuple[Float[Array, " packs"], Float[Array, " packs"], networks.Statistics]:
    """D's raw outputs on reals and on fakes: in one pass, unless D compares the samples of a batch."""
    if _compares(structure.discriminator):
        v_real, statistics = judge(structure, psi, statistics, real, batch.key_for(6))
        v_fake, statistics = judge(structure, psi, statistics, fake, batch.key_for(7))
        return v_real, v_fake, statistics
    v, statistics = judge(structure, psi, statistics, jnp.concatenate([real, fake]), batch.key_for(6))
    return v[: v.size // 2], v[v.size // 2 :], statistics


def _discriminator_objective(
    structure: Experiment, conditions: Conditions, state: State, batch: Batch, theta: Array, psi: Array
) -> tuple[Array, networks.Statistics]:
    loss, knobs, before = LOSSES[structure.loss], conditions.knobs, state.discriminator.statistics
    fake, _ = generate(structure, theta, state.generator.statistics, batch)
    real, fake = _blurred(conditions, state.clock, batch, {4: batch.real, 5: fake})
    names = [name for name, _ in structure.penalties]
    members, pack = [penalties.PENALTIES[name] for name in names], structure.discriminator.pack
    costs: list[Array] = []
    if penalties.at_all_judged(members) and not _compares(structure.discriminator):
        # Outputs and slopes in one pass: two would take twice as long to compile, and to run.
        both = jnp.concatenate([real, fake])
        v, slope_of, statistics = jax.vjp(
            lambda x: judge(structure, psi, before, x, batch.key_for(6)), both, has_aux=True
        )
        v_real, v_fake = v[: v.size // 2], v[v.size // 2 :]
        costs = penalties.costs(members, slope_of(jnp.ones_like(v))[0].reshape(-1, pack))
    else:
        v_real, v_fake, statistics = _judged(structure, psi, before, real, fake, batch)
        if members:
            costs = penalties.values(
                members,
                lambda points: judge(structure, psi, before, points.reshape(-1), batch.key_for(6))[0],
                real.reshape(-1, pack),
                fake.reshape(-1, pack),
                [batch.key_for(8 + place) for place in range(len(names))],
            )
    total = discriminator_loss(loss, v_real, v_fake, knobs["remedies.label_smoothing"])
    if costs:
        total = total + sum(knobs[f"penalties.{name}"] * cost for name, cost in zip(names, costs, strict=True))
    return total, statistics


def _generator_objective(
    structure: Experiment, conditions: Conditions, state: State, batch: Batch, theta: Array, psi: Array
) -> tuple[Array, networks.Statistics]:
    loss, before = LOSSES[structure.loss], state.discriminator.statistics
    fake, statistics = generate(structure, theta, state.generator.statistics, batch)
    if loss.paired:
        real, fake = _blurred(conditions, state.clock, batch, {4: batch.real, 5: fake})
        v_real, v_fake, _ = _judged(structure, psi, before, real, fake, batch)
    else:
        (fake,) = _blurred(conditions, state.clock, batch, {5: fake})
        v_fake, _ = judge(structure, psi, before, fake, batch.key_for(7))
        v_real = v_fake
    return generator_loss(loss, v_real, v_fake), statistics


def discriminator_gradient(structure: Experiment, conditions: Conditions, state: State, batch: Batch) -> Gradient:
    """The discriminator's loss and gradient on a batch, with all penalties."""
    theta = state.generator.parameters

    def objective(psi: Array) -> tuple[Array, networks.Statistics]:
        return _discriminator_objective(structure, conditions, state, batch, theta, psi)

    (loss, statistics), vector = jax.value_and_grad(objective, has_aux=True)(state.discriminator.parameters)
    if structure.remedies.consensus:
        field = _squared_field(structure, conditions, state, batch)
        vector = vector + conditions.knobs["remedies.consensus"] * jax.grad(field, argnums=1)(
            theta, state.discriminator.parameters
        )
    return Gradient(loss, vector, statistics)


def generator_gradient(structure: Experiment, conditions: Conditions, state: State, batch: Batch) -> Gradient:
    """The generator's loss and gradient on a batch, looking ahead where the discriminator is unrolled."""
    psi = state.discriminator.parameters

    def objective(theta: Array) -> tuple[Array, networks.Statistics]:
        ahead = _unrolled(structure, conditions, state, batch, theta) if structure.remedies.unrolled else psi
        return _generator_objective(structure, conditions, state, batch, theta, ahead)

    (loss, statistics), vector = jax.value_and_grad(objective, has_aux=True)(state.generator.parameters)
    if structure.remedies.consensus:
        field = _squared_field(structure, conditions, state, batch)
        vector = vector + conditions.knobs["remedies.consensus"] * jax.grad(field)(state.generator.parameters, psi)
    return Gradient(loss, vector, statistics)


def _squared_field(structure: Experiment, conditions: Conditions, state: State, batch: Batch):
    """½|v|² of the game's gradient field v, which consensus optimisation descends (Mescheder et al. 2017)."""

    def field(theta: Array, psi: Array) -> Array:
        toward_g = jax.grad(lambda t: _generator_objective(structure, conditions, state, batch, t, psi)[0])(theta)
        toward_d = jax.grad(lambda p: _discriminator_objective(structure, conditions, state, batch, theta, p)[0])(psi)
        return 0.5 * (toward_g @ toward_g + toward_d @ toward_d)

    return field


def _unrolled(structure: Experiment, conditions: Conditions, state: State, batch: Batch, theta: Array) -> Array:
    """D's parameters after some more of its own updates, as a function of G (Metz et al. 2017)."""
    steps = conditions.knobs["remedies.unrolled"]

    def ahead(carry: tuple[Array, optax.OptState], index: Array) -> tuple[tuple[Array, optax.OptState], None]:
        def update(carry: tuple[Array, optax.OptState]) -> tuple[Array, optax.OptState]:
            psi, memory = carry
            vector = jax.grad(lambda p: _discriminator_objective(structure, conditions, state, batch, theta, p)[0])(psi)
            step, memory = optimiser(structure, conditions, state.clock, "discriminator").update(vector, memory)
            return _faded(structure, conditions, state.clock, psi) + _vector(step), memory

        return jax.lax.cond(index < steps, update, lambda carry: carry, carry), None

    start = (state.discriminator.parameters, state.discriminator.optimiser)
    # Reverse-mode differentiation needs a fixed length, so the number of steps is masked, not looped over.
    (psi, _), _ = jax.lax.scan(ahead, start, jnp.arange(MAX_UNROLLED))
    return psi


def rate_share(structure: Experiment, conditions: Conditions, clock: Array) -> Float[Array, ""]:
    """The share of the learning rates that schedule and warm-up leave at a moment."""
    share = SCHEDULES[structure.optimiser.schedule].share(clock, conditions.knobs)
    return share * jnp.minimum(1.0, (clock + 1) / conditions.knobs["optimiser.warm_up"])


def _faded(structure: Experiment, conditions: Conditions, clock: Array, psi: Array) -> Array:
    """What an update leaves of the discriminator before it adds its step (Loshchilov and Hutter 2019)."""
    share = conditions.knobs["discriminator.weight_decay"] * rate_share(structure, conditions, clock)
    return networks.fading(structure.discriminator, structure.discriminator.pack, DATA_SPAN, psi, share)


def optimiser(structure: Experiment, conditions: Conditions, clock: Array, player: str) -> optax.GradientTransformation:
    """The optimiser of one player, made from the knobs in force."""
    knobs = conditions.knobs
    return OPTIMISERS[structure.optimiser.name].make(
        knobs[f"{player}.rate"] * rate_share(structure, conditions, clock),
        knobs["optimiser.beta1"],
        knobs["optimiser.beta2"],
        knobs["optimiser.epsilon"],
    )


def _vector(updates: Any) -> Float[Array, " parameters"]:
    """Optax's updates of a flat vector, which are a flat vector."""
    return updates


def moved(
    structure: Experiment, conditions: Conditions, clock: Array, name: str, player: Player, gradient: Gradient
) -> Player:
    """A player after one step along a gradient."""
    vector = gradient.vector
    if structure.remedies.clip_gradient:
        limit = conditions.knobs["remedies.clip_gradient"]
        vector = vector * jnp.minimum(1.0, limit / jnp.maximum(jnp.linalg.norm(vector), 1e-12))
    step, memory = optimiser(structure, conditions, clock, name).update(vector, player.optimiser, player.parameters)
    if name == "generator":
        parameters = in_order(structure, player.parameters + _vector(step))
    else:
        parameters = _faded(structure, conditions, clock, player.parameters) + _vector(step)
    if name == "discriminator" and structure.remedies.clip_weights:
        limit = conditions.knobs["remedies.clip_weights"]
        parameters = jnp.clip(parameters, -limit, limit)
    return Player(parameters, gradient.statistics, memory)


def in_order(structure: Experiment, parameters: Array) -> Array:
    """A generator's parameters with the knots of its curve in order, if it keeps them so."""
    span = sampling.span(structure.latent)
    return networks.in_order(structure.generator, structure.latent.dimension, span, parameters)


def averaged(conditions: Conditions, clock: Array, average: Array, parameters: Array) -> Array:
    """The running average after one more generator; it forgets its beginning, however long its memory."""
    memory = jnp.minimum(conditions.knobs["generator.averaging"], (1.0 + clock) / (10.0 + clock))
    return memory * average + (1 - memory) * parameters


def initial_player(network, inputs: int, span: tuple[float, float], structure: Experiment, key: Array) -> Player:
    """A player that has learnt nothing yet."""
    parameters, statistics = networks.initial(network, inputs, span, key)
    return Player(parameters, statistics, remembered(structure, parameters))


def remembered(structure: Experiment, parameters: Array) -> Any:
    """What an optimiser that has not moved yet remembers of a player."""
    return OPTIMISERS[structure.optimiser.name].make(*(jnp.zeros(()),) * 4).init(parameters)
