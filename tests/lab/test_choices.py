"""What is a single choice away from an experiment."""

import pytest

from gausslab.lab.choices import one_choice_away
from gausslab.losses import LOSSES
from gausslab.penalties import PENALTIES
from gausslab.recipes import RECIPES
from gausslab.settings import LIMITS, Experiment

GAME = ("loss", "update", "batch")


def differences(here, there):
    before, after = here.structure().values, there.values
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


@pytest.mark.parametrize("recipe", ["steady", "vanilla"])
def test_every_loss_switch_penalty_and_recipe_is_foreseen_once(recipe):
    here = RECIPES[recipe].experiment()
    found = list(one_choice_away(here))
    assert len(set(found)) == len(found) and here.structure() not in found
    for name in LOSSES:
        assert name == here.loss or here.structure().changed({"loss": name}) in found
    for setting in here.structure().settings:
        if isinstance(setting.value, bool):
            assert here.structure().changed({setting.path: not setting.value}) in found
    for other in RECIPES.values():
        structure = other.experiment().structure()
        assert structure in found or structure == here.structure()
    single = [differences(here, there) for there in found]
    assert all({f"penalties.{name}"} in single for name in PENALTIES)


def test_what_is_foreseen_is_what_the_program_depends_on_and_what_a_visitor_may_ask_for():
    here = RECIPES["vanilla"].experiment(target="comb(8)", seed=7)
    for there in one_choice_away(here):
        assert there == there.structure()
        LIMITS.check(there)


def test_settings_in_view_come_first():
    here = RECIPES["vanilla"].experiment()
    found = one_choice_away(here, GAME)
    losses = [differences(here, next(found)) for _ in range(len(LOSSES) - 1)]
    assert losses == [{"loss"}] * len(losses)


def test_networks_may_become_deeper_shallower_wider_or_narrower():
    here = Experiment().changed({"generator.widths": (32, 16)})
    widths = {there.generator.widths for there in one_choice_away(here, ("generator.",))}
    assert {(32, 16, 16), (32,), (64, 32), (16, 8)} <= widths


def test_what_is_too_large_for_the_lab_is_not_foreseen():
    here = Experiment().changed({"generator.widths": (LIMITS.width,) * LIMITS.layers})
    assert all(max(there.generator.widths, default=0) <= LIMITS.width for there in one_choice_away(here))
    assert all(len(there.generator.widths) <= LIMITS.layers for there in one_choice_away(here))
