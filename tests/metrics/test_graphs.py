"""Polygons, their differences and the integrals of those, against sums over a fine grid and against known areas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gausslab.metrics.graphs import (
    Difference,
    difference,
    integral_of_modulus,
    integral_of_square,
    largest_modulus,
    polygon,
)

PLACES = st.lists(st.integers(-20, 20), min_size=2, max_size=12).map(sorted)
HEIGHTS = st.integers(-9, 9)
CELL = 0.01


@st.composite
def polygons(draw):
    """Corners in order, some above each other, and how high the polygon stands before the first."""
    x = draw(PLACES)
    y = draw(st.lists(HEIGHTS, min_size=len(x), max_size=len(x)))
    return np.array(x, float), np.array(y, float), float(draw(HEIGHTS))


def _height(x, y, before, at):
    """What a polygon is worth at places that are no corners of it."""
    return np.where(at < x[0], before, np.where(at > x[-1], y[-1], np.interp(at, x, y)))


@given(polygons(), polygons())
def test_integrals_of_a_difference_are_those_of_a_fine_grid(one, other):
    found = difference(polygon(*one), polygon(*other))
    low, high = min(one[0][0], other[0][0]), max(one[0][-1], other[0][-1])
    # Corners are whole numbers and so edges of cells: in the middle of one nothing jumps or bends.
    at = low + CELL * (np.arange(round((high - low) / CELL)) + 0.5)
    gap = _height(*one, at) - _height(*other, at)
    assert integral_of_modulus(found) == pytest.approx(np.abs(gap).sum() * CELL, abs=0.02)
    assert integral_of_square(found) == pytest.approx((gap**2).sum() * CELL, abs=0.2)
    assert largest_modulus(found) == pytest.approx(np.abs(gap).max(initial=0.0), abs=0.2)
    assert found.width.sum() == pytest.approx(high - low)


@given(polygons())
def test_a_polygon_differs_from_itself_by_nothing(one):
    nothing = difference(polygon(*one), polygon(*one))
    assert integral_of_modulus(nothing) == integral_of_square(nothing) == largest_modulus(nothing) == 0


def test_a_change_of_sign_within_a_piece_leaves_two_triangles():
    crossing = Difference(np.array([3.0]), np.array([-1.0]), np.array([2.0]))
    assert integral_of_modulus(crossing) == pytest.approx(0.5 * 1 * 1 + 0.5 * 2 * 2)
    assert integral_of_square(crossing) == pytest.approx(3.0 * (1 - 2 + 4) / 3)
    assert largest_modulus(crossing) == 2


def test_two_steps_differ_by_a_box_between_them():
    early, late = (polygon(np.array([at, at]), np.array([0.0, 1.0]), 0.0) for at in (1.0, 3.5))
    box = difference(early, late)
    assert integral_of_modulus(box) == integral_of_square(box) == 2.5
    assert largest_modulus(box) == 1


def test_a_polygon_stays_at_its_ends_beyond_them():
    slanted = polygon(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 0.0)
    wide = polygon(np.array([-2.0, 3.0]), np.array([0.0, 0.0]), 0.0)
    assert integral_of_modulus(difference(slanted, wide)) == pytest.approx(0.5 + 2.0)


def test_what_has_no_width_weighs_nothing_however_high_it_is():
    spike = Difference(np.array([0.0, 1.0]), np.array([1e9, 1.0]), np.array([1e9, 1.0]))
    assert integral_of_modulus(spike) == integral_of_square(spike) == largest_modulus(spike) == 1
