"""Duels: two in lock-step on one seed and the same batches."""

import math

import jax
import numpy as np
import pytest
from constructors import plain, small

from gausslab.contest import Duel, duel, dueling
from gausslab.errors import BadInput
from gausslab.files import load
from gausslab.run import begin

RELAXED = small({"generator.rate": 1e-3})


def same(one, other) -> bool:
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.fixture(scope="module")
def fought() -> Duel:
    return duel(small(), RELAXED.changed({"seed": 5}), 120, progress=False)


def test_both_are_trained_as_if_alone_on_the_seed_of_the_first(fought):
    assert fought.first.experiment.seed == fought.second.experiment.seed == 0
    assert same(fought.first.state, begin(small()).train(120, progress=False).state)
    assert same(fought.second.state, begin(RELAXED).train(120, progress=False).state)


def test_both_see_the_same_batches(fought):
    assert fought.same_batches
    for place in (1, 10, -1):
        np.testing.assert_array_equal(fought.first.frames[place].real, fought.second.frames[place].real)
    other = duel(small(), small({"batch": 8}), 5, progress=False)
    assert not other.same_batches


def test_it_says_who_is_ahead_and_by_how_much(fought):
    first, second = fought.wasserstein
    assert fought.by == pytest.approx(abs(first - second)) and first != second
    assert fought.ahead == fought.names[0 if first < second else 1]
    assert fought.ahead in fought.verdict and f"{fought.by:.4f}" in fought.verdict
    assert fought.differences == "generator.rate 0.005 | 0.001"


def test_the_race_has_both_curves_at_common_steps(fought):
    race = fought.race
    assert race["step"].tolist() == list(range(0, 121, 5))
    assert (race["first"].iloc[-1], race["second"].iloc[-1]) == fought.wasserstein
    assert race["first"].iloc[0] == race["second"].iloc[0]


def test_a_duel_shows_itself(fought):
    shown = fought.called("a", "b")
    assert shown.names == ("a", "b") and "generator.rate" in str(shown) and "σ" in str(shown)
    assert "<td" in shown._repr_html_()
    told = shown.as_json()
    assert told["names"] == ["a", "b"] and told["first"]["steps"] == told["second"]["steps"] == 120
    assert fought.called("a", "a").names == ("a (first)", "a (second)")


def test_equals_are_level():
    found = duel(small(), small(), 7, progress=False)
    assert found.ahead is None and found.by == 0 and found.verdict == "Level after 7 steps."
    assert found.differences == "no difference"


def test_they_go_in_lock_step():
    apart = [abs(found.first.step - found.second.step) for found in dueling(small(), RELAXED, 200, progress=False)]
    assert max(apart) <= 50 and apart[-1] == 0


def test_runs_and_branches_go_on_from_where_they_are_and_stay_as_they_were():
    run = begin(small()).train(30, progress=False)
    branch = run.at(20).change({"location": 1.0}).train(25, progress=False)
    found = duel(run, branch, 60, progress=False)
    assert (run.step, branch.step) == (30, 45)
    assert same(found.first.state, begin(small()).train(60, progress=False).state)
    assert same(found.second.state, branch.train(15, progress=False).state)
    assert found.second.events == branch.events
    early = duel(run, branch, 15, progress=False)
    assert early.ahead is None and early.first.step == 15


def test_what_was_done_to_a_run_of_another_seed_is_done_again():
    run = begin(small({"seed": 4})).train(12, progress=False)
    run.change({"location": 1.0}).train(6, progress=False).change({"scale": 2.0})
    found = duel(small(), run, 25, progress=False)
    again = begin(small()).train(12, progress=False).change({"location": 1.0}).train(6, progress=False)
    assert same(found.second.state, again.change({"scale": 2.0}).train(7, progress=False).state)
    assert [event[:2] for event in found.second.events] == [(12, "location"), (18, "scale")]


def test_recipes_and_saved_runs_are_called_by_name(tmp_path):
    begin(small()).train(4, progress=False).save(tmp_path / "mine")
    found = duel(tmp_path / "mine", small({"loss": "hinge", "steps": 9}), progress=False)
    assert found.names[0] == "mine" and found.first.step == found.second.step == 9
    assert load(tmp_path / "mine").step == 4
    with pytest.raises(BadInput, match=r"recipe .*vanilla.*'nobody'"):
        duel("nobody", small())
    with pytest.raises(BadInput, match="at least 1 step"):
        duel(small(), small(), 0)


def test_where_there_is_no_mean_the_duel_goes_by_ks():
    heavy = small({"target": "cauchy(1, 2)"})
    found = duel(heavy, heavy.changed({"generator.rate": 1e-3}), 60, progress=False)
    assert found.measure == "KS" and found.wasserstein == (math.inf, math.inf)
    last = [run.frames[-1].readings.ks for run in (found.first, found.second)]
    assert list(found.distances) == last and last[0] != last[1]
    assert found.ahead == found.names[0 if last[0] < last[1] else 1]
    assert f"KS is {min(last):.4f} against {max(last):.4f}." in found.verdict
    assert found.race[["first", "second"]].iloc[-1].tolist() == last
    assert found.as_json()["measure"] == "KS" and found.as_json()["wasserstein_over_std"] == [None, None]


def test_one_that_breaks_down_is_behind():
    wild = plain({"loss": "kl", "generator.rate": 1.0, "discriminator.rate": 1.0})
    found = duel(wild, plain(), 900, progress=False)
    assert found.first.failure and found.second.step == 900
    assert found.ahead == found.names[1] and math.isinf(found.by)
    assert "broke down" in found.verdict and found.as_json()["wasserstein_over_std"][0] is None
