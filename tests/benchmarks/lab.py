"""The live page in headless Chromium, both on the same cores: what a person with a pointer meets.

*Drawing*: a minute of `vanilla` as fast as it goes; drawings are counted inside the page. *Server*: processor time of
the server while `vanilla` goes at 20 steps a second, a step for each of its 20 frames a second, so that next to none
of it is training; a shown frame is a drawing. *Dragging*: every slider is dragged for two seconds with the pointer
down; each move is a value of its own, whose first computed frame counts when it is drawn. *Session*: two minutes of
dragging everything, with ten targets set by the sidebar's field, while JAX tells what it compiles. *Changes*: another
loss and other networks from the sidebar, with nothing compiled beforehand, and once more; and on a fresh server after a
minute in which nobody does anything but look on: to the first frame of what was chosen, and to the first step taken
with it, until which it stands. *Start*: from `gausslab lab` to a frame that differs from the first, with an empty cache
of compiled programs and with a filled one; the browser runs already and asks for the page until it comes. *Restart*:
the server is ended while a page plays, and started again at the same port; the time is from its first answer to a step
that the page had not shown before.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from playwright.sync_api import Browser, Locator

from .live.serving import COMPILED, Server, free_port, serving
from .live.watching import Seen, Watched, browsing, watching
from .rows import Options, Row

MINUTE = 60
DRAWN, GAP, STEPS = 58.0, 50.0, 600.0  # drawings a second, milliseconds, steps a second
SERVER = 1.0  # milliseconds of processor a drawing
LOCAL, ANSWERED, DRAG_GAP = 20.0, 120.0, 34.0  # milliseconds
FIRST_CHANGE, SECOND_CHANGE = 2.0, 0.3  # seconds
COLD, WARM = 6.0, 3.5  # seconds
BACK = 3.0  # seconds
STARTS = 3
LOOK = 250.0  # milliseconds between two looks at what the page has noted: each look costs both sides time
SLOW = 20.0  # steps a second that are a step for each frame
SWEEP = 0.5 + 0.3 * np.sin(np.linspace(0, 4 * np.pi, 120))  # shares of a slider's length, 60 a second
TARGETS = (
    "normal(0, 1)",
    "uniform(-2, 2)",
    "laplace(0, 1)",
    "exponential(1)",
    "gamma(2)",
    "beta(0.5, 0.5)",
    "comb(8)",
    "0.3*normal(-2, 0.5) + 0.7*laplace(3, 1)",
    "density(exp(-x^4 + 3*x^2), -3, 3)",
    "dataset(faithful, waiting_minutes)",
)


class Change(NamedTuple):
    """What a choice from the sidebar met."""

    shown: float  # seconds to the first frame after it
    moving: float  # seconds to the first step after it
    gap: float  # milliseconds, the longest between drawings until that frame, behind which it stands until it moves


class Drag(NamedTuple):
    """What a hand on sliders met, in milliseconds."""

    local: list[float]  # from each move to the next drawing
    answered: list[float]  # from each move to the drawing of a frame computed with its value, or with a later one
    gap: float  # longest between two drawings


def rows(options: Options) -> list[Row]:
    """Measure all rows of this group."""
    return list(_measured(options))


def _measured(options: Options) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, browsing() as browser:
        kept = Path(folder) / "kept"
        with serving(kept, Path(folder) / "output") as server:
            yield from _drawing(browser, server)
            yield _server(browser, server)
            for recipe in ("vanilla", "steady"):
                yield from _dragging(browser, server, recipe)
            yield _session(browser, server)
        for recipe in ("vanilla", "steady"):
            yield from _changes(browser, Path(folder), recipe)
        yield from _starts(browser, Path(folder), kept)
        yield _restart(browser, Path(folder), kept)


def _drawing(browser: Browser, server: Server) -> Iterator[Row]:
    with watching(browser, server.address, recipe="vanilla") as page:
        page.run_at(np.inf)
        page.watch(5)
        before, started = page.said("step"), time.perf_counter()
        seen = page.watch(MINUTE)
        speed = (page.said("step") - before) / (time.perf_counter() - started)
    yield Row(
        "drawings a second over a minute, at 600 steps/s and more",
        f"≥ {DRAWN:g}, longest gap ≤ {GAP:g} ms",
        f"{seen.drawings_per_second:.1f} at {speed:.0f} steps/s, longest gap {seen.longest_gap:.0f} ms",
        seen.drawings_per_second >= DRAWN and seen.longest_gap <= GAP and speed >= STEPS,
        {"drawings": seen.drawings, "steps_per_second": speed},
    )


def _server(browser: Browser, server: Server) -> Row:
    with watching(browser, server.address, recipe="vanilla") as page:
        page.run_at(SLOW)
        page.watch(5)
        before, first = server.processor_seconds(), page.said("step")
        seen = page.watch(MINUTE / 2)
        spent = 1000 * (server.processor_seconds() - before)
        computed = page.said("step") - first
    shown = len(seen.drawings)
    return Row(
        "server's processor time for a shown frame, without the training itself",
        f"≤ {SERVER:g} ms",
        f"{spent / shown:.2f} ms ({spent / computed:.2f} ms for each of {computed} computed frames)",
        spent / shown <= SERVER,
        {"milliseconds": spent, "shown": shown, "computed": computed},
    )


def _dragging(browser: Browser, server: Server, recipe: str) -> Iterator[Row]:
    with watching(browser, server.address, recipe=recipe) as page:
        page.watch(3)
        page.whole_runs[0] = 0
        drags = {path: _dragged(page, page.knob(path)) for path in page.knobs}
        whole_runs = page.whole_runs[0]
    local = np.concatenate([drag.local for drag in drags.values()])
    answered = np.concatenate([drag.answered for drag in drags.values()])
    late = {path: float(np.percentile(drag.answered, 95)) for path, drag in drags.items()}
    slowest = max(late, key=lambda path: late[path])
    gap = max(drag.gap for drag in drags.values())
    numbers = {
        "answered": {path: drag.answered for path, drag in drags.items()},
        "gaps": [d.gap for d in drags.values()],
    }
    yield Row(
        f"{recipe}: pointer moves a slider: first local change",
        f"≤ {LOCAL:g} ms",
        f"{np.percentile(local, 95):.0f} ms at the 95th percentile, {np.median(local):.0f} ms median",
        bool(np.percentile(local, 95) <= LOCAL),
    )
    yield Row(
        f"{recipe}: … first frame computed with the new value, at the 95th percentile",
        f"≤ {ANSWERED:g} ms",
        f"{np.percentile(answered, 95):.0f} ms, {np.median(answered):.0f} ms median; slowest {slowest}: "
        f"{late[slowest]:.0f} ms",
        bool(np.percentile(answered, 95) <= ANSWERED),
        numbers,
    )
    yield Row(
        f"{recipe}: gap during a drag; runs of the whole page during all drags",
        f"≤ {DRAG_GAP:g} ms; 0",
        f"{gap:.0f} ms; {whole_runs}",
        gap <= DRAG_GAP and whole_runs == 0,
        numbers,
    )


def _dragged(page: Watched, slider: Locator) -> Drag:
    page.page.wait_for_timeout(700)
    version = page.said("v")
    page.recorded()
    page.slide(slider, SWEEP.tolist())
    page.page.wait_for_timeout(700)
    return _met(page.recorded(), version)


def _met(seen: Seen, version: int) -> Drag:
    drawings = np.array(seen.drawings)
    local = [float(drawings[drawings >= moved].min(initial=np.inf) - moved) for moved in seen.inputs]
    answered = [
        min((shown for shown, v in seen.versions if v >= version + move), default=np.inf) - moved
        for move, moved in enumerate(seen.inputs, start=1)
    ]
    during = drawings[(drawings >= seen.inputs[0]) & (drawings <= seen.inputs[-1] + 100)]
    return Drag(local, answered, float(np.diff(during).max(initial=0.0)))


def _session(browser: Browser, server: Server) -> Row:
    with watching(browser, server.address, recipe="steady") as page:
        page.page.get_by_test_id("stExpandSidebarButton").click()
        field = page.page.get_by_role("textbox", name="Density to learn")
        field.wait_for()
        page.watch(2)
        before, ends = server.count(COMPILED), time.monotonic() + 2 * MINUTE
        steps, turn = page.said("step"), 0
        while time.monotonic() < ends:
            page.stage.locator("input[data-path]").first.wait_for()
            paths = page.knobs
            page.slide(page.knob(paths[turn % len(paths)]), SWEEP.tolist())
            if turn < len(TARGETS):
                field.fill(TARGETS[turn])
                field.press("Enter")
                page.page.wait_for_timeout(500)
            turn += 1
        steps = page.said("step") - steps
        compiled = server.count(COMPILED) - before
    return Row(
        "programs compiled in two minutes of dragging everything, with ten targets",
        "0",
        f"{compiled} ({turn} drags, {len(TARGETS)} targets, {steps} steps)",
        compiled == 0 and turn >= len(TARGETS) and steps > 0,
    )


def _changes(browser: Browser, folder: Path, recipe: str) -> Iterator[Row]:
    """Another loss and other networks, with nothing compiled before: at once, and after a minute of looking on."""
    with _unprepared(browser, folder, recipe) as page:
        changes = {"loss": _losses(page), "networks": _networks(page)}
        met = {name: [_changed(page, choose) for choose in choices] for name, choices in changes.items()}
    foreseen = {}
    with _unprepared(browser, folder, recipe) as page:
        for name, choices in {"loss": _losses, "networks": _networks}.items():
            choose = choices(page)[0]
            page.watch(MINUTE)
            foreseen[name] = _changed(page, choose)
    for name, (first, _, again) in met.items():
        told = f"{recipe}: another {name}: first frame after it"
        yield _change(f"{told}, the first time, at once", FIRST_CHANGE, first)
        yield _change(f"{told}, the first time, after a minute of looking on", FIRST_CHANGE, foreseen[name])
        yield _change(f"{told}, once used", SECOND_CHANGE, again)


@contextmanager
def _unprepared(browser: Browser, folder: Path, recipe: str) -> Iterator[Watched]:
    """A page with its sidebar open, of a server that has compiled nothing else."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as empty,
        serving(Path(empty), folder / "output") as server,
        watching(browser, server.address, recipe=recipe) as page,
    ):
        page.page.get_by_test_id("stExpandSidebarButton").click()
        yield page


