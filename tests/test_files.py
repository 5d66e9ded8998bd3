import hashlib
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import tomllib
from contextlib import contextmanager
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import gausslab as gl
from gausslab.errors import BadInput
from gausslab.files import animate, check_free, final_picture, layout, load, replay, save
from gausslab.files.pictures import places
from gausslab.files.whole import replaced
from gausslab.observing import named
from gausslab.recipes import RECIPES
from gausslab.run import begin, train
from gausslab.settings import Experiment, from_toml, to_toml

SMALL = {"batch": 64, "frame_every": 10, "generator.widths": (16,), "discriminator.widths": (16,)}
VANILLA = RECIPES["vanilla"].experiment(**SMALL)
NORMED = VANILLA.changed(
    {
        "target": "0.5*normal(-2, 0.5) + 0.5*normal(2, 0.5)",
        "generator.batch_norm": True,
        "generator.spectral_norm": True,
        "generator.dropout": 0.2,
        "discriminator.batch_norm": True,
        "discriminator.spectral_norm": True,
        "discriminator.dropout": 0.2,
        "standardised": True,
    }
)


def vanilla(_):
    return train(VANILLA, steps=60)


def normed(_):
    return train(NORMED, steps=45)


def eventful(folder):
    """Data from a file that is gone, knobs and targets changed off the rhythm of the frames."""
    file = folder / "geyser.csv"
    values = np.random.default_rng(0).normal(3, 2, 300)
    file.write_text("длительность,b\n" + "".join(f"{value},1\n" for value in values), encoding="utf-8")
    run = begin(VANILLA.changed({"target": gl.from_file(file, "длительность").moved(1, 2).text}))
    run.change({"generator.rate": 3e-4}).train(23)
    run.change({"location": 2.5, "discriminator.rate": 5e-4}).train(20)
    run.change({"target": gl.from_values(np.arange(700.0) / 7).text}).train(7)
    run.change({"target": "comb(3)", "scale": 0.7}).train(13)
    file.unlink()
    return run


pytestmark = pytest.mark.usefixtures("as_people_run_it")
KINDS = {"vanilla": vanilla, "normed": normed, "eventful": eventful}


@pytest.fixture(scope="module")
def saved(as_people_run_it, tmp_path_factory):
    """Each kind of run, as it was before it went on, in a folder; and the same run 30 steps later."""
    made = {}
    for kind, make in KINDS.items():
        home = tmp_path_factory.mktemp(kind)
        run = make(home)
        run.save(home / "run")
        before = digest(run), len(run.frames)
        made[kind] = home / "run", before, run.resume(30)
    return made


@pytest.fixture
def vanilla_folder(saved, tmp_path):
    return Path(shutil.copytree(saved["vanilla"][0], tmp_path / "copy"))


def digest(run) -> str:
    """Every bit of a run's state and frames."""
    found = hashlib.sha256()
    for leaf in jax.tree.leaves((run.state, run.moves)):
        found.update(np.asarray(leaf).tobytes())
    parts = [named(reel.observations) for reel in run.frames.reels]
    for name in sorted(parts[0]):
        found.update(np.concatenate([part[name] for part in parts]).tobytes())
    return found.hexdigest()


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refusal(folder: Path) -> str:
    with pytest.raises(BadInput) as caught:
        load(folder)
    sentence = str(caught.value)
    assert "\n" not in sentence and len(sentence) < 500
    return sentence


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_run_stands_where_the_saved_one_stood(saved, kind):
    folder, (bits, frames), later = saved[kind]
    run = load(folder)
    assert (digest(run), len(run.frames)) == (bits, frames)
    assert (
        run.experiment.changed({"target": later.experiment.target}) == later.experiment if kind != "eventful" else True
    )
    assert run.knobs == later.knobs and run.units == later.units and run.failure is None
    assert [event[:2] for event in run.events] == [event[:2] for event in later.events]
    assert run.timing.steps == 0 and run.timing.training == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_run_goes_on_as_if_it_had_never_stopped(saved, kind):
    folder, _, later = saved[kind]
    run = load(folder).resume(30)
    assert digest(run) == digest(later)
    for place in (0, 3, -1):
        ours, theirs = run.frames[place], later.frames[place]
        assert ours.readings.wasserstein == theirs.readings.wasserstein
        assert ours.diagnosis == theirs.diagnosis and ours.knobs == theirs.knobs
        assert ours.scene.label == theirs.scene.label and np.array_equal(ours.scene.p, theirs.scene.p)


