"""The one description of an experiment: bounds, names, round trips, and what is structure and what is a knob."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
from constructors import EXPERIMENTS, turned
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from gausslab.errors import BadInput
from gausslab.penalties import PENALTIES
from gausslab.settings import Experiment, Setting, from_toml, to_toml

SETTINGS = {setting.path: setting for setting in Experiment().changed({"penalties": {"r1": 1.0}}).settings}
NUMBERS = {path: setting for path, setting in SETTINGS.items() if setting.low is not None}
NAMES = {path: list(setting.table.members()) for path, setting in SETTINGS.items() if setting.table}
TARGETS = ["normal(4, 1.25)", "comb(8)", "0.3*normal(-2, 0.5) + 0.7*laplace(3, 1)", "exponential(1)"]


def _refused(values: Mapping[str, Any]) -> str:
    """The one sentence with which some values are refused."""
    with pytest.raises(BadInput) as caught:
        Experiment().changed({"penalties": {"r1": 1.0}} | dict(values))
    sentence = str(caught.value)
    assert sentence
    assert "\n" not in sentence
    return sentence


def _any_value(setting: Setting) -> st.SearchStrategy:
    if setting.path == "target":
        return st.sampled_from(TARGETS)
    if setting.choices:
        return st.sampled_from(setting.choices)
    if setting.path in NAMES:
        return st.sampled_from(NAMES[setting.path])
    if isinstance(setting.value, bool):
        return st.booleans()
    if isinstance(setting.value, int):
        return st.integers(int(setting.low), int(setting.high))
    if isinstance(setting.value, float):
        return st.floats(setting.low, setting.high)
    assert setting.path.endswith(".widths")
    return st.lists(st.integers(1, 1024), max_size=8).map(tuple)


@st.composite
def experiments(draw) -> dict[str, Any]:
    """The settings of any experiment at all."""
    chosen = draw(st.lists(st.sampled_from(sorted(SETTINGS)), max_size=12, unique=True))
    values = {path: draw(_any_value(SETTINGS[path])) for path in chosen if not path.startswith("penalties")}
    if "discriminator.pack" in values:
        values["batch"] = values["discriminator.pack"] * draw(st.integers(2, 8))
    if values.get("batch", 2) > 8192:
        values["batch"] = values["discriminator.pack"]
    if {"latent.low", "latent.high"} & set(values):
        low = draw(st.floats(-100, 99))
        values |= {"latent.low": low, "latent.high": draw(st.floats(low, 100, exclude_min=True))}
    values["penalties"] = draw(st.dictionaries(st.sampled_from(list(PENALTIES)), st.floats(0, 1000)))
    return values


@effort(max_examples=60, deadline=None)
@given(experiments())
def test_any_experiment_survives_toml(values):
    experiment = Experiment().changed(values)
    again = from_toml(to_toml(experiment))
    assert again == experiment
    assert hash(again) == hash(experiment)
    assert again.structure() == experiment.structure()
    assert again.knobs() == experiment.knobs()


@effort(max_examples=30, deadline=None)
@given(experiments())
def test_the_structure_of_a_structure_is_itself(values):
    structure = Experiment().changed(values).structure()
    assert structure.structure() == structure
    assert hash(structure.structure()) == hash(structure)
    assert isinstance(hash(structure), int)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_knobs_seed_length_and_target_leave_the_structure_alone(name):
    experiment = EXPERIMENTS[name]
    other = turned(experiment).changed({"seed": 7, "steps": 11, "frame_every": 3})
    assert other.structure() == experiment.structure()
    assert hash(other.structure()) == hash(experiment.structure())
    moved = {path for path, value in experiment.knobs().items() if other.knobs()[path] != value}
    gates = {setting.path for setting in experiment.settings if setting.gate and not setting.value}
    assert moved == set(experiment.knobs()) - gates


@pytest.mark.parametrize("path", [path for path, setting in SETTINGS.items() if setting.gate])
def test_a_gate_is_structure_only_in_being_shut_or_open(path):
    shut, ajar, open_ = (Experiment().changed({path: value}).structure() for value in (0, 1, 2))
    assert shut != ajar
    assert ajar == open_


@pytest.mark.parametrize(
    "path", [p for p, s in SETTINGS.items() if not s.knob and p not in ("seed", "steps", "frame_every", "target")]
)
def test_all_that_is_no_knob_is_structure(path):
    setting = SETTINGS[path]
    other = {
        bool: lambda: not setting.value,
        int: lambda: setting.value * 2 or 1,
        float: lambda: setting.value + 0.5,
        tuple: lambda: (3,),
        str: lambda: next(name for name in (setting.choices or NAMES[path]) if name != setting.value),
    }[type(setting.value)]()
    start = Experiment().changed({"penalties": {"r1": 1.0}})
    assert start.changed({path: other}).structure() != start.structure()


@pytest.mark.parametrize("path", NUMBERS)
def test_a_bound_refuses_what_is_beyond_it_in_one_sentence(path):
    setting = NUMBERS[path]
    beyond = 1 if isinstance(setting.value, int) else 1e-3 * max(1.0, abs(setting.high))
    for value in (setting.low - beyond, setting.high + beyond):
        sentence = _refused({path: value})
        assert path in sentence
        assert f"{value}" in sentence
    for value in (setting.low, setting.high):
        if path not in ("latent.low", "latent.high", "discriminator.pack"):
            assert Experiment().changed({"penalties": {"r1": 1.0}, path: value})


@pytest.mark.parametrize("path", NUMBERS)
@pytest.mark.parametrize("value", [math.nan, math.inf, "much", None, [1, 2]])
def test_what_is_no_number_is_refused(path, value):
    assert path in _refused({path: value})


@pytest.mark.parametrize("path", [path for path, setting in SETTINGS.items() if setting.choices or setting.table])
def test_a_name_that_is_in_no_table_is_refused_with_the_names_that_are(path):
    setting = SETTINGS[path]
    names = setting.choices or NAMES[path]
    sentence = _refused({path: "nothing_like_it"})
    assert path in sentence
    assert all(name in sentence for name in names)


def test_a_name_that_is_nearly_right_is_suggested():
    assert "did you mean 'hinge'" in _refused({"loss": "hing"})
    assert "did you mean 'wgan_gp'" in _refused({"penalties": {"wgan-gp": 1.0}})
    assert "did you mean 'rmsprop'" in _refused({"optimiser.name": "rms_prop"})
    assert "did you mean generator.rate" in _refused({"generator.rat": 1e-3})
    assert "did you mean seed" in _refused({"sede": 1})
    assert "gausslab settings" in _refused({"zzzzzz": 1})
    assert "gausslab settings" in _refused({"seed.further.down": 1})


def test_an_unknown_name_is_suggested_wherever_it_is_written():
    with pytest.raises(BadInput, match=r"did you mean generator\.rate"):
        Experiment(generator={"rat": 1e-3})
    with pytest.raises(BadInput, match=r"did you mean discriminator\.steps"):
        from_toml("[discriminator]\nstep = 3\n")
    with pytest.raises(BadInput, match="did you mean batch"):
        from_toml("batsh = 3\n")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"latent.low": 2.0, "latent.high": 1.0}, "latent.low below latent.high"),
        ({"batch": 10, "discriminator.pack": 4}, "discriminator.pack divides"),
        ({"generator.widths": (0,)}, "generator.widths"),
        ({"generator.widths": (4,) * 9}, "generator.widths"),
        ({"generator.widths": "8,many"}, "generator.widths"),
        ({"generator": 3}, "generator"),
        ({"penalties": 3}, "penalties"),
        ({"target": "normal(0, -1)"}, "above 0"),
        ({"target": "__import__('os')"}, "expected"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_sentence(values, words):
    assert words in _refused(values)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed = = 3", "in TOML"),
        ("format = 99", "format 1, got 99"),
        ("seed = 'three'", "seed"),
        ("[penalties]\nr3 = 1.0", "penalties"),
        ("seed = 1\nseed = 2", "in TOML"),
    ],
)
def test_a_toml_text_with_a_fault_is_refused_in_one_sentence(text, words):
    with pytest.raises(BadInput, match=words) as caught:
        from_toml(text)
    assert "\n" not in str(caught.value)


def test_what_a_toml_text_leaves_out_takes_its_default():
    assert from_toml("") == Experiment()
    assert from_toml("seed = 3\n[generator]\nrate = 0.5\n") == Experiment().changed({"seed": 3, "generator.rate": 0.5})


def test_a_toml_text_holds_every_setting():
    text = to_toml(Experiment())
    assert all(f"{path.split('.')[-1]} = " in text for path in SETTINGS if not path.startswith("penalties"))


def test_widths_are_read_as_a_command_line_writes_them():
    for written in ("32,16", "(32, 16)", "[32,16]", [32, 16], (32, 16)):
        assert Experiment().changed({"generator.widths": written}).generator.widths == (32, 16)
    assert Experiment().changed({"generator.widths": "32"}).generator.widths == (32,)
    assert Experiment().changed({"generator.widths": 32}).generator.widths == (32,)
    assert Experiment().changed({"generator.widths": ""}).generator.widths == ()


def test_changed_leaves_all_else_and_the_original_alone():
    start = Experiment()
    before = to_toml(start)
    other = start.changed({"generator.rate": 0.25, "penalties.r1": 2.0})
    assert other.generator.rate == 0.25
    assert dict(other.penalties)["r1"] == 2.0
    assert other.changed({"generator.rate": start.generator.rate, "penalties": dict(start.penalties)}) == start
    assert to_toml(start) == before


def test_changed_leaves_the_mapping_that_it_was_given_alone():
    penalties = {"r1": 1.0}
    Experiment().changed({"penalties": penalties, "penalties.r2": 3.0})
    assert penalties == {"r1": 1.0}


def test_the_order_in_which_penalties_are_written_does_not_matter():
    one = Experiment().changed({"penalties": {"r1": 1.0, "dragan": 2.0}})
    other = Experiment().changed({"penalties": {"dragan": 2.0, "r1": 1.0}})
    assert one == other
    assert hash(one.structure()) == hash(other.structure())


def test_an_experiment_cannot_be_changed_in_place():
    with pytest.raises(Exception, match="frozen"):
        Experiment().seed = 3


def test_every_setting_says_what_it_is():
    assert all(setting.help.endswith((".", ".)")) for setting in SETTINGS.values())
    assert all(setting.low is not None and setting.high is not None for setting in SETTINGS.values() if setting.knob)


def test_every_default_lies_within_its_bounds():
    for path, setting in NUMBERS.items():
        assert setting.low <= setting.default <= setting.high, path
