"""A folder of saved runs: what is listed, and what a name may be."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from constructors import small
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gausslab.errors import BadInput
from gausslab.files import delete, load, place_of, rename, saved_runs
from gausslab.files.shelf import LONGEST_NAME, checked
from gausslab.recipes import RECIPES
from gausslab.run import begin


def refused(act) -> str:
    with pytest.raises(BadInput) as caught:
        act()
    sentence = str(caught.value)
    assert sentence.isprintable() and len(sentence) < 500
    return sentence


def test_a_run_is_listed_with_what_it_came_to(trained, shelf):
    (found,) = saved_runs(shelf)
    summary = trained.summary()
    assert (found.name, found.target, found.steps) == ("first", "normal(4, 1.25)", 60)
    assert (found.wasserstein, found.verdict, found.diagnosis) == (
        summary.wasserstein_over_std,
        summary.verdict,
        summary.diagnosis,
    )
    assert found.recipe.partition(" + ")[0] in RECIPES and found.saved.startswith("20") and not found.damaged


def test_what_is_no_run_is_not_listed(shelf):
    (shelf / "notes").mkdir()
    (shelf / "notes" / "a.txt").write_text("mine")
    (shelf / "file.toml").write_text("")
    (shelf / "link").symlink_to(shelf / "first")
    (shelf / ".hidden").mkdir()
    assert [one.name for one in saved_runs(shelf)] == ["first"]


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    for place in (tmp_path / "nowhere", Path(__file__), "a\0b"):
        assert "folder of saved runs" in refused(lambda place=place: saved_runs(place))


DAMAGES = {
    "manifest.json": lambda path: path.write_text("{"),
    "checkpoint.safetensors": lambda path: path.write_bytes(b""),
    "frames.safetensors": lambda path: os.truncate(path, 2**40),
    "experiment.toml": Path.unlink,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_run_is_listed_with_a_sentence_and_can_be_deleted(shelf, name):
    DAMAGES[name](shelf / "first" / name)
    (found,) = saved_runs(shelf)
    assert found.damaged and found.verdict == "damaged"
    assert found.diagnosis.startswith("Damaged: ") and name in found.diagnosis and found.diagnosis.isprintable()
    delete(shelf, "first")
    assert list(shelf.iterdir()) == []


@pytest.mark.parametrize(
    "content", [None, b"{", b"[" * 9999, b'{"target": 3}', b"\xff" * 99, b'{"target": "x", "steps": -1}', b"0" * 2**21]
)
def test_a_lost_or_foreign_summary_costs_only_its_numbers(shelf, content):
    path = shelf / "first" / "summary.json"
    path.unlink() if content is None else path.write_bytes(content)
    (found,) = saved_runs(shelf)
    assert (found.target, found.steps, found.wasserstein, found.damaged) == ("normal(4, 1.25)", 60, None, False)
    assert "summary.json" in found.diagnosis
    assert load(shelf / "first").step == 60


def test_what_a_summary_says_is_shown_printable_and_short(shelf):
    path = shelf / "first" / "summary.json"
    path.write_text('{"target": "\\u001b[31mred", "steps": 3, "diagnosis": "' + "x" * 5000 + '"}')
    (found,) = saved_runs(shelf)
    assert found.target == "?[31mred" and len(found.diagnosis) < 200


def test_a_run_that_was_being_replaced_is_put_back_and_listed(shelf):
    (shelf / "first").rename(shelf / ".first.previous")
    assert [one.name for one in saved_runs(shelf)] == ["first"]
    assert (shelf / "first" / "manifest.json").exists()


def test_a_list_of_many_runs_is_quick_and_loads_no_jax(kept, tmp_path):
    for place in range(100):
        shutil.copytree(kept, tmp_path / f"{place:03}", copy_function=os.link)
    started = time.process_time()
    assert len(saved_runs(tmp_path)) == 100
    assert time.process_time() - started < 2
    code = (
        "import sys; from gausslab.files import saved_runs; print(len(saved_runs(sys.argv[1])));"
        "print({'jax', 'pandas', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["100", "set()"]


NAMES = [
    "first run",
    "003-comb-8",
    "été",
    "長い名前",
    "عربي",
    "हिन्दी",
    "a.b",
    "0.3*x".replace("*", "x"),
    "x" * LONGEST_NAME,
]
NO_NAMES = [
    *(
        "",
        " ",
        "..",
        ".",
        "../x",
        "a/b",
        "/etc",
        "a\\b",
        "C:\\x",
        "c:",
        "~",
        "-rf",
        "--yes",
        ".hidden",
        "x.",
        "x ",
        " x",
    ),
    *("CON", "nul", "com1", "LPT9.txt", "aux.", "COM¹", "NUL .x", "a\0b", "a\nb", "\x1b[31m", "a\u202eb", "\ud800"),
    *("x" * 10_000, "長" * 81, "a:b", "a|b", 'a"b', "a?b", "a*b", "<x>", "$(x)", "`x`", "\u200b", "CONIN$"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_script_is_taken(shelf, name):
    assert rename(shelf, "first", name) == shelf / checked(name)
    assert [one.name for one in saved_runs(shelf)] == [checked(name)]


@pytest.mark.parametrize("name", NO_NAMES, ids=ascii)
def test_what_is_no_name_is_refused_and_nothing_is_moved(shelf, name):
    assert "name" in refused(lambda: rename(shelf, "first", name))
    assert "name" in refused(lambda: delete(shelf, name))
    assert [path.name for path in shelf.iterdir()] == ["first"] and list(shelf.parent.iterdir()) == [shelf]


ALPHABET = st.one_of(st.characters(), st.sampled_from("./\\~:-* \0\nCONul1é"))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(name=st.text(ALPHABET, max_size=120))
@example("..\\..\\x")
@example("con .txt")
def test_a_name_never_leads_out_of_its_folder(tmp_path_factory, name):
    folder = tmp_path_factory.getbasetemp()
    try:
        place = place_of(folder, name)
    except BadInput as error:
        assert str(error).isprintable()
        return
    assert place.parent == folder and place.resolve().parent == folder.resolve()
    assert "/" not in place.name and "\\" not in place.name and not place.name.startswith((".", "-"))
    place.mkdir()
    place.rmdir()


def test_a_name_that_is_taken_is_refused(kept, shelf):
    shutil.copytree(kept, shelf / "second")
    assert "free" in refused(lambda: rename(shelf, "first", "second"))
    assert "`gausslab runs`" in refused(lambda: rename(shelf, "third", "fourth"))
    assert rename(shelf, "first", "FIRST").name == "FIRST"


def test_links_are_neither_followed_nor_removed(kept, shelf):
    (shelf / "link").symlink_to(kept)
    for act in (lambda: delete(shelf, "link"), lambda: rename(shelf, "link", "x"), lambda: place_of(shelf, "link")):
        refused(act)
    assert (shelf / "link").is_symlink() and (kept / "manifest.json").exists()


def test_a_folder_with_something_else_in_it_is_not_deleted(shelf):
    (shelf / "first" / "thesis.tex").write_text("mine")
    assert "thesis.tex" in refused(lambda: delete(shelf, "first"))
    assert (shelf / "first" / "manifest.json").exists()
    (shelf / "first" / "thesis.tex").unlink()
    delete(shelf, "first")
    assert list(shelf.iterdir()) == []


def test_a_run_under_a_name_that_was_given_by_other_means_can_be_renamed(kept, shelf):
    shutil.copytree(kept, shelf / "a:b")
    assert rename(shelf, "a:b", "plain").name == "plain"
    assert sorted(path.name for path in shelf.iterdir()) == ["first", "plain"]


def test_a_saved_run_says_which_recipe_it_is_like(tmp_path):
    begin(small({"seed": 1})).train(1, progress=False).save(tmp_path / "a")
    assert "setting" in saved_runs(tmp_path)[0].recipe
