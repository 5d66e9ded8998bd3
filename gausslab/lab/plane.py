"""What the phase plane of the Dirac-GAN asks for, and what it is told. It knows nothing of Streamlit.

The mathematics is `gausslab.reproductions.dirac`: a whole trajectory takes a millisecond or a few, so that a request
for every place of a starting point under a hand can be answered. An answer depends on its request and on nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from gausslab.errors import BadInput
from gausslab.lab.protocol import Number, Whole, rounded, understand, whole
from gausslab.lab.turns import TURNS
from gausslab.reproductions.dirac import (
    METHODS,
    RATE,
    START,
    STEPS,
    Fate,
    Order,
    eigenvalues,
    factor_of_a_step,
    fate,
    field,
    in_words,
    trajectory,
)
from gausslab.settings import LIMITS

REACH = 3.0  # of the plane, from the equilibrium either way
ARROWS = 15  # of the field, each way
DIGITS = 4
SMALLEST_RATE, LARGEST_RATE = 0.01, 1.0
BASE = "vanilla"  # the recipe whose networks, without any remedy, play a method on the lab

Coordinate = Annotated[Number, Field(ge=-REACH, le=REACH)]


class Ask(BaseModel):
    """A starting point, and how to go on from there."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    seq: Whole = 0  # rises with each request
    method: Annotated[str, Field(max_length=100)] = next(iter(METHODS))
    start: tuple[Coordinate, Coordinate] = START
    order: Order = "simultaneous"
    discriminator_steps: Annotated[
        int, BeforeValidator(whole), Field(ge=1, le=LIMITS.plane_steps, alias="discriminatorSteps", strict=True)
    ] = 1
    rate: Annotated[Number, Field(ge=SMALLEST_RATE, le=LARGEST_RATE)] = RATE

    @field_validator("method")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in METHODS:
            raise ValueError("there is no such method")
        return name


class Plane:
    """What one visitor sees of the plane."""

    def __init__(self) -> None:
        """Nothing has been asked for."""
        self.ask = Ask()
        self._answered: tuple[str, dict[str, Any]] | None = None

    def reply(self, raw: Any) -> dict[str, Any]:
        """Answer the component; the same request gets the same answer again.

        Args:
            raw: as it came from the browser; None before anything was asked for. Where it is refused, what was asked
                for before is shown again, with a sentence of why.
        """
        mark = str(raw)
        if self._answered is None or self._answered[0] != mark:
            with TURNS.turn(time.monotonic(), urgent=True, given_up=lambda: False):
                self._answered = (mark, self._answer(raw))
        return self._answered[1]

    def _answer(self, raw: Any) -> dict[str, Any]:
        message = ""
        if raw is not None:
            try:
                self.ask = understand(raw, Ask, "the phase plane")
            except BadInput as error:
                message = str(error)
        sequence = raw.get("seq") if isinstance(raw, Mapping) else None
        return {"seq": sequence if isinstance(sequence, int) else 0, "message": message, **_told(self.ask)}


def _told(ask: Ask) -> dict[str, Any]:
    path = trajectory(
        ask.method, ask.start, rate=ask.rate, order=ask.order, discriminator_steps=ask.discriminator_steps
    )
    became = fate(path)
    distances = np.hypot(*path.T)
    return {
        "asked": ask.model_dump(by_alias=True, exclude={"seq"}),
        "choices": CHOICES,
        "path": rounded(np.asarray(path), DIGITS),
        "angles": rounded(_angles(ask.method), DIGITS),
        "fate": became,
        "sentence": f"{FATES[became]} {_distances(distances)}",
        "numbers": _near_the_equilibrium(ask),
        "paper": _verdict(ask.method),
    }


def _angles(name: str) -> np.ndarray:
    """Which way the field points, row by row from below; nan where it does not."""
    grid = np.linspace(-REACH, REACH, ARROWS)
    toward_theta, toward_psi = field(name, *np.meshgrid(grid, grid))
    angles = np.arctan2(toward_psi, toward_theta)
    return np.where(np.hypot(toward_theta, toward_psi) > 0, angles, np.nan).ravel()


def _distances(distances: np.ndarray) -> str:
    first, last = (f"{value:.3g}" if np.isfinite(value) else "beyond all bounds" for value in distances[[0, -1]])
    return f"|(θ, ψ)|: {first} at the start, {last} after {STEPS} steps."


def _near_the_equilibrium(ask: Ask) -> str:
    if not METHODS[ask.method].smooth:
        return "No eigenvalues: the field has a kink at (0, 0)."
    factor = factor_of_a_step(ask.method, rate=ask.rate, order=ask.order, discriminator_steps=ask.discriminator_steps)
    values = in_words(eigenvalues(ask.method)).replace("-", "−")
    return f"Eigenvalues at (0, 0): {values}. Near there, a step multiplies the distance by {factor:.4g}."


def _verdict(name: str) -> str:
    verdicts = METHODS[name].converges
    if verdicts is None:
        return ""
    with_density, in_general = ("yes" if verdict else "no" for verdict in verdicts)
    return f"Does it converge? The paper: {with_density} where data have a density, {in_general} in general."


def lab_settings(ask: Ask) -> dict[str, Any] | None:
    """The settings with which the lab plays the same method, on top of the recipe BASE; None where it has no such."""
    settings = METHODS[ask.method].settings
    if settings is None:
        return None
    at_once = ask.order == "simultaneous"
    return {
        **settings,
        "update": "simultaneous" if at_once else "generator_first",
        "discriminator.steps": 1 if at_once else ask.discriminator_steps,
    }


def lab_in_words(settings: dict[str, Any]) -> str:
    """What these settings are, for a person."""
    penalties = [f"{name} {weight:g}" for name, weight in settings["penalties"].items()]
    remedies = {
        path.partition(".")[2].replace("_", " "): value
        for path, value in settings.items()
        if path.startswith("remedies.") and path != "remedies.noise_half_life"
    }
    steps = settings["discriminator.steps"]
    return ", ".join(
        [
            f"loss {settings['loss']}",
            *(f"penalty {words}" for words in penalties),
            *(f"{name} {value:g}" for name, value in remedies.items()),
            f"update {settings['update'].replace('_', ' ')}" + (f" with {steps} D steps" if steps > 1 else ""),
        ]
    )


FATES: dict[Fate, str] = {
    "converges": "It converges: both players come to rest at (0, 0).",
    "inward": "It comes nearer, slowly, and is not there yet.",
    "circles": "It circles: it never arrives.",
    "outward": "It spirals out: every round takes it farther away.",
}
CHOICES: dict[str, Any] = {
    "methods": [{"name": name, "title": method.title} for name, method in METHODS.items()],
    "reach": REACH,
    "arrows": ARROWS,
    "start": START,
    "steps": [1, LIMITS.plane_steps],
    "rates": [SMALLEST_RATE, LARGEST_RATE],
}
