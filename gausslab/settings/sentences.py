"""What is wrong with some settings, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from gausslab.settings.listing import Setting
from gausslab.settings.penalties import sorted_items


def unknown_name(name: str, known: Iterable[str]) -> str:
    """Say that a name is none of the known settings, and which it may have been."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "`gausslab settings` lists them"
    return f"expected the name of a setting, got {name!r}; {hint}"


def sentence(error: ValidationError, values: Mapping[str, Any], settings: Iterable[Setting]) -> str:
    """Say in one sentence what the first fault of a set of settings is.

    Args:
        error: what was found.
        values: the set of settings.
        settings: all that there are, with their bounds.
    """
    known = {setting.path: setting for setting in settings}
    first = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
    if path == "penalties" and len(first["loc"]) > 1:
        path += "." + str(sorted_items(values["penalties"])[first["loc"][1]][0])
    if first["type"] == "extra_forbidden":
        return unknown_name(path, known)
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] != "value_error":
        came = repr(first["input"])
        reason = f"{reason[0].lower()}{reason[1:]}, got {came if len(came) < 80 else came[:77] + '...'}"
    allowed = f" (allowed: {known[path].range})" if path in known and known[path].range else ""
    return f"{path}: {reason}{allowed}" if path and path != "target" else reason
