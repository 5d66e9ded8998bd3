"""Programs that are kept as they were traced."""

import json
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from constructors import QUICKLY, game

from gausslab import cache, programs, training
from gausslab.pacing import NO_STEPS
from gausslab.settings import Experiment

STRUCTURE = Experiment()
FIRST_STEPS = """
import json, sys
from gausslab.cache import keep_programs
keep_programs()
from gausslab.recipes import RECIPES
from gausslab.run import train
small = {"batch": 32, "generator.widths": (4,), "discriminator.widths": (4,)}
run = train(RECIPES["vanilla"].experiment(**small), steps=3)
print(json.dumps({"flax": "flax" in sys.modules, "bits": run.state.generator.parameters.tolist()}))
"""


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Where programs are kept."""
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(cache, "_keeping", True)
    return tmp_path / "traced"


@pytest.fixture
def traced():
    """How often the doubling was traced."""
    return []


def _doubled(traced, x):
    def doubled(structure, x):
        traced.append(x.shape)
        return {"twice": 2 * x, "sum": x.sum()}

    return jax.jit(lambda x: programs.called(doubled, STRUCTURE, (x,), {"twice": 0, "sum": 0}))(x)


def _is_doubled(found, x):
    np.testing.assert_array_equal(found["twice"], 2 * np.asarray(x))
    np.testing.assert_array_equal(found["sum"], np.asarray(x).sum())


def test_a_program_is_traced_once_for_all_that_ask_for_it(folder, traced):
    x = jnp.arange(3.0)
    for _ in range(3):
        _is_doubled(_doubled(traced, x), x)
    assert traced == [(3,)]
    assert len(list(folder.iterdir())) == 1


def test_arguments_of_another_shape_have_a_program_of_their_own(folder, traced):
    for x in (jnp.arange(3.0), jnp.arange(4.0), jnp.arange(3)):
        _is_doubled(_doubled(traced, x), x)
    assert len(traced) == len(list(folder.iterdir())) == 3


def test_other_sources_or_libraries_trace_anew(folder, traced, monkeypatch):
    x = jnp.arange(3.0)
    _doubled(traced, x)
    monkeypatch.setattr(programs, "_edition", lambda: "another")
    _is_doubled(_doubled(traced, x), x)
    assert len(traced) == 2


@pytest.mark.parametrize("damage", [b"", b"no program", None])
def test_a_damaged_file_is_written_anew(folder, traced, damage):
    x = jnp.arange(3.0)
    _doubled(traced, x)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    _is_doubled(_doubled(traced, x), x)
    assert len(traced) == 2
    _is_doubled(_doubled(traced, x), x)
    assert len(traced) == 2


def test_where_nothing_can_be_kept_nothing_is_missed(monkeypatch, tmp_path, traced):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.setattr(cache, "_keeping", True)
    x = jnp.arange(3.0)
    _is_doubled(_doubled(traced, x), x)


def test_an_answer_that_only_tracing_can_tell_is_not_kept(folder):
    x = jnp.arange(3.0)
    found = jax.jit(lambda x: programs.called(lambda structure, x: (x, x), STRUCTURE, (x,), None))(x)
    assert len(found) == 2
    assert not folder.exists()


def test_a_second_process_loads_no_flax_and_both_give_the_bits_of_one_that_keeps_nothing(tmp_path):
    found = [_process(folder) for folder in ("", str(tmp_path), str(tmp_path))]
    assert [process["flax"] for process in found] == [True, True, False]
    assert found[0]["bits"] == found[1]["bits"] == found[2]["bits"]


def test_networks_that_keep_statistics_are_found_again(folder):
    normed = Experiment(
        batch=16,
        generator={"widths": (2,), "batch_norm": True, "knots": 0, "ordered": False},
        discriminator={"widths": (2,), "spectral_norm": True, "knots": 0},
        penalties={},
    )
    parts = game(normed)
    arguments = (parts.conditions, parts.state, parts.moves, jnp.asarray(NO_STEPS + 1))
    found = []
    for _ in range(2):
        advance = jax.jit(training.advance, static_argnums=0, compiler_options=QUICKLY)
        found.append(jax.device_get(advance(parts.structure, *arguments)))
        assert len(list(folder.iterdir())) == 1
    jax.tree.map(np.testing.assert_array_equal, *found)


def _process(folder):
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": folder}
    done = subprocess.run(
        [sys.executable, "-c", FIRST_STEPS], capture_output=True, text=True, check=True, env=environment
    )
    return json.loads(done.stdout)


def test_arrays_and_shapes_are_committed_alike():
    array, shape = programs.at_home(np.float32(1)), programs.at_home(jax.ShapeDtypeStruct((), np.float32))
    assert array.committed
    assert array.sharding == shape.sharding