@pytest.mark.parametrize("kind", KINDS)
def test_a_replay_of_the_file_alone_gives_the_same_bits(saved, kind):
    folder, (bits, frames), _ = saved[kind]
    run = replay(folder / "experiment.toml")
    assert (digest(run), len(run.frames)) == (bits, frames)


def test_another_process_gives_the_same_bits(saved):
    script = (
        "import sys, hashlib, numpy as np, jax\n"
        "from gausslab.files import load, replay\n"
        "from gausslab.observing import named\n"
        + "".join(_source(digest))
        + "for folder in sys.argv[1:]:\n    print(digest(load(folder).resume(30)), digest(replay(folder).resume(30)))\n"
    )
    folders = [str(saved[kind][0]) for kind in ("normed", "eventful")]
    root = str(Path(gl.__file__).parents[1])
    answer = subprocess.run(
        [sys.executable, "-c", script, *folders],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
    ).stdout.split("\n")
    wanted = [digest(saved[kind][2]) for kind in ("normed", "eventful")]
    assert [line.split() for line in answer if line] == [[bits, bits] for bits in wanted]


def _source(function) -> list[str]:
    import inspect

    return inspect.getsourcelines(function)[0]


def test_a_run_saved_again_is_the_same_to_the_byte(saved, tmp_path):
    folder = saved["eventful"][0]
    load(folder).save(tmp_path / "again")
    first, second = content(folder), content(tmp_path / "again")
    for ours in (first, second):
        ours.pop("summary.json")  # which tells times
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_the_folder_holds_what_its_documentation_says(saved):
    folder, _, _ = saved["eventful"]
    assert {path.name for path in folder.iterdir()} == {
        *("experiment.toml", "frames.safetensors", "checkpoint.safetensors", "manifest.json"),
        *("history.parquet", "summary.json", "final.png", "thumbnail.png", "data.npy", "data-2.npy"),
    }
    run = load(folder)
    history = pd.read_parquet(folder / "history.parquet")
    assert history["step"].tolist() == [frame.step for frame in run.frames]
    assert history["wasserstein"].tolist() == [frame.readings.wasserstein for frame in run.frames]
    assert [list(row) for row in history["mode_masses"]] == [list(f.readings.mode_masses) for f in run.frames]
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["steps"] == 63 and summary["wasserstein"] == run.frames[-1].readings.wasserstein
    told = tomllib.loads((folder / "experiment.toml").read_text(encoding="utf-8"))
    assert told["taken"] == 63 and told["format"] == 1
    assert [event["knob"] for event in told["events"]] == [
        *("generator.rate", "location", "discriminator.rate", "target", "target", "scale")
    ]
    assert [event["step"] for event in told["events"]] == [0, 23, 23, 43, 50, 50]


def test_numbers_are_kept_bit_for_bit_under_their_paths(saved):
    folder, _, _ = saved["normed"]
    arrays, run = load_file(folder / "checkpoint.safetensors"), load(folder)
    assert arrays["state.generator.parameters"].tobytes() == np.asarray(run.state.generator.parameters).tobytes()
    assert arrays["state.step"] == 45 and arrays["state.step"].shape == ()
    assert {str(array.dtype) for array in arrays.values()} == {"float32", "int32"}
    frames = load_file(folder / "frames.safetensors")
    assert frames["g"].dtype == np.float32 and frames["g"].shape == (len(run.frames), 2049)


def test_data_become_part_of_the_folder_and_keep_their_name(saved, tmp_path):
    folder, (bits, _), later = saved["eventful"]
    told = tomllib.loads((folder / "experiment.toml").read_text(encoding="utf-8"))
    assert told["target"] == 'moved(data("data.npy", "длительность"), 1, 2)'
    elsewhere = shutil.copytree(folder, tmp_path / "elsewhere")
    run = load(elsewhere)
    assert digest(run) == bits
    assert run.frames[0].scene.label == later.frames[0].scene.label == "moved(длительность (300 values), 1, 2)"
    assert run.experiment.target == f'moved(data("{elsewhere.resolve().as_posix()}/data.npy", "длительность"), 1, 2)'


