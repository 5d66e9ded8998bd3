"""How the page is served, and who may see it."""

import ctypes
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from servers import free_port, wait_for_server
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


def test_streamlit_run_gives_the_stage_its_wire(tmp_path):
    port = free_port()
    told = {"server.headless": "true", "server.address": "127.0.0.1", "server.port": str(port)}
    flags = [part for name, value in told.items() for part in (f"--{name}", value)]
    with (tmp_path / "output.txt").open("w+") as output:
        command = [sys.executable, "-m", "streamlit", "run", str(APP), *flags]
        with subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as server:
            wait_for_server(f"http://127.0.0.1:{port}/_stcore/health", server, tmp_path / "output.txt")
            with pytest.raises(InvalidStatus, match="403"):  # it is there, and lets nobody in who was told no secret
                connect(f"ws://127.0.0.1:{port}{PATH}")
            with pytest.raises(InvalidStatus, match="403"):
                connect(f"ws://127.0.0.1:{port}{PATH}?visit=guessed")
            server.terminate()


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
