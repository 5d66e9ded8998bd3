"""What the stage and the session say to each other: a request comes as JSON, an answer goes as one binary chunk.

A chunk: "GLAB", uint16 version, uint16 0, uint32 length of the header, the header (JSON, UTF-8, padded with spaces to a
multiple of 4), then the float32 blocks in the order of the header's `fields`, and those of its `layers`, one row for
each unit; all little endian.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from gausslab.diagnosis import VERDICTS
from gausslab.errors import BadInput
from gausslab.frame import Frame, Scene
from gausslab.history import LOSSES_AND_GRADIENTS
from gausslab.lab.layers import Layers
from gausslab.settings import LIMITS

PATH = "/gausslab/stage"  # of the stage's own wire, as in stage/wire.js
VERSION = 1
MAGIC = b"GLAB"
POINTS = 257  # of the map that are sent
RUG = 64  # reals and fakes that are sent
DIGITS = 6  # significant ones of the curves in the header
SMALLEST = 1e-290  # number of which so many digits are kept
LARGEST = 2**53  # whole numbers beyond this are not exact in JavaScript

Act = Literal[
    "play",
    "pause",
    "step",
    "discriminator",
    "generator",
    "optimal",
    "restart",
    "seed",
    "seek",
    "share",
    "open",
    "fork",
    "branch",
    "drop",
    "swap",
    "peace",
]

READINGS = ("wasserstein", "wasserstein_over_std", "ks", "js", "kl", "energy", "mean", "std", "outside", "distance")
SCALARS = (*READINGS, *LOSSES_AND_GRADIENTS, "modes_covered")


def whole(value: Any) -> Any:
    """JavaScript knows no integers: 3.0 is 3, and true is neither."""
    if isinstance(value, bool):
        raise ValueError("expected a number")
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(whole), Field(ge=0, le=LARGEST, strict=True)]
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]


class Wish(BaseModel):
    """Another target: a text, or the corners of a drawn curve."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=LIMITS.formula)] | None = None
    drawn: Annotated[tuple[tuple[Number, Number], ...], Field(min_length=2, max_length=LIMITS.points)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Wish:
        if (self.text is None) == (self.drawn is None):
            raise ValueError("expected either a text or a drawn curve")
        return self


class Request(BaseModel):
    """What the stage asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: Whole  # rises with each request
    v: Whole = 0  # rises with each change of the knobs
    epoch: Whole = 0  # that the stage last saw
    start: Whole = Field(0, alias="from")  # step of the last frame that the stage keeps
    frames: Annotated[int, BeforeValidator(whole), Field(ge=1, le=LIMITS.look_ahead, strict=True)] = 1
    speed: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0  # steps per second; 0 is as fast as it goes
    steps_per_frame: Annotated[
        int, BeforeValidator(whole), Field(ge=0, le=LIMITS.steps_per_frame, alias="stepsPerFrame", strict=True)
    ] = 1
    knobs: Annotated[dict[Annotated[str, Field(max_length=100)], Number], Field(max_length=100)] = Field({})
    act: Act = "play"
    at: Whole | None = None
    target: Wish | None = None
    into: Literal["G", "D"] | None = None  # whose hidden layers are looked at
    scenes: Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=64)] = ()
    address: Annotated[str, Field(max_length=2 * LIMITS.link)] | None = None  # the query that is to be opened
    ghosts: Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=64)] = ()


Form = TypeVar("Form", bound=BaseModel)


def understand(raw: Any, form: type[Form] = Request, sender: str = "the stage") -> Form:
    """Check what the page says that a component asks for.

    Args:
        raw: as it came from the browser.
        form: what it has to be like.
        sender: the component, for a person.

    Raises:
        BadInput: it is not of the form that this version speaks.
    """
    if not isinstance(raw, Mapping):
        raise BadInput(f"expected a request from {sender}, got {type(raw).__name__}; reload the page")
    try:
        return form.model_validate(dict(raw))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the request"
        reason = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"expected another {place[:60]} from {sender}: {reason}; reload the page") from None


class Line(NamedTuple):
    """A frame with what is said about it."""

    frame: Frame
    scene: str  # the name by which the stage knows the frame's scene
    verdict: str
    sentence: str
    rival: Frame | None = None  # at the same step, in a duel


class Answer(NamedTuple):
    """What the session sends back, before it is packed."""

    lines: Sequence[Line]
    header: Mapping[str, Any]  # all that is not derived from frames
    known: frozenset[str] = frozenset()  # scenes that the stage holds already
    layers: Layers | None = None  # at the last line


def encode(answer: Answer) -> bytes:
    """Pack an answer into one chunk."""
    frames = [line.frame for line in answer.lines]
    blocks = _blocks(frames) if frames else {}
    rivals = [line.rival for line in answer.lines if line.rival is not None]
    if rivals:
        blocks |= _rival_blocks(rivals)
    scenes = {line.scene: line.frame for line in answer.lines}
    header = {
        **answer.header,
        "frames": len(frames),
        "turned": _turned(frames, answer.header.get("knobs", {})),
        "steps": [frame.step for frame in frames],
        "fields": [{"name": name, "shape": list(block.shape)} for name, block in blocks.items()],
        "scalarNames": SCALARS,
        "scenes": {name: _scene(name, frame) for name, frame in scenes.items() if name not in answer.known},
        "sceneOf": [line.scene for line in answer.lines],
        "words": [_words(line) for line in answer.lines],
        "marks": [{"folds": frame.folds, "flats": frame.flats} for frame in frames],
        "layers": _layers(answer.layers) if answer.layers else None,
        **_grids(frames, rivals),
    }
    text = _json(header).encode()
    text += b" " * (-len(text) % 4)
    units = [layer.T for layer in answer.layers.layers] if answer.layers else []
    with np.errstate(over="ignore"):  # what is too large for float32 is infinite there
        payload = [np.ascontiguousarray(block, "<f4").tobytes() for block in (*blocks.values(), *units)]
    return b"".join([MAGIC, struct.pack("<HHI", VERSION, 0, len(text)), text, *payload])


def decode(chunk: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Unpack a chunk as the stage does: its header and its blocks.

    Raises:
        BadInput: no chunk of this version.
    """
    if chunk[:4] != MAGIC or struct.unpack_from("<H", chunk, 4)[0] != VERSION:
        raise BadInput(f"expected a chunk of version {VERSION}, got other bytes; reload the page")
    (length,) = struct.unpack_from("<I", chunk, 8)
    header = json.loads(chunk[12 : 12 + length])
    blocks, place = {}, 12 + length
    for item in header["fields"]:
        count = math.prod(item["shape"])
        blocks[item["name"]] = np.frombuffer(chunk, "<f4", count, place).reshape(item["shape"])
        place += 4 * count
    return header, blocks


def _words(line: Line) -> dict[str, Any]:
    fault = line.verdict in VERDICTS and VERDICTS[line.verdict].fault
    return {"verdict": line.verdict, "sentence": line.sentence, "fault": fault}


def _layers(found: Layers) -> dict[str, Any]:
    return {
        "station": found.station,
        "step": found.step,
        "places": rounded(found.places),
        "units": [layer.shape[1] for layer in found.layers],
    }


def _blocks(frames: Sequence[Frame]) -> dict[str, np.ndarray]:
    places = _places(frames[0].scene)
    most = max(frame.readings.mode_masses.size for frame in frames)
    return {
        "density": np.stack([frame.p_g for frame in frames]),
        "belief": np.stack([frame.discriminator for frame in frames]),
        "optimal": np.stack([frame.optimal_discriminator for frame in frames]),
        "push": np.stack([frame.push for frame in frames]),
        "g": np.stack([frame.g[places] for frame in frames]),
        "rearranged": np.stack([frame.rearranged[places] for frame in frames]),
        "real": _rows([frame.real[:RUG] for frame in frames], RUG),
        "fake": _rows([frame.fake[:RUG] for frame in frames], RUG),
        "scalars": np.array([_scalars(frame) for frame in frames]),
        "masses": _rows([frame.readings.mode_masses for frame in frames], most),
    }


def _rival_blocks(rivals: Sequence[Frame]) -> dict[str, np.ndarray]:
    """What is drawn of a rival."""
    return {
        "rivalDensity": np.stack([frame.p_g for frame in rivals]),
        "rivalBelief": np.stack([frame.discriminator for frame in rivals]),
        "rivalG": np.stack([frame.g[_places(frame.scene)] for frame in rivals]),
        "rivalDistance": np.array([[frame.readings.distance] for frame in rivals]),
    }


def _grids(frames: Sequence[Frame], rivals: Sequence[Frame]) -> dict[str, Any]:
    """The grids on which a rival is drawn, and which of them each frame has; null where it is that of the run's own."""
    grids: dict[Scene, int] = {}  # in the order of their places
    places: list[int | None] = []
    for frame, rival in zip(frames, rivals, strict=False):
        own = _same_grid(frame.scene, rival.scene)
        places.append(None if own else grids.setdefault(rival.scene, len(grids)))
    return {"rivalGrids": [_grid(scene) for scene in grids], "rivalGridOf": places}


def _same_grid(one: Scene, other: Scene) -> bool:
    return one is other or (np.array_equal(one.x, other.x) and np.array_equal(one.z, other.z))


def _grid(scene: Scene) -> dict[str, Any]:
    dx = float(scene.x[1] - scene.x[0])
    return {"x0": float(scene.x[0]), "dx": dx, "z": rounded(scene.z[_places(scene)])}


def _scalars(frame: Frame) -> list[float]:
    readings = [getattr(frame.readings, name) for name in READINGS]
    return [*readings, *(getattr(frame, name) for name in LOSSES_AND_GRADIENTS), frame.readings.modes_covered]


def _places(scene: Scene) -> np.ndarray:
    return np.linspace(0, scene.z.size - 1, POINTS).round().astype(int)


def _rows(parts: Sequence[np.ndarray], length: int) -> np.ndarray:
    """Rows of one length; NaN stands where a part has ended."""
    rows = np.full((len(parts), length), np.nan)
    for row, part in zip(rows, parts, strict=True):
        row[: part.size] = part
    return rows


def _scene(name: str, frame: Frame) -> dict[str, Any]:
    scene, places = frame.scene, _places(frame.scene)
    return {
        "id": name,
        "label": scene.label,
        "densityLabel": scene.density_label,
        "isSample": scene.is_sample,
        "window": scene.window,
        "x0": float(scene.x[0]),
        "dx": float(scene.x[1] - scene.x[0]),
        "cells": scene.x.size,
        "p": rounded(scene.p),
        "z": rounded(scene.z[places]),
        "u": rounded(scene.u[places]),
        "ideal": rounded(scene.ideal[places]),
        "modeEdges": rounded(scene.mode_edges[1:-1]),
        "modeMasses": rounded(scene.mode_masses),
        "noiseFloor": scene.noise_floor,
        "mean": scene.mean,
        "std": scene.std,
        "spread": scene.spread,
        "equilibrium": [frame.equilibrium_discriminator_loss, frame.equilibrium_generator_loss],
        "sampled": frame.sampled,
        "measure": frame.readings.measure,
    }


def outline(last: Frame) -> dict[str, Any]:
    """The curves of a frame that stay to be seen of a branch that was left."""
    scene, places = last.scene, _places(last.scene)
    return {**_grid(scene), "density": rounded(last.p_g), "g": rounded(last.g[places])}


def _turned(frames: Sequence[Frame], knobs: Mapping[str, float]) -> list[dict[str, float]]:
    """The knobs of each frame where they are others than those of the answer."""
    return [{path: value for path, value in frame.knobs.items() if knobs.get(path) != value} for frame in frames]


class Curve(list):
    """Numbers of a header that JSON can hold as they are."""


def rounded(values: np.ndarray, digits: int = DIGITS) -> Curve:
    """Numbers for a header, to so many significant digits; null stands for what is infinite or undefined."""
    finite = np.isfinite(values)
    size = np.where(finite, np.abs(values), 0.0)
    scale = 10.0 ** (digits - 1 - np.floor(np.log10(np.maximum(size, SMALLEST))))
    found = (np.round(values * scale) / scale).tolist()
    return Curve(found if finite.all() else _plain(found))


def _json(header: Mapping[str, Any]) -> str:
    """A header as JSON; null stands for what is infinite or undefined."""
    write = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode
    try:
        return write(header)
    except ValueError:  # most headers hold nothing of that kind, and need not be copied
        return write(_plain(header))


def _plain(value: Any) -> Any:
    """The same in what JSON can hold: null stands for what is infinite or undefined."""
    if isinstance(value, Curve):
        return value
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.item() if isinstance(value, np.generic) else value