def test_few_values_stay_in_the_text_and_many_go_into_a_file(tmp_path):
    few = train(VANILLA.changed({"target": "values(1, 2, 5)"}), steps=1)
    many = train(VANILLA.changed({"target": gl.from_values(np.arange(500.0)).text}), steps=1)
    few.save(tmp_path / "few")
    many.save(tmp_path / "many")
    assert not (tmp_path / "few" / "data.npy").exists()
    assert from_toml((tmp_path / "few" / "experiment.toml").read_text()).target == "values(1, 2, 5)"
    assert np.load(tmp_path / "many" / "data.npy", allow_pickle=False)["values"].tolist() == list(range(500))
    assert load(tmp_path / "many").target.label == many.target.label == "500 values"


def test_a_bare_experiment_can_be_run_again(tmp_path):
    (tmp_path / "bare.toml").write_text(to_toml(VANILLA.changed({"steps": 12})), encoding="utf-8")
    run = replay(tmp_path / "bare.toml")
    assert run.step == 12 and digest(run) == digest(train(VANILLA.changed({"steps": 12})))


def test_data_are_looked_for_beside_the_experiment(tmp_path):
    np.save(tmp_path / "mine.npy", np.arange(5.0))
    experiment = from_toml("target = 'data(\"mine.npy\")'", tmp_path)
    assert experiment.target == f'data("{tmp_path.resolve().as_posix()}/mine.npy")'
    assert from_toml("seed = 3\ntaken = 5\nevents = []\n") == Experiment(seed=3)


@pytest.mark.parametrize(
    "text", ["self = 1", "x = [[", "format = 2", "format = true", "a = " + "[" * 5000, "seed = -1"]
)
def test_a_faulty_experiment_is_refused(tmp_path, text):
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"bad\.toml"):
        replay(tmp_path / "bad.toml")


HUGE = "normal(1e28, 1e27)"
WILD = {"loss": "wasserstein", "optimiser.name": "sgd", "generator.rate": 1.0, "discriminator.rate": 1.0}
WILD |= {"generator.activation": "leaky_relu", "discriminator.activation": "leaky_relu"}


@pytest.mark.parametrize(
    ("change", "broken"),
    [({"scale": 10.0, "generator.rate": 0.3, "discriminator.rate": 0.3}, range(2, 200)), ({"target": HUGE}, [1])],
    ids=["in the middle", "in the very first step"],
)
def test_a_failure_is_restored_and_repeated(tmp_path, change, broken):
    run = train(VANILLA.changed(WILD | change), steps=200)
    assert run.failure and run.failure.step in broken
    run.save(tmp_path / "wild")
    again, repeated = load(tmp_path / "wild"), replay(tmp_path / "wild")
    assert again.failure == repeated.failure == run.failure
    assert digest(again) == digest(repeated) == digest(run)
    assert again.summary().verdict == "diverged"
    with pytest.raises(BadInput, match="broke down"):
        again.resume(1)


def test_a_run_without_frames_is_neither_saved_nor_drawn(tmp_path):
    with pytest.raises(BadInput, match="without; train"):
        save(begin(VANILLA), tmp_path / "nothing")
    with pytest.raises(BadInput, match="without; train"):
        final_picture(begin(VANILLA), tmp_path / "nothing.png")
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_run_is_replaced_whole(saved, vanilla_folder):
    (vanilla_folder / "training.mp4").write_bytes(b"drawn of the earlier run")
    left = vanilla_folder.parent / ".copy.saving-0123abcd"
    left.mkdir()
    (left / "frames.safetensors").write_bytes(b"left by a killed process")
    load(saved["eventful"][0]).save(vanilla_folder)
    assert digest(load(vanilla_folder)) == saved["eventful"][1][0]
    assert not (vanilla_folder / "training.mp4").exists()
    assert list(vanilla_folder.parent.iterdir()) == [vanilla_folder]


def test_missing_and_empty_folders_are_filled(saved, tmp_path):
    run = load(saved["vanilla"][0])
    run.save(tmp_path / "a" / "b" / "c")
    (tmp_path / "empty").mkdir()
    assert save(run, tmp_path / "empty") == tmp_path / "empty"
    assert digest(load(tmp_path / "a" / "b" / "c")) == digest(load(tmp_path / "empty"))
    assert (tmp_path / "empty").stat().st_mode == (tmp_path / "a").stat().st_mode


