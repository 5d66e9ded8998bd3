"""A run that is saved on its way, killed, and gone on with."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from bits import digest
from constructors import small
from safetensors.numpy import load_file

import gausslab as gl
from gausslab.errors import BadInput
from gausslab.events import Event
from gausslab.files import Autosave, Plan, going_on, load, load_on_its_way, replay, save
from gausslab.files.layout import frames_names
from gausslab.files.saving import ON_ITS_WAY
from gausslab.run import begin

PLAN = Plan(200, (Event(43, "location", 1.0), Event(43, "pause", ""), Event(110, "target", "comb(3)")), (33, 110), 10)
LASTING = ("experiment.toml", "checkpoint.safetensors", "frames.safetensors", "history.parquet", "manifest.json")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run that nobody stopped, in its folder."""
    run = begin(small())
    *_, last = going_on(run, PLAN, progress=False)
    assert last.plan is None
    folder = tmp_path_factory.mktemp("whole") / "run"
    save(run, folder)
    return folder


def test_a_plan_is_followed(whole):
    run = load(whole)
    assert run.step == 200 and tuple(run.events) == (*PLAN.events[:2], Event(110, "target", "comb(3, 2, 0.25)"))
    assert {33, 43, 110} <= {frame.step for frame in run.frames}
    assert digest(replay(whole)) == digest(run)


@pytest.mark.parametrize("stop", [1, 2, 5, 9, 12])
def test_a_run_that_is_gone_on_with_is_the_one_that_never_stopped(whole, tmp_path, stop):
    run, folder = begin(small()), tmp_path / "run"
    autosave = Autosave(run, folder)
    for count, (_, plan) in enumerate(going_on(run, PLAN, progress=False)):
        if plan is None or count == stop:
            break
        autosave.save(plan)
        before = run.step
    del run  # as a killed process forgets it
    again, plan = load_on_its_way(folder)
    assert plan is not None and (again.step, plan.goal, plan.every) == (before, 200, 10)
    *_, last = going_on(again, plan, progress=False)
    save(last.run, folder)
    for name in LASTING:
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name


def test_a_save_on_the_way_writes_only_the_frames_since_the_last(tmp_path):
    run, folder = begin(small({"frame_every": 1})), tmp_path / "run"
    autosave, inodes, files = Autosave(run, folder), set(), []
    for steps in (80, 20, 3, 3, 40, 1, 90):
        run.train(steps, progress=False)
        autosave.save(Plan(500))
        names = frames_names(os.listdir(folder))
        files.append([len(load_file(folder / name)["step"]) for name in names])
        inodes.add((folder / "frames.safetensors").stat().st_ino)
        assert digest(load(folder)) == digest(run)
    assert files == [[81], [81, 20], [81, 20, 3], [81, 20, 6], [81, 66], [81, 66, 1], [238]]
    assert len(inodes) == 2
    assert [name for name in os.listdir(folder) if name.endswith((".png", ".parquet"))] == []


