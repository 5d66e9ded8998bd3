"""The command line: what it writes, what it prints, and what it says when something is wrong."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest
from click.shell_completion import ShellComplete

from gausslab.cli import gausslab, main, runs
from gausslab.cli.flags import assignments, choices, every_setting, setting_flags, written
from gausslab.cli.tables import lined_up
from gausslab.datasets import DATASETS
from gausslab.errors import BadInput
from gausslab.recipes import RECIPES
from gausslab.settings import PENALTY_TABLE, Experiment

pytestmark = pytest.mark.usefixtures("as_people_run_it")
COMMAND = [sys.executable, "-c", "from gausslab.cli import main; main()"]
TINY = [
    f"{player}.{setting}" for player in ("generator", "discriminator") for setting in ("widths=4", "fourier_features=0")
]
SMALL = ["--batch", "16", "--steps", "60", *(word for text in TINY for word in ("--set", text))]
SUMMARY = {
    *("target", "steps", "seed", "wasserstein", "wasserstein_over_std", "ks", "js", "mean", "std", "modes"),
    *("modes_covered", "mode_masses", "outside", "diagnosis", "steps_per_second", "compile_seconds", "seconds", "out"),
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A working folder of its own, and no cache of programs in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")
    for name in ("MIN_COMPILE_TIME_SECS", "MIN_ENTRY_SIZE_BYTES"):
        monkeypatch.setenv(f"JAX_PERSISTENT_CACHE_{name}", "0")


@pytest.fixture(scope="module")
def environment(as_people_run_it, cache_of_a_user):
    """That of a fresh user, whose programs are kept between commands."""
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    kept = {name: value for name, value in os.environ.items() if "CACHE" not in name}
    fonts = {"MPLCONFIGDIR": matplotlib.get_cachedir()}  # are looked for once, and not in each new home
    return {**kept, **fonts, "XDG_CACHE_HOME": str(cache_of_a_user), "PYTHONPATH": os.pathsep.join(filter(None, paths))}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, environment):
    """The real command with --json: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    done = subprocess.run(
        [*COMMAND, "train", *SMALL, "--seed", "3", "--json", "--out", str(folder)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder, done.stdout


def run(*arguments):
    """The command in this process; its exit code."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return left.value.code


BRACKETS = "(" * 10_000 + ")" * 10_000


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--target", "__import__('os')"], "__import__"),
        (["--target", "normal(0, 1).rvs"], "character"),
        (["--target", "9**9**9"], "expected a target"),
        (["--target", BRACKETS], "brackets"),
        (["--target", "nonsense(3)"], "nonsense"),
        (["--target", "normal(1, 2, 3)"], "got 3 parameters"),
        (["--target", "normal(0, -1)"], "above 0"),
        (["--target", "density(0*x, 0, 1)"], "expected"),
        (["--data", "nofile.csv", "--column", "x"], "nofile.csv"),
        (["--data", "nan.csv", "--column", "x"], "nan"),
        (["--data", "words.csv", "--column", "x"], "expected"),
        (["--data", "same.csv", "--column", "x"], "distinct"),
        (["--data", "same.csv", "--column", "y"], "got 'y'"),
        (["--data", "same.csv", "--target", "normal"], "--target or --data"),
        (["--column", "x"], "--data"),
        (["--set", "nonsense=1"], "nonsense"),
        (["--set", "generator.rate=-1"], "generator.rate"),
        (["--set", "generator.rate=nan"], "generator.rate"),
        (["--set", "generator.rate"], "name=value"),
        (["--set", "generator=1"], "generator"),
        (["--set", "penalties.r3=1"], "r3"),
        (["--set", "optimiser.name=adm"], "adam"),
        (["--steps", "0"], "steps"),
        (["--steps"], "--steps"),
        (["--seed", "x"], "seed"),
        (["--batch", "1"], "batch"),
        (["--recipe", "vanila"], "vanilla"),
        (["--recipe", "vanilla", "--config", "x.toml"], "--recipe or --config"),
        (["--config", "x.toml"], "x.toml"),
        (["--config", "same.csv"], "TOML"),
        (["--loss", "hinje"], "hinge"),
        (["--film", "avi"], "avi"),
        (["--film", "gif", "--no-film"], "--film or --no-film"),
        (["--theme", "pink"], "pink"),
        (["--out", "."], "other files"),
        (["--out", "same.csv/run"], "same.csv"),
        (["--stpes", "5"], "--steps"),
        (["surplus"], "surplus"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else None,
)
def test_bad_input_is_one_sentence_and_nothing_is_written(capsys, arguments, says):
    files = {"nan.csv": "x\n1\nnan\n2\n", "words.csv": "x\none\ntwo\n", "same.csv": "x\n1\n1\n"}
    for name, content in files.items():
        Path(name).write_text(content)
    assert run("train", *arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(r"gausslab: [^\n]+[.?]\n", printed.err)
    assert says.lower() in printed.err.lower()
    assert {path.name for path in Path().iterdir()} == set(files)


def test_unknown_command_and_damaged_run_are_one_sentence(capsys):
    Path("empty").mkdir()
    for arguments in (["trian"], ["render", "nowhere"], ["render", "empty"], ["resume", "empty"]):
        assert run(*arguments) == 2
        assert re.fullmatch(r"gausslab: [^\n]+[.?]\n", capsys.readouterr().err)


def test_file_that_cannot_be_written_is_a_sentence_too(monkeypatch, capsys):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert run("train", *SMALL) == 2
    assert "can be written" in capsys.readouterr().err


def test_line_of_an_error_holds_no_control_characters(capsys):
    assert run("train", "--target", "a\x1b[31m\nb") == 2
    assert re.fullmatch(r"[^\x00-\x09\x0b-\x1f]+\n", capsys.readouterr().err)


def test_json_is_the_only_thing_printed(trained):
    folder, printed = trained
    readings = json.loads(printed)
    assert printed.count("\n") == 1
    assert readings.keys() >= SUMMARY
    assert (readings["steps"], readings["seed"], readings["out"]) == (60, 3, str(folder))


def test_json_leaves_everything_but_a_film(trained):
    names = {path.name for path in trained[0].iterdir()}
    assert names >= {"experiment.toml", "history.parquet", "final.png"}
    assert not any(name.startswith("training.") for name in names)


def test_experiment_of_a_run_gives_the_same_bits_again(trained):
    assert run("train", "--config", str(trained[0] / "experiment.toml"), "--out", "again", "--quiet", "--no-film") == 0
    for name in ("checkpoint.safetensors", "experiment.toml"):
        assert Path("again", name).read_bytes() == (trained[0] / name).read_bytes()


def test_resumed_run_is_the_one_that_never_stopped(trained, capsys):
    changed = ["--config", str(trained[0] / "experiment.toml"), "--set", "steps=40", "--json"]
    assert run("train", *changed, "--out", "part") == 0
    assert run("resume", "part", "--steps", "20", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["steps"] == 60
    assert Path("part/checkpoint.safetensors").read_bytes() == (trained[0] / "checkpoint.safetensors").read_bytes()


def test_newcomer_finds_picture_and_film(capsys):
    assert run("train", *SMALL, "--steps", "20") == 0
    printed = capsys.readouterr()
    folder = Path("runs/001-normal-4-1.25")
    for name in ("final.png", "training.mp4"):
        assert str(folder / name) in printed.out
        assert (folder / name).stat().st_size > 1000
    assert "normal(4, 1.25)" in printed.out
    assert printed.err == ""


def test_render_draws_a_saved_run_again(trained, capsys):
    picture = (trained[0] / "final.png").read_bytes()
    assert run("render", str(trained[0]), "--film", "gif", "--theme", "dark", "--quiet") == 0
    assert capsys.readouterr().out == f"{trained[0]}\n"
    assert (trained[0] / "final.png").read_bytes() != picture
    assert (trained[0] / "training.gif").read_bytes().startswith(b"GIF8")
    (trained[0] / "training.gif").unlink()


def test_data_file_is_learnt(capsys):
    Path("waiting.csv").write_text("minutes\n" + "\n".join(str(54 + 26 * (i % 2) + 0.1 * i) for i in range(80)))
    assert run("train", *SMALL, "--steps", "1", "--data", "waiting.csv", "--column", "minutes", "--json") == 0
    readings = json.loads(capsys.readouterr().out)
    assert readings["modes"] == 2
    assert readings["out"] == str(Path("runs/001-minutes-80-values"))


def test_nan_is_told_saved_and_exits_1(capsys):
    wild = [
        "--loss",
        "jeffreys",
        "--set",
        "optimiser.name=sgd",
        "--set",
        "generator.rate=1",
        "--set",
        "discriminator.rate=1",
        "--set",
        "optimiser.warm_up=1",
    ]
    assert run("train", *SMALL, *wild, "--out", "wild", "--json") == 1
    printed = capsys.readouterr()
    assert re.fullmatch(r"gausslab: Diverged: step \d+ [^\n]+ saved in wild\.\n", printed.err)
    assert json.loads(printed.out)["verdict"] == "diverged"
    assert Path("wild/checkpoint.safetensors").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
def test_interrupt_saves_what_there_is_and_exits_130(environment):
    import pty
    import termios

    master, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    process = subprocess.Popen(
        [*COMMAND, "train", *SMALL, "--steps", "2000000", "--frame-every", "50", "--out", "stopped"],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=environment,
    )
    os.close(terminal)
    try:
        shown = b""
        while b"training" not in shown:  # the progress bar, on a terminal
            shown += os.read(master, 4096)
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=60)[0]
    finally:
        process.kill()
    assert process.returncode == 130
    assert b"stopped at step" in os.read(master, 65536)
    os.close(master)
    assert b"stopped/final.png" in printed
    assert int(re.search(rb"steps +([\d,]+)", printed)[1].replace(b",", b"")) >= 1
    assert run("render", "stopped", "--no-film", "--quiet") == 0


def test_second_interrupt_acts_at_once():
    with pytest.raises(KeyboardInterrupt), runs.interruptions() as caught:
        signal.raise_signal(signal.SIGINT)
        assert caught == [signal.SIGINT]
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_interrupt_before_the_first_step_exits_130(monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "experiment", interrupted)
    assert run("train") == 130
    assert "gausslab: stopped" in capsys.readouterr().err


def test_fresh_folders_are_numbered_and_readable():
    assert runs._fresh("normal(4, 1.25)") == Path("runs/001-normal-4-1.25")
    Path("runs/041-comb").mkdir(parents=True)
    assert runs._fresh("0.3*Normal(-2, 0.5) + 0.7*laplace(3, 1)") == Path("runs/042-0.3-normal-2-0.5-0.7-laplace-3-1")
    assert runs._fresh("../../etc" + "x" * 99).parent == Path("runs")


def test_every_setting_at_the_top_has_a_flag_with_its_bounds_and_default():
    flags = {option.name: option for option in setting_flags()}
    for setting in Experiment().settings:
        if "." not in setting.path:
            text = flags.pop(setting.path).help
            assert setting.help in text
            assert setting.range in text
            assert "default: " in text
    assert not flags


def test_assignments_reach_every_setting():
    texts = [
        f"{item.path}={written(item.value) if item.path.endswith('widths') else item.value}" for item in every_setting()
    ]
    changed = Experiment().changed(assignments(texts))
    assert dict(changed.penalties).keys() == PENALTY_TABLE.members().keys()
    assert changed.changed({"penalties": dict(Experiment().penalties)}) == Experiment()


@pytest.mark.parametrize("text", ["", "=", "=1", "seed=", "seed"])
def test_assignment_needs_a_name_and_a_value(text):
    with pytest.raises(BadInput, match="name=value"):
        assignments([text])


def test_choices_of_pictures_are_those_of_the_figures():
    from gausslab.figures import THEMES
    from gausslab.figures.film import FILMS

    assert tuple(f".{name}" for name in runs.FILM_FORMATS) == FILMS
    assert set(runs.THEMES) == set(THEMES)


def completions(*words):
    complete = ShellComplete(gausslab, {}, "gausslab", "_GAUSSLAB_COMPLETE")
    return {item.value for item in complete.get_completions(list(words[:-1]), words[-1])}


def test_shell_completes_commands_flags_and_names():
    assert completions("tr") == {"train"}
    assert "--frame-every" in completions("train", "--fr")
    assert completions("train", "--recipe", "van") == {name for name in RECIPES if name.startswith("van")}
    assert completions("train", "--loss", "hi") == {"hinge"}
    assert completions("train", "--set", "generator.ra") == {"generator.rate="}
    assert "penalties.r1=" in completions("train", "--set", "pen")
    assert completions("train", "--set", "generator.activation=ta") == {"generator.activation=tanh"}
    assert completions("train", "--set", "optimiser.name=ada") == {"optimiser.name=adam"}


@pytest.mark.parametrize(
    "item", [item for item in Experiment().settings if item.table], ids=lambda item: item.table.command
)
def test_each_table_is_listed_whole(capsys, item):
    assert run(item.table.command, "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert tuple(row["name"] for row in rows) == choices(item)
    assert all(row["summary"] for row in rows)


def test_targets_settings_and_recipes_are_listed(capsys):
    for command, expected in (
        ("targets", "normal(mean = 0, std = 1)"),
        ("settings", "generator.rate"),
        ("recipes", "vanilla"),
        ("penalties", "r1"),
    ):
        assert run(command) == 0
        assert any(line.startswith(expected) for line in capsys.readouterr().out.splitlines())


def test_columns_are_lined_up_and_the_last_is_folded():
    rows = [{"name": "a", "summary": "one two three four five six seven"}, {"name": "long", "summary": "eight"}]
    assert lined_up(rows, None).splitlines() == ["a     one two three four five six seven", "long  eight"]
    assert lined_up(rows, 36).splitlines() == ["a     one two three four five six", "      seven", "long  eight"]


def test_command_alone_shows_help(capsys):
    assert run() == 0
    assert "train" in capsys.readouterr().out


def test_packaged_data_are_named_among_the_targets(capsys):
    assert run("targets") == 0
    assert f"dataset({next(iter(DATASETS))}" in capsys.readouterr().out
