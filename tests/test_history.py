"""A row for each frame."""

from dataclasses import fields

import numpy as np
from constructors import small

from gausslab.frame import Readings
from gausslab.history import table
from gausslab.run import begin


def test_a_history_has_a_row_for_each_frame_and_a_column_for_each_reading_and_knob():
    run = begin(small()).train(5, progress=False)
    run.change({"generator.rate": 0.25}).train(5, progress=False)
    history = run.history
    np.testing.assert_array_equal(history["step"], [0, 5, 10])
    assert {item.name for item in fields(Readings)} <= set(history.columns)
    assert {f"knob.{path}" for path in run.knobs} <= set(history.columns)
    np.testing.assert_array_equal(history["knob.generator.rate"], [run.experiment.generator.rate] * 2 + [0.25])
    for frame, (_, row) in zip(run.frames, history.iterrows(), strict=True):
        assert row["wasserstein"] == frame.readings.wasserstein
        np.testing.assert_equal(row["discriminator_loss"], frame.discriminator_loss)
        assert row["optimal_value"] == frame.optimal_value
        assert row["mode_masses"] == list(frame.readings.mode_masses)
        assert row["diagnosis"] == frame.diagnosis
    # Nobody has moved at step 0: a loss that was never read is missing, not 0.
    moved = ["discriminator_loss", "generator_loss", "discriminator_gradient", "generator_gradient"]
    np.testing.assert_array_equal(history[moved].isna().all(axis=1), [True, False, False])
    assert table([]).empty
