"""The tree of runs that came from one another."""

import pytest
from constructors import small

from gausslab.run import begin
from gausslab.tree import Branch, Tree, branches


@pytest.fixture(scope="module")
def runs():
    root = begin(small()).train(40, progress=False)
    left = root.at(30).change({"generator.rate": 1e-3}).train(20, progress=False)
    twig = left.at(40).change({"target": "comb(3)", "location": 1.0, "scale": 2.0, "generator.rate": 2e-3})
    twig.train(5, progress=False)
    early = root.at(10).change({"location": 2.0}).train(4, progress=False)
    alone = begin(small({"seed": 9})).train(3, progress=False)
    return root, left, twig, early, alone


def test_each_branch_knows_what_it_left_and_where(runs):
    found = branches(runs)
    assert [(one.parent, one.step, one.end) for one in found] == [
        (None, 0, 40), (0, 30, 50), (1, 40, 45), (0, 10, 14), (None, 0, 3)
    ]  # fmt: skip
    assert [one.label for one in found] == [
        "normal(4, 1.25)",
        "generator.rate 0.001",
        "target comb(3, 2, 0.25), location 1, scale 2, …",
        "location 2",
        "normal(4, 1.25)",
    ]
    for run, one in zip(runs, found, strict=True):
        assert one.wasserstein == run.frames[-1].readings.wasserstein_over_std


def test_a_run_that_left_no_other_is_called_after_the_target_it_began_with():
    run = begin(small()).train(2, progress=False).change({"target": "comb(3)"}).train(2, progress=False)
    assert branches([run])[0].label == "normal(4, 1.25)"


def test_a_branch_is_pure_data(runs):
    first = branches(runs)[0]
    assert first == Branch(0, None, 0, 40, first.label, first.wasserstein, f"W1 {first.wasserstein:.4f} σ")
    with pytest.raises(AttributeError):
        first.step = 3  # type: ignore


def test_the_tree_shows_itself(runs):
    tree = Tree.of(*runs[:2]).grown(runs[2]).grown(runs[3])
    lines = str(tree).splitlines()
    assert [line.split("  ")[0] for line in lines[:2]] == ["0 normal(4, 1.25)", "├─ 3 from step 10: location 2"]
    assert lines[2].startswith("└─ 1 from step 30: generator.rate 0.001")
    assert lines[3].startswith("   └─ 2 from step 40: target")
    assert all(line.endswith(" σ") for line in lines) and len({len(line) for line in lines}) == 1
    assert "└─ 1" in tree._repr_html_()
    assert str(Tree.of()) == ""


def test_where_there_is_no_mean_the_tree_tells_ks():
    run = begin(small({"target": "cauchy(1, 2)"})).train(5, progress=False)
    assert f"KS {run.frames[-1].readings.ks:.4f}" in str(Tree.of(run)) and "inf" not in str(Tree.of(run))
