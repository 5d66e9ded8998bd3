"""The table of benchmarks is whole and its rows can be shown; nothing is timed here."""

import json
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from benchmarks import bare, classics, rate, recipes, recompiles, rivals, speed
from benchmarks.record import Record, key
from benchmarks.rounds import Times, interleaved, ratio
from benchmarks.rows import HEADINGS, Options, Row, as_json, as_markdown, as_text, from_json, unmeasured
from benchmarks.table import BENCHMARKS

from gausslab.diagnosis import VERDICTS
from gausslab.recipes import RECIPES
from gausslab.recipes.classics import CLASSICS
from gausslab.targets import parse

ROWS = [Row("a", "≤ 1", "0.5", True, {"x": [1.0]}), Row("b", "", "2|3", None), Row("c", "0", "1", False)]


def test_the_table_holds_every_group_that_the_bars_need():
    assert set(BENCHMARKS) == {
        *("quality", "alternatives", "speed", "rate", "recompiles", "start", "film", "seek", "lab", "crowd", "hour"),
        *("recipes", "classics"),
    }
    assert all(group.summary.endswith(".") for group in BENCHMARKS.values())


def test_each_group_says_what_it_measures():
    for group in BENCHMARKS.values():
        assert len(sys.modules[group.rows.__module__].__doc__ or "") > 100


def test_a_row_says_whether_its_bar_is_met():
    assert [row.verdict for row in ROWS] == ["met", "for information", "MISSED"]
    assert unmeasured("d", "≥ 8", "No module named 'torch'").verdict == "not measured"


def test_rows_come_back_from_their_file():
    again = [from_json(row) for row in json.loads(json.dumps(as_json(ROWS)))]
    assert [row.cells() for row in again] == [row.cells() for row in ROWS]


def test_markdown_has_a_line_for_each_row_and_escapes_bars():
    lines = as_markdown(ROWS).splitlines()
    assert len(lines) == 2 + len(ROWS)
    assert lines[0] == "| " + " | ".join(HEADINGS) + " |"
    assert "2\\|3" in lines[3]


def test_text_columns_line_up():
    assert len({len(line) for line in as_text(ROWS).splitlines()}) == 1


def test_json_keeps_every_number():
    assert json.loads(json.dumps(as_json(ROWS)))[0]["numbers"] == {"x": [1.0]}


def test_contestants_take_turns():
    order: list[str] = []
    times = interleaved({name: lambda name=name: order.append(name) or 1.0 for name in "ab"}, 3)
    assert order == list("ababab")
    assert ratio(times, "a", "b") == 1.0


def test_a_ratio_compares_turns_of_the_same_round():
    times = {"slow": Times((2.0, 20.0, 2.0)), "quick": Times((1.0, 10.0, 1.0))}
    assert ratio(times, "slow", "quick") == 2.0


def test_operations_agree_with_a_count_by_hand():
    # One hidden layer of 3, one sample: G 1-3-1 and D 1-3-1 have 6 weights each, 3 of them in the first layer.
    discriminators = 6 + 12 + 12 + 2 * 3
    generators = 6 + 6 + 6 + 6 + 3
    assert rate.operations((1, 3, 1), 1) == 2 * (discriminators + generators)


def test_the_bare_scan_learns():
    target = parse("normal(4, 1.25)")
    table = jnp.asarray(target.logit_quantiles(), jnp.float32)
    game = bare.train(bare.initial(jax.random.key(0)), table, jax.random.key(1), jnp.int32(2000))
    generated = bare.apply(game.generator.parameters, jnp.linspace(0.005, 0.995, 100)[:, None])
    assert abs(float(np.mean(generated)) - 4) < 1.25


def test_every_rival_of_the_script_is_raced():
    assert speed.RIVALS.keys() == rivals.RIVALS.keys()


def test_a_missing_rival_is_said_and_not_raced(tmp_path: Path):
    (tmp_path / "torch.py").write_text("raise ImportError('no torch here')")
    script = Path(rivals.__file__)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, runpy; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = ['', 'torch_eager'];"
            f"runpy.run_path({str(script)!r}, run_name='__main__')",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"missing": "no torch here"}


