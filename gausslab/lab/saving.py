"""What a visitor takes home: pictures, films, the history as a table, and the experiment."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, NamedTuple

from gausslab.errors import BadInput
from gausslab.history import table
from gausslab.lab import record
from gausslab.lab.session import Session
from gausslab.settings import LIMITS

if TYPE_CHECKING:
    from gausslab.figures import Track

_FILMING = BoundedSemaphore(LIMITS.films)
_FILMERS = ThreadPoolExecutor(LIMITS.films, thread_name_prefix="film")


def picture(session: Session, ending: str, theme: str) -> bytes:
    """The panel at the last step, with its history, as .png or .svg; of both runs in a duel."""
    from gausslab import figures

    own, *rival = _tracks(session)
    drawn = (
        figures.panel_together([own, *rival], theme=theme)
        if rival
        else figures.panel(own.frames[-1], own.frames, theme=theme)
    )
    return _written(ending, lambda path: figures.save(drawn, path))


class Film(NamedTuple):
    """A film that is being made, while the session goes on."""

    ending: str
    content: Future[bytes]


def film(session: Session, ending: str, theme: str) -> Film:
    """Begin a film of the run so far, as .mp4 or .gif; of both runs in a duel.

    Raises:
        BadInput: another film is being made.
    """
    if not _FILMING.acquire(blocking=False):
        raise BadInput(f"expected at most {LIMITS.films} film at a time on this server, got one more; try again soon")
    content = _FILMERS.submit(_filmed, session, ending, theme)
    content.add_done_callback(lambda done: _FILMING.release())
    return Film(ending, content)


def _filmed(session: Session, ending: str, theme: str) -> bytes:
    from gausslab import figures

    own, *rival = _tracks(session)
    if rival:
        return _written(ending, lambda path: figures.film_together([own, *rival], path, theme=theme, progress=False))
    return _written(ending, lambda path: figures.film(own.frames, path, theme=theme, progress=False))


def _tracks(session: Session) -> list[Track]:
    """The run and, in a duel, its rival at the same moments."""
    from gausslab.figures import Track

    frames, rival = session.playback.frames(LIMITS.film_frames), session.rival
    own = Track("this run", frames)
    if not rival:
        return [own]
    return [own, Track(rival.challenge.name, [rival.remembered(frame.step) for frame in frames])]


def history(session: Session, ending: str, theme: str) -> bytes:
    """Every reading of every remembered frame, as .csv or .parquet."""
    readings, content = table(session.playback.frames()), io.BytesIO()
    if ending == ".csv":
        readings.to_csv(content, index=False)
    else:
        readings.to_parquet(content, index=False)
    return content.getvalue()


def experiment(session: Session, ending: str, theme: str) -> bytes:
    """The run as experiment.toml: its settings, and what was done when."""
    return record.write(session)


def _written(ending: str, write: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"gausslab{ending}"
        write(path)
        return path.read_bytes()


class Kept(NamedTuple):
    """A kind of file: what a person calls it, its type on the web, and how its bytes, or its film, are made."""

    label: str
    mime: str
    make: Callable[[Session, str, str], Any]


FILES: dict[str, Kept] = {
    ".png": Kept("Picture (PNG)", "image/png", picture),
    ".svg": Kept("Picture (SVG)", "image/svg+xml", picture),
    ".csv": Kept("History (CSV)", "text/csv", history),
    ".parquet": Kept("History (Parquet)", "application/vnd.apache.parquet", history),
    ".toml": Kept("Run (TOML)", "application/toml", experiment),
}
FILMS: dict[str, Kept] = {
    ".mp4": Kept("Film (MP4)", "video/mp4", film),
    ".gif": Kept("Film (GIF)", "image/gif", film),
}
