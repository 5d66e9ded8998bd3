"""The contract of every experiment, and the promise that no cut into chunks changes a bit."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from constructors import EXPERIMENTS, PROGRAMS_OF, Played, compilations, optimised, play, small

from gausslab import looking, training
from gausslab.pacing import NO_STEPS, padded
from gausslab.run import begin
from gausslab.settings import Experiment
from gausslab.updates import UPDATES

FRAMES = 3


@pytest.fixture(params=EXPERIMENTS)
def played(request) -> Played:
    return play(request.param)


def _leaves(tree) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


def _same(one, other) -> bool:
    assert jax.tree.structure(one) == jax.tree.structure(other)
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(_leaves(one), _leaves(other), strict=True))


def test_a_state_keeps_its_shapes_and_types(played):
    kinds = [[(leaf.shape, leaf.dtype) for leaf in _leaves(state)] for state in (played.before.state, played.state)]
    assert kinds[0] == kinds[1]
    assert {dtype for _, dtype in kinds[1]} <= {np.dtype(np.float32), np.dtype(np.int32), np.dtype(bool)}


def test_all_numbers_stay_finite(played):
    moves, seen = played.observations.moves, played.observations
    for leaf in _leaves((played.state, played.moves, seen._replace(moves=jax.tree.map(lambda part: part[1:], moves)))):
        assert np.isfinite(leaf).all()
    assert played.observations.finite.all()


def test_nothing_is_read_from_moves_that_nobody_has_made(played):
    assert all(np.isnan(leaf[0]) for leaf in _leaves(played.observations.moves))


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("idle", ["generator", "discriminator"])
def test_a_player_that_has_never_moved_has_no_loss_and_stops_no_run(update, idle):
    busy = "discriminator" if idle == "generator" else "generator"
    run = begin(small({"update": update, f"{idle}.steps": 0})).train(5, progress=False)
    assert (run.step, run.failure) == (5, None)
    frame = run.frames[-1]
    assert np.isnan([getattr(frame, f"{idle}_loss"), getattr(frame, f"{idle}_gradient")]).all()
    assert np.isfinite([getattr(frame, f"{busy}_loss"), getattr(frame, f"{busy}_gradient")]).all()
    run.change({f"{idle}.steps": 1}).train(5, progress=False)
    assert np.isfinite([run.frames[-1].discriminator_loss, run.frames[-1].generator_loss]).all()


def test_both_players_move_and_have_a_gradient(played):
    assert not np.array_equal(played.before.state.generator.parameters, played.state.generator.parameters)
    assert not np.array_equal(played.before.state.discriminator.parameters, played.state.discriminator.parameters)
    assert played.moves.generator_gradient > 0
    assert played.moves.discriminator_gradient > 0


def test_an_observation_has_the_shapes_of_its_grids(played):
    scene, seen = played.before.look.reference.scene, played.observations
    np.testing.assert_array_equal(seen.step, [0, 2, 5])
    assert seen.g.shape == (FRAMES, scene.z.size)
    assert seen.logits.shape == seen.push.shape == (FRAMES, scene.x.size)
    assert seen.real.shape == seen.fake.shape == (FRAMES, min(looking.RUG, played.experiment.batch))


def test_turning_every_knob_and_the_target_compiles_nothing(played):
    assert played.compiled_again == []
    assert played.turned.step == played.state.step + 2
    assert not np.array_equal(played.turned.discriminator.parameters, played.state.discriminator.parameters)


def test_the_compile_log_tells_when_something_is_compiled():
    with compilations() as compiled:
        jax.jit(lambda x: x * 3 + 1)(jnp.ones(7))
    assert any("lambda" in message for message in compiled)


def test_the_guard_tells_when_something_is_transferred():
    with jax.transfer_guard("disallow"), pytest.raises(Exception, match=r"[Dd]isallowed"):
        jax.block_until_ready(jnp.add(jnp.ones(3), np.ones(3)))


@pytest.fixture(params=[*UPDATES, "all that is random"])
def repeatable(request) -> Iterator[Experiment]:
    """One experiment for each update rule, and one with all that draws numbers or remembers statistics."""
    random = small(
        {
            "generator.dropout": 0.1,
            "generator.batch_norm": True,
            "discriminator.spectral_norm": True,
            "discriminator.pack": 2,
            "remedies.instance_noise": 0.3,
            "penalties": {"wgan_gp": 0.1},
        }
    )
    experiment = next((EXPERIMENTS[name] for name in EXPERIMENTS if name.endswith(request.param)), random)
    # As where it is played, so that its program is the same.
    with jax.numpy_rank_promotion("raise"):
        yield experiment.changed({"frame_every": 100})


def test_one_chunk_of_1000_steps_equals_ten_of_100_bit_for_bit(repeatable):
    whole, cut = begin(repeatable).train(1000), begin(repeatable)
    for _ in range(10):
        cut.train(100)
    assert whole.step == cut.step == 1000
    assert _same(whole.state, cut.state)
    assert _same(whole.moves, cut.moves)
    one, other = ([reel.observation(i) for reel in run.frames.reels for i in range(len(reel))] for run in (whole, cut))
    assert len(one) == len(other) == 11
    assert all(map(_same, one, other))


def test_looking_more_often_changes_no_bit(repeatable):
    assert _same(begin(repeatable).train(200).state, begin(repeatable.changed({"frame_every": 7})).train(200).state)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(repeatable):
    first, again = (begin(repeatable).train(10) for _ in range(2))
    assert _same(first.state, again.state)
    other = begin(repeatable.changed({"seed": 1})).train(10)
    assert not np.array_equal(first.state.generator.parameters, other.state.generator.parameters)


def test_a_player_with_no_steps_stays_as_it_is_bit_for_bit(repeatable):
    for still, moving in (("discriminator", "generator"), ("generator", "discriminator")):
        run = begin(repeatable.changed({f"{still}.steps": 0}))
        before = run.state
        run.train(3)
        assert _same(getattr(before, still), getattr(run.state, still))
        assert not np.array_equal(getattr(before, moving).parameters, getattr(run.state, moving).parameters)
        if still == "generator":
            assert _same(before.average, run.state.average)


@pytest.mark.parametrize("widths", [(5,), (5, 400)], ids=["compiled soon", "made of layers"])
def test_programs_of_other_lengths_give_the_same_bits(widths):
    """As compiled outside of the tests; the batch is no other test's, so that no program is taken over."""
    with optimised():
        experiment = small({"batch": 24, "frame_every": 50, "generator.widths": widths})
        whole, cut = (begin(experiment) for _ in range(2))
        whole.train(100)
        for lengths in ([30, 1], [69, 0]):
            cut.advance(np.array(lengths, np.int32))
        assert _same(whole.state, cut.state)


