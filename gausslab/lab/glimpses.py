"""Small pictures of saved runs, quick to make and light to send."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from gausslab.errors import BadInput
from gausslab.files import layout

SIZE = (320, 180)  # pixels, at most
LARGEST = 4_000_000  # bytes of a picture that is made smaller
MOST_PIXELS = 8_000_000  # of it


def glimpse(folder: Path) -> bytes | None:
    """The small picture of a saved run as a PNG, from its thumbnail or its last picture; None where it has neither."""
    for name in (layout.THUMBNAIL, layout.PICTURE):
        path = folder / name
        try:
            layout.check_size(path, LARGEST)
            found = path.stat()
        except (BadInput, OSError):
            continue
        small = _made_small(path, found.st_mtime_ns, found.st_size)
        if small:
            return small
    return None


@lru_cache(maxsize=512)
def _made_small(path: Path, changed: int, size: int) -> bytes | None:
    """The picture at a path; another one, where that was changed."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            image.thumbnail(SIZE)
            content = io.BytesIO()
            image.save(content, "PNG")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    return content.getvalue()
