"""The command that hands what was learnt to other programs: `gausslab export`."""

from __future__ import annotations

from pathlib import Path

import click

from gausslab.errors import BadInput

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
SUFFIXES = {"onnx": ".onnx", "weights": ".safetensors", "history": ".parquet"}


def _export(folder: Path, **wanted: Path | None) -> int:
    asked = {kind: path for kind, path in wanted.items() if path is not None}
    if not asked:
        raise BadInput(
            f"expected {', '.join(f'--{kind} FILE' for kind in SUFFIXES)}, or some of them, got none; add one"
        )
    for kind, path in asked.items():
        if path.suffix.lower() != SUFFIXES[kind]:
            raise BadInput(f"expected --{kind} to name a file in {SUFFIXES[kind]}, got {path.name!r}; rename it")
        if not path.parent.is_dir():
            raise BadInput(f"expected a folder to write in, got {str(path.parent)!r}; make it, or name another")
    from gausslab import export
    from gausslab.files import load

    writers = {"onnx": export.save_onnx, "weights": export.save_weights, "history": export.save_history}
    run = load(folder)
    for kind, path in asked.items():
        click.echo(f"{kind:<16}{writers[kind](run, path)}")
    return 0


export = click.Command(
    "export",
    callback=_export,
    help="Write what a saved run has learnt for other programs.",
    short_help="Write G as ONNX, weights, or the history.",
    epilog="""\b
Example:
  gausslab export runs/001-normal-4-1.25 --onnx generator.onnx --weights networks.safetensors""",
    params=[
        click.Argument(["folder"], type=_FOLDER, metavar="DIR"),
        click.Option(["--onnx"], type=_FILE, metavar="FILE", help="G as an ONNX graph, from z to x."),
        click.Option(["--weights"], type=_FILE, metavar="FILE", help="Both networks' weights as safetensors."),
        click.Option(["--history"], type=_FILE, metavar="FILE", help="All readings as Parquet, a row a frame."),
    ],
)