def test_a_save_on_the_way_makes_do_without_links_and_with_a_touched_folder(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(1, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    run, folder = begin(small()).train(60, progress=False), tmp_path / "run"
    autosave = Autosave(run, folder)
    autosave.save(Plan(500))
    run.train(5, progress=False)
    autosave.save(Plan(500))
    assert digest(load(folder)) == digest(run)
    shutil.rmtree(folder)
    run.train(5, progress=False)
    autosave.save(Plan(500))
    assert digest(load(folder)) == digest(run)


def test_the_frame_for_the_moment_is_not_saved_on_the_way(tmp_path):
    run, folder = begin(small({"frame_every": 8000})), tmp_path / "run"
    autosave = Autosave(run, folder)
    for _, plan in going_on(run, Plan(8000), progress=False):
        if plan is None or 1 < run.step < 8000:
            break
    autosave.save(Plan(8000))
    again = load(folder)
    assert 1 < again.step == run.step < 8000 and [frame.step for frame in again.frames] == [0]
    again.train(8000 - again.step, progress=False)
    assert digest(again) == digest(begin(small({"frame_every": 8000})).train(8000, progress=False))


def test_a_run_on_its_way_says_so(tmp_path):
    run = begin(small()).train(20, progress=False)
    Autosave(run, tmp_path / "run").save(Plan(5000))
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["verdict"] == ON_ITS_WAY and "step 20 on the way to 5,000" in summary["diagnosis"]
    assert summary["wasserstein"] == run.frames[-1].readings.wasserstein
    told = tomllib.loads((tmp_path / "run" / "experiment.toml").read_text())
    assert (told["taken"], told["goal"], told["ahead"]) == (20, 5000, [])
    assert digest(replay(tmp_path / "run")) == digest(run)


def test_data_of_targets_still_to_come_are_part_of_the_folder(tmp_path):
    np.save(tmp_path / "mine.npy", np.random.default_rng(0).normal(size=50))
    text = gl.from_file(tmp_path / "mine.npy").text
    run = begin(small()).train(20, progress=False)
    Autosave(run, tmp_path / "run").save(Plan(30, (Event(25, "target", text),)))
    (tmp_path / "mine.npy").unlink()
    again, plan = load_on_its_way(tmp_path / "run")
    *_, last = going_on(again, plan, progress=False)
    assert last.run.step == 30 and "50 values" in last.run.target.label


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("goal = 200", "goal = 3", "goal"),
        ("goal = 200", "goal = -1", "goal"),
        ("checkpoint_every = 10", "checkpoint_every = 0", "checkpoint_every"),
        ("ahead = []", 'ahead = [{step = 1, knob = "location", value = 1.0}]', "order"),
        ("ahead = []", 'ahead = [{step = 201, knob = "location", value = 1.0}]', "order"),
        ("ahead = []", 'ahead = [{step = 99, knob = "location", value = "x"}]', "location"),
        ("ahead = []", 'ahead = [{step = 99, knob = "pause", value = 1.0}]', "pause"),
        ("ahead = []", 'ahead = [{step = 99, knob = "target", value = \'data("/etc/passwd")\'}]', "own"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(tmp_path, old, new, reason):
    run = begin(small()).train(20, progress=False)
    Autosave(run, tmp_path / "run").save(Plan(200, (), (), 10))
    file = tmp_path / "run" / "experiment.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    gl.files.layout.write_manifest(tmp_path / "run")
    with pytest.raises(BadInput, match=reason):
        load(tmp_path / "run")


def test_frames_that_do_not_follow_one_another_are_refused(tmp_path):
    run, folder = begin(small()).train(60, progress=False), tmp_path / "run"
    autosave = Autosave(run, folder)
    autosave.save(Plan(500))
    run.train(5, progress=False)
    autosave.save(Plan(500))
    shutil.copy(folder / "frames.safetensors", folder / "frames-2.safetensors")
    gl.files.layout.write_manifest(folder)
    with pytest.raises(BadInput, match=r"frames-2.safetensors: expected frames beyond step 60"):
        load(folder)
    (folder / "frames.safetensors").rename(folder / "frames-3.safetensors")
    gl.files.layout.write_manifest(folder)
    with pytest.raises(BadInput, match=r"manifest.json: expected it to list frames.safetensors"):
        load(folder)


@contextmanager
def limited_files(size: int):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_last_save_whole(tmp_path):
    run, folder = begin(small()).train(60, progress=False), tmp_path / "run"
    autosave = Autosave(run, folder)
    autosave.save(Plan(500))
    bits = digest(run)
    run.train(60, progress=False)
    with limited_files(20_000), pytest.raises(BadInput, match=r"make room|check the disk"):
        autosave.save(Plan(500))
    assert digest(load(folder)) == bits and os.listdir(tmp_path) == ["run"]
    autosave.save(Plan(500))
    assert digest(load(folder)) == digest(run)


KILLED = """
import copy, hashlib, os, random, shutil, signal, sys, time, warnings
from pathlib import Path
import jax, numpy as np
from gausslab.files import Autosave, Plan, load, save, saving
from gausslab.files.whole import recover
warnings.simplefilter("ignore")
folder, times = Path(sys.argv[2]), int(sys.argv[3])
whole = load(sys.argv[1])
saving.draw = lambda *arguments: None
whole.state, whole.moves = jax.tree.map(np.asarray, (whole.state, whole.moves))
whole.frames[-1]

def standing(step):
    run = copy.copy(whole)
    run.frames = whole.frames.until(step)
    return run

def bits(run):
    parts = [reel.observations.g for reel in run.frames.reels]
    return hashlib.sha256(np.concatenate(parts).tobytes()).hexdigest()

runs = [standing(step) for step in range(0, 61, 5)]
known = {bits(run) for run in runs}
for run in runs:
    run.frames.plain(len(run.frames) - 1)
random.seed(3)
found, saves = set(), 0
# What a first save has to import takes longer than a child lives.
apart = folder.with_name("apart")
Autosave(runs[0], apart).save(Plan(100))
save(runs[-1], apart, history=False)
shutil.rmtree(apart)
for turn in range(times):
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        started = turn % len(runs)  # not always from the first on
        while True:
            autosave = Autosave(runs[started], folder)
            for run in runs[started:]:
                autosave._run = run
                os.write(told, b".")
                autosave.save(Plan(100))
            os.write(told, b".")
            save(runs[-1], folder, history=False)
            started = 0
    # However busy the machine is: while one of its first saves goes on, or soon after.
    for _ in range(random.randint(1, 5)):
        os.read(heard, 1)
    time.sleep(random.uniform(0.0, 0.02))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(heard), os.close(told)
    if not recover(folder).exists():
        assert not found
        continue
    now = bits(load(folder))
    assert now in known
    found.add(now)
    saves += 1
assert saves > 0.9 * times and len(found) > 4, (saves, len(found))
Autosave(runs[3], folder).save(Plan(100))
assert os.listdir(folder.parent) == [folder.name]
print(saves, len(found))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no fork")
def test_a_process_killed_a_hundred_times_while_saving_leaves_a_whole_run(kept, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(kept), str(tmp_path / "run"), "100"],
        capture_output=True,
        text=True,
        cwd=Path(gl.__file__).parents[1],
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
