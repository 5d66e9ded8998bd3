"""One server and one browser for all of these tests, and a page of its own for each."""

import shutil
from typing import NamedTuple

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright
from servers import COLD_START, free_port, start_server

from .lab import Lab

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WITHOUT_SCREEN = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
ONE_MODE = "?target=normal(4,1.25)&seed=3"
SIZE = {"width": 1280, "height": 720}
# Sixty drawings a second without a graphics card take a core: only tests of what moves, or is moved, ask for them.
CALM, LIVELY = "reduce", "no-preference"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Where a test fails, say what the pages show."""
    report = yield
    if report.failed and "browser" in item.funcargs:
        for page in (page for context in item.funcargs["browser"].contexts for page in context.pages):
            report.sections.append((f"What is seen at {page.url}", page.locator("body").inner_text()))
    return report


@pytest.fixture(scope="package")
def runs(tmp_path_factory):
    """The folder in which the lab keeps runs."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="package")
def address(tmp_path_factory, runs):
    """Where the lab answers, started as a person starts it."""
    port = free_port()
    output = tmp_path_factory.mktemp("server") / "output.txt"
    server = start_server(port, output, "--runs", str(runs))
    try:
        yield f"http://127.0.0.1:{port}/"
        said = output.read_text()
        assert "Traceback" not in said, said
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="package")
def browser():
    """The machine's own Chromium, with no screen."""
    path = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if path is None:
        pytest.fail("expected Chromium, got none; install it (Debian: `apt install chromium`), or Google Chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=WITHOUT_SCREEN)
        yield browser
        browser.close()


class Device(NamedTuple):
    """What a person browses with."""

    context: BrowserContext
    idle: list[Page]  # a page that has shown Streamlit before shows it again in half the time


@pytest.fixture(scope="package")
def device(browser):
    """The device of a person, one of each kind."""
    devices = {}

    def of(owner, **kind):
        key = (owner, *sorted(kind.items()))
        if key not in devices:
            devices[key] = Device(browser.new_context(**kind), [])
            devices[key].context.set_default_timeout(1000 * COLD_START / 2)
        return devices[key]

    yield of
    for found in devices.values():
        found.context.close()


def in_front(page, viewport=SIZE, color_scheme="light", reduced_motion=CALM):
    """A page, where it is seen: a browser grants what lies behind another little time."""
    page.bring_to_front()
    page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=color_scheme, reduced_motion=reduced_motion)
    return page


def forget(page):
    """Empty a page, and what its browser has kept of it."""
    page.evaluate("localStorage.clear(); sessionStorage.clear()")
    page.goto("about:blank")


@pytest.fixture
def page(device):
    """Opens an empty page: `page("somebody else", color_scheme="dark")`; it is forgotten once its test is over."""
    opened = []

    def open_page(owner="one", viewport=SIZE, color_scheme="light", reduced_motion=CALM, **kind):
        context, idle = device(owner, **kind)
        page = idle.pop() if idle else context.new_page()
        opened.append((page, idle))
        return in_front(page, viewport, color_scheme, reduced_motion)

    yield open_page
    for page, idle in opened:
        forget(page)
        idle.append(page)


@pytest.fixture
def visit(page, address):
    """Opens the lab: `visit("?seed=3", color_scheme="dark")`; every page must end without a word in the console."""
    labs = []

    def open_lab(query="", **looks):
        labs.append(Lab(page(**looks), address + query))
        return labs[-1]

    yield open_lab
    for lab in labs:
        assert lab.complaints == []


@pytest.fixture
def lab(visit):
    """The lab on a target of one mode."""
    return visit(ONE_MODE)


@pytest.fixture(scope="module")
def lasting_pages(device, address):
    """Opens a page that lasts for all tests of a file; to load one costs as much as most tests."""
    labs = {}
    context, idle = device("one")

    def open_lab(query):
        if query in labs:
            in_front(labs[query].page)
            labs[query].start_again()
        else:
            labs[query] = Lab(in_front(idle.pop() if idle else context.new_page()), address + query)
        return labs[query]

    yield open_lab
    for lab in labs.values():
        forget(lab.page)
        idle.append(lab.page)


@pytest.fixture
def revisit(lasting_pages):
    """Opens the lab for a test that leaves the page as it found it, but for the steps that were trained."""
    labs = []

    def open_lab(query=ONE_MODE):
        labs.append(lasting_pages(query))
        return labs[-1]

    yield open_lab
    for lab in labs:
        lab.stop()
        assert lab.complaints == []


@pytest.fixture
def lasting(revisit):
    """The lab on a target of one mode, on such a page."""
    return revisit()


@pytest.fixture
def lively(visit):
    """The same with all its motion."""
    return visit(ONE_MODE, reduced_motion=LIVELY)