def test_the_compile_log_is_read():
    with recompiles.compiled() as programs:
        jax.jit(lambda x: x + 1.25)(jnp.ones(7)).block_until_ready()
    assert any("lambda" in program for program in programs)


@pytest.mark.parametrize("field", ["rounds", "steps"])
def test_defaults_are_what_the_bars_are_stated_for(field: str):
    assert getattr(Options(), field) == {"rounds": 15, "steps": 5000}[field]


def test_a_record_measures_a_run_once_and_goes_on_from_its_file(tmp_path: Path):
    measured: list[int] = []

    def measure() -> dict[str, float]:
        measured.append(1)
        return {"distance": float("inf")}

    record = Record(tmp_path / "runs.jsonl")
    assert record.kept("a", "a-0", measure) == record.kept("a", "a-0", measure) == {"distance": float("inf")}
    assert Record(tmp_path / "runs.jsonl").kept("a", "a-0", measure) == {"distance": float("inf")}
    assert len(measured) == 1


def test_a_run_of_a_mended_recipe_is_another_run():
    recipe = RECIPES["rate-jump"]
    others = [
        key(recipe._replace(settings={**recipe.settings, "batch": 64}), 0),
        key(recipe._replace(events=recipe.events[:1]), 0),
        key(recipe, 1),
        key(recipe, 0, {"scale": 2.0}),
    ]
    assert len({key(recipe, 0), *others}) == 5
    assert key(recipe._replace(story="told otherwise"), 0) == key(recipe, 0)


def _shown(verdicts: dict[str, int], holding: int) -> list[recipes.Showing]:
    names = [verdict for verdict, times in verdicts.items() for _ in range(times)]
    return [recipes.Showing(seed, seed < holding, name, "", 0.5) for seed, name in enumerate(names)]


def test_a_failure_is_met_where_it_holds_and_is_named_and_a_cure_where_it_is_not():
    count = recipes.Count(holding=18, naming=18, seeds=20)
    assert count.holds and count.is_named("collapse") and not count.is_named("collapse-cured")
    assert not count._replace(holding=17).holds
    assert not count._replace(naming=17).is_named("collapse")
    assert count._replace(naming=0).is_named("collapse-cured")


def test_the_confusion_table_has_a_row_for_each_recipe_and_counts_every_seed():
    shown = {"collapse": _shown({"collapsed": 19, "healthy": 1}, 20), "steady": _shown({"noise_floor": 20}, 0)}
    lines = list(recipes._confusion(shown))
    assert lines[0] == "| recipe | collapsed | noise floor | healthy |"
    assert lines[2:] == ["| `collapse` | **19** |  | 1 |", "| `steady` |  | 20 |  |"]


def test_the_claims_table_tells_a_row_that_is_missed():
    good, bad = _shown({"collapsed": 20}, 18), _shown({"healthy": 20}, 17)
    one = {name: good if RECIPES[name].shows == ("collapsed",) else bad for name in recipes.CLAIMING}
    lines = {line.split("`")[1]: line for line in list(recipes._claims(one, one))[2:]}
    assert lines.keys() == recipes.CLAIMING.keys()
    assert lines["collapse"].endswith("| 18 of 20 | `collapsed` | 20 | met |")
    assert lines["vanishing"].endswith("| 17 of 20 | `vanishing` | 0 | **missed** |")


def test_the_page_of_the_classics_has_a_row_for_each_and_tells_what_it_is():
    ending = classics.Ending(0, 0.125, 0.9, 1, 1, "healthy", 2.0)
    worse = ending._replace(distance=float("inf"), verdict="diverged")
    rows = [classics.Classic(name, name, [ending, worse, ending], [ending]) for name in CLASSICS]
    lines = classics.page(rows).splitlines()
    for name, recipe in CLASSICS.items():
        (row,) = (line for line in lines if line.startswith(f"| `{name}` |"))
        assert row.count("|") == len(classics.COLUMNS) + 1
        assert "| 3 | 0.125 | inf | 0.90 | 3 of 3 | healthy 2, diverged 1 |" in row
        assert f"* **`{name}`**: {recipe.story}" in lines


def test_every_verdict_of_the_confusion_table_is_one_of_the_diagnosis():
    assert all(set(recipes.named(name)) <= set(VERDICTS) for name in RECIPES)
