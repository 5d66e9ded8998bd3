"""Recipes build valid experiments."""

import pytest

from gausslab.errors import BadInput
from gausslab.recipes import RECIPES
from gausslab.settings import Experiment, from_toml, to_toml


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_a_valid_experiment_with_a_story(name):
    recipe = RECIPES[name]
    experiment = recipe.experiment()
    assert from_toml(to_toml(experiment)) == experiment
    assert recipe.title
    assert recipe.story.endswith((".", ".)"))
    for path, value in recipe.settings.items():
        assert experiment.changed({path: value}) == experiment


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_can_be_changed_but_not_into_nonsense(name):
    changed = RECIPES[name].experiment(seed=5, **{"generator.rate": 0.125})
    assert (changed.seed, changed.generator.rate) == (5, 0.125)
    with pytest.raises(BadInput):
        RECIPES[name].experiment(**{"generator.rat": 0.1})


def test_steady_is_the_default():
    assert RECIPES["steady"].experiment() == Experiment()


def test_vanilla_is_the_game_of_2014_whatever_the_defaults_are():
    vanilla = RECIPES["vanilla"].experiment()
    assert vanilla.loss == "nonsaturating"
    assert vanilla.generator.widths == vanilla.discriminator.widths == (32, 32)
    assert vanilla.generator.activation == vanilla.discriminator.activation == "tanh"
    assert (vanilla.latent.kind, vanilla.latent.low, vanilla.latent.high, vanilla.latent.dimension) == (
        "uniform",
        0,
        1,
        1,
    )
    assert (vanilla.batch, vanilla.optimiser.name, vanilla.optimiser.beta1) == (256, "adam", 0.5)
    assert (vanilla.generator.rate, vanilla.discriminator.rate) == (1e-3, 1e-3)
    assert vanilla.penalties == ()
    assert not any((vanilla.standardised, vanilla.stratified, vanilla.latent.stratified, vanilla.generator.averaging))
    assert not any(vanilla.remedies.model_dump()[name] for name in ("instance_noise", "label_smoothing", "consensus"))
    assert not any((vanilla.generator.fourier_features, vanilla.discriminator.fourier_features))
