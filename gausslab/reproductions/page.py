"""docs/papers.md: every paper's table and pictures, as they came out."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from os import cpu_count
from pathlib import Path

from gausslab.errors import BadInput
from gausslab.reproductions.findings import HEADINGS, Outcome
from gausslab.reproductions.table import REPRODUCTIONS

PICTURES = "pictures"  # the folder beside the page
COMMAND = "gausslab reproduce all --write docs/papers.md"
PACKAGES = ("jax", "numpy", "scipy")


def row(cells: Sequence[str]) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def picture_name(name: str) -> str:
    """The file of a picture, in the folder of pictures."""
    return f"papers-{name}.png"


def document(outcomes: Mapping[str, Outcome]) -> str:
    """The page for what came out, by the names of REPRODUCTIONS."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    today = date.today()
    parts = [
        "# Published figures, reproduced",
        f"Written by `{COMMAND}`; change the rooms in `gausslab/reproductions/`, not this page. Measured on "
        f"{today.day} {today:%B %Y} with {packages}, Python {platform.python_version()}, {cpu_count()} cores.",
    ]
    for name, outcome in outcomes.items():
        paper = REPRODUCTIONS[name]
        lines = [row(HEADINGS), row(["---"] * len(HEADINGS)), *(row(finding.cells()) for finding in outcome.findings)]
        parts += [f"## {paper.title}", f"{paper.source}.", paper.story, "\n".join(lines)]
        for picture in outcome.pictures:
            parts.append(f"![{picture.caption}]({PICTURES}/{picture_name(picture.name)})\n\n*{picture.caption}*")
        if paper.remarks:
            parts.append(paper.remarks)
        parts.append(f"`gausslab reproduce {name}` prints this table alone.")
    return "\n\n".join(parts) + "\n"


def check_place(path: Path) -> None:
    """Make sure, before any work, that the page has a folder to go to.

    Raises:
        BadInput: it has none, or its name does not end in .md.
    """
    if path.suffix != ".md" or not path.parent.is_dir():
        raise BadInput(f"expected a file ending in .md in a folder that is there, got {str(path)[:80]!r}; name another")


def write(path: Path, outcomes: Mapping[str, Outcome]) -> None:
    """Write the page, and its pictures into a folder beside it.

    Raises:
        BadInput: no such folder.
        OSError: the files cannot be written.
    """
    from gausslab.figures import save

    check_place(path)
    folder = path.parent / PICTURES
    folder.mkdir(exist_ok=True)
    for outcome in outcomes.values():
        for picture in outcome.pictures:
            save(picture.draw(), folder / picture_name(picture.name))
    path.write_text(document(outcomes), encoding="utf-8")
