"""The last frame in numbers: for a person, for a notebook and for JSON."""

import json
import math
from dataclasses import fields

import pytest
from constructors import small

from gausslab.run import Run, begin
from gausslab.summary import Summary

ASKED_FOR = (
    "target, steps, seed, wasserstein, wasserstein_over_std, ks, js, mean, std, modes, modes_covered, mode_masses, "
    "outside, diagnosis, steps_per_second, compile_seconds, seconds"
)


@pytest.fixture(scope="module")
def run() -> Run:
    return begin(small({"target": "comb(3)", "seed": 2})).train(10, progress=False)


def test_a_summary_holds_the_last_frames_numbers(run):
    summary, frame = run.summary(), run.frames[-1]
    assert (summary.steps, summary.seed, summary.target) == (10, 2, run.target.label)
    assert summary.wasserstein == frame.readings.wasserstein
    assert summary.mode_masses == tuple(frame.readings.mode_masses)
    assert (summary.modes, summary.modes_covered) == (3, frame.readings.modes_covered)
    assert (summary.verdict, summary.diagnosis) == (frame.verdict, frame.diagnosis)
    assert summary.seconds == pytest.approx(run.timing.compiling + run.timing.training)


def test_the_json_object_is_plain_and_has_all_that_was_asked_for(run):
    plain = json.loads(json.dumps(run.summary().as_json(), allow_nan=False))
    assert set(ASKED_FOR.split(", ")) <= set(plain)
    assert set(plain) == {item.name for item in fields(Summary)}
    assert len(plain["mode_masses"]) == 3


def test_what_is_infinite_is_null_in_json():
    summary = begin(small({"target": "cauchy(1, 2)"})).train(5, progress=False).summary()
    assert math.isinf(summary.wasserstein)
    assert summary.as_json()["wasserstein"] is None
    assert json.dumps(summary.as_json(), allow_nan=False)
    assert ("W1", "infinite, as the target has no mean") in summary.rows()


def test_a_person_reads_every_row(run):
    text, html = str(run.summary()), run.summary()._repr_html_()
    for name, value in run.summary().rows():
        assert name in text
        assert value in text
        assert name in html
    assert "of 3" in text
    assert html.startswith("<table>")
    assert html.count("<tr>") == len(run.summary().rows())
