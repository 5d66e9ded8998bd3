"""Many visitors of the lab in one process: Streamlit's websocket protocol and the stage's own, without a browser.

python -m tests.benchmarks.live.visitors ADDRESS --recipe vanilla --speed 200 --sessions 30 --minutes 5 --report FILE

Each visitor opens the page, asks for frames as the stage does, the first time by Streamlit with the state of every
widget and then by the stage's own wire, and moves a slider every few seconds. Nothing is drawn, and of an answer only
its header is read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NumberInput_pb2 import NumberInput
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gausslab.lab.protocol import PATH, decode

from .playing import Playhead

TICK = 1 / 60  # seconds between two looks of a stage at its playhead
BETWEEN_MOVES = 5.0  # seconds
BETWEEN_ARRIVALS = 0.25  # seconds
FIRST_FRAME = 120.0  # seconds
LOST = 10.0  # seconds without a fresh frame after which a session is called dead
# Sliders in turn, and places for each: where the target stands, and shares of where the others were at first.
MOVES = (
    ("location", (1.0, -1.0, 0.0)),
    ("scale", (1.3, 0.8, 1.0)),
    ("generator.rate", (0.7, 1.0)),
    ("discriminator.rate", (1.2, 1.0)),
)


@dataclass(eq=False)
class Visitor:
    """One open page."""

    socket: ClientConnection
    query: str
    playhead: Playhead
    widgets: dict[str, WidgetState] = field(default_factory=dict)
    stage: str = ""  # id of the stage among the widgets
    fragment: str = ""
    page: str = ""
    secret: str = ""  # by which the server knows the visit
    wire: ClientConnection | None = None
    reaching: asyncio.Task[None] | None = None  # which nobody else would hold on to
    at_first: dict[str, float] = field(default_factory=dict)  # where the sliders stood
    moves: int = 0
    gap: float = 0.0  # the longest without a fresh frame, in seconds
    fresh_at: float = field(default_factory=time.monotonic)
    fault: str = ""
    messages: list[str] = field(default_factory=list)  # what the page complained about

    async def ask(self, request: dict[str, Any] | None) -> None:
        """Ask by the wire; where there is none, have the script run: the whole page without a request."""
        if self.wire:
            await self.wire.send(json.dumps(request))
            return
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_script_hash = self.query, self.page
        run.context_info.timezone, run.context_info.locale = "UTC", "en-US"
        run.widget_states.SetInParent()
        if request is not None:
            run.fragment_id = self.fragment
            run.widget_states.widgets.extend(self.widgets.values())
            run.widget_states.widgets.add(id=self.stage, json_value=json.dumps({"req": request}))
        await self.socket.send(message.SerializeToString())

    async def reach(self, host: str) -> None:
        """Put up the wire, and take in what comes by it."""
        self.wire = await connect(f"ws://{host}{PATH}?visit={self.secret}", max_size=None, ping_interval=None)
        try:
            async for chunk in self.wire:
                self._receive(bytes(chunk, "latin-1") if isinstance(chunk, str) else chunk)
        except ConnectionClosed as error:
            self.fault = self.fault or str(error)

    async def listen(self) -> None:
        """Take in all that the server says by Streamlit, until it or the visitor hangs up."""
        try:
            async for said in self.socket:
                self._hear(ForwardMsg.FromString(bytes(said, "latin-1") if isinstance(said, str) else said))
        except ConnectionClosed as error:
            self.fault = self.fault or str(error)

    def _hear(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.page = message.new_session.page_script_hash
        elif kind == "delta" and message.delta.HasField("new_element"):
            element = message.delta.new_element
            name = element.WhichOneof("type")
            if name == "bidi_component":
                self.stage = element.bidi_component.id
                self.fragment = message.delta.fragment_id or self.fragment
                self._receive(element.bidi_component.bytes)
            elif name == "exception":
                self.fault = element.exception.message
            elif state := _state(element):
                self.widgets[state.id] = state

    def _receive(self, chunk: bytes) -> None:
        header, _ = decode(chunk)
        if header.get("lost"):  # said to whoever has no session yet
            return
        playhead, self.secret = self.playhead, header["secret"]
        if not playhead.steps:
            playhead.knobs = {control["path"]: control["value"] for control in header["setup"]["controls"]}
            self.at_first = dict(playhead.knobs)
        if header["setup"]["message"]:
            self.messages.append(header["setup"]["message"])
        playhead.receive(header, time.monotonic())

    async def tick(self, now: float, elapsed: float) -> None:
        """Do what a stage does before it draws."""
        before = self.playhead.fresh
        request = self.playhead.advance(now, elapsed)
        if self.playhead.fresh > before:
            self.fresh_at = now
        self.gap = max(self.gap, now - self.fresh_at)
        if request is not None and not self.fault:
            try:
                await self.ask(request)
            except ConnectionClosed as error:
                self.fault = self.fault or str(error)

    def move(self, now: float) -> None:
        """Move the next slider to its next place."""
        path, places = MOVES[self.moves % len(MOVES)]
        place = places[self.moves // len(MOVES) % len(places)]
        self.playhead.turn(path, place * (self.at_first[path] or 1.0), now)
        self.moves += 1


def _state(element: Element) -> WidgetState | None:
    """What a browser says of a widget that nobody has touched."""
    name = element.WhichOneof("type")
    if name is None:
        return None
    widget = getattr(element, name)
    state = WidgetState(id=getattr(widget, "id", ""))
    if name == "selectbox":
        if widget.HasField("default"):
            state.string_value = widget.options[widget.default]
    elif name == "text_input":
        state.string_value = widget.default
    elif name == "checkbox":
        state.bool_value = widget.default
    elif name == "multiselect":
        state.string_array_value.data.extend(widget.options[place] for place in widget.default)
    elif name == "file_uploader":
        state.file_uploader_state_value.SetInParent()
    elif name == "number_input" and widget.data_type == NumberInput.INT:
        state.int_value = int(widget.default)
    elif name == "number_input":
        state.double_value = widget.default
    else:
        return None
    return state


async def _arrive(address: str, recipe: str, speed: float, seed: int) -> Visitor:
    """Open the page and wait for its first frames."""
    parts = urlsplit(address)
    socket = await connect(
        f"ws://{parts.netloc}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        max_size=None,
        ping_interval=None,
    )
    visitor = Visitor(socket, urlencode({"recipe": recipe, "target": "normal(4,1.25)", "seed": seed}), Playhead(speed))
    listening = asyncio.create_task(visitor.listen())
    await visitor.ask(None)
    ends = time.monotonic() + FIRST_FRAME
    while not visitor.playhead.steps and not visitor.fault and time.monotonic() < ends:
        await asyncio.sleep(TICK)
    if not visitor.playhead.steps:
        listening.cancel()
        raise RuntimeError(f"expected a first frame, got none: {visitor.fault or 'no answer'}")
    visitor.reaching = asyncio.create_task(visitor.reach(parts.netloc))
    visitor.fresh_at = time.monotonic()
    return visitor


async def _play(visitors: Sequence[Visitor], seconds: float) -> None:
    """Let all of them watch, each moving its slider in its own turn."""
    began = now = time.monotonic()
    moving = [began + BETWEEN_MOVES * (1 + place / len(visitors)) for place in range(len(visitors))]
    while now < began + seconds:
        await asyncio.sleep(max(0.0, now + TICK - time.monotonic()))
        elapsed, now = time.monotonic() - now, time.monotonic()
        for place, visitor in enumerate(visitors):
            if now >= moving[place] and now < began + seconds - 1:
                visitor.move(now)
                moving[place] += BETWEEN_MOVES
            await visitor.tick(now, elapsed)


async def _crowd(address: str, recipe: str, speed: float, sessions: int, seconds: float) -> dict[str, Any]:
    arriving = []
    for seed in range(sessions):
        arriving.append(asyncio.create_task(_arrive(address, recipe, speed, seed)))
        await asyncio.sleep(BETWEEN_ARRIVALS)
    visitors = await asyncio.gather(*arriving)
    print("begun", flush=True)
    before, began = time.process_time(), time.monotonic()
    first = [visitor.playhead.steps[0] for visitor in visitors]
    for visitor in visitors:
        visitor.fresh_at = began
    await _play(visitors, seconds)
    lasted, busy = time.monotonic() - began, time.process_time() - before
    report = {
        "seconds": lasted,
        "processor_seconds": busy,
        "visitors": [
            {
                "alive": not visitor.fault and time.monotonic() - visitor.fresh_at < LOST,
                "fault": visitor.fault,
                "messages": visitor.messages[:5],
                "failure": visitor.playhead.failure,
                "frames_per_second": visitor.playhead.fresh / lasted,
                "steps_per_second": (visitor.playhead.steps[0] - begun) / lasted,
                "longest_gap": visitor.gap,
                "delays": visitor.playhead.delays,
                "unanswered": len(visitor.playhead.turned_at),
                "requests": visitor.playhead.sequence,
                "repeated": visitor.playhead.repeated,
            }
            for visitor, begun in zip(visitors, first, strict=True)
        ],
    }
    for visitor in visitors:
        await visitor.socket.close()
        if visitor.wire:
            await visitor.wire.close()
    return report


def main() -> None:
    """Visit, and write down how it was."""
    parser = argparse.ArgumentParser(description="Many visitors of a lab, without browsers.")
    parser.add_argument("address")
    parser.add_argument("--recipe", default="vanilla")
    parser.add_argument("--speed", type=float, default=200.0)
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--report", type=Path, required=True)
    asked = parser.parse_args()
    report = asyncio.run(_crowd(asked.address, asked.recipe, asked.speed, asked.sessions, 60 * asked.minutes))
    asked.report.write_text(json.dumps(report), encoding="utf-8")


if __name__ == "__main__":
    main()
