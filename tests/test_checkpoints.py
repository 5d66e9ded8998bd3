"""Checkpoints: within their budget, and evenly over the whole way."""

import jax
import pytest
from constructors import small

from gausslab.checkpoints import BUDGET, Checkpoints, Mark
from gausslab.run import begin


@pytest.fixture(scope="module")
def mark() -> Mark:
    run = begin(small()).train(1, progress=False)
    return run.checkpoints.marks[0]


def filled(mark: Mark, steps: int, each: int, budget: int) -> Checkpoints:
    checkpoints = Checkpoints(budget=budget * mark.nbytes)
    for step in range(0, steps, each):
        if checkpoints.wants(step):
            checkpoints.keep(mark._replace(step=step))
    return checkpoints


@pytest.mark.parametrize(("steps", "each"), [(20_000, 100), (500_000, 100), (1_000_000, 1_000), (300_000, 77)])
def test_a_longer_run_spends_the_same_budget_evenly(mark, steps, each):
    checkpoints = filled(mark, steps, each, budget=200)
    assert checkpoints.nbytes <= checkpoints.budget
    assert checkpoints.marks[0].step == 0
    even = steps / 200
    assert checkpoints.largest_gap(steps) <= max(4 * even, 2 * each)
    assert len(checkpoints) >= min(steps // max(each, 100), 200) // 3


def test_what_fits_into_the_budget_is_kept_at_its_spacing(mark):
    checkpoints = filled(mark, 20_000, 20, budget=1000)
    assert len(checkpoints) == 200
    assert checkpoints.largest_gap(20_000) == 100


def test_a_state_that_is_larger_than_the_budget_is_not_kept(mark):
    checkpoints = Checkpoints(budget=mark.nbytes - 1)
    checkpoints.keep(mark)
    assert len(checkpoints) == 0
    assert checkpoints.largest_gap(700) == 700


def test_those_before_a_step_are_found_and_kept_apart(mark):
    checkpoints = filled(mark, 1000, 100, budget=100)
    assert [one.step for one in checkpoints.until(250)] == [0, 100, 200]
    assert [one.step for one in checkpoints.until(200)] == [0, 100, 200]
    branch = checkpoints.only(lambda marks: marks[:2])
    branch.keep(mark._replace(step=5000))
    assert len(checkpoints) == 10 and [one.step for one in branch.marks] == [0, 100, 5000]


def test_what_is_passed_again_is_remembered_where_nothing_is_near(mark):
    checkpoints = Checkpoints(budget=4 * mark.nbytes)
    for step in (0, 5000):
        checkpoints.keep(mark._replace(step=step))
    for step in (1000, 1050, 2000, 3000):
        checkpoints.insert(mark._replace(step=step))
    assert [one.step for one in checkpoints.marks] == [0, 1000, 2000, 5000]


def test_the_budget_is_that_of_many_states_of_the_default_run():
    run = begin(small())
    assert run.checkpoints.budget == BUDGET == 64 * 2**20


def test_checkpoints_hold_no_grids_however_often_the_target_moves():
    run = begin(small({"frame_every": 100}))
    for place in range(4):
        run.change({"location": 0.1 * place}).train(100, progress=False)
    reachable = [leaf for mark in run.checkpoints.marks for leaf in jax.tree.leaves(mark)]
    held = sum(leaf.nbytes for leaf in reachable if hasattr(leaf, "nbytes"))
    assert len(run.checkpoints) >= 4 and held == run.checkpoints.nbytes
