"""The stage's own wire: a websocket beside Streamlit's, which brings its visit's answers and nothing else.

Streamlit answers a component by running a script, with a thread of its own, the states of all widgets and every option
of the theme: that keeps the interpreter busy for longer than the frames do (docs/lab.md). What changes nothing but the
stage comes by this wire; the rest comes as Streamlit brings it, and so does all of it where the wire is down.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from gausslab.lab.protocol import PATH
from gausslab.lab.visit import Visit
from gausslab.settings import LIMITS

_VISITS: WeakValueDictionary[str, Visit] = WeakValueDictionary()  # by the secret that their pages have been told
_ANSWERING = ThreadPoolExecutor(LIMITS.answers, "answering")


def open_to(visit: Visit) -> None:
    """Let the page of a visit have its wire."""
    _VISITS[visit.secret] = visit


async def _converse(socket: WebSocket) -> None:
    """Answer one stage until it hangs up, and bring it what is answered without having been asked."""
    visit = _VISITS.get(socket.query_params.get("visit", ""))
    if visit is None:
        await socket.close()
        return
    await socket.accept()
    newest: asyncio.Queue[Any] = asyncio.Queue(1)
    loop = asyncio.get_running_loop()

    def bring(chunk: bytes) -> None:
        loop.call_soon_threadsafe(_replace, newest, chunk)

    visit.bring = bring
    async with asyncio.TaskGroup() as tasks:
        answering = tasks.create_task(_answer(socket, visit, newest))
        while (said := await socket.receive())["type"] != "websocket.disconnect":
            _replace(newest, _read(said.get("text") or ""))
        answering.cancel()
    if visit.bring is bring:
        visit.bring = None


def _replace(newest: asyncio.Queue[Any], said: Any) -> None:
    """As with Streamlit's own, what comes last replaces what came before."""
    if newest.full():
        newest.get_nowait()
    newest.put_nowait(said)


async def _answer(socket: WebSocket, visit: Visit, newest: asyncio.Queue[Any]) -> None:
    def overtaken() -> bool:
        return not newest.empty()

    with suppress(WebSocketDisconnect):
        while True:
            said = await newest.get()
            chunk = said if isinstance(said, bytes) else await _reply(visit, said, overtaken)
            if not overtaken():
                await socket.send_bytes(chunk)


async def _reply(visit: Visit, raw: Any, overtaken: Callable[[], bool]) -> bytes:
    return await asyncio.get_running_loop().run_in_executor(_ANSWERING, visit.reply, raw, overtaken)


def _read(text: str) -> Any:
    """What the page says, unchecked; an empty text, which is no request, for what is no JSON or too long."""
    if len(text) > LIMITS.request:
        return ""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return ""


def routes(below: str = "") -> list[WebSocketRoute]:
    """Where the stage finds its wire.

    Args:
        below: the path under which the page is served, where it is not the top of its address.
    """
    return [WebSocketRoute(f"/{below}{PATH}" if below else PATH, _converse)]