def test_zero_steps_look_again_without_training():
    run = begin(small()).train(5)
    state, moves, seen = _advanced(run, NO_STEPS)
    assert _same(state, run.state)
    assert _same(moves, run.moves)
    last = run.frames.reels[-1].observation(0)
    assert all(_same(jax.tree.map(lambda leaf, k=k: leaf[k], seen), last) for k in (0, -1))


def _advanced(run, steps: np.ndarray):
    force = run._force
    view = force.look.view
    parts = (run._rules.structure, force.conditions, run.state, run.moves, view)
    state, moves, words = training.train_and_look(*parts, jnp.asarray(steps))
    return *jax.device_get((state, moves)), looking.to_host(words, view)


def test_a_step_that_leaves_a_nan_is_the_last_one():
    run = begin(small())
    conditions = run._force.conditions
    knobs = conditions.knobs | {"generator.rate": jnp.float32(np.inf)}
    run._force = run._force._replace(conditions=conditions._replace(knobs=knobs))
    state, _, seen = _advanced(run, NO_STEPS + 3)
    assert state.step == 1
    np.testing.assert_array_equal(seen.step, 1)
    assert not seen.finite.any()


def test_the_push_on_a_fake_is_the_slope_of_the_generators_loss():
    name = next(name for name in EXPERIMENTS if name.startswith("nonsaturating"))
    before, seen = play(name).before, play(name).observations
    x = np.asarray(before.look.view.x, dtype=float)
    for logits, push in zip(np.asarray(seen.logits, dtype=float), np.asarray(seen.push), strict=True):
        np.testing.assert_allclose(push[5:-5], np.gradient(-np.logaddexp(0, -logits), x)[5:-5], atol=2e-3)


def test_a_sampled_look_that_follows_no_step_is_the_look_before():
    start = play("three latent dimensions").before

    def seen(*steps: int):
        parts = (start.structure, start.conditions, start.state, start.moves, start.look.view)
        *_, words = training.train_and_look(*parts, jnp.asarray(padded(steps)))
        return looking.to_host(words, start.look.view).g[: len(steps)]

    with jax.numpy_rank_promotion("raise"):
        late, early = seen(2, 0, 3, 0), seen(0, 0, 2, 3)
    np.testing.assert_array_equal(late[[0, 0, 2, 2]], late)
    np.testing.assert_array_equal(early[[0, 0, 2, 3]], early)
    np.testing.assert_array_equal(late[[0, 2]], early[[2, 3]])
    assert np.isfinite(early).all()
    assert not np.array_equal(early[0], early[2])


@pytest.mark.parametrize(
    ("changes", "soon"),
    [
        ({}, True),  # curves alone
        ({"generator.knots": 0, "generator.widths": (400,)}, True),  # units of one input sum nothing
        ({"generator.knots": 0, "generator.widths": (32, 32)}, True),
        ({"generator.knots": 0, "generator.widths": (64, 64)}, False),
        ({"generator.knots": 0, "generator.widths": (64,), "generator.fourier_features": 3}, False),
        ({"generator.knots": 0, "generator.widths": (8, 8), "batch": 2048}, False),
        ({"generator.knots": 0, "generator.widths": (8, 8), "batch": 64}, True),
        (
            {"latent.dimension": 2, "generator.widths": (4,), "generator.ordered": False},
            False,
        ),  # 65,536 samples a frame
    ],
)
def test_the_loop_is_compiled_soon_unless_layers_would_make_it_slow(changes, soon):
    assert PROGRAMS_OF(Experiment().changed(changes).structure()) is (
        training._SOON if soon else training._FOR_SMALL_STEPS
    )
