"""The normal distribution without scipy.stats."""

import numpy as np
import pytest
from scipy import stats

from gausslab.targets import parse
from gausslab.targets.normal import Normal


@pytest.mark.parametrize(("centre", "deviation"), [(0.0, 1.0), (4.0, 1.25), (-3e5, 0.01), (7.0, 1e6)])
@pytest.mark.parametrize("question", ["pdf", "cdf", "sf", "ppf", "isf"])
def test_answers_are_those_of_scipy_to_the_bit(centre, deviation, question):
    own, known = Normal(centre, deviation), stats.norm(centre, deviation)
    levels = np.concatenate([np.linspace(0, 1, 999), [1e-300, 1e-17]])
    points = (
        levels if question in ("ppf", "isf") else np.linspace(centre - 40 * deviation, centre + 40 * deviation, 999)
    )
    np.testing.assert_array_equal(getattr(own, question)(points), getattr(known, question)(points))


def test_moments_and_support_are_those_of_scipy():
    own, known = Normal(4.0, 1.25), stats.norm(4.0, 1.25)
    assert (own.mean(), own.std(), own.support()) == (known.mean(), known.std(), known.support())


def test_target_of_a_text_is_this_one():
    assert parse("normal(4, 1.25)").profile.distribution == Normal(4.0, 1.25)
