"""A real page in a real browser, and what a recorder inside it saw."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Browser, Locator, Page, WebSocket, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from gausslab.lab.protocol import PATH

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WITHOUT_SCREEN = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
SIZE = {"width": 1280, "height": 720}
RECORDER = Path(__file__).with_name("recorder.js")
FIRST_FRAME = 120_000  # milliseconds
HAND = 1 / 60  # seconds between two places of a hand on a slider


class Seen(NamedTuple):
    """What the recorder noted: times in milliseconds since the page began."""

    drawings: list[float]
    versions: list[tuple[float, int]]  # of the knobs of the frame that is drawn
    epochs: list[tuple[float, int]]  # changes of the session by the native widgets
    moves: list[tuple[float, int]]  # first steps after such a change
    inputs: list[float]  # when a hand moved a slider

    @property
    def longest_gap(self) -> float:
        """Between two drawings, in milliseconds."""
        return float(np.diff(self.drawings).max(initial=0.0))

    @property
    def drawings_per_second(self) -> float:
        """Over the whole recording."""
        return 1000 * (len(self.drawings) - 1) / (self.drawings[-1] - self.drawings[0])


@dataclass
class Watched:
    """An open page of the lab."""

    page: Page
    stage: Locator
    whole_runs: list[int] = field(default_factory=lambda: [0])  # of the page's script, not of the stage's fragment

    def said(self, name: str) -> int:
        """A number that the stage tells of itself."""
        return int(self.stage.get_attribute(f"data-{name}") or 0)

    def now(self) -> float:
        """The page's own clock, in milliseconds."""
        return self.page.evaluate("performance.now()")

    def record(self) -> None:
        """Begin to note what happens on the stage."""
        self.stage.evaluate(RECORDER.read_text(encoding="utf-8"))

    def recorded(self) -> Seen:
        """What was noted since the last call."""
        return Seen(**self.stage.evaluate("root => root.recorded()"))

    def watch(self, seconds: float) -> Seen:
        """Do nothing for a while, and see."""
        self.recorded()
        self.page.wait_for_timeout(1000 * seconds)
        return self.recorded()

    def slide(self, locator: Locator, shares: Sequence[float]) -> None:
        """Move a slider with the pointer down, through shares of its length."""
        box = locator.bounding_box()
        assert box is not None
        mouse, y = self.page.mouse, box["y"] + box["height"] / 2
        mouse.move(box["x"] + shares[0] * box["width"], y)
        mouse.down()
        for share in shares:
            mouse.move(box["x"] + share * box["width"], y)
            self.page.wait_for_timeout(1000 * HAND)
        mouse.up()

    def knob(self, path: str) -> Locator:
        """The slider of a knob."""
        return self.stage.locator(f"input[data-path='{path}']")

    @property
    def knobs(self) -> list[str]:
        """Every knob that has a slider."""
        paths: Any = self.stage.locator("input[data-path]").evaluate_all("all => all.map(one => one.dataset.path)")
        return paths

    def run_at(self, speed: float) -> None:
        """Set the speed, in steps per second; infinity is as fast as it goes."""
        slider = self.stage.locator(".speed input")
        slider.focus()
        slider.press("End")
        while np.isfinite(speed) and _speed(slider) > speed:
            slider.press("ArrowLeft")


def _speed(slider: Locator) -> float:
    words = (slider.get_attribute("aria-valuetext") or "").replace(",", "")
    return np.inf if words == "fastest" else float(words.split()[0].replace("k", "e3"))


@contextmanager
def browsing() -> Iterator[Browser]:
    """The machine's own browser, with no screen."""
    path = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if path is None:
        raise FileNotFoundError("expected Chromium or Google Chrome, got neither; install one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=WITHOUT_SCREEN)
        yield browser
        browser.close()


@contextmanager
def watching(browser: Browser, address: str, **query: str) -> Iterator[Watched]:
    """Open a page and wait for its first frame."""
    page = browser.new_context(viewport=SIZE).new_page()  # pyright: ignore[reportArgumentType]
    watched = Watched(page, page.locator(".stage"))
    page.on("websocket", lambda socket: _count_runs(socket, watched))
    page.goto(f"{address}?{urlencode(query)}")
    page.locator(".stage[data-step]").wait_for(timeout=FIRST_FRAME)
    watched.record()
    yield watched
    page.context.close()


def _count_runs(socket: WebSocket, watched: Watched) -> None:
    if PATH in socket.url:
        return

    def count(frame: bytes | str) -> None:
        message = ForwardMsg()
        message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode("latin-1"))
        if message.HasField("script_finished") and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
            watched.whole_runs[0] += 1

    socket.on("framereceived", count)
