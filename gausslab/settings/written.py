"""An experiment written down as TOML, and read again."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from gausslab.errors import BadInput
from gausslab.settings.experiment import Experiment
from gausslab.settings.sentences import unknown_name

FORMAT = 1  # of experiment.toml; raised when a file of an older version can no longer be read as it stands
# Told beside the settings, of a run.
RECORD = ("taken", "first", "goal", "checkpoint_every", "stops", "failure", "events", "ahead")
# Settings that there were not from the beginning, each with the value that every run before it was trained with.
LATER = {"generator.knots": 0, "discriminator.knots": 0, "discriminator.weight_decay": 0.0}


def to_toml(experiment: Experiment, record: Mapping[str, Any] | None = None) -> str:
    """Write an experiment down, every setting of it.

    Args:
        experiment: what decides a run.
        record: what was done in a run of it, by the names in RECORD.
    """
    return tomli_w.dumps({"format": FORMAT, **experiment.model_dump(), **(record or {})}, multiline_strings=False)


def from_toml(text: str, folder: Path | None = None) -> Experiment:
    """Read an experiment from the text of a TOML file; what was done in a run of it is for `gausslab.files.replay`.

    Args:
        text: the file's content; settings left out take their defaults.
        folder: where data files named in the target are looked for; the current folder if None.

    Raises:
        BadInput: no TOML, a format from the future, or a setting that cannot be used.
    """
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"expected an experiment in TOML, got a text with a fault: {error}") from None
    version = values.pop("format", FORMAT)
    if type(version) is not int or version != FORMAT:
        raise BadInput(
            f"expected an experiment of format {FORMAT}, got {version!r}: open it with the gausslab that wrote it"
        )
    if "taken" in values:
        _complete(values)
    for name in RECORD:
        values.pop(name, None)
    unknown = [name for name in values if name not in Experiment.model_fields]
    if unknown:
        raise BadInput(unknown_name(unknown[0], Experiment().values))
    if isinstance(values.get("target"), str) and folder is not None:
        from gausslab import targets

        values["target"] = targets.parse(values["target"], folder=folder).text
    return Experiment(**values)


def _complete(values: dict[str, Any]) -> None:
    """Say of a run that was saved before a setting was there what it was trained with: not with today's default."""
    for path, value in LATER.items():
        group, _, name = path.partition(".")
        if isinstance(values.get(group), dict):
            values[group].setdefault(name, value)
