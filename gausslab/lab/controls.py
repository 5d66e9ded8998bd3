"""The sliders that live on the stage, derived from `gausslab.settings`: nothing is described here a second time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gausslab.settings import Experiment, Setting
from gausslab.targets import Target

REACH = 4.0  # spreads by which the target may be moved either way, and times that it may be widened or narrowed
DECADES = 5  # that a logarithmic slider spans where its setting may be 0


def controls(experiment: Experiment, knobs: Mapping[str, float], target: Target) -> list[dict[str, Any]]:
    """Every live slider as the stage draws it.

    Args:
        experiment: tells which penalties there are.
        knobs: the values in force.
        target: unmoved; location and scale are shown as the mean and std that they give it.
    """
    found = {setting.path: setting for setting in experiment.settings}
    penalties = [path for path in found if path.startswith("penalties.")]
    live = [*TARGET_SLIDERS, *PLAYER_SLIDERS, *penalties, *REMEDY_SLIDERS]
    return [_control(found[path], knobs[path], target) for path in live]


def _control(setting: Setting, value: float, target: Target) -> dict[str, Any]:
    low, high = float(setting.low or 0.0), float(setting.high or 1.0)
    offset, factor = 0.0, 1.0
    if setting.path == "location":
        low, high = max(low, -REACH * target.spread), min(high, REACH * target.spread)
        offset = target.centre
    elif setting.path == "scale":
        low, high = max(low, 1 / REACH), min(high, REACH)
        factor = target.spread
    elif setting.log and low == 0:
        low = high / 10**DECADES
    group, _, name = setting.path.partition(".")
    return {
        "path": setting.path,
        "label": LABELS.get(setting.path, name.replace("_", " ") + (" penalty" if group == "penalties" else "")),
        "help": setting.help,
        "low": min(low, value) if value > 0 or not setting.log else low,
        "high": max(high, value),
        "unit": setting.unit,
        "log": setting.log,
        "value": value,
        "default": 0.0 if group == "penalties" else float(setting.default),
        "group": GROUPS.get(group, group),
        "integer": isinstance(setting.value, int),
        "shownOffset": float(offset),
        "shownFactor": float(factor),
    }


TARGET_SLIDERS = ("location", "scale")
PLAYER_SLIDERS = ("generator.rate", "discriminator.rate", "discriminator.steps")
REMEDY_SLIDERS = ("remedies.instance_noise",)

LABELS = {
    "location": "mean",
    "scale": "std",
    "generator.rate": "G learning rate",
    "discriminator.rate": "D learning rate",
    "discriminator.steps": "D steps per G step",
}
GROUPS = {"location": "target", "scale": "target", "generator": "players", "discriminator": "players"}
