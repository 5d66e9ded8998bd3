"""How often Python looks for rubbish: objects to which nothing refers but each other."""

from __future__ import annotations

import gc

SELDOM = (500_000, 10, 10)  # new objects until the next look, and looks until one that takes in older ones
USUAL = gc.get_threshold()


def look_seldom() -> None:
    """Have a process that is about to load JAX look less often, unless it does by now.

    What imports and tracing make is no rubbish, and with JAX and Flax that is some 400,000 objects: a seventh of the
    time to load them went into looking.
    """
    if gc.get_threshold()[0] < SELDOM[0]:
        gc.set_threshold(*SELDOM)


def look_as_usual() -> None:
    """Take what is there by now for no rubbish, and look for other as often as Python does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*USUAL)


def look_no_more() -> None:
    """Let a process that is about to end leave its rubbish to the system.

    Python looks through all objects as it ends, which takes .3 to .4 s once JAX and Flax are loaded.
    """
    gc.freeze()
