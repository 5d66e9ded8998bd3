"""The command line and saved runs: kept on their way, gone on with, listed, renamed, deleted and compared."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import pytest

from gausslab.cli import main
from gausslab.cli.shelf import COLUMNS

COMMAND = [sys.executable, "-c", "from gausslab.cli import main; main()"]
TINY = [
    f"{player}.{setting}" for player in ("generator", "discriminator") for setting in ("widths=4", "fourier_features=0")
]
SMALL = ["--batch", "16", "--frame-every", "2000", *(word for text in TINY for word in ("--set", text))]
STEPS = 15_000  # long enough to be stopped on the way
LONG = ["train", *SMALL, "--steps", str(STEPS), "--no-film", "--quiet"]
pytestmark = pytest.mark.usefixtures("as_people_run_it")
LASTING = ("experiment.toml", "checkpoint.safetensors", "frames.safetensors", "history.parquet", "manifest.json")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A working folder of its own, and no cache of programs in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")


def run(*arguments):
    """The command in this process; its exit code."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return left.value.code


@pytest.fixture(scope="module")
def environment(as_people_run_it, cache_of_a_user):
    """That of a fresh user, whose programs are kept between commands."""
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    kept = {name: value for name, value in os.environ.items() if "CACHE" not in name}
    fonts = {"MPLCONFIGDIR": matplotlib.get_cachedir()}  # are looked for once, and not in each new home
    return {**kept, **fonts, "XDG_CACHE_HOME": str(cache_of_a_user), "PYTHONPATH": os.pathsep.join(filter(None, paths))}


@pytest.fixture
def started(environment):
    """A way to start the command in a process of its own, which is gone afterwards."""

    @contextmanager
    def start(*arguments):
        process = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, env=environment)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    return start


def taken(folder) -> int:
    try:
        return int(re.search(r"^taken = (\d+)", Path(folder, "experiment.toml").read_text(), re.M)[1])
    except OSError:
        return -1


@contextmanager
def limited_files(size: int):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def wait_for(condition, seconds=120):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.002)


def test_a_killed_training_goes_on_and_ends_with_the_same_bits(capsys, started):
    with started(*LONG, "--out", "killed", "--checkpoint-every", "500") as process:
        wait_for(lambda: taken("killed") >= 1500)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 1500 <= taken("killed") < STEPS
    assert run("train", "--resume", "killed", "--no-film", "--quiet") == 0
    assert run(*LONG, "--out", "whole") == 0
    for name in LASTING:
        assert Path("killed", name).read_bytes() == Path("whole", name).read_bytes(), name
    assert sorted(os.listdir()) == ["killed", "whole"]
    capsys.readouterr()
    assert run("train", "--resume", "killed", "--json") == 0  # it has ended: said again, and nothing done
    assert json.loads(capsys.readouterr().out)["steps"] == STEPS


def test_a_replay_that_is_stopped_goes_on_with_what_was_still_to_be_done(capsys, started):
    assert run("train", *SMALL, "--steps", "900", "--out", "eventful", "--no-film", "--quiet") == 0
    file = Path("eventful/experiment.toml")
    last = f'{{step = {STEPS - 1}, knob = "location", value = 1.0}}'
    deeds = f'[{{step = 300, knob = "generator.rate", value = 1e-4}}, {last}]'
    text = file.read_text().replace("taken = 900", f"taken = {STEPS}").replace("events = []", f"events = {deeds}")
    Path("long.toml").write_text(text)
    with started("train", "--config", "long.toml", "--out", "part", "--checkpoint-every", "700") as process:
        wait_for(lambda: taken("part") >= 700)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 130 and "stopped at step" in said
    assert taken("part") < STEPS - 1
    assert run("train", "--resume", "part", "--no-film", "--quiet") == 0
    assert run("train", "--config", "long.toml", "--out", "whole", "--no-film", "--quiet") == 0
    assert Path("part/checkpoint.safetensors").read_bytes() == Path("whole/checkpoint.safetensors").read_bytes()
    assert Path("part/experiment.toml").read_text().count('knob = "location"') == 1


def test_control_c_is_answered_at_once(started):
    arguments = ["train", *SMALL, "--frame-every", "100000", "--steps", "5000000", "--out", "stopped", "--quiet"]
    with started(*arguments, "--checkpoint-every", "1000") as process:
        wait_for(lambda: taken("stopped") > 0)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        said = process.stderr.readline().decode()
        answered = time.monotonic() - began
        assert process.wait(60) == 130
    assert re.fullmatch(r"gausslab: stopped at step [\d,]+; what there is was saved in stopped\.\n", said)
    assert answered < 10  # on a machine that is busy with other tests; tests/benchmarks/seek.py times it
    assert Path("stopped/final.png").exists() and 0 < taken("stopped") < 5000000


