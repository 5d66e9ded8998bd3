"""Saved runs: a folder that is whole or absent, holds no pickle, and can be gone on with bit for bit.

docs/files.md describes the folder, file by file.
"""

from gausslab.files.loading import load, replay, replaying
from gausslab.files.pictures import animate, final_picture
from gausslab.files.saving import save
from gausslab.files.whole import check_free

__all__ = ["animate", "check_free", "final_picture", "load", "replay", "replaying", "save"]
