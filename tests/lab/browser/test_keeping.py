"""Runs that are kept: saved, found again, and opened, each visitor's own."""

import re

import pytest
from servers import free_port, start_server

from .lab import Lab

HERE = "?recipe=vanilla&target=normal(4,1.25)&seed=3"


def gallery(lab):
    """The open gallery of a page."""
    way = lab.page.get_by_role("button", name="Saved runs")
    way.wait_for()
    lab.open_sidebar()
    way.click()
    dialog = lab.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Save this run").wait_for()
    return dialog


def keep(lab, name):
    """The gallery of a page whose run has been saved."""
    dialog = gallery(lab)
    dialog.get_by_role("textbox", name="Name for this run").fill(name)
    dialog.get_by_role("button", name="Save this run").click()
    dialog.get_by_text(f"Saved as {name}").wait_for()
    return dialog


def test_run_is_found_again_after_a_reload_and_opened_where_it_was_shown(visit, address, runs):
    lab = visit(HERE)
    lab.wait_for_step(150)
    lab.pause()
    step, numbers = lab.step, lab.numbers()
    keep(lab, "mine").get_by_role("img").first.wait_for()
    assert lab.faults() == []
    token = lab.page.evaluate("localStorage.getItem('gausslab.shelf')")
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert token not in lab.page.url and not any(token in str(path) for path in runs.rglob("*"))
    lab.page.goto(f"{address}?recipe=vanilla&target=normal(0,1)&seed=4")
    lab.until(lambda: lab.ready() and "seed=4" in lab.page.url, "another run")
    gallery(lab).get_by_text("Open", exact=True).click()
    lab.until(lambda: lab.step == step and not lab.playing, "the step at which it was saved")
    lab.until(lambda: lab.numbers() == numbers, "the same numbers")
    lab.stage.get_by_text(f"It stands at step {step:,}").wait_for()
    lab.until(lambda: f"step={step}" in lab.page.url and "seed=3" in lab.page.url, "the address")
    lab.button("play").click()
    lab.wait_for_step(step + 10)


def test_each_visitor_sees_only_their_own(visit):
    one, other = visit(HERE), visit(HERE, owner="another")
    keep(one, "run of one")
    theirs = gallery(other)
    theirs.get_by_text("Nothing is kept here yet").wait_for()
    assert theirs.get_by_text("run of one").count() == 0


@pytest.fixture
def shared(page, tmp_path):
    """Opens pages of a server on which all see all runs, each in the browser of its owner."""
    port = free_port()
    told = ("--shared", "--runs", str(tmp_path / "runs"))
    server = start_server(port, tmp_path / "output.txt", *told)
    yield lambda owner: Lab(page(owner), f"http://127.0.0.1:{port}/{HERE}")
    server.terminate()
    server.wait(20)


def test_all_see_all_runs_where_the_server_was_told_so(shared, tmp_path):
    keep(shared("one"), "run of all")
    gallery(shared("another")).get_by_text("run of all").first.wait_for()
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["run of all"]
