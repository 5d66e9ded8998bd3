"""Recipes build valid experiments."""

import pytest

from gausslab.diagnosis import VERDICTS
from gausslab.errors import BadInput
from gausslab.events import PAUSE
from gausslab.recipes import RECIPES
from gausslab.recipes.cures import CURES
from gausslab.recipes.failures import FAILURES
from gausslab.run import begin
from gausslab.settings import LIMITS, Experiment, from_toml, to_toml


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
def test_a_recipe_may_be_played_on_a_shared_page(name):
    LIMITS.check(RECIPES[name].experiment())


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
    assert not any((vanilla.generator.knots, vanilla.discriminator.knots, vanilla.discriminator.weight_decay))


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_claims_something_is_named_and_has_a_cure(name):
    failure = RECIPES[name]
    assert failure.claim
    assert failure.attempt.endswith((".", "?"))
    assert failure.shows
    assert set(failure.shows) <= set(VERDICTS)
    assert any(cure.cures == name for cure in CURES.values())


@pytest.mark.parametrize("name", CURES)
def test_every_cure_is_of_a_failure_and_is_named_nothing(name):
    cure = RECIPES[name]
    assert cure.claim
    assert cure.cures in FAILURES
    assert not cure.shows


@pytest.mark.parametrize("name", [name for name in RECIPES if RECIPES[name].events])
def test_what_is_done_on_the_way_can_be_done_and_lies_within_the_run(name):
    recipe = RECIPES[name]
    experiment = recipe.experiment()
    steps = [event.step for event in recipe.events]
    assert steps == sorted(steps)
    assert 0 < steps[0] <= steps[-1] < experiment.steps
    knobs = experiment.knobs()
    for event in recipe.events:
        assert event.knob == PAUSE or event.knob in knobs


def _ended(name: str, steps: int):
    run = begin(RECIPES[name].experiment(steps=steps)).train(steps, progress=False)
    return run, [run.frames[place] for place in range(len(run.frames))]


def test_a_claim_tells_a_failure_from_its_cure():
    failure, cure = RECIPES["divergence"], RECIPES["divergence-clipped"]
    run, broken = _ended("divergence", 300)
    assert run.failure
    _, held = _ended("divergence-clipped", 300)
    assert failure.claim.holds(broken)
    assert not failure.claim.holds(held)
    assert not cure.claim.holds(broken)
