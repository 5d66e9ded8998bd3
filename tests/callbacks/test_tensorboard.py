"""What TensorBoard's own reader finds."""

import sys

import pytest
from constructors import small
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gausslab.callbacks import TensorBoard
from gausslab.errors import BadInput
from gausslab.run import begin


def test_tensorboard_reads_every_number_and_the_words(tmp_path):
    run = begin(small()).train(20, progress=False, watchers=[TensorBoard(tmp_path, every=1)])
    reader = EventAccumulator(str(tmp_path))
    reader.Reload()
    frames = list(run.frames)
    for tag, truth in (
        ("readings/wasserstein_over_std", [frame.readings.wasserstein_over_std for frame in frames]),
        (
            "readings/discriminator_loss",
            [frame.discriminator_loss for frame in frames[1:]],
        ),  # nobody has moved at step 0
        ("knob/generator.rate", [frame.knobs["generator.rate"] for frame in frames]),
        ("mode_mass/0", [frame.readings.mode_masses[0] for frame in frames]),
    ):
        events = reader.Scalars(tag)
        assert [event.step for event in events] == [0, 5, 10, 15, 20][-len(truth) :]
        assert [event.value for event in events] == pytest.approx(truth, rel=1e-6)
    words = [event.tensor_proto.string_val[0].decode() for event in reader.Tensors("diagnosis")]
    assert words == [frame.diagnosis for frame in frames]
    assert b"normal(4, 1.25)" in reader.Tensors("experiment")[0].tensor_proto.string_val[0]


def test_a_run_that_goes_on_adds_to_its_folder(tmp_path):
    board = TensorBoard(tmp_path, every=1)
    run = begin(small()).train(5, progress=False, watchers=[board])
    run.train(5, progress=False, watchers=[board])
    reader = EventAccumulator(str(tmp_path))
    reader.Reload()
    assert [event.step for event in reader.Scalars("readings/ks")] == [0, 5, 10]


def test_without_tensorboard_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.util.tensor_util", None)
    with pytest.raises(BadInput, match=r"gausslab\[tensorboard\]"):
        TensorBoard(tmp_path)
