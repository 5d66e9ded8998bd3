"""Servers of the page, started as a person starts them."""

import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

COLD_START = 120  # seconds, for a machine that has to compile everything first
GAUSSLAB = [sys.executable, "-c", "import sys; from gausslab.cli import main; main(sys.argv[1:])"]


def free_port():
    """A port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start_server(port, output, *told):
    """A server that answers, told some flags; whoever calls has to end it."""
    # What makes other tests start sooner makes every step slower: the page is tried as it will be met.
    environment = {name: value for name, value in os.environ.items() if name != "JAX_DISABLE_MOST_OPTIMIZATIONS"}
    # Foresight has tests of its own, and would take the cores that are idle here from the tests beside these.
    command = [*GAUSSLAB, "lab", "--port", str(port), "--no-browser", "--no-foresight", *told]
    with output.open("ab") as file:
        server = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=environment)
    try:
        wait_for_server(f"http://127.0.0.1:{port}/_stcore/health", server, output)
    except BaseException:
        server.kill()
        raise
    return server


def wait_for_server(health, server, output):
    ends = time.monotonic() + COLD_START
    while time.monotonic() < ends:
        assert server.poll() is None, output.read_text()
        try:
            with urllib.request.urlopen(health, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server did not answer within {COLD_START} s:\n{output.read_text()}")
