"""Frames and checkpoints as safetensors: plain numbers under plain names, bit for bit, nothing that could run."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
from pydantic import Field
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from gausslab import training
from gausslab.errors import BadInput
from gausslab.files.layout import RESTORE, Described, shown, validated
from gausslab.files.script import parse_own
from gausslab.game import State
from gausslab.looking import RUG, Observation
from gausslab.observing import Lens, Reel, Units, lens, named, stacked
from gausslab.run import Run
from gausslab.settings import FORMAT, LATER, Experiment
from gausslab.targets import Target
from gausslab.updates import Moves

HEADER = "gausslab"  # the one key of the files' metadata; its value is JSON
KINDS = {"F32": np.float32, "I32": np.int32, "U32": np.uint32, "BOOL": np.bool_}  # what safetensors calls them


class _Units(Described):
    origin: float = Field(allow_inf_nan=False)
    unit: float = Field(gt=0, allow_inf_nan=False)


class _CheckpointHeader(Described):
    format: int
    kind: Literal["checkpoint"]
    units: _Units


class _Stretch(Described):
    """Frames made under the same conditions."""

    frames: int = Field(ge=1)
    target: int = Field(ge=0)  # place in the list of targets
    location: float = Field(allow_inf_nan=False)  # where the target had been moved, by its own text and by the knobs
    scale: float = Field(gt=0, allow_inf_nan=False)
    knobs: dict[str, float]  # those that are new or have changed since the stretch before


class _FramesHeader(Described):
    format: int
    kind: Literal["frames"]
    targets: list[str]
    stretches: list[_Stretch] = Field(min_length=1)


class Checkpoint(NamedTuple):
    """What a run needs to go on."""

    state: State
    moves: Moves
    units: Units


def write_checkpoint(path: Path, state: State, moves: Moves, units: Units) -> None:
    """Write what a run needs to go on, each leaf under its path."""
    header = {"kind": "checkpoint", "units": {"origin": units.origin, "unit": units.unit}}
    _write(path, {name: np.asarray(leaf, order="C") for name, leaf in _leaves(state, moves)}, header)


def bytes_of(run: Run) -> int:
    """What the tensors of a run take on the disk."""
    arrays = (array for reel in run.frames.reels for array in named(reel.observations).values())
    return sum(array.nbytes for array in (*arrays, *(leaf for _, leaf in _leaves(run.state, run.moves))))


def _conditions(reel: Reel) -> tuple[str, float, float, list[tuple[str, float]]]:
    """What tells one stretch from the next."""
    target = reel.look.target
    return target.profile.text, target.location, target.scale, sorted(reel.knobs.items())


def read_checkpoint(path: Path, structure: Experiment) -> Checkpoint:
    """Read what a run needs to go on.

    Raises:
        BadInput: not the state of a run of this structure.
    """
    empty = _empty(structure)
    shapes = {name: (leaf.dtype, leaf.shape) for name, leaf in _leaves(*empty)}
    with _Tensors(path) as tensors:
        header = validated(_CheckpointHeader, tensors.header)
        arrays = tensors.read(shapes)
    state, moves = jax.tree.unflatten(jax.tree.structure(empty), [arrays[name] for name in shapes])
    return Checkpoint(state, moves, Units(header.units.origin, header.units.unit))


@lru_cache(maxsize=8)
def _empty(structure: Experiment) -> tuple[State, Moves]:
    """What each leaf of a checkpoint is like."""
    return training.initial.eval_shape(structure, jax.random.key(0)), jax.eval_shape(training.still)


def _leaves(state: State, moves: Moves) -> Iterator[tuple[str, Any]]:
    for owner, tree in (("state", state), ("moves", moves)):
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
            yield owner + jax.tree_util.keystr(path), leaf


def write_frames(path: Path, reels: Sequence[Reel], texts: Mapping[str, str]) -> None:
    """Write the observations from which a run's frames follow.

    Args:
        path: where to.
        reels: the run's.
        texts: how the folder knows the targets, by the text that the run knows them by.
    """
    targets: dict[str, int] = {}
    stretches = []
    before: dict[str, float] = {}
    for _, group in itertools.groupby(reels, key=_conditions):
        same = list(group)
        target, knobs = same[0].look.target, same[0].knobs
        stretches.append(
            {
                "frames": sum(map(len, same)),
                "target": targets.setdefault(texts[target.profile.text], len(targets)),
                "location": target.location,
                "scale": target.scale,
                "knobs": {name: value for name, value in knobs.items() if before.get(name) != value},
            }
        )
        before = knobs
    parts = [named(reel.observations) for reel in reels]
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    _write(path, arrays, {"kind": "frames", "targets": list(targets), "stretches": stretches})


Looks = dict[tuple[str, float, float], Lens]  # by a target's text, location and scale


def read_frames(path: Path, experiment: Experiment, units: Units, taken: int, looks: Looks | None = None) -> list[Reel]:
    """Read observations of a run.

    Args:
        path: where they are.
        experiment: of the run.
        units: of the run.
        taken: steps that the run has taken.
        looks: at targets of the run's other frames, which these may have too.

    Raises:
        BadInput: not the frames of such a run, or frames of targets that cannot be.
    """
    structure, known = experiment.structure(), experiment.knobs()
    with _Tensors(path) as tensors:
        header = validated(_FramesHeader, tensors.header)
        targets = [parse_own(text, path.parent) for text in header.targets]
        count = sum(stretch.frames for stretch in header.stretches)
        looks = {} if looks is None else looks
        conditions: list[tuple[Lens, dict[str, float]]] = []
        knobs = {path: float(value) for path, value in LATER.items() if path in known}
        for stretch in header.stretches:
            knobs = knobs | stretch.knobs
            if stretch.target >= len(targets) or knobs.keys() != known.keys():
                raise BadInput(f"expected stretches with a target and every knob, got one without; {RESTORE}")
            knobs = {path: knobs[path] for path in known}
            where = (header.targets[stretch.target], stretch.location, stretch.scale)
            if where not in looks:
                target = Target(targets[stretch.target].profile, stretch.location, stretch.scale)
                looks[where] = lens(structure, target, units)
            conditions.append((looks[where], knobs))
        arrays = tensors.read(_shapes(conditions[0][0], count))
    steps = arrays["step"]
    if steps[0] < 0 or steps[-1] > taken or (np.diff(steps) < 0).any():
        raise BadInput(f"expected frames in the order of their steps, up to {taken}, got another order; {RESTORE}")
    reels, start = [], 0
    for stretch, (look, knobs) in zip(header.stretches, conditions, strict=True):
        part = {name: array[start : start + stretch.frames] for name, array in arrays.items()}
        reels.append(Reel(look, knobs, stacked(part)))
        start += stretch.frames
    return reels


def _shapes(look: Lens, count: int) -> dict[str, tuple[np.dtype, tuple[int, ...]]]:
    """What each array of an observation is like, for so many frames."""
    points, cells = look.view.z.shape, look.view.x.shape
    rug = (min(RUG, look.structure.batch),)
    rows = {"g": points, "logits": cells, "push": cells, "real": rug, "fake": rug}
    kinds = {"step": np.dtype(np.int32), "finite": np.dtype(np.bool_)}
    names = [name for name in Observation._fields if name != "moves"] + list(Moves._fields)
    return {name: (kinds.get(name, np.dtype(np.float32)), (count, *rows.get(name, ()))) for name in names}


def _write(path: Path, arrays: Mapping[str, np.ndarray], header: Mapping[str, Any]) -> None:
    # One key only: safetensors writes several in an order that changes from time to time.
    text = json.dumps({"format": FORMAT, **header}, ensure_ascii=False, allow_nan=False)
    save_file(dict(arrays), path, metadata={HEADER: text})


class _Tensors:
    """A file of tensors that is looked at before any of it is loaded."""

    def __init__(self, path: Path):
        try:
            # Holds the header against the size of the file; the tensors stay on the disk.
            self._file = safe_open(path, framework="numpy")
        except SafetensorError as error:
            raise BadInput(f"expected a safetensors file, got a damaged or foreign one ({error}); {RESTORE}") from None

    def __enter__(self) -> _Tensors:
        self._file.__enter__()
        return self

    def __exit__(self, *reasons: Any) -> None:
        self._file.__exit__(*reasons)

    @property
    def header(self) -> str:
        """What the file says of itself, in JSON."""
        header = (self._file.metadata() or {}).get(HEADER)
        if header is None:
            raise BadInput(f"expected a file of a run, got tensors of something else; {RESTORE}")
        return header

    def read(self, shapes: Mapping[str, tuple[np.dtype, tuple[int, ...]]]) -> dict[str, np.ndarray]:
        """The tensors, once it is certain that they are the ones expected and no other."""
        names = set(self._file.keys())
        if names != set(shapes):
            odd = min(names ^ set(shapes))
            found = "missing" if odd in shapes else "one too many"
            raise BadInput(f"expected the tensors of this experiment, got {shown(odd)} {found}; {RESTORE}")
        for name, (kind, shape) in shapes.items():
            part = self._file.get_slice(name)
            came = (KINDS.get(part.get_dtype()), tuple(part.get_shape()))
            if came[0] is None or np.dtype(came[0]) != kind or came[1] != tuple(shape):
                raise BadInput(
                    f"expected {shown(name)} as {kind} of shape {tuple(shape)}, got {part.get_dtype()} of {came[1]}; "
                    f"{RESTORE}"
                )
        return {name: self._file.get_tensor(name) for name in shapes}
