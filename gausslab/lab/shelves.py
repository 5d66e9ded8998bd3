"""Whose saved runs a visitor sees, and where they are. It knows nothing of Streamlit.

There are no accounts. A visitor is whoever holds a token, a random number that the browser made and keeps to itself.
The shelf's folder is named after a digest of it, so that no folder can be guessed, and no token found from a folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from gausslab.errors import BadInput
from gausslab.files.shelf import Saved, place_of, saved_runs
from gausslab.lab.start import RUNS, SHARED, from_here
from gausslab.settings import LIMITS

VISITORS = ".visitors"  # in the folder of runs: a shelf for each visitor, which no list of runs shows
TOKEN = re.compile(r"[0-9a-f]{32}")
ANSWERS = {"": None, "yes": True, "1": True, "true": True, "no": False, "0": False, "false": False}
# What a server in between says of whom it speaks for: the visitor is not here then, wherever the connection comes from.
PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")

Whose = Literal["own", "shared", "visitor"]


class Setting(NamedTuple):
    """What the one who runs the server has said of its runs."""

    runs: Path
    shared: bool | None  # among all visitors; None: with those alone who sit at this machine


class Shelf(NamedTuple):
    """A folder of saved runs, and whose it is."""

    folder: Path
    whose: Whose

    def saved(self) -> list[Saved]:
        """The runs on it, damaged ones too.

        Raises:
            BadInput: the folder cannot be read.
        """
        return saved_runs(self.folder) if self.folder.exists() else []

    def place_for(self, name: str) -> Path:
        """Where a new run of this name goes.

        Raises:
            BadInput: no name, or one that is taken.
        """
        place = place_of(self.folder, name)
        if place.exists():
            raise BadInput(f"expected a name that is free, got {place.name}, which another run has; choose another one")
        return place

    def check_room(self, size: int) -> None:
        """See to it that a run may be added.

        Args:
            size: of it, in bytes.

        Raises:
            BadInput: it is too large, or the shelf or the server is full.
        """
        if size > LIMITS.saved:
            raise BadInput(
                f"expected a run of at most {_megabytes(LIMITS.saved)} to save in the lab, got {_megabytes(size)}; "
                "take narrower networks, or train it with `gausslab train`"
            )
        if self.whose == "own":
            return
        if self.whose == "visitor":
            count, taken = _taken(self.folder)
            if count >= LIMITS.runs:
                raise BadInput(f"expected at most {LIMITS.runs} saved runs, got one more; delete one first")
            if taken + size > LIMITS.shelf:
                raise BadInput(
                    f"expected at most {_megabytes(LIMITS.shelf)} of saved runs, got more with this one; "
                    "delete one first"
                )
        everything = self.folder.parent if self.whose == "visitor" else self.folder
        if _size(everything) + size > LIMITS.shelves:
            raise BadInput(
                f"expected at most {_megabytes(LIMITS.shelves)} of runs saved on this server, got more with this one; "
                "take it home instead (Run, TOML), or ask whoever runs the server"
            )


def free_name(wish: str, taken: Collection[str]) -> str:
    """A name that no run has yet: the one wished for, or it with a number."""
    numbered = (f"{wish} {number}" for number in range(2, len(taken) + 3))
    return next(name for name in (wish, *numbered) if name not in taken)


def setting(environment: Mapping[str, str] = os.environ) -> Setting:
    """What the environment of the server says.

    Raises:
        BadInput: neither yes nor no where one of them is asked for.
    """
    said = environment.get(SHARED, "").strip().lower()
    if said not in ANSWERS:
        raise BadInput(f"expected {SHARED} to be yes or no, got {said[:40]!r}; whoever runs this server can correct it")
    return Setting(Path(environment.get(RUNS) or "runs"), ANSWERS[said])


def shelf_of(told: Setting, token: Any, *, at_home: bool) -> Shelf:
    """The shelf of a visitor.

    Args:
        told: what the server was told.
        token: what the visitor's browser keeps, as it came from there; needed by those alone who have their own shelf.
        at_home: whether the visitor sits at this machine.

    Raises:
        BadInput: no token.
    """
    if told.shared:
        return Shelf(told.runs, "shared")
    if told.shared is None and at_home:
        return Shelf(told.runs, "own")
    if not (isinstance(token, str) and TOKEN.fullmatch(token)):
        raise BadInput(
            "expected a browser that remembers this page, got one that keeps nothing; allow it to keep site data, "
            "or take the run home as a file (Run, TOML)"
        )
    return Shelf(told.runs / VISITORS / sha256(token.encode()).hexdigest()[:32], "visitor")


def is_at_home(address: Any, headers: Mapping[str, str], *, headless: bool) -> bool:
    """Whether a visitor sits at the machine on which the lab was opened.

    Args:
        address: from which the connection comes.
        headers: of its first request.
        headless: whether the lab opened no browser, as on a server.
    """
    names = (f"//{headers.get('Host', '')}", headers.get("Origin", ""))
    here = isinstance(address, str) and from_here(address) and all(map(_is_this_machine, names))
    return here and not headless and not any(name in headers for name in PASSED_ON)


def _is_this_machine(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _taken(folder: Path) -> tuple[int, int]:
    """How many runs there are, and how many bytes they take."""
    if not folder.exists():
        return 0, 0
    with os.scandir(folder) as entries:
        count = sum(entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".") for entry in entries)
    return count, _size(folder)


def _size(folder: Path) -> int:
    """Bytes of all the files in a folder and below; links are not followed."""
    found = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                found += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:  # removed meanwhile
                continue
    return found


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e6:.1g} MB"
