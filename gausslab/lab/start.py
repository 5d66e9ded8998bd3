"""Serving the lab: `gausslab lab`, or `streamlit run app.py`."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from gausslab.cache import keep_programs
from gausslab.errors import BadInput
from gausslab.lab.turns import CORES
from gausslab.rubbish import look_as_usual

SCRIPT = Path(__file__).with_name("script.py")
SETTINGS = {
    "server.enableXsrfProtection": True,
    "browser.gatherUsageStats": False,
    "runner.postScriptGC": False,  # a full collection after each answer takes longer than the answer
    "runner.magicEnabled": False,
    "client.toolbarMode": "minimal",
}
RUNS, SHARED = "GAUSSLAB_RUNS", "GAUSSLAB_SHARED"  # in the environment: the folder of saved runs, and who sees it
FORESEES = "GAUSSLAB_FORESIGHT"  # in the environment: "no" has nothing compiled that nobody has asked for

M_ARENA_MAX = -8  # of mallopt(3)
LOOK = 0.05  # seconds between two looks whether the page is served
LATER = 5.0  # seconds after which the first page has come, and there is time for what it does without

_WARMING = threading.Lock()


def warm_up() -> None:
    """Compile what the first visitor will need, once.

    Who comes while that goes on waits for it: compiling the same twice at a time takes longer.
    """
    with _WARMING:
        _warm_up_once()


@cache
def _warm_up_once() -> None:
    share_heaps()
    from gausslab.lab import beside, glimpses, link, saving, upload  # noqa: F401 (what the page imports)
    from gausslab.lab.preparing import compile_loop
    from gausslab.lab.session import Session

    experiment = link.default().experiment
    compile_loop(experiment.structure())
    Session(experiment).answer(None)
    later = threading.Timer(LATER, _bring_the_rest)
    later.daemon = True
    later.start()


def share_heaps() -> None:
    """Have all threads allocate from as many heaps as there are cores, where glibc would have eight times as many.

    Every answer is a thread of Streamlit's. What one of them or the compiler has freed would be of no use to most
    others: with four sessions a server grew by 60 MB in 2,400 frames, and by 5 MB with two heaps. With a single one
    the compiler's threads wait for each other, and take 1.4 times as long.
    """
    if sys.platform == "linux":
        allocator = ctypes.CDLL(None)
        if hasattr(allocator, "mallopt"):
            allocator.mallopt(M_ARENA_MAX, max(2, CORES))


def _bring_the_rest() -> None:
    """Do what the first page need not wait for.

    Import what pictures, films and tables need, spare what is there by now from later garbage collections, and begin to
    compile what may be chosen next.
    """
    import pandas  # noqa: F401

    from gausslab import figures  # noqa: F401
    from gausslab.lab.foresight import FORESIGHT

    look_as_usual()
    if os.environ.get(FORESEES) != "no":
        FORESIGHT.begin()


@asynccontextmanager
async def opening(app: Any) -> AsyncIterator[None]:
    """Open the page in a browser as soon as it is served, where Streamlit is not told to do without."""
    from streamlit import config

    if config.get_option("server.headless"):
        yield
        return
    address = config.get_option("server.address") or "localhost"
    host, port = "localhost" if _is_everywhere(address) else address, config.get_option("server.port")
    there = asyncio.create_task(_open(host, port, below()))
    yield
    there.cancel()


def _is_everywhere(address: str) -> bool:
    try:
        return ip_address(address).is_unspecified
    except ValueError:  # a name
        return False


def below() -> str:
    """The path under which Streamlit has been told to serve the page; empty at the top of its address."""
    from streamlit import config

    return config.get_option("server.baseUrlPath").strip("/")


async def _open(host: str, port: int, path: str) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
            break
        except OSError:
            await asyncio.sleep(LOOK)
    writer.close()
    await asyncio.to_thread(webbrowser.open, f"http://{f'[{host}]' if ':' in host else host}:{port}/{path}".rstrip("/"))


def _check_free(host: str, port: int) -> None:
    """Complain of a port that cannot be had.

    Raises:
        BadInput: somebody else listens there, or it is not this machine's.
    """
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            pass
    except OSError as error:
        raise BadInput(
            f"expected an address and a free port to listen at, got {host}:{port}, where one cannot "
            f"({error.strerror}); choose others with --host and --port"
        ) from None


def main(
    host: str,
    port: int,
    *,
    browser: bool = True,
    runs: Path | None = None,
    shared: bool | None = None,
    foresight: bool = True,
) -> None:
    """Serve the lab until it is stopped.

    Args:
        host: address to listen at; only this machine's own can be reached unless told otherwise.
        port: to listen at.
        browser: whether to open the page in a browser.
        runs: the folder of saved runs; what the environment says, or `runs`, if None.
        shared: whether all visitors see all of them; None as `gausslab.lab.shelves` decides.
        foresight: whether to compile in idle moments what a visitor may choose next; the environment may say no.

    Raises:
        BadInput: a port that cannot be had.
    """
    _check_free(host, port)
    keep_programs()
    # The page is a script, to which nothing can be handed; `streamlit run app.py` is told in the same way.
    if runs is not None:
        os.environ[RUNS] = os.fspath(runs)
    if shared is not None:
        os.environ[SHARED] = "yes" if shared else "no"
    if not foresight:
        os.environ[FORESEES] = "no"
    import streamlit as st

    from gausslab.lab.wire import routes

    if browser:
        # While it opens, so that the first visitor need not wait for it.
        threading.Thread(target=warm_up, daemon=True).start()
    else:
        warm_up()  # who listens is ready: pages that a restart has cut off come back all at once
    st.App(SCRIPT, routes=routes(below()), lifespan=opening).run(
        config={
            "server.address": host,
            "server.port": port,
            "server.headless": not browser,
            "server.fileWatcherType": "none",
            **SETTINGS,
        }
    )


def settle() -> None:
    """Give a server that `streamlit run` has started the lab's settings, where nobody has chosen others."""
    from streamlit import config

    for name, value in SETTINGS.items():
        if not config.is_manually_set(name):
            config.set_option(name, value)


def welcome() -> bool:
    """Whether the visitor may see the page; says why not.

    `streamlit run` listens to everybody before any script of ours runs. Unless somebody has told it which address to
    listen at, only visitors from this machine are let in, as with `gausslab lab`.
    """
    import streamlit as st

    came_from = st.context.ip_address
    no_stranger = not isinstance(came_from, str) or from_here(came_from)  # Streamlit's own test harness has no address
    if no_stranger or st.get_option("server.address"):
        return True
    st.error(
        "This lab is open to its own machine only, and you come from another; "
        "whoever runs it can let you in with `gausslab lab --host 0.0.0.0`."
    )
    return False


def from_here(address: str) -> bool:
    """Whether an IP address is this machine's own, also where IPv6 wraps one of IPv4."""
    own = ip_address(address)
    return (getattr(own, "ipv4_mapped", None) or own).is_loopback
