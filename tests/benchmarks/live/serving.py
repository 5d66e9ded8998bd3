"""A lab's server as a process of its own, started as a person starts it; what is compiled JAX says itself."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..environment import of_a_person

COMPILED = "Compiling "
READY_WITHIN = 120  # seconds, for a busy machine that has to compile everything first
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True)
class Server:
    """A running server."""

    address: str
    process: subprocess.Popen[bytes]
    output: Path

    def count(self, line: str) -> int:
        """How many lines of the output so far hold this text."""
        return sum(line in said for said in self.output.read_text(errors="replace").splitlines())

    def processor_seconds(self) -> float:
        """How long the server has kept the processor busy."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def serving(
    cache: Path, output: Path, *, wait: bool = True, port: int | None = None, browser: Path | None = None
) -> Iterator[Server]:
    """A server with compiled programs kept in a folder of their own.

    Args:
        cache: the user's cache folder, as far as the server knows.
        output: the file that takes what it says.
        wait: until it answers.
        port: to listen at; a free one if None.
        browser: the command that it is to open the page with; None for no browser.
    """
    port = free_port() if port is None else port
    environment = of_a_person(cache) | {"JAX_LOG_COMPILES": "1"} | ({"BROWSER": str(browser)} if browser else {})
    start = "import sys; from gausslab.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", start, "lab", "--port", str(port), "--browser" if browser else "--no-browser"]
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=environment)
    server = Server(f"http://127.0.0.1:{port}/", process, output)
    try:
        if wait:
            wait_for(server)
        yield server
    finally:
        process.terminate()
        process.wait(20)


def wait_for(server: Server) -> None:
    """Wait until a server answers."""
    ends = time.monotonic() + READY_WITHIN
    while time.monotonic() < ends:
        if server.process.poll() is not None:
            raise RuntimeError(f"expected a server, got one that ended: {server.output.read_text()}")
        try:
            with urllib.request.urlopen(f"{server.address}_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"expected an answer within {READY_WITHIN} s, got none: {server.output.read_text()}")