def test_anything_but_a_run_is_refused_and_untouched(saved, tmp_path, vanilla_folder):
    run = load(saved["vanilla"][0])
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.tex").write_text("mine")
    (vanilla_folder / "notes.md").write_text("mine")
    (tmp_path / "half").mkdir()
    shutil.copy(vanilla_folder / "experiment.toml", tmp_path / "half")
    for name, reason in [("file", "file"), ("folder", "other files"), ("copy", "notes.md"), ("half", "other files")]:
        with pytest.raises(BadInput, match=reason):
            check_free(tmp_path / name)
        with pytest.raises(BadInput, match=reason):
            run.save(tmp_path / name)
    with pytest.raises(BadInput, match="NUL"):
        run.save("a\0b")
    assert (tmp_path / "file").read_text() == (tmp_path / "folder" / "thesis.tex").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "file", "folder", "half"]


def test_a_name_that_no_disk_takes_is_refused(saved, tmp_path):
    with pytest.raises(BadInput, match="choose another folder"):
        load(saved["vanilla"][0]).save(tmp_path / ("x" * 10_000))
    assert list(tmp_path.iterdir()) == []


@contextmanager
def limited_files(size: int):
    """Let no file grow beyond a size, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [500, 4_000, 30_000])
def test_a_full_disk_leaves_the_earlier_run_whole(saved, vanilla_folder, size):
    before, run = content(vanilla_folder), load(saved["vanilla"][0])
    with limited_files(size), pytest.raises(BadInput, match=r"make room|check the disk"):
        run.save(vanilla_folder)
    assert content(vanilla_folder) == before
    assert list(vanilla_folder.parent.iterdir()) == [vanilla_folder]


def test_a_folder_that_cannot_be_written_is_refused(saved):
    run, root = load(saved["vanilla"][0]), os.geteuid() == 0
    run.frames[-1]
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    place.chmod(0o555)
    try:
        if root:  # whom no mode keeps out
            os.seteuid(65534)
        with pytest.raises(BadInput, match="may write in"):
            run.save(place / "run")
    finally:
        if root:
            os.seteuid(0)
        assert list(place.iterdir()) == []
        place.rmdir()


@pytest.mark.parametrize("fails_at", [1, 2])
def test_a_failing_rename_leaves_the_earlier_run_whole(saved, vanilla_folder, monkeypatch, fails_at):
    before, run, calls = content(vanilla_folder), load(saved["vanilla"][0]), []
    rename = os.rename

    def failing(source, destination):
        calls.append(source)
        if len(calls) == fails_at:
            raise KeyboardInterrupt
        rename(source, destination)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(KeyboardInterrupt):
        run.save(vanilla_folder)
    assert content(vanilla_folder) == before
    assert list(vanilla_folder.parent.iterdir()) == [vanilla_folder]


KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from gausslab.files.whole import recover, replaced
folder, before = Path(sys.argv[1]), 0
random.seed(7)
for turn in range(1, 41):
    child = os.fork()
    if not child:
        for version in range(10_000):
            with replaced(folder) as partial:
                for name in ("experiment.toml", "checkpoint.safetensors", "manifest.json"):
                    (partial / name).write_text(f"{turn} {version}")
        os._exit(0)
    time.sleep(random.uniform(0.001, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    kept = recover(folder)
    if kept.exists():
        found = {path.name: path.read_text() for path in kept.iterdir()}
        assert len(found) == 3 and len(set(found.values())) == 1, found
        now = int(found["manifest.json"].split()[0])
        assert now >= before, (now, before)
        before = now
    else:
        assert not before
assert before > 10, before
with replaced(folder) as partial:
    (partial / "manifest.json").write_text("")
assert [path.name for path in folder.parent.iterdir()] == [folder.name]
"""


def test_a_killed_process_leaves_a_whole_run(tmp_path):
    root = str(Path(gl.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "run")], capture_output=True, text=True, cwd=root
    )
    assert done.returncode == 0, done.stderr


def test_a_run_is_put_back_where_a_process_was_killed_between_two_names(saved, vanilla_folder):
    bits = saved["vanilla"][1][0]
    hidden = vanilla_folder.rename(vanilla_folder.with_name(".copy.previous"))
    assert digest(load(vanilla_folder)) == bits and not hidden.exists()
    vanilla_folder.rename(hidden)
    with pytest.raises(RuntimeError), replaced(vanilla_folder):
        raise RuntimeError
    assert digest(load(vanilla_folder)) == bits


def test_nothing_and_files_are_not_runs(tmp_path):
    assert "nothing there" in refusal(tmp_path / "missing")
    (tmp_path / "file").write_text("")
    assert "a file" in refusal(tmp_path / "file")
    assert "manifest.json" in refusal(tmp_path)
    assert "NUL" in refusal(Path("a\0b"))


ESSENTIAL = ["experiment.toml", "frames.safetensors", "checkpoint.safetensors", "manifest.json", "data.npy"]


