"""What was learnt, in other people's tools: SciPy's tests and seaborn's plots."""

import numpy as np
import pytest
from constructors import small
from scipy import stats

from gausslab.run import begin


@pytest.fixture(scope="module")
def run():
    return begin(small({"target": "normal(40, 3)", "frame_every": 100})).train(200, progress=False)


def test_scipys_kstest_believes_that_g_makes_what_was_learnt_and_not_something_else(run):
    learned = run.learned
    made = np.interp((np.arange(2000) + 0.5) / 2000, run.frames[-1].scene.u, run.frames[-1].rearranged)
    assert stats.kstest(made, learned.cdf).pvalue > 0.99
    assert stats.kstest(learned.rvs(size=500, random_state=1), learned.cdf).pvalue > 0.01
    assert stats.kstest(made, stats.norm(50, 3).cdf).pvalue < 1e-6


def test_what_was_learnt_answers_like_a_frozen_distribution(run):
    learned = run.learned
    levels = np.array([0.05, 0.5, 0.95])
    np.testing.assert_allclose(learned.cdf(learned.ppf(levels)), levels, atol=1e-9)
    low, high = learned.interval(0.9)
    assert learned.sf(low) - learned.sf(high) == pytest.approx(0.9, abs=1e-9)
    assert learned.mean() == pytest.approx(run.frames[-1].readings.mean, rel=1e-3)


def test_seaborn_plots_samples_and_history(run):
    import seaborn
    from matplotlib.figure import Figure

    samples = run.learned.rvs(size=400, random_state=0)
    axes = Figure().subplots(1, 2)
    seaborn.histplot(x=samples, stat="density", ax=axes[0])
    heights = sum(patch.get_height() * patch.get_width() for patch in axes[0].patches)
    assert heights == pytest.approx(1.0)
    seaborn.lineplot(run.history, x="step", y="wasserstein_over_std", ax=axes[1])
    np.testing.assert_array_equal(axes[1].lines[0].get_xdata(), run.history["step"])
