"""What two experiments or runs differ in, in one line."""

import pytest
from constructors import small

from gausslab.comparing import differences, differing, likeness, own_events, parted
from gausslab.recipes import RECIPES
from gausslab.run import begin
from gausslab.settings import Experiment

SPECIAL = {"target": "comb(3)", "generator.widths": (4,), "discriminator.widths": (4,), "latent.high": 2.0}


def test_equal_experiments_differ_in_nothing():
    assert differences(Experiment(), Experiment(steps=7, frame_every=3)) == "no difference"


def test_every_setting_that_is_changed_is_told_and_no_other():
    changes = {"loss": "hinge", "generator.rate": 1e-4, "generator.widths": (8,), "latent.stratified": False}
    told = differences(Experiment(), Experiment().changed(changes))
    assert told == (
        "loss relativistic | hinge; generator.widths none | 8; generator.rate 0.02 | 0.0001; latent.stratified yes | no"
    )


def test_a_penalty_that_only_one_has_is_told():
    told = differences(Experiment(penalties={"r1": 1.0}), Experiment(penalties={"r2": 0.5}))
    assert told == "penalties.r1 1 | none; penalties.r2 none | 0.5"


@pytest.mark.parametrize(
    "path", [setting.path for setting in Experiment().settings if setting.path not in ("steps", "frame_every")]
)
def test_each_setting_is_compared(path):
    plain = Experiment()
    setting = next(one for one in plain.settings if one.path == path)
    if isinstance(setting.value, bool):
        value = not setting.value
    elif setting.table or setting.choices:
        names = list(setting.table.members()) if setting.table else setting.choices
        value = next(name for name in names if name != setting.value)
    elif path in SPECIAL:
        value = SPECIAL[path]
    else:
        low, high = setting.low or 0, setting.high or 0
        above = low + 1 if isinstance(setting.value, int) else low + (high - low) / 4
        value = low if setting.value != low else above
    assert [pair.path for pair in differing(plain, plain.changed({path: value}))] == [path]


def test_events_of_one_only_are_told_and_many_are_counted():
    run = begin(small()).train(5, progress=False)
    other = run.fork()
    other.change({"location": 1.0}).pause()
    assert differences(run, other) == "step 5: location 1 (the second only)"
    for place in range(10):
        other.change({"location": 2.0 + place})
    assert differences(other, run).endswith("step 5: location 6 (the first only); 5 more events of the first")


def test_runs_are_one_until_something_is_done_to_one_of_them():
    run = begin(small()).train(12, progress=False)
    branch = run.at(7).change({"location": 1.0}).train(3, progress=False)
    assert parted(run, run) == 12
    assert parted(run, branch) == parted(branch, run) == 7
    assert parted(run, begin(small({"seed": 3}))) is None
    assert parted(run, begin(small({"steps": 3}))) == 0
    assert [event.knob for event in own_events(branch, 7)] == ["location"]


@pytest.mark.parametrize("name", RECIPES)
def test_an_experiment_is_named_after_the_nearest_recipe(name):
    itself = RECIPES[name].experiment(seed=3, steps=7)
    nearest = likeness(itself)  # of two recipes that differ only in what is done on the way, the first
    assert RECIPES[nearest].experiment(seed=3, steps=7) == itself
    assert likeness(itself.changed({"optimiser.warm_up": 7})) == f"{nearest} + 1 setting"
