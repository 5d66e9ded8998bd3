"""A film that plays where it stands: in a notebook, with nothing beside it on the disk."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from gausslab.errors import BadInput
from gausslab.writing import whole_or_absent

LARGEST_MOVIE = 24_000_000  # bytes; a notebook that holds more becomes slow to open and to send


@dataclass(frozen=True)
class Movie:
    """An MP4 in memory, which notebooks play in place."""

    data: bytes = field(repr=False)
    width: int  # pixels
    height: int
    title: str = ""

    def __post_init__(self) -> None:
        if len(self.data) > LARGEST_MOVIE:
            raise BadInput(
                f"Expected a film of at most {LARGEST_MOVIE // 10**6} MB to keep in a notebook, got "
                f"{len(self.data) / 1e6:.0f} MB: take a smaller size or fewer frames, or write it to a file."
            )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the film to an .mp4 file.

        Raises:
            BadInput: where the suffix is another, or the folder is not there.
            OSError: where the file cannot be written.
        """
        with whole_or_absent(path, (".mp4",)) as partial:
            partial.write_bytes(self.data)
        return Path(path)

    def _repr_html_(self) -> str:
        film = base64.b64encode(self.data).decode("ascii")
        return (
            f'<video controls loop autoplay muted playsinline width="{self.width}" height="{self.height}" '
            f'style="max-width:100%;height:auto" aria-label="{escape(self.title)}">'
            f'<source src="data:video/mp4;base64,{film}" type="video/mp4"></video>'
        )