def _change(name: str, bar: float, met: Change) -> Row:
    told = f"{met.shown:.2f} s; it moves after {met.moving:.2f} s (longest gap between drawings {met.gap:.0f} ms)"
    return Row(name, f"≤ {bar:g} s", told, met.shown <= bar)


def _losses(page: Watched) -> list:
    sidebar = page.page.get_by_test_id("stSidebar")
    sidebar.get_by_text("Game", exact=True).click()

    def choose(name: str):
        def prepared() -> Locator:
            field = sidebar.get_by_role("combobox", name="loss")
            field.scroll_into_view_if_needed()
            page.page.wait_for_timeout(500)  # what opens while the sidebar scrolls is shut again
            field.click()
            return page.page.get_by_role("option", name=name, exact=True)

        return lambda: prepared().click

    return [choose("hinge"), choose("least_squares"), choose("hinge")]


def _networks(page: Watched) -> list:
    sidebar = page.page.get_by_test_id("stSidebar")
    sidebar.get_by_text("Generator", exact=True).click()

    def choose(widths: str):
        def prepared() -> Locator:
            field = sidebar.get_by_role("textbox", name="widths").first
            field.fill(widths)
            return field

        return lambda: partial(prepared().press, "Enter")

    return [choose("24, 24"), choose("16"), choose("24, 24")]


