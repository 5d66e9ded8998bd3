"""Serving the lab: `gausslab lab`, or `streamlit run app.py`."""

from __future__ import annotations

import gc
import threading
from functools import cache
from pathlib import Path

from gausslab.cache import keep_programs

SCRIPT = Path(__file__).with_name("script.py")


_WARMING = threading.Lock()


def warm_up() -> None:
    """Compile what the first visitor will need, once, and spare it from every later garbage collection.

    Who comes while that goes on waits for it: compiling the same twice at a time takes longer.
    """
    with _WARMING:
        _warm_up_once()


@cache
def _warm_up_once() -> None:
    from gausslab.lab import link
    from gausslab.lab.session import Session

    Session(link.default().experiment).answer(None)
    gc.collect()
    gc.freeze()


def main(host: str, port: int, *, browser: bool = True) -> None:
    """Serve the lab until it is stopped.

    Args:
        host: address to listen at; only this machine's own can be reached unless told otherwise.
        port: to listen at.
        browser: whether to open the page in a browser.
    """
    keep_programs()
    import streamlit as st

    # While the browser opens, so that the first visitor need not wait for it.
    threading.Thread(target=warm_up, daemon=True).start()
    st.App(SCRIPT).run(
        config={
            "server.address": host,
            "server.port": port,
            "server.headless": not browser,
            "server.enableXsrfProtection": True,
            "server.fileWatcherType": "none",
            "browser.gatherUsageStats": False,
            "runner.postScriptGC": False,  # a full collection after each answer takes longer than the answer
            "runner.magicEnabled": False,
            "client.toolbarMode": "minimal",
        }
    )
