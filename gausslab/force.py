"""What is in force at a step of a run: the knobs, the target, and what follows from them for training and looking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple, cast

import jax
import numpy as np
from jaxtyping import Array, Key

from gausslab.compiling import COMPILED_FOR_ONE_USE
from gausslab.events import PAUSE, Event
from gausslab.game import Conditions
from gausslab.observing import Lens, Units, lens, target_table
from gausslab.optimisers import Knobs
from gausslab.sampling import TargetTable
from gausslab.settings import Experiment
from gausslab.targets import Target, parse

TARGET_KNOBS = {"target", "location", "scale"}


class Force(NamedTuple):
    """What is in force at a step."""

    knobs: dict[str, float]  # by dotted path
    text: str  # of the target, before its location and scale move it
    look: Lens
    conditions: Conditions


@dataclass(frozen=True, eq=False)
class Rules:
    """What stays the same all through a run, and makes of knobs and a target what is in force."""

    structure: Experiment
    units: Units
    key: Key[Array, ""]  # of all draws
    parsed: dict[str, Target]  # targets by their text; grows

    @cached_property
    def gates(self) -> tuple[str, ...]:
        """The knobs that leave their machinery out of the compiled program while they are 0."""
        return tuple(setting.path for setting in self.structure.settings if setting.gate)

    def force(self, knobs: dict[str, float], text: str, table: TargetTable | None = None) -> Force:
        """With these knobs and this target, whose table may be there already."""
        target = parsed(text, self.parsed)
        look = lens(self.structure, target.moved(knobs["location"], knobs["scale"]), self.units)
        return Force(knobs, text, look, self._conditions(knobs, table or target_table(target, self.units)))

    def turned(self, force: Force, knobs: dict[str, float]) -> Force:
        """With other knobs, the target untouched."""
        return force._replace(knobs=knobs, conditions=self._conditions(knobs, force.conditions.target))

    def after(self, force: Force, events: Iterable[Event]) -> Force:
        """After some more events."""
        events = list(events)
        knobs, text = following(force.knobs, force.text, events)
        if TARGET_KNOBS & {event.knob for event in events}:
            # Location and scale move where reals are put, not what they are drawn from.
            return self.force(knobs, text, force.conditions.target if text == force.text else None)
        return self.turned(force, knobs) if knobs != force.knobs else force

    def _conditions(self, knobs: dict[str, float], table: TargetTable) -> Conditions:
        # To put two dozen numbers on the device, one by one, takes ten times as long as to hand them over.
        return Conditions(cast(Knobs, {path: np.float32(value) for path, value in knobs.items()}), table, self.key)


def following(knobs: Mapping[str, float], text: str, events: Iterable[Event]) -> tuple[dict[str, float], str]:
    """Knobs and text of the target after some events."""
    values: dict[str, Any] = {**knobs, "target": text}
    values |= {event.knob: event.value for event in events if event.knob != PAUSE}
    text = str(values.pop("target"))
    return {path: float(value) for path, value in values.items()}, text


def parsed(text: str, known: dict[str, Target]) -> Target:
    """A target by its text, remembered: a file is read once, and may then go.

    Raises:
        BadInput: no target.
    """
    if text not in known:
        known[text] = parse(text)
    return known[text]


def keys(seed: int) -> tuple[Key[Array, ""], Key[Array, ""]]:
    """The key of the initial weights and the key of all draws."""
    return _two_keys(np.uint32(seed))


@partial(jax.jit, compiler_options=COMPILED_FOR_ONE_USE)
def _two_keys(seed: Array) -> tuple[Any, Any]:
    key = jax.random.key(seed)
    return jax.random.fold_in(key, 0), jax.random.fold_in(key, 1)