def _cut(path):
    path.write_bytes(path.read_bytes()[:-3])


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(bytes(content))


def _inflate(path):
    with path.open("r+b") as file:
        file.truncate(2**42)


def _link(path):
    path.symlink_to(path.rename(path.with_name("elsewhere.npy")))


DAMAGES = {
    "missing": Path.unlink,
    "truncated": _cut,
    "empty": lambda path: path.write_bytes(b""),
    "flipped": _flip,
    "foreign": lambda path: path.write_bytes(b"\x89PNG\r\n" * 50),
    "enlarged": _inflate,
    "a link": _link,
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
}


@pytest.mark.parametrize("name", ESSENTIAL)
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_refused_by_name(saved, tmp_path, name, damage):
    folder = shutil.copytree(saved["eventful"][0], tmp_path / "damaged")
    DAMAGES[damage](folder / name)
    assert refusal(folder).split(": ")[0].endswith(name)


@pytest.mark.parametrize("name", ["history.parquet", "summary.json", "final.png", "thumbnail.png"])
def test_what_is_drawn_from_a_run_can_be_lost(saved, vanilla_folder, name):
    (vanilla_folder / name).unlink()
    assert digest(load(vanilla_folder)) == saved["vanilla"][1][0]


def _sealed(folder: Path) -> Path:
    """A folder whose manifest agrees with what somebody made of it."""
    layout.write_manifest(folder)
    return folder


def _with_text(folder: Path, old: str, new: str) -> None:
    file = folder / "experiment.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("taken = 60", "taken = 59", "after step 59"),
        ("taken = 60", "taken = -1", "taken"),
        ("format = 1", "format = 2", "format"),
        ("format = 1", "format = ", "fault"),
        ("seed = 0", "seed = 0\nsede = 1", "seed"),
        ("    16,\n", "    17,\n", "state."),
        ("batch = 64", "batch = 32", "shape (7, 32)"),
        ('name = "adam"', 'name = "sgd"', "one too many"),
        ("events = []", "events = [{step = 1, knob = 'nonsense', value = 1.0}]", "nonsense"),
        ("events = []", "events = [{step = 1, knob = 'generator.rate', value = 7.0}]", "0 to 1"),
        ("events = []", "events = [{step = 1, knob = 'generator.rate', value = nan}]", "0 to 1"),
        ("events = []", "events = [{step = 1, knob = 'generator.steps', value = 1.5}]", "whole"),
        ("events = []", "events = [{step = 1, knob = 'remedies.unrolled', value = 2}]", "side of 0"),
        ("events = []", "events = [{step = 1, knob = 'target', value = 'norml(1)'}]", "norml"),
        ("events = []", "events = [{step = 1, knob = 'target', value = 1.0}]", "target"),
        ("events = []", "events = [{step = 61, knob = 'location', value = 1.0}]", "order"),
        ("events = []", "events = [{step = 'x', knob = 'location', value = 1.0}]", "integer"),
        ('"normal(4, 1.25)"', "'data(\"/etc/passwd\")'", "own"),
        ('"normal(4, 1.25)"', "'moved(data(\"../data.npy\"), 1)'", "own"),
        ("events = []", "events = [{step = 1, knob = 'target', value = 'data(\"/etc/hosts\")'}]", "own"),
    ],
)
def test_an_experiment_that_disagrees_is_refused(vanilla_folder, old, new, reason):
    _with_text(vanilla_folder, old, new)
    sentence = refusal(_sealed(vanilla_folder))
    assert reason in sentence and str(vanilla_folder) in sentence


