"""Whose saved runs a visitor sees, and that nothing that a visitor sends becomes a path."""

import os
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gausslab.errors import BadInput
from gausslab.lab import shelves
from gausslab.lab.shelves import VISITORS, Setting, Shelf, free_name, is_at_home, setting, shelf_of
from gausslab.lab.start import RUNS, SHARED
from gausslab.settings import Limits

ONE, OTHER = "0" * 32, "0123456789abcdef" * 2
FORGED = [
    None,
    "",
    "..",
    "../" * 10,
    "/etc/passwd",
    "CON",
    "x" * 10_000,
    "長" * 32,
    "٣" * 32,
    OTHER.upper(),
    OTHER + "\n",
    OTHER[:-1],
    OTHER + "0",
    f"{OTHER[:-1]}/",
    "\0" * 32,
    7,
    [OTHER],
    {"token": OTHER},
    OTHER.encode(),
]


def of(token, runs=Path("runs"), shared=None, at_home=False):
    return shelf_of(Setting(runs, shared), token, at_home=at_home)


@pytest.mark.parametrize("token", FORGED, ids=lambda token: ascii(token)[:20])
def test_what_is_no_token_opens_no_shelf(token):
    with pytest.raises(BadInput, match="a browser that remembers"):
        of(token)


def test_every_visitor_has_a_shelf_of_their_own():
    one, other = of(ONE), of(OTHER)
    assert one.whose == other.whose == "visitor"
    assert one.folder != other.folder and one == of(ONE)
    assert one.folder.parent == other.folder.parent == Path("runs") / VISITORS


def test_folder_of_a_shelf_is_no_token_of_it():
    name = of(ONE).folder.name
    assert ONE not in name and of(name).folder.name != name


@settings(max_examples=200, deadline=None, derandomize=True)
@given(token=st.one_of(st.text(max_size=40), st.text(string.hexdigits, min_size=30, max_size=34)))
def test_no_token_leads_out_of_the_shelves(token):
    try:
        folder = of(token).folder
    except BadInput:
        return
    assert folder.parent == Path("runs") / VISITORS and set(folder.name) <= set("0123456789abcdef")


def test_all_see_all_runs_where_the_server_was_told_so():
    assert of(None, shared=True) == of(ONE, shared=True) == Shelf(Path("runs"), "shared")


def test_who_sits_at_the_machine_sees_its_runs_unless_all_are_private():
    assert of(None, at_home=True) == Shelf(Path("runs"), "own")
    assert of(ONE, shared=False, at_home=True).whose == "visitor"


HOME = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("127.0.0.1", HOME),
        ("::1", {"Host": "[::1]:8501", "Origin": "http://[::1]:8501"}),
        ("127.0.0.1", {"Host": "127.0.0.1:8501", "Origin": "http://127.0.0.1:8501"}),
    ],
)
def test_who_opened_the_lab_is_at_home(address, headers):
    assert is_at_home(address, headers, headless=False)
    assert not is_at_home(address, headers, headless=True)


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.2", HOME),
        (None, HOME),
        ("127.0.0.1", {}),
        ("127.0.0.1", {**HOME, "Origin": "https://lab.example.org"}),
        ("127.0.0.1", {**HOME, "Host": "lab.example.org"}),
        ("127.0.0.1", {**HOME, "X-Forwarded-For": "192.0.2.2"}),
        ("127.0.0.1", {**HOME, "Via": "1.1 proxy"}),
        ("127.0.0.1", {**HOME, "Origin": "null"}),
        ("127.0.0.1", {**HOME, "Origin": "http://[::1"}),
    ],
)
def test_who_comes_through_another_server_is_not_at_home(address, headers):
    assert not is_at_home(address, headers, headless=False)


def test_environment_says_where_the_runs_are_and_who_sees_them():
    assert setting({}) == Setting(Path("runs"), None)
    assert setting({RUNS: "/data", SHARED: "yes"}) == Setting(Path("/data"), True)
    assert setting({SHARED: "NO "}).shared is False
    with pytest.raises(BadInput, match=f"{SHARED} to be yes or no"):
        setting({SHARED: "perhaps"})


def test_proposed_name_is_free():
    assert free_name("a", set()) == "a"
    assert free_name("a", {"a", "a 2", "b"}) == "a 3"


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "CON", "nul.txt", "x" * 10_000, "a\0b", ".hidden", "-rf", "\u202e"]
)
def test_no_name_leads_out_of_a_shelf(tmp_path, name):
    with pytest.raises(BadInput, match="name"):
        Shelf(tmp_path, "own").place_for(name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["first run", "長い名前", "عربي", "été"])
def test_name_in_any_script_is_taken_once(tmp_path, name):
    shelf = Shelf(tmp_path, "own")
    place = shelf.place_for(name)
    assert place.parent == tmp_path
    place.mkdir()
    with pytest.raises(BadInput, match="expected a name that is free"):
        shelf.place_for(name)


@pytest.fixture
def full(tmp_path, monkeypatch):
    """A shelf with two runs of 100 bytes, under small limits."""
    shelf = of(ONE, tmp_path)
    for name in ("a", "b"):
        (shelf.folder / name).mkdir(parents=True)
        (shelf.folder / name / "file").write_bytes(b"0" * 100)
    monkeypatch.setattr(shelves, "LIMITS", Limits(saved=150, runs=3, shelf=350, shelves=500))
    return shelf


def test_shelf_takes_what_there_is_room_for(full):
    full.check_room(149)


@pytest.mark.parametrize(
    ("limits", "size", "reason"),
    [
        ({}, 151, "narrower networks"),
        ({"saved": 200}, 160, "of saved runs"),
        ({"runs": 2}, 10, "at most 2 saved runs"),
        ({"shelves": 220}, 30, "on this server"),
    ],
)
def test_shelf_that_is_full_says_so(full, monkeypatch, limits, size, reason):
    usual = {"saved": 150, "runs": 3, "shelf": 350, "shelves": 500}
    monkeypatch.setattr(shelves, "LIMITS", Limits(**{**usual, **limits}))
    with pytest.raises(BadInput, match=reason):
        full.check_room(size)


def test_runs_of_others_count_for_the_server_and_not_for_the_shelf(full, tmp_path):
    other = of(OTHER, tmp_path)
    other.check_room(140)
    (other.folder / "c").mkdir(parents=True)
    (other.folder / "c" / "file").write_bytes(b"0" * 290)
    with pytest.raises(BadInput, match="on this server"):
        full.check_room(20)


def test_own_folder_has_room_as_long_as_the_disk_has(full, tmp_path):
    Shelf(full.folder, "own").check_room(140)
    with pytest.raises(BadInput, match="on this server"):
        (tmp_path / "large").write_bytes(b"0" * 400)
        Shelf(tmp_path, "shared").check_room(10)


def test_links_are_not_followed_in_counting(full, tmp_path):
    (full.folder / "a" / "link").symlink_to(os.devnull)
    (full.folder / "loop").symlink_to(full.folder)
    full.check_room(10)