def test_a_full_disk_is_a_sentence_and_keeps_the_last_save(capsys):
    with limited_files(12_000):
        assert run(*LONG, "--out", "full", "--checkpoint-every", "100") == 2
    assert re.fullmatch(
        r"gausslab: expected to save [^\n]+ room [^\n]+\n|gausslab: [^\n]+disk[^\n]+\n", capsys.readouterr().err
    )
    assert os.listdir() in ([], ["full"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--resume", "nowhere"], "nothing there"),
        (["--resume", "."], "manifest.json"),
        (["--resume", ".", "--seed", "3"], "--resume alone"),
        (["--resume", ".", "--out", "x"], "--resume alone"),
        (["--checkpoint-every", "0"], "checkpoint-every"),
    ],
)
def test_what_cannot_be_gone_on_with_is_a_sentence(capsys, arguments, says):
    assert run("train", *arguments) == 2
    assert says in capsys.readouterr().err


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of three runs, one of them damaged; those of the command, so that its program does for them as well."""
    from gausslab.run import begin
    from gausslab.settings import Experiment

    tiny = {f"{player}.widths": (4,) for player in ("generator", "discriminator")}
    tiny |= {f"{player}.fourier_features": 0 for player in ("generator", "discriminator")}
    folder = tmp_path_factory.mktemp("results") / "runs"
    for name, changes, steps in (("b", {"target": "comb(3)"}, 5), ("a", {}, 20), ("c", {}, 7)):
        experiment = Experiment().changed({**tiny, "batch": 16, "frame_every": 5, **changes})
        begin(experiment).train(steps, progress=False).save(folder / name)
    (folder / "c" / "checkpoint.safetensors").write_bytes(b"")
    return folder


def listed(capsys, *arguments) -> list[str]:
    assert run("runs", *arguments, "--json") == 0
    return [row["name"] for row in json.loads(capsys.readouterr().out)]


def test_runs_are_listed_with_headings_and_damage(runs, capsys):
    assert run("runs", str(runs)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["NAME", "a", "b", "c"]
    assert lines[0].split() == [*("NAME", "TARGET", "RECIPE", "STEPS", "W1/σ", "SAVED", "(UTC)", "DIAGNOSIS")]
    assert "Damaged" in lines[3] and "checkpoint.safetensors" in lines[3]


def test_runs_are_sorted_and_filtered(runs, capsys):
    assert listed(capsys, str(runs)) == ["a", "b", "c"]
    assert listed(capsys, str(runs), "--sort", "steps") == ["b", "a", "c"]
    assert listed(capsys, str(runs), "--sort", "name", "--reverse") == ["c", "b", "a"]
    assert listed(capsys, str(runs), "--filter", "COMB") == ["b"]
    assert listed(capsys, str(runs), "--filter", "target=normal") == ["a"]
    assert listed(capsys, str(runs), "--filter", "steps>5") == ["a"]
    assert listed(capsys, str(runs), "--filter", "steps<=20", "--filter", "wasserstein<1e9") == ["a", "b"]
    assert listed(capsys, str(runs), "--filter", "nobody") == []
    assert run("runs", str(runs), "--filter", "nobody") == 0 and "no run" in capsys.readouterr().out
    for wrong in ("steps>many", "target<3"):
        assert run("runs", str(runs), "--filter", wrong) == 2
        assert wrong[:5] in capsys.readouterr().err


def test_the_list_has_what_a_program_needs(runs, capsys):
    assert run("runs", str(runs), "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert set(rows[0]) == {*COLUMNS, "verdict", "damaged"}
    assert rows[0]["steps"] == 20 and isinstance(rows[0]["wasserstein"], float)
    assert rows[2]["damaged"] and rows[2]["wasserstein"] is None


def test_a_run_is_renamed_and_deleted_after_one_question(runs, capsys, monkeypatch):
    import io
    import shutil

    shutil.copytree(runs, "runs")
    assert run("runs", "rename", "a", "eight modes") == 0
    assert capsys.readouterr().out == f"{Path('runs/eight modes')}\n"
    for answer, names in (("n\n", ["b", "c", "eight modes"]), ("y\n", ["b", "c"])):
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        assert run("runs", "delete", "eight modes") == 0
        assert capsys.readouterr().err.count("?") == 1
        assert listed(capsys) == names
    assert run("runs", "delete", "c", "--yes") == 0
    assert listed(capsys) == ["b"]
    for wrong in (["rename", "b", "../b"], ["delete", "../b", "--yes"], ["rename", "nobody", "x"], ["delete", "x"]):
        assert run("runs", *wrong) == 2
        assert re.fullmatch(r"gausslab: [^\n]+\n", capsys.readouterr().err)
    assert listed(capsys) == ["b"]


def test_a_folder_without_runs_is_a_sentence(capsys):
    assert run("runs") == 2
    assert "folder of saved runs" in capsys.readouterr().err
    assert run("runs", "--help") == 0


def test_a_duel_prints_one_object(capsys):
    changes = [word for text in (*TINY, "batch=16") for word in ("--both", text)]
    assert run("duel", "vanilla", "--second", "penalties.r1=1", "--steps", "30", *changes, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["differences"] == "penalties.r1 none | 1"
    assert told["ahead"] in (*told["names"], None) and told["same_batches"]
    assert told["first"]["steps"] == told["second"]["steps"] == 30


def test_a_duel_of_saved_runs_says_who_is_ahead(runs, capsys):
    assert run("duel", str(runs / "a"), str(runs / "b"), "--steps", "20") == 0
    printed = capsys.readouterr().out
    assert " is ahead" in printed and "They differ in: target" in printed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["vanilla"], "two to compare"),
        (["vanilla", "nobody"], "'nobody'"),
        (["vanilla", "steady", "--steps", "0"], "steps"),
        (["vanilla", "--second", "penalties.r3=1"], "r3"),
        (["vanilla", "--second", "rate"], "name=value"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(capsys, arguments, says):
    assert run("duel", *arguments) == 2
    assert says in capsys.readouterr().err
