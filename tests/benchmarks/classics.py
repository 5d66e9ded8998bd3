"""The classics over 20 seeds, and `steady` on the same target: `python -m tests.benchmarks classics`.

`python -m tests.benchmarks.classics FILE [--seeds N]` writes the page of the docs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from gausslab.recipes import RECIPES, Recipe
from gausslab.recipes.classics import CLASSICS

from .recipes import played
from .rows import Options, Row, circumstances

SEEDS, STEADY_SEEDS = 20, 5
LARGE = 256  # units from which a network is large
CELLS = {f"hwalsuklee, N({m}, {s}²)": {"location": m, "scale": s} for m in (-1.0, 1.0) for s in (0.7, 1.0, 2.0)}


class Ending(NamedTuple):
    """How one run ended."""

    seed: int
    distance: float  # W1/σ; infinite where the run broke down
    covered: int
    modes: int
    seconds: float  # of training, without compilation


class Classic(NamedTuple):
    """A classic's runs, and those of `steady` on its target."""

    label: str
    name: str
    endings: list[Ending]
    steady: list[Ending]


def rows(options: Options) -> list[Row]:
    """Measure all rows of this group."""
    return [_row(classic) for classic in measured(options.seeds or SEEDS)]


def measured(seeds: int, large: int | None = None) -> Iterator[Classic]:
    """Run every classic.

    Args:
        seeds: of each.
        large: of those with large networks; as many if None.
    """
    cells = [(label, "hwalsuklee", changes) for label, changes in CELLS.items()]
    plain = [(name, name, {}) for name in CLASSICS if name != "hwalsuklee"]
    for label, name, changes in tqdm([*plain, *cells], desc="classics", disable=not sys.stderr.isatty(), leave=False):
        recipe = CLASSICS[name]
        experiment = recipe.experiment(**changes)
        heavy = large is not None and max(experiment.generator.widths) >= LARGE
        aim = {path: getattr(experiment, path) for path in ("target", "location", "scale")}
        yield Classic(
            label,
            name,
            [_ended(recipe, seed, changes) for seed in range(large if heavy else seeds)],
            [_ended(RECIPES["steady"], seed, aim) for seed in range(min(seeds, STEADY_SEEDS))],
        )


def _ended(recipe: Recipe, seed: int, changes: dict[str, Any]) -> Ending:
    run = played(recipe, seed, **changes)
    said = run.summary()
    distance = float("inf") if run.failure else said.wasserstein_over_std
    return Ending(seed, distance, said.modes_covered, said.modes, run.timing.training)


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
    lines = [
        "# The classics",
        "",
        "Written by `python -m tests.benchmarks.classics docs/classics.md`. One-dimensional GANs that others have",
        "published, with their settings; `gausslab recipes` tells what each is and where it differs from the original.",
        "W1/σ is the distance between the law of G(z) and the target over the target's spread, at the end of the run:",
        "exact, or from 65,536 samples where z has more than one dimension. Seconds are of training on two shared",
        f"cores, compilation apart; beside it `steady` on the same target, {STEADY_SEEDS} seeds.",
        "",
        "| recipe | seeds | W1/σ, median | worst | all modes | steps | seconds | `steady`: W1/σ | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for label, name, endings, steady in classics:
        worst = max(ending.distance for ending in endings)
        lines.append(
            f"| {label if label != name else f'`{name}`'} | {len(endings)} | {_median(endings):.3f} | {worst:.3f} "
            f"| {_modes(endings)} | {CLASSICS[name].experiment().steps:,} | {_seconds(endings):.1f} "
            f"| {_median(steady):.4f} | {_seconds(steady):.1f} |"
        )
    told = [f"* **`{name}`**: {recipe.story}" for name, recipe in CLASSICS.items()]
    return "\n".join([*lines, "", *told, "", circumstances(), ""])


def main() -> None:
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.classics", description="The classics' page.")
    parser.add_argument("file", type=Path, help="e.g. docs/classics.md")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="of each (default %(default)s)")
    parser.add_argument("--large", type=int, default=None, help="of those with large networks, for a quick look")
    choice = parser.parse_args()
    choice.file.write_text(page(list(measured(choice.seeds, choice.large))), encoding="utf-8")


if __name__ == "__main__":
    main()
