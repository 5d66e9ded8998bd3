"""The protocol between the stage and the session, in both directions."""

import json
import math
import struct
from dataclasses import replace

import numpy as np
import pytest

from gausslab import BadInput
from gausslab.lab import protocol
from gausslab.lab.protocol import Answer, Line, decode, encode, understand
from gausslab.lab.session import Session
from gausslab.recipes import RECIPES
from gausslab.settings import LIMITS

SMALL = {"generator.widths": (8,), "discriminator.widths": (8,), "batch": 16}
GOOD = {
    "seq": 7,
    "v": 2,
    "epoch": 0,
    "from": 120,
    "frames": 30,
    "speed": 200,
    "stepsPerFrame": 10,
    "knobs": {"generator.rate": 1e-3},
    "act": "play",
    "at": None,
    "target": None,
    "scenes": ["a", "b"],
}


@pytest.fixture(scope="module")
def lines():
    two_modes = RECIPES["vanilla"].experiment(target="0.5*normal(-2, 0.5) + 0.5*normal(2, 0.5)", **SMALL)
    return Session(two_modes).answer(None)


def test_request_of_the_stage_is_understood():
    request = understand(GOOD)
    assert (request.seq, request.start, request.frames, request.steps_per_frame) == (7, 120, 30, 10)
    assert request.knobs == {"generator.rate": 1e-3}


def test_whole_numbers_may_come_as_floats_as_javascript_has_no_others():
    assert understand(GOOD | {"frames": 4.0, "from": 3.0}).start == 3


@pytest.mark.parametrize(
    "fault",
    [
        {"seq": "7"},
        {"seq": -1},
        {"seq": 2.5},
        {"seq": True},
        {"frames": 0},
        {"frames": LIMITS.look_ahead + 1},
        {"stepsPerFrame": LIMITS.steps_per_frame + 1},
        {"speed": math.inf},
        {"knobs": {"generator.rate": "fast"}},
        {"knobs": {"generator.rate": math.nan}},
        {"knobs": [1, 2]},
        {"knobs": {str(place): 1.0 for place in range(101)}},
        {"act": "exec"},
        {"at": -3},
        {"target": "normal"},
        {"target": {}},
        {"target": {"text": "x" * (LIMITS.formula + 1)}},
        {"target": {"text": "normal", "drawn": [[0, 1], [1, 1]]}},
        {"target": {"drawn": [[0, 1]] * (LIMITS.points + 1)}},
        {"target": {"drawn": [[0, 1, 2], [1, 1, 2]]}},
        {"scenes": [1]},
        {"scenes": ["x"] * 65},
        {"unheard": "of"},
    ],
    ids=lambda fault: json.dumps(fault)[:40],
)
def test_mangled_request_is_refused_with_a_sentence(fault):
    with pytest.raises(BadInput, match=r"expected .*; reload the page") as refusal:
        understand(GOOD | fault)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize("raw", ["play", 3, [GOOD], None, b"GLAB"])
def test_request_that_is_no_object_is_refused(raw):
    with pytest.raises(BadInput, match="request from the stage"):
        understand(raw)


def test_chunk_gives_back_what_was_packed(lines):
    header, blocks = decode(encode(Answer(lines, {"seq": 3})))
    frames = [line.frame for line in lines]
    assert header["seq"] == 3
    assert header["steps"] == [frame.step for frame in frames]
    np.testing.assert_array_equal(blocks["density"], np.float32([frame.p_g for frame in frames]))
    np.testing.assert_array_equal(blocks["optimal"], np.float32([frame.optimal_discriminator for frame in frames]))
    assert blocks["g"].shape == blocks["rearranged"].shape == (len(frames), protocol.POINTS)
    assert blocks["g"][0, 0] == np.float32(frames[0].g[0]) and blocks["g"][0, -1] == np.float32(frames[0].g[-1])
    assert blocks["scalars"].shape == (len(frames), len(header["scalarNames"]))
    distance = blocks["scalars"][:, header["scalarNames"].index("wasserstein")]
    np.testing.assert_array_equal(distance, np.float32([frame.readings.wasserstein for frame in frames]))


def test_header_starts_where_the_stage_looks_and_blocks_are_aligned(lines):
    chunk = encode(Answer(lines, {"word": "σ"}))
    length = struct.unpack_from("<I", chunk, 8)[0]
    assert chunk[:8] == b"GLAB\x01\x00\x00\x00"
    assert length % 4 == 0
    header = json.loads(chunk[12 : 12 + length].decode())
    assert len(chunk) == 12 + length + 4 * sum(math.prod(item["shape"]) for item in header["fields"])


