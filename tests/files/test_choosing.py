"""Filters and orders of saved runs."""

import pytest

from gausslab.errors import BadInput
from gausslab.files import Saved
from gausslab.files.choosing import COLUMNS, chosen, words

RUNS = [
    Saved("b", "comb(8)", "vanilla", 2000, 0.5, "hopping", "Hopping.", "2026-01-01"),
    Saved("A", "normal(4, 1.25)", "steady + 1 setting", 40, 0.01, "healthy", "Healthy.", "2026-01-03"),
    Saved("c", "", "", None, None, "damaged", "Damaged: lost.", "2026-01-02", damaged=True),
]


def names(*filters, **order):
    return [one.name for one in chosen(RUNS, filters, **order)]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([], ["A", "b", "c"]),
        (["HOPPING"], ["b"]),
        (["recipe=steady"], ["A"]),
        (["steps>40"], ["b"]),
        (["steps >= 40", "wasserstein<0.1"], ["A"]),
        (["steps=40"], ["A"]),
        (["wasserstein<1e9"], ["A", "b"]),
        (["nobody"], []),
    ],
)
def test_runs_that_pass_every_filter_are_found(filters, found):
    assert names(*filters) == found


@pytest.mark.parametrize("wrong", ["steps>many", "target<3", "steps>nan"])
def test_comparison_with_no_number_is_refused(wrong):
    with pytest.raises(BadInput, match="expected"):
        chosen(RUNS, [wrong])


def test_runs_without_a_number_come_last():
    assert names(sort="wasserstein") == ["A", "b", "c"]
    assert names(sort="saved", reverse=True) == ["A", "c", "b"]


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_has_an_order(column):
    assert sorted(names(sort=column)) == ["A", "b", "c"]


def test_one_field_holds_several_filters():
    assert words("vanilla  steps > 1000 target=comb") == ["vanilla", "steps>1000", "target=comb"]
    assert names(*words("normal(4, 1.25)")) == ["A"]
    assert words("  ") == []
