"""`gausslab lab`: the live page."""

from __future__ import annotations

from pathlib import Path

import click

HERE = "127.0.0.1"
PORT = 8501


@click.command()
@click.option("--host", default=HERE, show_default=True, help="Address to listen at; 0.0.0.0 lets others in.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Port to listen at.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in a browser.")
@click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of saved runs.  [default: runs]",
)
@click.option(
    "--shared/--private",
    default=None,
    help="Let all visitors see all runs of that folder, or each only what they saved themselves.  "
    "[default: private, but for whoever sits at this machine and had the lab open its browser]",
)
@click.option(
    "--foresight/--no-foresight",
    default=True,
    show_default=True,
    help="Compile, while the machine is idle, what a visitor may choose next.",
)
def lab(host: str, port: int, browser: bool, runs: Path | None, shared: bool | None, foresight: bool) -> None:
    """Open the live lab in a browser: every slider acts while it is dragged."""
    from gausslab.lab.start import main

    main(host, port, browser=browser, runs=runs, shared=shared, foresight=foresight)
