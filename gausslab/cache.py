"""The compiled programs of earlier processes, kept on disk: a second process starts training several times sooner."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_keeping = False  # whether this process has asked to


def folder() -> Path:
    """Where programs are kept: `gausslab` in the user's own cache folder, as the platform has it."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gausslab" / "programs"


def keep_programs() -> bool:
    """Have JAX keep what it compiles; to be called before anything imports JAX.

    JAX's own variable JAX_COMPILATION_CACHE_DIR has the last word where it is set.

    Returns:
        Whether programs are kept: a folder that cannot be written costs time, and is no error.
    """
    global _keeping
    kept = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    if kept is None:
        try:
            place = folder()
            place.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError):  # pathlib's answer where a user has no home
            return False
        if not os.access(place, os.W_OK):
            return False
        kept = os.environ["JAX_COMPILATION_CACHE_DIR"] = str(place)
    # The many small programs of a start cost as much together as the large one.
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    _keeping = bool(kept)
    return _keeping


def traced() -> Path | None:
    """Where programs are kept as they were traced, beside what has been compiled; None where none are kept.

    Only for a process that has asked to keep programs: those of the command and the lab, which run no code but this
    package's. Another may have put a loss of its own into the table, of which the sources here say nothing.
    """
    kept = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    return Path(kept) / "traced" if kept and _keeping else None
