"""A run as one file: experiment.toml with every setting and what was done when, for what is too long for a link."""

from __future__ import annotations

import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

from gausslab.comparing import likeness
from gausslab.errors import BadInput
from gausslab.events import PAUSE
from gausslab.files.script import understand
from gausslab.lab.link import Opening
from gausslab.lab.session import Session
from gausslab.settings import LIMITS, to_toml
from gausslab.targets import parse


def write(session: Session, step: int | None = None) -> bytes:
    """The run of a session; its settings alone, where weights were kept across a change of network.

    Args:
        session: it stays as it is.
        step: up to which to tell it; where it stands if None.
    """
    if not session.from_start:
        return to_toml(session.experiment).encode()
    run = session.run
    last = run.step if step is None else min(step, run.step)
    events = [event._asdict() for event in run.events if event.step <= last]
    return to_toml(run.experiment, {"taken": last, "stops": [], "events": events}).encode()


def read(content: bytes) -> Opening:
    """What a file asks for: its run at the last step, or its experiment from the start where it tells of none.

    Raises:
        BadInput: no experiment, one that names other files, or one that goes too far.
    """
    if len(content) > LIMITS.upload:
        most = LIMITS.upload // 1_000_000
        raise BadInput(f"expected an experiment.toml of at most {most} MB, got {len(content) / 1e6:.1f} MB")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise BadInput("expected an experiment.toml, got a file that is no text; choose another one") from None
    _check_alone(text)
    with TemporaryDirectory() as nowhere:
        told = understand(text, Path(nowhere), own_data=True)
    # Weights that were kept from another experiment are not in the file: what is, is its settings.
    step = told.taken if "taken" in tomllib.loads(text) and not told.first else 0
    if step > LIMITS.link_steps:
        raise BadInput(f"expected a run of at most {LIMITS.link_steps:,} steps in the lab, got {step:,}")
    LIMITS.check(told.experiment)
    events = tuple(event for event in told.events if event.knob != PAUSE and event.step <= step)
    return Opening(likeness(told.experiment).partition(" + ")[0], told.experiment, events, step)


def _check_alone(text: str) -> None:
    """See to it that no target of an experiment needs another file, which does not come with this one.

    Raises:
        BadInput: one does, or is too large.
    """
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"expected an experiment in TOML, got a text with a fault: {error}") from None
    events = found.get("events")
    done = [event.get("value") for event in events if isinstance(event, dict)] if isinstance(events, list) else []
    for target in (found.get("target"), *done):
        sample = parse(target, files=False).sample if isinstance(target, str) and target else None
        if sample is not None and sample.size > LIMITS.values:
            raise BadInput(f"expected at most {LIMITS.values:,} values in the lab, got {sample.size:,}")
