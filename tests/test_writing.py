"""Single files: whole or absent."""

import pytest

from gausslab.errors import BadInput
from gausslab.writing import refusals_told, whole_or_absent


def test_a_file_that_fails_midway_leaves_the_old_one(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(RuntimeError), whole_or_absent(tmp_path / "a.txt", [".txt"]) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.txt", "old")]


def test_a_file_that_was_written_takes_its_place(tmp_path):
    with whole_or_absent(tmp_path / "a.TXT", [".txt"]) as partial:
        partial.write_text("new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.TXT", "new")]


@pytest.mark.parametrize(("name", "words"), [("a.doc", r"ends in \.txt"), ("none/a.txt", "make it first")])
def test_a_wrong_place_is_refused_in_a_sentence(tmp_path, name, words):
    with pytest.raises(BadInput, match=words), whole_or_absent(tmp_path / name, [".txt"]):
        raise AssertionError


def test_what_the_system_refuses_becomes_a_sentence(tmp_path):
    with pytest.raises(BadInput, match="got 'Is a directory'"), refusals_told("a\nb"):
        raise IsADirectoryError(21, "Is a directory")
