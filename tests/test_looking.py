"""What a look depends on, and what it does not."""

import jax
import numpy as np
import pytest
from constructors import EXPERIMENTS, game, play, small

from gausslab import looking, programs, training
from gausslab.losses import LOSSES


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "hinge"},
        {"penalties": {"wgan_gp": 10.0}},
        {"optimiser.name": "sgd", "optimiser.schedule": "constant"},
        {"update": "generator_first"},
        {"remedies.clip_weights": 0.1, "remedies.unrolled": 3},
        {"standardised": False, "seed": 7, "target": "comb(8)", "generator.rate": 0.1},
    ],
)
def test_games_that_differ_in_how_they_are_played_look_alike(changes):
    one = small({"loss": "minimax"})
    assert looking.appearance(one.changed(changes).structure()) == looking.appearance(one.structure())


@pytest.mark.parametrize(
    "changes",
    [
        {"generator.widths": (7,)},
        {"discriminator.activation": "relu"},
        {"latent.kind": "normal"},
        {"batch": 32},
        {"stratified": True},
        {"loss": "relativistic"},  # D compares pairs
    ],
)
def test_games_of_other_networks_or_noise_look_otherwise(changes):
    one = small({"loss": "minimax"})
    assert looking.appearance(one.changed(changes).structure()) != looking.appearance(one.structure())


@pytest.mark.parametrize("loss", LOSSES)
def test_a_look_at_any_loss_is_one_of_the_two_that_there_are(loss):
    looks = {looking.appearance(small({"loss": other}).structure()) for other in ("minimax", "relativistic")}
    assert looking.appearance(small({"loss": loss}).structure()) in looks


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_look_at_a_state_is_what_its_training_has_shown(name):
    """Also where it is taken of that state alone, by a call of its own."""
    played = play(name)
    start, last = game(played.experiment), jax.tree.map(lambda leaf: leaf[-1], played.observations)
    moment = looking.moment(played.state, played.moves, np.bool_(last.finite))
    moments = programs.at_home(jax.tree.map(lambda leaf: np.repeat(np.asarray(leaf)[None], 10, axis=0), moment))
    words = training.seen(start.structure, start.conditions, moments, start.look.view)
    alone = jax.tree.map(lambda leaf: leaf[0], looking.to_host(words, start.look.view))
    jax.tree.map(np.testing.assert_array_equal, alone, last)
