"""Who may see a page that `streamlit run` serves."""

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from gausslab.lab.start import SETTINGS, from_here

APP = Path(__file__).parents[2] / "app.py"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_let_in_under_any_of_its_names(address):
    assert from_here(address)


@pytest.mark.parametrize("address", ["192.0.2.2", "::ffff:192.0.2.2", "fd00::2", "0.0.0.0", "8.8.8.8"])
def test_other_machines_are_strangers(address):
    assert not from_here(address)


def test_streamlit_run_opens_the_page_with_the_lab_s_own_settings():
    at = AppTest.from_file(str(APP), default_timeout=120).run()
    assert not at.exception
    assert not at.error
    assert len(at.get("bidi_component")) == 1
    assert {name: config.get_option(name) for name in SETTINGS} == SETTINGS


FREED_HERE_USED_THERE = """
import sys, threading
from pathlib import Path
from gausslab.lab.start import share_one_heap

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])

if sys.argv[1] == "one":
    share_one_heap()
pieces = [bytes(10_000) for _ in range(5_000)]
last = bytes(10_000)  # above them, so that they cannot go back to the system
del pieces
before = resident()
thread = threading.Thread(target=lambda: globals().update(taken=[bytes(10_000) for _ in range(5_000)]))
thread.start()
thread.join()
print((resident() - before) * 4096)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc gives each thread a heap of its own")
def test_what_one_thread_has_freed_another_can_use():
    def grown(heaps: str) -> int:
        command = [sys.executable, "-c", FREED_HERE_USED_THERE, heaps]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert grown("one") < 10e6 < 40e6 < grown("many")
