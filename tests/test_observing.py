"""Frames: a perfect generator reads zero, and every reading keeps what it promises on frames of real runs."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from constructors import EXPERIMENTS, QUICKLY, compilations, game, observed, play, small

from gausslab import looking, observing, training
from gausslab.frame import Frame
from gausslab.losses import LOSSES
from gausslab.observing import Reel, Units, equilibrium, latent_quantiles, lens, named, stacked, target_table
from gausslab.run import Run, begin
from gausslab.settings import Latent
from gausslab.targets import parse

TARGETS = [
    "normal(4, 1.25)",
    "uniform(22, 24)",
    "exponential(1)",
    "lognormal(0, 0.5)",
    "beta(0.5, 0.5)",
    "0.5*normal(-3, 0.5) + 0.5*normal(3, 0.5)",
    "comb(8)",
    "cauchy(1, 2)",
]


@pytest.fixture(params=LOSSES)
def reel(request) -> Reel:
    """Three observations of a short game for one loss."""
    game = play(next(name for name in EXPERIMENTS if name.split("-")[0] == request.param))
    return Reel(game.before.look, game.experiment.knobs(), game.observations)


@pytest.fixture
def frames(reel) -> list[Frame]:
    """Its frames, without a diagnosis."""
    return [observing.frame(reel.look, reel.observation(place), reel.knobs) for place in range(3)]


@pytest.fixture(scope="module")
def run() -> Run:
    return begin(small()).train(12, progress=False)


@pytest.mark.parametrize("text", TARGETS)
def test_a_perfect_generator_reads_zero_on_every_distance(text):
    seen = observed(text)
    readings, spread = seen.readings, seen.scene.spread
    assert readings.ks < 1e-9
    assert readings.energy < 1e-9 * spread
    assert readings.folding < 1e-12 * spread**2
    assert readings.js < 2e-6  # of the window's cells, where p is integrated exactly and G is known on its grid
    assert max(readings.kl, readings.reverse_kl) < 5e-6
    if np.isfinite(seen.scene.mean):
        assert readings.wasserstein < 1e-9 * spread
        assert readings.wasserstein_over_std < 1e-9
        assert readings.wasserstein2 < 1e-9 * spread
        assert readings.mae < 1e-9 * spread
        assert readings.mse < 1e-18 * spread**2
        assert readings.mean == pytest.approx(seen.scene.mean, abs=1e-5 * spread)
        assert readings.std == pytest.approx(seen.scene.std, rel=1e-3)
    assert readings.modes_covered == seen.scene.mode_masses.size
    np.testing.assert_allclose(readings.mode_masses, seen.scene.mode_masses, atol=1e-5)
    np.testing.assert_allclose(seen.F_g, seen.scene.F, atol=1e-5)
    np.testing.assert_allclose(seen.rearranged, seen.g, rtol=1e-5, atol=1e-5 * spread)
    assert seen.folds == ()
    assert seen.flats == ()


def test_a_perfect_generator_in_float32_reads_zero_as_far_as_float32_goes():
    for text in ("normal(4, 1.25)", "comb(8)", "exponential(1)"):
        exact = observed(text)
        centre, spread = float(parse(text).centre), float(parse(text).spread)
        rounded = observed(text, g=((exact.g - centre) / spread).astype(np.float32)).readings
        assert max(rounded.wasserstein_over_std, rounded.ks, rounded.energy / spread, rounded.mae / spread) < 1e-6


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("text", ["normal(4, 1.25)", "exponential(1)", "comb(8)"])
def test_against_a_perfect_generator_the_best_discriminator_knows_nothing(loss, text):
    seen = observed(text, loss)
    np.testing.assert_allclose(seen.optimal_discriminator, 0.5, atol=0.01)
    inside = 1 - seen.readings.outside
    assert seen.optimal_value == pytest.approx(-inside * seen.equilibrium_discriminator_loss, abs=2e-3)
    assert seen.optimal_value >= seen.value - 1e-5


def test_a_generator_that_is_off_by_a_shift_is_off_by_that_shift():
    text, unit = "normal(4, 1.25)", 1.25
    straight = observed(text)
    moved = observed(text, g=(straight.g - 4.0) / unit + 0.5)
    assert moved.readings.wasserstein == pytest.approx(0.5 * unit, rel=1e-5)
    assert moved.readings.wasserstein2 == pytest.approx(0.5 * unit, rel=1e-5)
    assert moved.readings.mae == pytest.approx(0.5 * unit, rel=1e-5)
    assert moved.readings.folding == pytest.approx(0, abs=1e-6)
    assert moved.readings.ks == pytest.approx(0.19741, abs=1e-4)  # 2Φ(1/4) − 1


def test_a_perfect_generator_that_folds_is_wrong_as_a_map_and_right_as_a_law():
    straight = observed()
    upside_down = observed(g=((straight.g - 4.0) / 1.25)[::-1].astype(np.float32))
    assert upside_down.readings.wasserstein < 1e-5
    assert upside_down.readings.mse == pytest.approx(4 * 1.25**2, rel=1e-3)
    assert upside_down.readings.folding == pytest.approx(upside_down.readings.mse, rel=1e-3)


def test_a_constant_generator_is_one_flat():
    seen = observed(g=np.zeros(2049, np.float32))
    assert len(seen.flats) == 1
    assert seen.flats[0].mass == pytest.approx(1)
    assert seen.flats[0].x == pytest.approx(4)
    assert seen.readings.std == 0


def test_no_discriminator_is_worth_more_than_the_best_one(request, frames):
    for frame in frames:
        # A critic of the Wasserstein game is held against those of slope 1: D over its steepest slope is one of them.
        steepest = float(np.abs(np.diff(frame.logits) / np.diff(frame.scene.x)).max()) * 1.25
        bounded = "wasserstein" in request.node.name
        value = frame.value / max(1.0, steepest) if bounded else frame.value
        assert frame.optimal_value >= value - 1e-4 * max(1.0, abs(value))


def test_a_frame_of_a_real_run_is_finite_and_of_one_shape(frames):
    for frame in frames:
        cells, points = frame.scene.x.size, frame.scene.z.size
        for name in ("p_g", "F_g", "logits", "optimal_logits", "discriminator", "optimal_discriminator", "push"):
            assert getattr(frame, name).shape == (cells,), name
            assert np.isfinite(getattr(frame, name)).all(), name
        assert frame.g.shape == frame.rearranged.shape == (points,)
        assert (np.diff(frame.rearranged) >= 0).all()
        assert (np.diff(frame.F_g) >= -1e-12).all()
        for belief in (frame.discriminator, frame.optimal_discriminator):
            assert ((belief >= 0) & (belief <= 1)).all()
        assert frame.p_g @ np.diff(frame.scene.edges) + frame.readings.outside == pytest.approx(1, abs=1e-9)


def test_the_value_shown_is_near_the_one_trained_with(frames):
    for frame in frames[1:]:
        assert np.isfinite(frame.discriminator_loss + frame.generator_loss)
        if np.isfinite(frame.value) and frame.readings.outside < 0.05:
            assert -frame.value == pytest.approx(
                frame.discriminator_loss, abs=0.5 + 0.5 * abs(frame.discriminator_loss)
            )


def test_the_best_critic_of_the_wasserstein_game_is_worth_w1():
    straight = observed()
    for shift, stretch in ((0.3, 1.0), (0.0, 0.5), (-0.2, 1.3)):
        moved = observed(loss="wasserstein", g=(stretch * (straight.g - 4.0) / 1.25 + shift).astype(np.float32))
        assert 1.25 * moved.optimal_value == pytest.approx(moved.readings.wasserstein, rel=0.03)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_equilibrium_is_where_nobody_can_tell(loss):
    seen = observed("uniform(-2, 2)", loss)
    assert -seen.optimal_value == pytest.approx(equilibrium(loss)[0], abs=1e-3)
    assert (seen.equilibrium_discriminator_loss, seen.equilibrium_generator_loss) == equilibrium(loss)


def test_units_go_there_and_back():
    units = Units(4.0, 1.25)
    x = np.array([-3.0, 0.0, 4.0, 1e6])
    np.testing.assert_allclose(units.to_x(units.from_x(x)), x, rtol=1e-15)
    np.testing.assert_array_equal(units.from_x(np.array([4.0, 5.25])), [0, 1])


@pytest.mark.parametrize(
    ("latent", "ends"),
    [(Latent(), (0, 1)), (Latent(low=-1, high=1), (-1, 1)), (Latent(kind="normal"), (-5.3, 5.3))],
)
def test_the_latent_grid_reaches_from_end_to_end(latent, ends):
    z = latent_quantiles(latent, np.linspace(0, 1, 101))
    np.testing.assert_allclose([z[0], z[-1]], ends, rtol=0.01)
    assert (np.diff(z) > 0).all()


def test_a_moved_target_is_looked_at_where_it_is():
    target = parse("normal(4, 1.25)")
    units = Units(4.0, 1.25)
    look = lens(small().structure(), target.moved(2.0, 3.0), units)
    low, high = look.reference.scene.window
    assert low < 6 - 3.75 < 6 + 3.75 < high
    np.testing.assert_allclose(np.asarray(look.view.x), units.from_x(look.reference.scene.x), rtol=1e-5, atol=1e-6)
    table = target_table(target, units)
    assert float(table.pivot) == 0
    assert float(table.unit) == 1.25


def test_a_frame_is_the_same_beside_any_others_and_needs_no_program(reel, frames):
    with compilations() as compiled:
        again = [observing.frame(reel.look, reel.observation(place), reel.knobs) for place in (2, 0, 1, 1)]
        alone = [observing.frame(reel.look, reel.part(slice(1, 2)).observation(0), reel.knobs)]
    assert compiled == []
    for seen, other in zip([frames[place] for place in (2, 0, 1, 1, 1)], again + alone, strict=True):
        for item in dataclasses.fields(Frame):
            before, after = getattr(seen, item.name), getattr(other, item.name)
            if item.name == "readings":
                before, after = (list(dataclasses.asdict(found).values()) for found in (before, after))
            np.testing.assert_equal(after, before, err_msg=item.name)


def test_frames_are_a_sequence_that_is_worked_out_once(run):
    frames = run.frames
    assert [frame.step for frame in frames] == [0, 5, 10, 12]
    assert frames[-1] is frames[3]
    assert [frame.step for frame in frames[1:3]] == [5, 10]
    assert frames[2] is frames[2]
    for index in (4, -5):
        with pytest.raises(IndexError):
            frames[index]


def test_old_frames_are_worked_out_again_when_asked_for(run, monkeypatch):
    before = [frame.readings.wasserstein for frame in run.frames]
    monkeypatch.setattr(observing, "FRAMES_KEPT", 2)
    fresh = observing.Frames(list(run.frames.reels))
    assert [frame.readings.wasserstein for frame in fresh] == before
    assert [frame.readings.wasserstein for frame in fresh] == before
    assert len(fresh._finished) <= 2


def test_observations_survive_being_named(run):
    observations = run.frames.reels[-1].observations
    again = stacked(named(observations))
    assert jax.tree.structure(again) == jax.tree.structure(observations)
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(again), jax.tree.leaves(observations), strict=True))


def test_a_frame_holds_the_knobs_that_were_in_force(run):
    assert run.frames[-1].knobs == run.experiment.knobs()


def test_rugs_lie_where_reals_and_fakes_do(run):
    frame = run.frames[-1]
    assert frame.real.size == frame.fake.size == 16
    low, high = frame.g.min(), frame.g.max()
    assert ((frame.fake >= low - 1e-4) & (frame.fake <= high + 1e-4)).all()
    assert np.abs(frame.real - 4).max() < 8 * 1.25


_shown = jax.jit(looking.shown, static_argnums=0, compiler_options=QUICKLY)


def _looked(start):
    """What is seen before the first step."""
    at_once = jnp.zeros(1, jnp.int32)
    parts = (start.structure, start.conditions, start.state, start.moves, start.look.view)
    *_, words = training.train_and_look(*parts, at_once)
    return jax.tree.map(lambda leaf: leaf[0], looking.to_host(words, start.look.view))


def test_a_generator_whose_dropout_never_ends_is_sampled_and_says_so():
    start = game(small({"generator.dropout": 0.5, "generator.always_dropped": True, "generator.widths": (20,)}))
    frame = observing.frame(start.look, _looked(start), {})
    assert frame.sampled
    assert frame.folds == frame.flats == ()
    z = np.random.default_rng(0).random((20_000, 1), np.float32)
    drawn = _shown(start.structure, start.state.average, start.state.generator.statistics, z, jax.random.key(6))
    x = start.look.units.to_x(np.asarray(drawn))
    assert frame.readings.mean == pytest.approx(x.mean(), abs=5 * x.std() / np.sqrt(20_000))
    assert frame.readings.std == pytest.approx(x.std(), rel=0.03)


def test_a_large_generator_is_read_from_fewer_samples():
    assert looking.samples(small({"latent.dimension": 10}).structure()) == 65_536
    large = small({"latent.dimension": 100, "generator.widths": (256, 512, 1024)})
    assert looking.samples(large.structure()) == 16_384


def test_a_generator_of_more_dimensions_is_sampled_and_says_so():
    start = game(small({"latent.dimension": 3, "latent.stratified": True}))
    sampled = observing.frame(start.look, _looked(start), {})
    assert sampled.sampled
    assert sampled.folds == sampled.flats == ()
    assert (np.diff(sampled.g) >= 0).all()
    assert sampled.readings.folding == pytest.approx(0, abs=1e-3)
    assert sampled.p_g @ np.diff(sampled.scene.edges) + sampled.readings.outside == pytest.approx(1, abs=1e-6)
    z = np.random.default_rng(0).random((20_000, 3), np.float32)
    drawn = _shown(start.structure, start.state.average, start.state.generator.statistics, z)
    x = start.look.units.to_x(np.asarray(drawn))
    assert sampled.readings.mean == pytest.approx(x.mean(), abs=5 * x.std() / np.sqrt(20_000))
    assert sampled.readings.std == pytest.approx(x.std(), rel=0.03)


def test_a_frame_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        observed().step = 4
