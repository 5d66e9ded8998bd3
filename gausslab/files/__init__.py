"""Saved runs: a folder that is whole or absent, holds no pickle, and can be gone on with bit for bit.

docs/files.md describes the folder, file by file. Names are loaded when they are first used: a list of saved runs needs
no JAX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gausslab.late import loader

if TYPE_CHECKING:
    from gausslab.files.loading import OnItsWay, going_on, load, load_on_its_way, replay, replaying
    from gausslab.files.pictures import animate, final_picture, movie, picture_together, poster
    from gausslab.files.saving import Autosave, save
    from gausslab.files.script import Plan
    from gausslab.files.shelf import Saved, delete, place_of, rename, saved_runs
    from gausslab.files.tensors import bytes_of
    from gausslab.files.whole import check_free

__all__ = [
    "Autosave",
    "OnItsWay",
    "Plan",
    "Saved",
    "animate",
    "bytes_of",
    "check_free",
    "delete",
    "final_picture",
    "going_on",
    "load",
    "load_on_its_way",
    "movie",
    "picture_together",
    "place_of",
    "poster",
    "rename",
    "replay",
    "replaying",
    "save",
    "saved_runs",
]

__getattr__ = loader(
    "gausslab.files",
    {
        "loading": ("OnItsWay", "going_on", "load", "load_on_its_way", "replay", "replaying"),
        "pictures": ("animate", "final_picture", "movie", "picture_together", "poster"),
        "saving": ("Autosave", "save"),
        "script": ("Plan",),
        "shelf": ("Saved", "delete", "place_of", "rename", "saved_runs"),
        "tensors": ("bytes_of",),
        "whole": ("check_free",),
    },
)
