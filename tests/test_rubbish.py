"""How often a process looks for rubbish."""

import gc

import pytest

from gausslab import rubbish


@pytest.fixture(autouse=True)
def threshold():
    """What these tests set is undone."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_a_process_that_looks_often_looks_seldom():
    gc.set_threshold(700, 10, 10)
    rubbish.look_seldom()
    assert gc.get_threshold() == rubbish.SELDOM


def test_a_process_that_looks_more_seldom_yet_is_left_alone():
    gc.set_threshold(10 * rubbish.SELDOM[0], 1, 1)
    rubbish.look_seldom()
    assert gc.get_threshold() == (10 * rubbish.SELDOM[0], 1, 1)


def test_what_is_there_is_looked_at_no_more_and_what_comes_as_usual():
    rubbish.look_seldom()
    rubbish.look_as_usual()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == rubbish.USUAL


def test_process_that_ends_has_nothing_left_to_look_at():
    rubbish.look_no_more()
    assert gc.get_freeze_count() > 0
    assert len(gc.get_objects()) < 1000
