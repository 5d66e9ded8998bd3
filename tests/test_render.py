"""`gausslab render` and `gausslab export`: what they write, and what they refuse before JAX is loaded."""

import subprocess
import sys

import imageio_ffmpeg
import pytest
from constructors import small

from gausslab import figures
from gausslab.cli import main
from gausslab.cli import render as command
from gausslab.files import load, save
from gausslab.run import begin

SMALL = ("--size", "320x180", "--quiet")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    home = tmp_path_factory.mktemp("runs")
    for seed in (0, 1):
        save(begin(small({"seed": seed})).train(30, progress=False), home / str(seed), progress=False)
    return [str(home / "0"), str(home / "1")]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")


def run(*arguments):
    """The command in this process; its exit code."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return left.value.code


def test_names_on_the_command_line_are_those_of_the_figures():
    module = sys.modules["gausslab.cli.render"]
    assert module.PANELS == figures.PANELS and module.LAYOUTS == figures.LAYOUTS
    assert set(module.THEMES) == set(figures.THEMES)
    assert command.name == "render"


def test_flags_of_the_film_reach_the_film(folders, tmp_path):
    home = tmp_path / "copy"
    save(load(folders[0]), home, progress=False)
    how = ["--film", "--fps", "60", "--speed", "0.5", "--quiet"]
    look = ["--panel", "map,densities", "--size", "640x360", "--theme", "dark"]
    assert run("render", str(home), *how, *look) == 0
    count, seconds = imageio_ffmpeg.count_frames_and_secs(home / "training.mp4")
    assert count == 28 and seconds == pytest.approx(28 / 60, abs=0.02)
    assert (home / "final.png").stat().st_size > 1000
    load(home)


def test_a_poster_alone_leaves_picture_and_film_undrawn(folders, tmp_path, capsys):
    home = tmp_path / "copy"
    save(load(folders[0]), home, progress=False)
    before = (home / "final.png").stat().st_mtime_ns
    assert run("render", str(home), "--poster") == 0
    assert capsys.readouterr().out == f"poster          {home / 'poster.pdf'}\n"
    assert (home / "poster.pdf").read_bytes().startswith(b"%PDF")
    assert run("render", str(home), "--poster", "talk.svg", "--quiet") == 0
    assert "<svg" in (tmp_path / "talk.svg").read_text()
    assert (home / "final.png").stat().st_mtime_ns == before and not (home / "training.mp4").exists()
    load(home)


def test_two_runs_are_filmed_together(folders, tmp_path, capsys):
    homes = [str(tmp_path / name) for name in ("a", "b")]
    for source, home in zip(folders, homes, strict=True):
        save(load(source), home, progress=False)
    assert run("render", *homes, "--layout", "overlaid", "--film", "gif", "--size", "320x180") == 0
    assert capsys.readouterr().out == f"film            {tmp_path / 'a' / 'together.gif'}\n"
    assert (tmp_path / "a" / "together.gif").read_bytes().startswith(b"GIF8")
    load(homes[0])


def test_export_writes_what_it_is_asked_for(folders, tmp_path, capsys):
    flags = ["--onnx", "g.onnx", "--weights", "w.safetensors", "--history", "h.parquet"]
    assert run("export", folders[0], *flags) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["onnx", "g.onnx"],
        ["weights", "w.safetensors"],
        ["history", "h.parquet"],
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g.onnx", "h.parquet", "w.safetensors"]


REFUSED = [
    (["render", "x", "--fps", "0"], "1 to 120"),
    (["render", "x", "--film", "gif", "--fps", "60"], "1 to 50"),
    (["render", "x", "--fps", "many"], "many"),
    (["render", "x", "--size", "1920"], "1920x1080"),
    (["render", "x", "--size", "1921x1080"], "even"),
    (["render", "x", "--size", "99999x99999"], "7680"),
    (["render", "x", "--size", "0x0"], "128"),
    (["render", "x", "--panel", "maps"], "densities,map,game"),
    (["render", "x", "--panel", "map,map"], "each once"),
    (["render", "x", "--panel", ""], "densities,map,game"),
    (["render", "x", "--speed", "0"], "0.05 to 100"),
    (["render", "x", "--speed", "nan"], "0.05 to 100"),
    (["render", "x", "--theme", "pink"], "pink"),
    (["render", "x", "--film", "avi"], "mp4 or gif"),
    (["render", "x", "--film", "gif", "--no-film"], "--film or --no-film"),
    (["render", "x", "--no-film", "--fps", "20"], "--fps to go with a film"),
    (["render", "x", "--poster", "--speed", "2"], "--speed to go with a film"),
    (["render", "x", "--poster", "a.jpg"], ".pdf, .svg, .png"),
    (["render", "x", "--layout", "beside"], "2 to 4 runs"),
    (["render", "x", "y", "--poster"], "one by one"),
    (["render", "x", "y", "--no-film"], "one by one"),
    (["render", *"abcde"], "1 to 4 runs"),
    (["render"], "DIR"),
    (["export", "x"], "--onnx FILE"),
    (["export", "x", "--onnx", "g.pb"], ".onnx"),
    (["export", "x", "--weights", "no/w.safetensors"], "make it"),
]


def test_bad_input_is_one_sentence_told_before_jax_is_loaded():
    code = f"""
import contextlib, io, sys
from gausslab.cli import main
for arguments, says in {REFUSED!r}:
    heard = io.StringIO()
    with contextlib.redirect_stderr(heard):
        try: main(arguments)
        except SystemExit as end: assert end.code == 2, arguments
    said = heard.getvalue()
    assert says in said and said.count("\\n") == 1 and said.startswith("gausslab: "), (arguments, said)
print(*sorted({{"jax", "matplotlib", "scipy"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