def _changed(page: Watched, prepare: Callable[[], Callable[[], None]]) -> Change:
    page.watch(1)
    choose = prepare()
    epoch = page.said("epoch")
    page.recorded()
    started = page.now()
    choose()
    drawings: list[float] = []
    shown: list[float] = []
    moving: list[float] = []
    while not moving:
        page.page.wait_for_timeout(LOOK)
        seen = page.recorded()
        drawings += seen.drawings
        shown += [when for when, now in seen.epochs if now > epoch]
        moving += [when for when, now in seen.moves if now > epoch]
    meanwhile = [when for when in drawings if when <= shown[0]]
    gap = float(np.diff(meanwhile).max(initial=0.0))
    return Change((shown[0] - started) / 1000, (moving[0] - started) / 1000, gap)


def _starts(browser: Browser, folder: Path, kept: Path) -> Iterator[Row]:
    cold, warm = [], []
    for turn in range(STARTS):
        cold.append(_start(browser, folder / f"empty{turn}", folder))
        warm.append(_start(browser, kept, folder))
    for name, bar, seconds in (("cold", COLD, cold), ("with compiled programs kept", WARM, warm)):
        yield Row(
            f"from the command to the first moving frame, {name}",
            f"≤ {bar:g} s",
            f"{np.median(seconds):.2f} s ({min(seconds):.2f} s at best)",
            bool(np.median(seconds) <= bar),
            {"seconds": seconds},
        )


