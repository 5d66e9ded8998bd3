"""Links: what is written is read again, and what cannot be read is said in a sentence."""

import json
import zlib
from base64 import urlsafe_b64encode
from urllib.parse import parse_qsl

import numpy as np
import pytest

from gausslab import BadInput
from gausslab.lab import link
from gausslab.lab.link import Opening, read, write
from gausslab.recipes import RECIPES
from gausslab.run import Event
from gausslab.settings import LIMITS
from gausslab.targets import from_points, from_values


def parts(address: str) -> dict[str, str]:
    """A link as the page is handed it."""
    return dict(parse_qsl(address.removeprefix("?"), keep_blank_values=True))


def packed(content: str) -> str:
    return urlsafe_b64encode(zlib.compress(content.encode())).decode().rstrip("=")


def test_simple_link_is_one_that_a_person_would_write():
    opening = Opening("steady", RECIPES["steady"].experiment(target="normal(4, 1.25)", seed=3))
    assert write(opening) == "?target=normal(4,1.25)&recipe=steady&seed=3"


def test_empty_address_opens_the_default():
    assert read({}) == link.default()


def test_link_that_names_a_recipe_alone_learns_its_target():
    for name in ("goodfellow-figure-1", "vanilla"):
        own = RECIPES[name].settings.get("target", link.DEFAULT_TARGET)
        assert read({"recipe": name}).experiment.target == RECIPES[name].experiment(target=own).target


def test_hand_written_link_is_read():
    opening = read({"target": "comb(4)", "seed": "7", "loss": "wasserstein", "generator.widths": "16,16"})
    assert opening.experiment.target.startswith("comb(4")
    assert (opening.experiment.seed, opening.experiment.loss) == (7, "wasserstein")
    assert opening.experiment.generator.widths == (16, 16)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_comes_back_from_its_link(recipe):
    opening = Opening(recipe, RECIPES[recipe].experiment(target="0.5*normal(-2, 0.5) + 0.5*normal(2, 0.5)", seed=11))
    assert read(parts(write(opening))) == opening


@pytest.mark.parametrize(
    "changes",
    [
        {"generator.rate": 1 / 3},
        {"penalties": {"wgan_gp": 0.1}},
        {"penalties": {}},
        {"standardised": False, "generator.widths": (8, 16, 8), "latent.kind": "normal"},
        {"location": -2.5, "scale": 0.7, "optimiser.horizon": 123},
    ],
    ids=str,
)
def test_every_setting_comes_back(changes):
    opening = Opening("steady", RECIPES["steady"].experiment(target="laplace(1, 2)", **changes))
    assert read(parts(write(opening))) == opening


def test_step_and_what_was_done_come_back():
    events = (Event(10, "generator.rate", 0.004), Event(15, "target", "normal(0, 1)"), Event(15, "location", 2.0))
    opening = Opening("vanilla", RECIPES["vanilla"].experiment(target="normal(1, 1)"), events, 1200)
    assert read(parts(write(opening))) == opening


def test_drawn_target_comes_back_compressed():
    x = np.linspace(-3, 3, 60)
    target = from_points(x, np.round(np.exp(-x * x), 3))
    opening = Opening("steady", RECIPES["steady"].experiment(target=target))
    address = write(opening)
    assert "packed=" in address and len(address) < LIMITS.link
    assert read(parts(address)) == opening


def test_data_too_long_for_a_link_are_refused():
    values = from_values(np.random.default_rng(0).normal(size=2000))
    with pytest.raises(BadInput, match="save the experiment as TOML"):
        write(Opening("steady", RECIPES["steady"].experiment(target=values)))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"recipe": "miracle"}, "expected the name of a recipe"),
        ({"target": "normal("}, "xpected"),
        ({"target": 'data("/etc/passwd")'}, "expected no file"),
        ({"loss": "nonsense"}, "expected one of"),
        ({"nonsense": "1"}, "expected the name of a setting"),
        ({"seed": "-1"}, "seed"),
        ({"seed": "many"}, "seed"),
        ({"steps": "10"}, "expected no steps"),
        ({"step": "-5"}, "expected a step"),
        ({"step": "9" * 30}, "expected a step"),
        ({"step": "٣"}, "expected a step"),
        ({"batch": "8192"}, "in the lab"),
        ({"generator.widths": "8,8,8,8,8"}, "in the lab"),
        ({"penalties.nonsense": "1"}, "nonsense"),
        ({"packed": "####"}, "damaged"),
        ({"packed": "AAAA"}, "damaged"),
        ({"packed": packed("x" * 300_000)}, "got more"),
        ({"target": "x" * 20_000}, "got a longer one"),
        ({"did": packed("{}")}, "what was done"),
        ({"did": packed("[[1,2]]")}, "what was done"),
        ({"did": packed("[" * 100_000)}, "what was done"),
        ({"did": packed('[[1,"generator.rate","fast"]]')}, "what was done"),
        ({"did": packed('[[1,"generator.rate",NaN]]')}, "generator.rate"),
        ({"did": packed('[[1,"batch",32]]')}, "knobs that can turn"),
        ({"did": packed('[[1,"remedies.consensus",1]]')}, "side of 0"),
        ({"did": packed('[[-1,"location",1]]')}, "what was done"),
        ({"did": packed('[[1,"target","data(\\"x.csv\\")"]]')}, "expected no file"),
        ({"did": packed(json.dumps([[1, "location", 1.0]] * 1001))}, "what was done"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_link_is_refused_in_one_sentence(query, sentence):
    with pytest.raises(BadInput, match=sentence) as refusal:
        read(query)
    assert len(str(refusal.value)) < 500


def test_link_that_would_be_refused_is_not_written():
    experiment = RECIPES["vanilla"].experiment(target="normal(0, 1)")
    turns = tuple(Event(step, "location", 0.1) for step in range(1001))
    for opening in (Opening("vanilla", experiment, turns), Opening("vanilla", experiment, (), LIMITS.link_steps + 1)):
        with pytest.raises(BadInput, match="save the experiment as TOML"):
            write(opening)
