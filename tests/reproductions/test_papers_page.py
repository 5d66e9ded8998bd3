"""The page of papers holds what the rooms publish, and the command says what it found."""

import json
from pathlib import Path

import numpy as np
import pytest

from gausslab.cli import main
from gausslab.figures import png
from gausslab.figures.papers import Curve, Fit, fits, maps, shares
from gausslab.figures.phase import Plane, planes
from gausslab.reproductions.findings import HEADINGS, Finding, Options, Outcome, Picture, Published
from gausslab.reproductions.page import COMMAND, document, picture_name, row
from gausslab.reproductions.table import REPRODUCTIONS

DOCS = Path(__file__).parents[2] / "docs"


def run(*arguments):
    """The command in this process; its exit code."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return left.value.code


@pytest.fixture(autouse=True)
def no_cache(monkeypatch):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")


def cells(line):
    """The cells of a line of a Markdown table."""
    return [cell.strip().replace("\\", "") for cell in line.replace("\\|", "\0").strip("|").split("|")]


@pytest.mark.parametrize("name", REPRODUCTIONS)
def test_page_holds_every_published_figure_and_its_bar(name):
    paper = REPRODUCTIONS[name]
    page = (DOCS / "papers.md").read_text(encoding="utf-8")
    section = page.split(f"## {paper.title}\n")[1].split("\n## ")[0]
    for text in (paper.source, paper.story, paper.remarks):
        assert text in section
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    shown = [cells(line.replace("\\|", "\0")) for line in lines]
    wanted = [[part.replace("|", "\0") for part in item] for item in paper.published]
    assert [[line[0], line[1], line[3]] for line in shown] == wanted
    assert not [line for line in shown if line[4] == "MISSED"]


def test_page_says_who_wrote_it_and_shows_its_pictures():
    page = (DOCS / "papers.md").read_text(encoding="utf-8")
    assert COMMAND in page[:400]
    pictures = [line.split("](")[1].split(")")[0] for line in page.splitlines() if line.startswith("![")]
    assert len(pictures) == len(REPRODUCTIONS)
    for picture in pictures:
        assert (DOCS / picture).stat().st_size > 5_000


def test_a_finding_says_whether_its_bar_is_met():
    asked, told = Published("a", "1", "≤ 1"), Published("b", "2", "")
    verdicts = [
        Finding(asked, "0", True),
        Finding(asked, "2", False),
        Finding(asked, "2", None),
        Finding(told, "2", None),
    ]
    assert [finding.verdict for finding in verdicts] == ["met", "MISSED", "not judged", "for information"]


def test_json_has_null_for_what_is_infinite():
    told = Finding(Published("a", "1", ""), "∞", None, {"runs": [{"mse": float("inf")}], "met": True}).as_json()
    assert told["numbers"] == {"runs": [{"mse": None}], "met": True}


def test_fewer_seeds_than_stated_judge_nothing():
    assert Options(seeds=2).few(10)
    assert not Options(seeds=10).few(10)
    assert not Options().few(10)


def test_each_paper_says_what_is_done_and_where_its_figures_come_from():
    for paper in REPRODUCTIONS.values():
        assert any(year in paper.source for year in ("2016", "2017", "2018"))
        assert len(paper.story) > 200 and paper.story.endswith(".")
        assert len({item.what for item in paper.published}) == len(paper.published)


def test_a_document_has_a_table_and_a_picture_for_each_paper():
    outcome = Outcome([Finding(Published("a|b", "1", "≤ 1"), "0", True)], [Picture("f-gan", "What it shows.", dict)])
    page = document({"f-gan": outcome})
    assert row(HEADINGS) in page and "| a\\|b | 1 | 0 | ≤ 1 | met |" in page
    assert f"![What it shows.](pictures/{picture_name('f-gan')})" in page


def test_command_prints_one_json_object(capsys):
    assert run("reproduce", "dirac-gan", "--json", "--quiet") == 0
    told = json.loads(capsys.readouterr().out)
    findings = told["dirac-gan"]["findings"]
    assert [finding["what"] for finding in findings] == [item.what for item in REPRODUCTIONS["dirac-gan"].published]
    assert all(finding["verdict"] == "met" and finding["met"] for finding in findings)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gan"], "'gan'"),
        ([], "PAPER"),
        (["f-gan", "--write", "papers.md"], "--write with `all`"),
        (["all", "--seeds", "2", "--write", "papers.md"], "every seed"),
        (["all", "--write", "nowhere/papers.md"], "folder"),
        (["all", "--write", "papers.txt"], ".md"),
        (["f-gan", "--seeds", "0"], "--seeds"),
    ],
)
def test_command_refuses_what_it_cannot_do(arguments, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("reproduce", *arguments) == 2
    told = capsys.readouterr().err
    assert says in told and told.count("\n") == 1


def test_pictures_can_be_drawn():
    x = np.linspace(-1, 1, 5)
    grid = np.meshgrid(x, x)
    path = np.stack([x, x], axis=1)
    plane = Plane("a", *grid, *grid, {"one": path, "two": path})
    for figure in (
        planes([plane, plane]),
        fits(x, x**2, [Fit("a", x, x)]),
        maps([Curve("a", x, x, x)]),
        shares(["a", "b"], [0.0, 1.0]),
    ):
        assert png(figure).startswith(b"\x89PNG")
