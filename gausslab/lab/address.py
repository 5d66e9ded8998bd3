"""Where a page stands, as its own address says it, and how a page that has outlived its server is put there again.

Streamlit reconnects by itself, with the address that the page had when it was opened and with the stage's last request.
A request to a server that knows nothing of it is answered with the news; the stage then sends its present address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from gausslab.lab import protocol

MOST_PARTS = 200  # of a query


# The answer to any request of a page whose session is gone; a page that has asked for nothing yet pays no heed to it.
LOST = protocol.encode(protocol.Answer([], {"seq": 0, "lost": True}))


def sequence(raw: Any) -> int:
    """The number of a request; 0 where it has none."""
    found = raw.get("seq") if isinstance(raw, Mapping) else None
    return found if isinstance(found, int) else 0


def told(raw: Any, told_at: int | None) -> dict[str, str] | None:
    """The query that a page asks to have opened, if it does.

    Args:
        raw: the stage's last request.
        told_at: the number of the request to which it was told that its session is gone; None where it was not.
    """
    address = raw.get("address") if isinstance(raw, Mapping) and raw.get("act") == "open" else None
    if told_at is None or sequence(raw) <= told_at or not isinstance(address, str):
        return None
    try:
        return dict(parse_qsl(address.removeprefix("?"), keep_blank_values=True, max_num_fields=MOST_PARTS))
    except ValueError:
        return {"too many parts": ""}  # which no link has
