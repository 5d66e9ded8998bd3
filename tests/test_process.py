"""How a process of the command or the lab begins."""

import os
import subprocess
import sys

import pytest

NAME = "OPENBLAS_NUM_THREADS"


def of_a_process(asked: str | None) -> str:
    """What NumPy is told in a new process that begins as the command does."""
    code = f"import os, sys; from gausslab import process; process.begin(); print(os.environ['{NAME}'], *sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != NAME}
    environment |= {} if asked is None else {NAME: asked}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    threads, *modules = done.stdout.split()
    assert not {"numpy", "jax"} & set(modules), "loaded before they were told"
    return threads


@pytest.mark.parametrize(("asked", "had"), [(None, "1"), ("4", "4")])
def test_numpy_multiplies_without_threads_unless_the_user_asks_for_them(asked, had):
    assert of_a_process(asked) == had


def test_command_begins_so():
    code = "import gausslab.cli as c, os\ntry: c.main(['losses'])\nfinally: print(os.environ['OPENBLAS_NUM_THREADS'])"
    environment = {name: value for name, value in os.environ.items() if name != NAME}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "1"
