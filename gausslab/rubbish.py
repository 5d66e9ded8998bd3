"""How often Python looks for rubbish: objects to which nothing refers but each other."""

from __future__ import annotations

import gc

SELDOM = (20_000, 50, 100)  # new objects until the next look, and looks until one that takes in older ones
USUAL = gc.get_threshold()


def look_seldom() -> None:
    """Have a process that is about to load JAX look less often, unless it does by now.

    What an import makes is no rubbish, and JAX and Flax make a quarter of a million objects: a seventh of the time to
    load them went into looking.
    """
    if gc.get_threshold()[0] < SELDOM[0]:
        gc.set_threshold(*SELDOM)


def look_as_usual() -> None:
    """Take what is there by now for no rubbish, and look for other as often as Python does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*USUAL)
