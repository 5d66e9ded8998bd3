"""What a process that is measured finds in its environment: what a person's does."""

from __future__ import annotations

import os
from pathlib import Path

UNUSUAL = ("JAX_", "PYTHONDONTWRITEBYTECODE")  # people's Python writes down what it has made of its sources


def of_a_person(cache: Path) -> dict[str, str]:
    """This process's environment without what a workplace or a test has put into it.

    Args:
        cache: the user's cache folder, as far as the process knows.
    """
    usual = {name: value for name, value in os.environ.items() if not name.startswith(UNUSUAL)}
    return usual | {name: str(cache) for name in ("XDG_CACHE_HOME", "LOCALAPPDATA")}
