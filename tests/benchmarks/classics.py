"""The classics over 20 seeds, and `steady` on the same target: `python -m tests.benchmarks classics`.

`python -m tests.benchmarks.classics FILE [--seeds N] [--record FILE] [--known]` writes the page of the docs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from gausslab.recipes import RECIPES
from gausslab.recipes.classics import CLASSICS

from .recipes import played
from .record import Record, key
from .rows import Options, Row, circumstances

SEEDS = 20
CELLS = {f"hwalsuklee, N({m}, {s}²)": {"location": m, "scale": s} for m in (-1.0, 1.0) for s in (0.7, 1.0, 2.0)}


class Ending(NamedTuple):
    """How one run ended."""

    seed: int
    distance: float  # W1/σ; infinite where the run broke down
    width: float  # std of p_g over the target's
    covered: int
    modes: int
    verdict: str
    seconds: float  # of a processor; the first seed's are with compilation


class Classic(NamedTuple):
    """A classic's runs, and those of `steady` on its target."""

    label: str
    name: str
    endings: list[Ending]
    steady: list[Ending]


def rows(options: Options) -> list[Row]:
    """Measure all rows of this group."""
    return [_row(classic) for classic in measured(options.seeds or SEEDS, Record())]


def measured(seeds: int, record: Record, known: bool = False) -> Iterator[Classic]:
    """Run every classic.

    Args:
        seeds: of each.
        record: what is known already.
        known: leave it at that.
    """

    def endings(name: str, changes: Mapping[str, Any]) -> list[Ending]:
        keys = (key(RECIPES[name], seed, changes) for seed in range(seeds))
        return [ended(name, seed, changes, record) for seed, run in enumerate(keys) if run in record.known or not known]

    cells = [(label, "hwalsuklee", changes) for label, changes in CELLS.items()]
    plain = [(name, name, {}) for name in CLASSICS if name != "hwalsuklee"]
    for label, name, changes in tqdm([*plain, *cells], desc="classics", disable=not sys.stderr.isatty(), leave=False):
        experiment = CLASSICS[name].experiment(**changes)
        aim = {path: getattr(experiment, path) for path in ("target", "location", "scale")}
        yield Classic(label, name, endings(name, changes), endings("steady", aim))


def ended(name: str, seed: int, changes: Mapping[str, Any], record: Record) -> Ending:
    """How a run of a recipe ended."""
    recipe = RECIPES[name]

    def measure() -> dict[str, Any]:
        started = time.process_time()
        run = played(recipe, seed, **changes)
        seconds = time.process_time() - started
        said, scene = run.summary(), run.frames[-1].scene
        distance = float("inf") if run.failure else said.wasserstein_over_std
        width = said.std / scene.spread
        return Ending(seed, distance, width, said.modes_covered, said.modes, said.verdict, seconds)._asdict()

    return Ending(**record.kept(name, key(recipe, seed, changes), measure))


def _median(endings: list[Ending]) -> float:
    return statistics.median(ending.distance for ending in endings)


def _seconds(endings: list[Ending]) -> float:
    return statistics.median(ending.seconds for ending in endings)


def _modes(endings: list[Ending]) -> str:
    whole = sum(ending.covered == ending.modes for ending in endings)
    return f"{whole} of {len(endings)}"


def _row(classic: Classic) -> Row:
    endings = classic.endings
    ours = f"W1/σ {_median(endings):.3f}, all modes in {_modes(endings)}, {_seconds(endings):.1f} s"
    return Row(
        f"{classic.label}, median of {len(endings)} seeds",
        "",
        f"{ours}; steady on the same target {_median(classic.steady):.4f}, {_seconds(classic.steady):.1f} s",
        None,
        {name: [ending._asdict() for ending in getattr(classic, name)] for name in ("endings", "steady")},
    )


def page(classics: list[Classic]) -> str:
    """The page of the docs."""
    lines = [*OPENING, "| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for classic in classics:
        label = classic.label if classic.label != classic.name else f"`{classic.name}`"
        lines.append("| " + " | ".join([label, *_cells(classic)]) + " |")
    rest = [f"`{name}`" for name in CLASSICS if name not in {classic.name for classic in classics}]
    if rest:
        lines.append(f"\nNot measured yet: {', '.join(rest)}.")
    told = [f"* **`{name}`**: {recipe.story}" for name, recipe in CLASSICS.items()]
    return "\n".join([*lines, "\n## What each is\n", *told, "", circumstances(), ""])


def _cells(classic: Classic) -> list[str]:
    endings, steady = classic.endings, classic.steady
    verdicts = Counter(ending.verdict for ending in endings).most_common()
    return [
        f"{len(endings)}",
        f"{_median(endings):.3f}",
        f"{max(ending.distance for ending in endings):.3f}",
        f"{statistics.median(ending.width for ending in endings):.2f}",
        _modes(endings),
        ", ".join(f"{verdict.replace('_', ' ')} {count}" for verdict, count in verdicts),
        f"{CLASSICS[classic.name].experiment().steps:,}",
        f"{_seconds(endings):.1f}",
        f"{len(steady)}",
        f"{_median(steady):.4f}",
        f"{max(ending.distance for ending in steady):.4f}",
        f"{_seconds(steady):.1f}",
    ]


COLUMNS = (
    *("recipe", "seeds", "W1/σ, median", "worst", "width", "all modes", "diagnosis", "steps", "seconds"),
    *("`steady`: seeds", "W1/σ", "worst", "seconds"),
)
OPENING = (
    "# The classics\n",
    "Written by `python -m tests.benchmarks.classics docs/classics.md`. One-dimensional GANs that others have",
    "published, with their settings, or what they are like in one dimension where the original draws pictures. Each",
    'runs by its name: `gausslab train --recipe devnag-2017`, `gl.RECIPES["devnag-2017"]`, and on the page.\n',
    "W1/σ is the distance between the law of G(z) and the target over the target's spread, at the end of the run:",
    "exact, or from samples where G is no map of one z. Width is the std of G(z) over the target's, in the median.",
    "Seconds are a processor's, of a whole run, in the median; 20 seeds are meant, and where `seeds` says fewer,",
    "the rest has not been run yet. Beside it `steady` on the same target.\n",
)


def main() -> None:
    """Read the command line, measure what is missing, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.classics", description="The classics' page.")
    parser.add_argument("file", type=Path, help="e.g. docs/classics.md")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="of each (default %(default)s)")
    parser.add_argument("--record", type=Path, help="a file that keeps each run as it ends, to go on from")
    parser.add_argument("--known", action="store_true", help="measure nothing: write what the record holds")
    choice = parser.parse_args()
    rows = list(measured(choice.seeds, Record(choice.record), choice.known))
    choice.file.write_text(page([row for row in rows if row.endings and row.steady]), encoding="utf-8")


if __name__ == "__main__":
    main()