def test_scene_is_sent_unless_the_stage_holds_it(lines):
    header, _ = decode(encode(Answer(lines, {})))
    (name,) = header["scenes"]
    assert set(header["sceneOf"]) == {name}
    assert len(header["scenes"][name]["p"]) == header["scenes"][name]["cells"] == lines[0].frame.p_g.size
    again, _ = decode(encode(Answer(lines, {}, frozenset({name}))))
    assert again["scenes"] == {} and again["sceneOf"] == header["sceneOf"]


def test_numbers_that_json_cannot_hold_are_null():
    header, blocks = decode(encode(Answer([], {"a": math.inf, "b": [math.nan, 1.0], "c": {"d": np.float32(2)}})))
    assert (header["a"], header["b"], header["c"]) == (None, [None, 1.0], {"d": 2.0})
    assert blocks == {} and header["frames"] == 0


def test_reading_that_does_not_exist_is_no_number_and_one_too_large_is_infinite(lines):
    huge = lines[0]._replace(frame=replace(lines[0].frame, step=0, value=-1e300))
    header, blocks = decode(encode(Answer([huge], {})))
    told = dict(zip(header["scalarNames"], blocks["scalars"][0].tolist(), strict=True))
    assert told["value"] == -math.inf
    assert lines[0].frame.step == 0
    assert all(
        math.isnan(told[f"{player}_{what}"])
        for player in ("discriminator", "generator")
        for what in ("loss", "gradient")
    )


def test_curves_in_the_header_have_six_digits_and_null_where_they_are_infinite():
    lines = Session(RECIPES["vanilla"].experiment(target="cauchy(0, 1)", **SMALL)).answer(None)
    frame = lines[0].frame
    ideal = frame.scene.ideal.copy()
    ideal[0], ideal[-1] = -np.inf, np.nan
    line = lines[0]._replace(frame=replace(frame, scene=replace(frame.scene, ideal=ideal)))
    header, _ = decode(encode(Answer([line], {})))
    (scene,) = header["scenes"].values()
    assert scene["p"] == pytest.approx(frame.scene.p, rel=6e-6, abs=0)
    assert all(
        len(f"{value:.15g}".split("e")[0].replace("-", "").replace(".", "").strip("0")) <= 6 for value in scene["p"]
    )
    assert scene["ideal"][0] is None and scene["ideal"][-1] is None and None not in scene["ideal"][1:-1]


def test_masses_of_scenes_with_fewer_modes_are_padded(lines):
    other = Session(RECIPES["vanilla"].experiment(target="normal(0, 1)", **SMALL)).answer(None)
    _, blocks = decode(encode(Answer([lines[0], other[0]], {})))
    assert blocks["masses"].shape == (2, 2)
    assert np.isfinite(blocks["masses"][0]).all() and np.isnan(blocks["masses"][1, 1])


def test_foreign_bytes_are_no_chunk():
    with pytest.raises(BadInput, match="expected a chunk"):
        decode(b"RIFF" + bytes(20))


def test_every_line_says_its_words(lines):
    said = [Line(lines[0].frame, "s", *words) for words in (("healthy", "Fine."), ("collapsed", "Gone."), ("", ""))]
    header, _ = decode(encode(Answer(said, {})))
    assert header["words"] == [
        {"verdict": "healthy", "sentence": "Fine.", "fault": False},
        {"verdict": "collapsed", "sentence": "Gone.", "fault": True},
        {"verdict": "", "sentence": "", "fault": False},
    ]


def test_rival_comes_with_the_curves_of_every_frame_and_its_grid_only_where_that_is_another():
    own, other = (Session(RECIPES["vanilla"].experiment(target=text, **SMALL)) for text in ("normal", "normal(5, 1)"))
    lines = [Line(line.frame, "a", "", "", line.frame) for line in own.playback.look()]
    header, blocks = decode(encode(Answer(lines, {})))
    np.testing.assert_array_equal(blocks["rivalDensity"], blocks["density"])
    assert blocks["rivalDistance"][0] == np.float32(lines[0].frame.readings.wasserstein_over_std)
    assert header["rivalGrids"] == [] and header["rivalGridOf"] == [None]
    apart = [line._replace(rival=other.playback.look()[0].frame) for line in lines]
    header, _ = decode(encode(Answer(apart, {})))
    assert header["rivalGridOf"] == [0] and header["rivalGrids"][0]["x0"] > header["scenes"]["a"]["x0"]


def test_chunk_without_a_rival_carries_nothing_of_one(lines):
    header, blocks = decode(encode(Answer(lines, {})))
    assert not [name for name in blocks if name.startswith("rival")] and header["rivalGridOf"] == []
