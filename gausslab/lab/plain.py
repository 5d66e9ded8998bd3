"""A text that somebody else may have written, shown as it is."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """The text as Markdown that means nothing but itself."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
