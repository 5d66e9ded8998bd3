"""Runs that an earlier gausslab saved, and runs that began with the weights of another."""

import json
import tomllib

import numpy as np
import pytest
import tomli_w
from constructors import small
from safetensors.numpy import load_file, save_file

from gausslab.errors import BadInput
from gausslab.files import layout, load, replay
from gausslab.lab import record
from gausslab.lab.transplant import transplanted
from gausslab.run import begin
from gausslab.settings import LATER, from_toml, to_toml


@pytest.fixture
def earlier(tmp_path):
    """A run as it was saved before there were knots."""
    run = begin(small()).train(20, progress=False)
    run.save(tmp_path / "run")
    folder = tmp_path / "run"
    told = tomllib.loads((folder / layout.EXPERIMENT).read_text())
    for path in LATER:
        group, _, name = path.partition(".")
        del told[group][name]
    (folder / layout.EXPERIMENT).write_text(tomli_w.dumps(told))
    header = json.loads(_metadata(folder / layout.FRAMES))
    for stretch in header["stretches"]:
        stretch["knobs"] = {path: value for path, value in stretch["knobs"].items() if path not in LATER}
    save_file(load_file(folder / layout.FRAMES), folder / layout.FRAMES, metadata={"gausslab": json.dumps(header)})
    layout.write_manifest(folder)
    return folder, run


def _metadata(path):
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return header["__metadata__"]["gausslab"]


def test_run_from_before_there_were_knots_is_one_without(earlier):
    folder, run = earlier
    found = load(folder)
    assert found.experiment == run.experiment
    assert found.frames[-1].knobs == run.frames[-1].knobs
    found.train(10, progress=False)
    run.train(10, progress=False)
    np.testing.assert_array_equal(found.frames[-1].g, run.frames[-1].g)


def test_it_can_be_replayed(earlier):
    folder, run = earlier
    np.testing.assert_array_equal(replay(folder, progress=False).frames[-1].g, run.frames[-1].g)


def test_bare_experiment_without_knots_takes_the_default():
    assert from_toml("format = 1\n[generator]\nrate = 0.1").generator.knots == 513
    assert from_toml("format = 1\ntaken = 3\n[generator]\nrate = 0.1").generator.knots == 0


@pytest.fixture
def grafted():
    """A run that has gone on with the weights of another experiment."""
    run = begin(small()).train(20, progress=False)
    other = transplanted(run, run.experiment.changed({"loss": "minimax"}))
    assert other is not None
    return other.train(15, progress=False)


def test_run_that_took_over_weights_goes_on_with_the_same_bits(grafted, tmp_path):
    grafted.save(tmp_path / "run")
    found = load(tmp_path / "run")
    assert (found.first, found.step) == (20, 35)
    found.train(10, progress=False)
    grafted.train(10, progress=False)
    np.testing.assert_array_equal(found.frames[-1].g, grafted.frames[-1].g)


def test_run_that_took_over_weights_says_so_when_it_is_to_be_replayed(grafted, tmp_path):
    grafted.save(tmp_path / "run")
    with pytest.raises(BadInput, match="weights were those of another until step 20"):
        replay(tmp_path / "run", progress=False)
    with pytest.raises(BadInput, match="expected a step of the run, 20 to 35"):
        load(tmp_path / "run").at(25)


def test_its_file_alone_opens_its_settings(grafted, tmp_path):
    grafted.save(tmp_path / "run")
    asked = record.read((tmp_path / "run" / layout.EXPERIMENT).read_bytes())
    assert (asked.experiment, asked.step, asked.events) == (grafted.experiment, 0, ())


def test_first_step_beyond_the_last_is_refused(tmp_path):
    text = to_toml(small(), {"taken": 5, "first": 9})
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(BadInput, match="first step up to the 5 taken"):
        replay(tmp_path / "run.toml", progress=False)
