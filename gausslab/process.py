"""How a process of the command or the lab begins, before anything in it has loaded NumPy or JAX."""

from __future__ import annotations

import atexit
import os

from gausslab.cache import keep_programs
from gausslab.rubbish import look_no_more, look_seldom


def begin() -> None:
    """Settle what NumPy, JAX and Python ask for only once."""
    keep_programs()
    look_seldom()
    atexit.register(look_no_more)
    leave_cores_to_xla()


def leave_cores_to_xla() -> None:
    """Have NumPy and SciPy multiply without threads of their own, unless the user says how many they want.

    No product of theirs is large here. Yet the threads that each of them starts look for work without a pause at
    first, for which XLA, compiling on the same cores, then waits.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
