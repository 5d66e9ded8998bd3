"""What a long measurement has found so far, a line of JSON for each run, so that it may be cut into pieces."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gausslab.recipes import Recipe


class Record:
    """Runs that have been measured, by what was run.

    Args:
        path: of the file, to which each run is added as it ends; None remembers only while the process lives.
    """

    def __init__(self, path: Path | None = None):
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
        self.known: dict[str, dict[str, Any]] = {entry["key"]: entry for entry in map(json.loads, lines)}

    def kept(self, name: str, key: str, measure: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """What a run was found to be like, measured unless it is known.

        Args:
            name: for a person who reads the file.
            key: says exactly what was run.
            measure: runs it.
        """
        if key not in self.known:
            self.known[key] = {"name": name, "key": key, "found": dict(measure())}
            if self.path:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(self.known[key]) + "\n")
        return self.known[key]["found"]


def key(recipe: Recipe, seed: int, changes: Mapping[str, Any] | None = None) -> str:
    """A name for a run of a recipe: another one as soon as anything is set or done otherwise, or claimed."""
    claim = recipe.claim.words if recipe.claim else ""
    told = json.dumps([dict(recipe.settings), recipe.events, claim, dict(changes or {})], sort_keys=True)
    return f"{hashlib.sha256(told.encode()).hexdigest()[:16]}-{seed}"
