"""The table of benchmarks is whole and its rows can be shown; nothing is timed here."""

import json
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from benchmarks import bare, rate, recompiles, rivals, speed
from benchmarks.rounds import Times, interleaved, ratio
from benchmarks.rows import HEADINGS, Options, Row, as_json, as_markdown, as_text, from_json, unmeasured
from benchmarks.table import BENCHMARKS

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
