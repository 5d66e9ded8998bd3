"""What a person sees of the lab and does to it."""

import time
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError

PATIENCE = 30  # seconds that anything may take on a slow, busy machine
SETTLED = 350  # milliseconds in which axes that move would have been drawn again, also on a calm page
LOOK = 50  # milliseconds between two looks
OPENS = 3000  # milliseconds in which a menu opens

# The middle of all opaque pixels of a colour on a canvas, their top, and how many there are, in CSS pixels.
FIND_COLOUR = """(canvas, [red, green, blue]) => {
  const ratio = canvas.width / canvas.clientWidth;
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0, sum = 0, top = null;
  for (let at = 0; at < data.length; at += 4) {
    const far = Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue);
    if (data[at + 3] < 250 || far > 12) continue;
    const x = (at / 4) % width;
    count += 1;
    sum += x;
    top ??= [x / ratio, Math.floor(at / 4 / width) / ratio];
  }
  return { count, middle: sum / count / ratio, top };
}"""
# Where a curve of a colour crosses a share of its height, left and right of its peak.
FIND_WIDTH = """(canvas, [[red, green, blue], share]) => {
  const ratio = canvas.width / canvas.clientWidth;
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const found = [];
  for (let at = 0; at < data.length; at += 4) {
    const far = Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue);
    if (data[at + 3] > 250 && far < 12) found.push([((at / 4) % width) / ratio, Math.floor(at / 4 / width) / ratio]);
  }
  const [top, floor] = [found[0][1], found.at(-1)[1]];
  const y = floor - share * (floor - top);
  const across = found.filter((place) => Math.abs(place[1] - y) < 4).map((place) => place[0]);
  return { left: Math.min(...across), right: Math.max(...across), y };
}"""
TARGET, GENERATOR, DISCRIMINATOR = (0, 114, 178), (213, 94, 0), (0, 158, 115)


