"""The penalties of an experiment: names from their table, each with its weight, whatever their number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from gausslab.settings.describing import Table, knob


def sorted_items(value: Any) -> Any:
    """Penalties as a model keeps them, however they are written."""
    return as_items(dict(value)) if isinstance(value, Mapping | tuple | list) else value


def as_items(value: Any) -> Any:
    """A mapping as a model keeps it."""
    return tuple(sorted(value.items())) if isinstance(value, Mapping) else value


PENALTY_TABLE = Table("penalties", "PENALTIES", "penalties")
PenaltyName = Annotated[str, AfterValidator(PENALTY_TABLE)]
PENALTY_WEIGHT = knob(0.0, "Weight of a penalty on the discriminator.", 0.0, 1000.0, log=True)
PenaltyWeight = Annotated[float, Field(ge=0.0, le=1000.0, allow_inf_nan=False)]
Penalties = Annotated[
    tuple[tuple[PenaltyName, PenaltyWeight], ...], BeforeValidator(sorted_items), PlainSerializer(dict)
]
