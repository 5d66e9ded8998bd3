"""How the page is served, and who may see it."""

import ctypes
import os
import runpy
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from servers import GAUSSLAB, free_port, wait_for_server
from streamlit import config
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from gausslab.lab.protocol import PATH
from gausslab.lab.start import CORES, SCRIPT, SETTINGS, from_here

APP = Path(__file__).parents[2] / "app.py"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_let_in_under_any_of_its_names(address):
    assert from_here(address)


@pytest.mark.parametrize("address", ["192.0.2.2", "::ffff:192.0.2.2", "fd00::2", "0.0.0.0", "8.8.8.8"])
def test_other_machines_are_strangers(address):
    assert not from_here(address)


STREAMLIT = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.headless=false"]


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ([*GAUSSLAB, "lab", "--port"], ""),
        ([*STREAMLIT, "--server.port"], ""),
        ([*GAUSSLAB, "lab", "--port"], "/class/1"),
    ],
    ids=["own", "run", "below a path"],
)
def test_command_opens_a_browser_at_a_page_whose_stage_has_its_wire(tmp_path, command, path):
    port, told = free_port(), tmp_path / "told"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{told}.new" && mv "{told}.new" "{told}"\n')
    browser.chmod(0o755)
    known = tmp_path / ".streamlit" / "credentials.toml"  # of whom Streamlit asks no address for letters
    known.parent.mkdir()
    known.write_text('[general]\nemail = ""\n')
    known.with_name("config.toml").write_text(f'[server]\nbaseUrlPath = "{path}"\n')
    with (tmp_path / "output.txt").open("w+") as output:
        environment = os.environ | {"BROWSER": str(browser), "HOME": str(tmp_path)}
        server = subprocess.Popen([*command, str(port)], stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            wait_for_server(f"http://127.0.0.1:{port}{path}/_stcore/health", server, tmp_path / "output.txt")
            ends = time.monotonic() + 20
            while not told.exists() and time.monotonic() < ends:
                time.sleep(0.05)
            assert told.read_text().strip() in (f"http://127.0.0.1:{port}{path}", f"http://localhost:{port}{path}")
            for query in ("", "?visit=guessed"):  # it is there, and lets nobody in who was told no secret
                with pytest.raises(InvalidStatus, match="403"):
                    connect(f"ws://127.0.0.1:{port}{path}{PATH}{query}")
        finally:
            server.terminate()
            server.wait(20)


def test_port_that_is_taken_is_refused_in_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [*GAUSSLAB, "lab", "--no-browser", "--port", str(port)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert f"127.0.0.1:{port}" in ended.stderr and "--port" in ended.stderr and len(ended.stderr.splitlines()) == 1


def test_streamlit_run_has_the_lab_s_own_settings():
    assert runpy.run_path(str(APP))["app"].script_path == SCRIPT
    assert {name: config.get_option(name) for name in SETTINGS} == SETTINGS


HEAPS_OF_MANY_THREADS = """
import ctypes, sys, tempfile, threading
from pathlib import Path
from gausslab.lab.start import CORES, share_heaps

if sys.argv[1] == "few":
    share_heaps()
together = threading.Barrier(8 * CORES)

def allocate():
    taken = [bytes(10_000) for _ in range(100)]
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(8 * CORES)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
library = ctypes.CDLL(None)
library.fopen.restype = ctypes.c_void_p
with tempfile.TemporaryDirectory() as folder:
    told = Path(folder) / "heaps.xml"
    file = ctypes.c_void_p(library.fopen(bytes(told), b"w"))
    library.malloc_info(0, file)
    library.fclose(file)
    print(told.read_text().count("<heap "))
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"),
    reason="only glibc gives threads heaps of their own",
)
def test_many_threads_share_as_many_heaps_as_there_are_cores():
    def heaps(how_many: str) -> int:
        command = [sys.executable, "-c", HEAPS_OF_MANY_THREADS, how_many]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert heaps("few") <= max(2, CORES) < heaps("many")


def test_server_foresees_unless_it_is_told_not_to(tmp_path):
    script = """
from gausslab import process
process.begin()
import os
from gausslab.lab import start
from gausslab.lab.foresight import FORESIGHT
os.environ[start.FORESEES] = "no"
start._bring_the_rest()
assert not FORESIGHT._begun
del os.environ[start.FORESEES]
start._bring_the_rest()
assert FORESIGHT._begun
"""
    environment = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    subprocess.run([sys.executable, "-c", script], env=environment | {"XDG_CACHE_HOME": str(tmp_path)}, check=True)