def _frames(folder: Path, change) -> None:
    path = folder / "frames.safetensors"
    arrays = load_file(path)
    with layout.naming(path):
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as file:
            header = json.loads(file.metadata()["gausslab"])
    change(arrays, header)
    save_file(arrays, path, metadata={"gausslab": json.dumps(header)})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda arrays, header: arrays.pop("g"), "g missing"),
        (lambda arrays, header: arrays.update(h=np.zeros(3, np.float32)), "h one too many"),
        (lambda arrays, header: arrays.update(g=arrays["g"].astype(np.float64)), "float32"),
        (lambda arrays, header: arrays.update(g=arrays["g"][:, :-1].copy()), "shape"),
        (lambda arrays, header: arrays.update(step=arrays["step"][::-1].copy()), "order"),
        (lambda arrays, header: arrays.update(step=arrays["step"] + 1), "order"),
        (lambda arrays, header: header["stretches"][0].update(frames=10**9), "shape"),
        (lambda arrays, header: header["stretches"][0].update(frames=0), "stretches.0.frames"),
        (lambda arrays, header: header["stretches"][0].update(target=1), "target"),
        (lambda arrays, header: header["stretches"][0].update(scale=-1.0), "scale"),
        (lambda arrays, header: header["stretches"][0]["knobs"].pop("location"), "knob"),
        (lambda arrays, header: header.update(targets=['data("/etc/passwd")']), "own"),
        (lambda arrays, header: header.update(format=2), "format"),
        (lambda arrays, header: header.update(kind="checkpoint"), "kind"),
        (lambda arrays, header: header.clear(), "format"),
    ],
)
def test_frames_that_disagree_are_refused(vanilla_folder, change, reason):
    _frames(vanilla_folder, change)
    sentence = refusal(_sealed(vanilla_folder))
    assert reason in sentence and "frames.safetensors" in sentence


def test_tensors_of_something_else_are_refused(vanilla_folder):
    for name in ("frames.safetensors", "checkpoint.safetensors"):
        whole = (vanilla_folder / name).read_bytes()
        save_file({"weights": np.zeros(3)}, vanilla_folder / name)
        assert f"{name}: expected a file of a run" in refusal(_sealed(vanilla_folder))
        (vanilla_folder / name).write_bytes(whole[:-4])
        assert f"{name}: expected a safetensors file" in refusal(_sealed(vanilla_folder))
        (vanilla_folder / name).write_bytes(whole)


@pytest.mark.parametrize(
    "text", ["{", "[1]", "[" * 100_000, '{"format": 2}', '{"format": 1, "kind": "cat"}', "1e999", "\xff"]
)
def test_a_faulty_manifest_is_refused(vanilla_folder, text):
    (vanilla_folder / "manifest.json").write_text(text, encoding="latin-1")
    assert "manifest.json" in refusal(vanilla_folder)


def test_a_manifest_leads_nowhere_else(vanilla_folder):
    path = vanilla_folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"]["../../secret"] = manifest["files"]["experiment.toml"]
    path.write_text(json.dumps(manifest))
    assert "secret" in refusal(vanilla_folder)


@hypothesis_settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(st.data())
def test_a_mutated_file_is_read_or_refused_in_a_sentence(saved, tmp_path_factory, data):
    source = saved["vanilla"][0]
    folder = tmp_path_factory.mktemp("mutated")
    for name in ESSENTIAL[:4]:
        shutil.copy(source / name, folder)
    name = data.draw(st.sampled_from(ESSENTIAL[:4]))
    content = bytearray((folder / name).read_bytes())
    reach = min(len(content), 2_500)  # the headers, and the whole of the texts
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, reach - 1))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    (folder / name).write_bytes(bytes(content))
    if name != "manifest.json":
        _sealed(folder)
    try:
        load(folder)
    except BadInput as error:
        assert "\n" not in str(error)
    shutil.rmtree(folder)


def test_frames_are_thinned_evenly():
    assert places(4) == [0, 1, 2, 3]
    assert places(1) == [0]
    found = places(1000)
    assert len(found) == 300 and found[0] == 0 and found[-1] == 999
    assert set(np.diff(found)) <= {3, 4}


def test_a_film_and_a_picture_are_drawn_of_a_loaded_run(saved, tmp_path):
    run = load(saved["vanilla"][0])
    film = animate(run, tmp_path / "a.mp4", frames=3, size=(320, 180), progress=False)
    assert film.stat().st_size > 1000
    assert final_picture(run, tmp_path / "a.png", theme="dark").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(BadInput, match="at least 2 frames"):
        animate(run, tmp_path / "b.mp4", frames=1)
    with pytest.raises(BadInput, match="folder"):
        final_picture(run, tmp_path / "nowhere" / "a.png")


def test_nothing_is_drawn_and_no_picture_library_loaded_to_load_a_run(saved):
    script = "import sys; from gausslab.files import load; load(sys.argv[1]); print('matplotlib' in sys.modules)"
    root = str(Path(gl.__file__).parents[1])
    command = [sys.executable, "-c", script, str(saved["vanilla"][0])]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout == "False\n"


def test_a_data_file_needs_no_pickle(saved):
    content = (saved["eventful"][0] / "data.npy").read_bytes()
    assert np.load(io.BytesIO(content), allow_pickle=False).dtype.names == ("длительность",)
