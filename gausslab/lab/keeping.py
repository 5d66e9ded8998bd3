"""From a session to a run in a folder, and back. It knows nothing of Streamlit.

A session plays on while its run is written, by a thread that writes those of all visitors, one after another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby
from threading import BoundedSemaphore
from typing import NamedTuple

import numpy as np

from gausslab.checkpoints import Checkpoints
from gausslab.comparing import likeness
from gausslab.diagnosis import PAST, diagnose
from gausslab.errors import BadInput
from gausslab.events import PAUSE
from gausslab.files import bytes_of, layout, load, save
from gausslab.files.shelf import place_of
from gausslab.frame import Frame
from gausslab.lab.branches import Stand, evenly
from gausslab.lab.pace import FRAMES_PER_CALL
from gausslab.lab.session import Session
from gausslab.lab.shelves import Shelf
from gausslab.lab.timeline import Entry, Timeline
from gausslab.observing import Frames, Reel, named, stacked
from gausslab.run import Run
from gausslab.settings import LIMITS
from gausslab.targets import Target, from_values, parse

BESIDE = 400_000  # bytes, about, of the pictures and texts of a run
DIAGNOSED = 48  # frames of a run that is opened

_WAITING = BoundedSemaphore(LIMITS.saves)
_WRITER = ThreadPoolExecutor(1, thread_name_prefix="save")


class Keeping(NamedTuple):
    """A run that is being saved, while its session goes on."""

    name: str
    done: Future[None]


def keep(session: Session, shelf: Shelf, name: str, step: int | None = None) -> Keeping:
    """Begin to save a session's run.

    Args:
        session: it stays as it is.
        shelf: where to.
        name: of the saved run.
        step: at which it is shown, where frames have been made ahead of that; None for all of it.

    Raises:
        BadInput: no name, one that is taken, or too many who save at the same time.
    """
    place = shelf.place_for(name)
    run, past = session.run.fork(), session.past.until(session.step)
    if step is None or not _can_go_back(session, step):
        step = session.step
    if not _WAITING.acquire(blocking=False):
        raise BadInput(f"expected at most {LIMITS.saves} runs to be saved at a time, got one more; try again soon")

    def write() -> None:
        run_then = _as_seen(run, past, step)
        shelf.check_room(bytes_of(run_then) + BESIDE)
        save(run_then, shelf.place_for(place.name), history=False, progress=False)

    done = _WRITER.submit(write)
    done.add_done_callback(lambda _: _WAITING.release())
    return Keeping(place.name, done)


def _can_go_back(session: Session, step: int) -> bool:
    try:
        return session.run.replay(step) * session.pace.step < LIMITS.replay
    except BadInput:
        return False


def _as_seen(run: Run, past: Timeline, step: int) -> Run:
    """The run as it stood when a step was shown, with the frames that its session remembers until then."""
    if step < run.step:
        then = run.at(step, looks=FRAMES_PER_CALL)
        (look,) = then.frames.reels
        for event in run.events:
            if event.step == step:
                then.do(event)
    else:
        then, look = run, run.advance(np.zeros(FRAMES_PER_CALL, np.int32)).part(slice(1))
    structure, first = then.experiment.structure(), then.first or 0
    # Before its networks were changed in mid-run, it was another experiment.
    entries = [entry for entry in past.until(step).entries if entry.step >= first and entry.structure == structure]
    reels = list(_reels(entries))
    if not entries or entries[-1].step < step:
        reels.append(look)
    then.frames = Frames(reels)
    return then


def _reels(entries: Sequence[Entry]) -> Iterator[Reel]:
    """The looks in stretches of the same conditions, which share their target and their knobs."""
    for _, group in groupby(entries, key=lambda entry: (id(entry.target), id(entry.knobs))):
        same = list(group)
        parts = [named(entry.observations) for entry in same]
        observations = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        yield replace(same[0].reel, observations=stacked(observations))


def loaded(shelf: Shelf, name: str) -> Run:
    """A saved run, if it may be opened in the lab.

    Raises:
        BadInput: there is none of this name, or it is damaged or too large.
    """
    place = place_of(shelf.folder, name)
    size = sum(entry.bytes for entry in layout.check_sizes(place).files.values())
    if size > LIMITS.opened:
        raise BadInput(
            f"expected a run of at most {LIMITS.opened / 1e6:,.0f} MB to open in the lab, got {size / 1e6:,.0f} MB; "
            "draw it with `gausslab render`, or go on with it by `gausslab resume`"
        )
    return _alone(load(place))


def opened(shelf: Shelf, name: str) -> tuple[Session, str]:
    """A session that stands where a run was saved, and the recipe that it comes nearest to.

    Raises:
        BadInput: as `loaded`, or a run that is too large for the lab.
    """
    run = loaded(shelf, name)
    LIMITS.check(run.experiment)
    return Session.standing(stand(run)), likeness(run.experiment).partition(" + ")[0]


def stand(run: Run) -> Stand:
    """Where a run stands, with what it has shown, for a session to go on from."""
    past = _remembered(run)
    said: list[Frame] = []
    diagnosed = set(evenly(len(past), DIAGNOSED))
    words = ("healthy", "")
    for place, entry in enumerate(past.entries):
        if place in diagnosed:
            seen = entry.frame()
            if said and said[-1].scene is not seen.scene:
                said.clear()  # how far it was to another target says nothing about this one
            finding = diagnose(seen, said[-PAST:], (said or [seen])[0])
            words = (finding.verdict, finding.sentence)
            said.append(seen)
        past.entries[place] = entry._replace(verdict=words[0], sentence=words[1])
    run = run.fork()
    run.checkpoints = Checkpoints(budget=LIMITS.checkpoints)
    run.mark()
    first = said[0] if said else None
    return Stand(run, past, tuple(said[-PAST:]), first, None, words, run.first == 0)


def _remembered(run: Run) -> Timeline:
    """Looks over all of a run, as many as a session remembers."""
    past = Timeline(LIMITS.history)
    wanted, before = set(evenly(len(run.frames), past.most)), 0
    for reel in run.frames.reels:
        for place in range(len(reel)):
            if before + place in wanted:
                past.record(reel, place, "", "")
        before += len(reel)
    past.spacing = max(1, (past.steps[-1] - past.steps[0]) // past.most)
    return past


def _alone(run: Run) -> Run:
    """The run with its data in its texts instead of in files: the lab opens none; what was a pause is left out."""
    found: dict[str, Target] = {}

    def told(text: str) -> str:
        if text not in found:
            found[text] = _without_file(parse(text))
        return found[text].text

    events = [
        event._replace(value=told(str(event.value))) if event.knob == "target" else event
        for event in run.events
        if event.knob != PAUSE
    ]
    experiment = run.experiment.model_copy(update={"target": told(run.experiment.target)})
    parsed = {target.text: target for target in found.values()}
    other = Run(
        experiment, run.state, run.moves, run.units, events, Frames(), run.failure, first=run.first, parsed=parsed
    )
    profiles = {parse(text).profile.text: target.profile for text, target in found.items()}

    def alone(reel: Reel) -> Reel:
        there = reel.look.target
        profile, now = profiles.get(there.profile.text, there.profile), other.target
        same = (profile, there.location, there.scale) == (now.profile, now.location, now.scale)
        return replace(reel, look=replace(reel.look, target=now if same else replace(there, profile=profile)))

    for reel in run.frames.reels:
        other.frames.add(alone(reel))
    return other


def _without_file(target: Target) -> Target:
    """The target under a text that holds its values.

    Raises:
        BadInput: more values than the lab takes, or a file that is a part of a mixture.
    """
    sample = target.profile.sample
    if sample is not None and sample.size > LIMITS.values:
        raise BadInput(f"expected at most {LIMITS.values:,} values in the lab, got {sample.size:,}; take every k-th")
    if sample is None or not target.profile.text.startswith("data("):
        parse(target.text, files=False)
        return target
    text = from_values(sample).text
    return replace(target, profile=replace(target.profile, written=lambda: text))
