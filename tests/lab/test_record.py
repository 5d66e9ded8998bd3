"""A run as one file: what is written is opened again, and what cannot be opened is said in a sentence."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gausslab import BadInput
from gausslab.files import replay
from gausslab.lab import record
from gausslab.lab.protocol import decode
from gausslab.lab.session import Session
from gausslab.recipes import RECIPES
from gausslab.run import Event
from gausslab.settings import LIMITS

DEEDS = (Event(5, "location", 1.0), Event(8, "target", "comb(3, 2, 0.25)"))
NORMAL = "target = 'normal(0, 1)'\n"


@pytest.fixture(scope="module")
def session() -> Session:
    experiment = RECIPES["vanilla"].experiment(
        target="normal(4, 1.25)", **{"generator.widths": (8,), "discriminator.widths": (8,)}
    )
    session = Session(experiment, DEEDS, 20)
    session.answer(None)
    while session.step < 20:
        session.playback.advance(5, 1)
    return session


def test_run_comes_back_from_its_file(session):
    opened = record.read(record.write(session))
    assert (opened.experiment, opened.events, opened.step) == (session.run.experiment, DEEDS, 20)
    assert opened.recipe == "vanilla"


def test_file_up_to_an_earlier_step_leaves_out_what_was_done_after_it(session):
    opened = record.read(record.write(session, 6))
    assert (opened.events, opened.step) == (DEEDS[:1], 6)


def test_file_is_one_that_python_replays_to_the_same_bits(session, tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_bytes(record.write(session))
    again, seen = replay(path, progress=False), session.playback.look()[0].frame
    assert again.frames[-1].readings.wasserstein == seen.readings.wasserstein


def test_bare_experiment_begins_at_its_start():
    assert record.read(NORMAL.encode()).step == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "no text"),
        (b"[", "text with a fault"),
        (b"x = " + b"[" * 100_000, "text with a fault"),
        (b"nonsense = 3", "name of a setting"),
        (b"target = 'data(\"/etc/passwd\")'", "expected no file"),
        (b"target = 'data(\"data.npy\")'", "expected no file"),
        (f"{NORMAL}taken = 99999999".encode(), "at most"),
        (f"{NORMAL}batch = 8192".encode(), "in the lab"),
        (f"{NORMAL}taken = 9\nevents = 3".encode(), "valid list"),
        (f"{NORMAL}taken = 9\nevents = [{{step = 1, knob = 'batch', value = 3}}]".encode(), "knobs"),
        (f"{NORMAL}taken = 9\nevents = [{{step = 1, knob = 'target', value = 'data(\"x\")'}}]".encode(), "no file"),
        (b"#" * (LIMITS.upload + 1), "at most 10 MB"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_file_is_refused_in_one_sentence(content, sentence):
    with pytest.raises(BadInput, match=sentence) as refusal:
        record.read(content)
    assert len(str(refusal.value)) < 500 and "/tmp" not in str(refusal.value)


def test_file_that_is_uploaded_stands_at_its_step(session):
    at = AppTest.from_file(str(Path(__file__).parents[2] / "gausslab" / "lab" / "script.py"), default_timeout=120)
    at.query_params["recipe"] = "vanilla"
    at.session_state["section Save and open"] = True
    at.run()
    box = next(box for box in at.get("file_uploader") if box.key.startswith("open"))
    box.upload("experiment.toml", record.write(session), "application/toml").run()
    assert not at.exception
    header, _ = decode(at.get("bidi_component")[0].proto.bytes)
    assert header["goal"] == 20 and header["epoch"] == 1
    assert not at.error
