"""`gausslab lab`: the live page."""

from __future__ import annotations

import click

HERE = "127.0.0.1"
PORT = 8501


@click.command()
@click.option("--host", default=HERE, show_default=True, help="Address to listen at; 0.0.0.0 lets others in.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Port to listen at.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in a browser.")
def lab(host: str, port: int, browser: bool) -> None:
    """Open the live lab in a browser: every slider acts while it is dragged."""
    from gausslab.lab.start import main

    main(host, port, browser=browser)
