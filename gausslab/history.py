"""The scalar readings of a run as a table: a row for each frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING

from gausslab.frame import Frame, Readings

if TYPE_CHECKING:
    import pandas as pd

LOSSES_AND_GRADIENTS = (
    "discriminator_loss",
    "generator_loss",
    "discriminator_gradient",
    "generator_gradient",
    "value",
    "optimal_value",
)


def row(frame: Frame) -> dict[str, object]:
    """One frame's readings by name; the masses of the modes are one list."""
    numbers = {name: getattr(frame, name) for name in LOSSES_AND_GRADIENTS}
    readings = {item.name: getattr(frame.readings, item.name) for item in fields(Readings)}
    readings["mode_masses"] = [float(mass) for mass in frame.readings.mode_masses]
    knobs = {f"knob.{path}": value for path, value in frame.knobs.items()}
    return {"step": frame.step, **readings, **numbers, "verdict": frame.verdict, "diagnosis": frame.diagnosis, **knobs}


def table(frames: Iterable[Frame]) -> pd.DataFrame:
    """A row for each frame, a column for each reading and each knob."""
    import pandas as pd  # costs half a second, which training should not wait for

    return pd.DataFrame([row(frame) for frame in frames])