def _start(browser: Browser, cache: Path, folder: Path) -> float:
    """Seconds from `gausslab lab`, which opens a browser by itself, to a page that moves."""
    told, opens = folder / "told", folder / "opens"
    told.unlink(missing_ok=True)
    opens.write_text(f'#!/bin/sh\necho "$1" > "{told}.new" && mv "{told}.new" "{told}"\n')
    opens.chmod(0o755)
    with _fresh(browser) as page:
        started = time.perf_counter()
        with serving(cache, folder / "output", wait=False, browser=opens) as server:
            while not told.exists() and server.process.poll() is None:
                time.sleep(0.01)
            page.goto(told.read_text().strip())
            page.locator(".stage[data-step]").wait_for(timeout=120_000)
            stage = page.locator(".stage").element_handle()
            page.wait_for_function("root => Number(root.dataset.step) > 0", arg=stage)
            return time.perf_counter() - started


def _restart(browser: Browser, folder: Path, kept: Path) -> Row:
    seconds = []
    for _ in range(STARTS):
        port = free_port()
        with _fresh(browser) as page:
            stage = page.locator(".stage")

            def step(stage: Locator = stage) -> int:
                return int(stage.get_attribute("data-step") or 0)

            with serving(kept, folder / "output", port=port) as server:
                page.goto(f"{server.address}?recipe=vanilla&target=normal(4,1.25)&seed=3")
                page.locator(".stage[data-step]").wait_for(timeout=120_000)
                while step() < 300:
                    page.wait_for_timeout(20)
            page.get_by_text("The server does not answer").wait_for()
            stood = -1
            while stood != (stood := step()):
                page.wait_for_timeout(700)  # it plays on as far as it has frames
            with serving(kept, folder / "output", port=port):
                started = time.perf_counter()
                while step() <= stood:
                    page.wait_for_timeout(20)
                seconds.append(time.perf_counter() - started)
    return Row(
        "the server is restarted: from its answer to the page playing on from where it stood",
        f"≤ {BACK:g} s",
        f"{np.median(seconds):.2f} s ({max(seconds):.2f} s at worst)",
        bool(np.median(seconds) <= BACK),
        {"seconds": seconds},
    )


@contextmanager
def _fresh(browser: Browser):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    yield context.new_page()
    context.close()