class Lab:
    """An open page."""

    def __init__(self, page, address):
        self.page = page
        self.complaints = []
        self.sent = []  # when something went to the server, and when something came back
        self.heard = []
        self.drawn = []  # when the page's script had something drawn
        page.on("websocket", self._listen)
        page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(address)
        self.stage = page.locator(".stage")
        self.until(self.ready, "a first frame")

    def _listen(self, socket):
        socket.on("framesent", lambda frame: self.sent.append(time.monotonic()))
        socket.on("framereceived", lambda frame: self.heard.append(time.monotonic()))
        if "_stcore" in socket.url:
            socket.on("framereceived", lambda frame: self.drawn.append(time.monotonic()))

    def quiet(self, seconds=0.5):
        """Whether nothing has gone either way for a while."""
        return time.monotonic() > max(self.sent[-1], self.heard[-1]) + seconds

    def ready(self):
        """Whether there is anything to see yet."""
        return self.stage.count() == 1 and self.stage.get_attribute("data-playing") is not None

    def until(self, true, what):
        """Wait until something is so."""
        ends = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < ends, f"waited {PATIENCE} s for {what}"
            self.page.wait_for_timeout(LOOK)

    def said(self, name):
        """A number that the stage tells of itself; one that has just been put up tells none yet."""
        told = []

        def tells():
            told.append(self.stage.get_attribute(f"data-{name}"))
            return told[-1] is not None

        self.until(tells, f"a stage that tells its {name}")
        return int(told[-1])

    @property
    def step(self):
        return self.said("step")

    @property
    def playing(self):
        return self.stage.get_attribute("data-playing") == "true"

    def wait_for_step(self, step):
        self.until(lambda: self.step >= step, f"step {step}")

    def button(self, name):
        return self.stage.locator(f"[data-act={name}]")

    def slider(self, path):
        return self.stage.locator(f"input[data-path='{path}']")

    def shown(self, path):
        """The number beside a slider."""
        return float(self.slider(path).locator("xpath=..").locator("output").text_content().replace("−", "-"))

    def stop(self):
        if self.playing:
            self.button("play").click()
        self.until(lambda: not self.playing, "the pause")

    def pause(self):
        self.stop()
        self.settle()

    def start_again(self):
        """Play from the start, as a page does that has just been opened."""
        self.stop()
        self.button("restart").click()
        self.until(lambda: self.step == 0, "the start")
        self.button("play").click()
        self.until(lambda: self.playing, "the play")

    def settle(self):
        """Wait until what is shown will stay as it is."""
        self.until(lambda: self.stage.get_attribute("data-rests") == "true", "a stage at rest")

    def settle_window(self):
        """Wait until the axes stand still, whatever is drawn in them."""
        look = self.stage.locator("[data-panel=densities] canvas.still")
        before = None
        while before != (before := look.evaluate("canvas => canvas.toDataURL()")):
            self.page.wait_for_timeout(SETTLED)

    def canvas(self, panel):
        return self.stage.locator(f"[data-panel={panel}] canvas.moving")

    def pixels(self, panel):
        """All pixels of a panel, as text."""
        return self.canvas(panel).evaluate("canvas => canvas.toDataURL()")

    def pictures(self):
        return [self.pixels(panel) for panel in ("densities", "map")]

    def colour(self, panel, colour):
        """Where a colour is on a panel."""
        return self.canvas(panel).evaluate(FIND_COLOUR, list(colour))

    def corner(self, panel):
        """Where a panel's pixels begin in the window."""
        box = self.canvas(panel).bounding_box()
        return box["x"], box["y"]

    def ring(self, side):
        """Where the target's curve is one standard deviation beside its peak, if it is normal."""
        found = self.canvas("densities").evaluate(FIND_WIDTH, [list(TARGET), 0.6065])
        return {"x": found[side], "y": found["y"]}

    def sentence(self):
        return self.stage.locator(".sentence").text_content()

    def numbers(self):
        return self.stage.locator(".numbers").text_content()

    def described(self):
        """What somebody hears who cannot see."""
        return self.stage.locator("[data-place=alternative]").text_content()

    def link(self):
        """The link that a person copies."""
        self.button("link").click()
        dialog = self.stage.locator("[data-dialog=link]")
        dialog.get_by_text("It opens").wait_for()
        address = dialog.get_by_label("Link", exact=True).input_value()
        dialog.get_by_text("Close").click()
        return address[address.index("?") :]

    @contextmanager
    def finger(self, x, y):
        """A finger that lies on the screen; it is handed the function that moves it."""
        session = self.page.context.new_cdp_session(self.page)

        def touch(kind, *points):
            session.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
            )

        touch("touchStart", (x, y))
        yield lambda x, y: touch("touchMove", (x, y))
        touch("touchEnd")
        session.detach()

    def hide(self, *layers):
        for layer in layers:
            self.stage.locator(f"[data-layer={layer}]").click()

    def open_sidebar(self):
        way = self.page.get_by_test_id("stExpandSidebarButton")
        if way.is_visible():  # a browser remembers one that was opened
            way.click()
        self.page.get_by_test_id("stSidebarContent").get_by_role("textbox", name="Density to learn").wait_for()
        return self.page.get_by_test_id("stSidebar")

    def section(self, title):
        """A part of the sidebar, opened."""
        part = self.open_sidebar().get_by_test_id("stExpander").filter(has_text=title)
        part.get_by_text(title, exact=True).click()
        return part

    def choose(self, field, name):
        """Choose from a menu, once more where the sidebar scrolled meanwhile: that shuts it."""
        option = self.page.get_by_role("option", name=name, exact=True)

        def chosen():
            field.click()
            try:
                option.click(timeout=OPENS)
            except TimeoutError:
                self.page.keyboard.press("Escape")
                return False
            return True

        self.until(chosen, f"the choice of {name}")

    def faults(self):
        """What axe finds that is serious for somebody who cannot see, or uses no pointer."""
        found = Axe().run(self.page).response["violations"]
        serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
        return [(fault["id"], node["target"], node["html"]) for fault in serious for node in fault["nodes"]]
