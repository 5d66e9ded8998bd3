"""Whether the recipes show what they claim, and whether the diagnosis says so: a confusion table.

Every recipe with a claim is run over 20 seeds, what is done to it on its way included. A row is met where the claim
holds on 18 seeds, and where the diagnosis at the end names the failure on 18 seeds (of a failure), or on none (of its
cure). What else the diagnosis said stands behind it, so that the rows together are a table of recipes against verdicts.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from tqdm import tqdm

from gausslab.recipes import RECIPES, Recipe
from gausslab.run import Run, begin

from .rows import Options, Row

SEEDS, SHARE = 20, 0.9


class Showing(NamedTuple):
    """How one run of a recipe ended."""

    seed: int
    holds: bool
    verdict: str
    sentence: str
    distance: float  # W1/σ


def rows(options: Options) -> list[Row]:
    """Measure all rows of this group."""
    return list(_measured(options))


def played(recipe: Recipe, seed: int, **changes: Any) -> Run:
    """A whole run of a recipe, with all that it says is done on the way."""
    experiment = recipe.experiment(seed=seed, **changes)
    run = begin(experiment, ahead=True)
    for event in recipe.events:
        if event.step > run.step and not run.failure:
            run.train(event.step - run.step, progress=False)
        run.do(event)
    return run if run.failure else run.train(experiment.steps - run.step, progress=False)


def _measured(options: Options) -> Iterator[Row]:
    claiming = {name: recipe for name, recipe in RECIPES.items() if recipe.claim}
    for name, recipe in tqdm(claiming.items(), desc="recipes", disable=not sys.stderr.isatty(), leave=False):
        yield _row(name, recipe, [_shown(recipe, seed) for seed in range(options.seeds or SEEDS)])


def _shown(recipe: Recipe, seed: int) -> Showing:
    assert recipe.claim is not None
    run = played(recipe, seed)
    frames = [run.frames.plain(place) for place in range(len(run.frames))]
    said = run.summary()
    return Showing(seed, recipe.claim.holds(frames), said.verdict, said.diagnosis, said.wasserstein_over_std)


def named(name: str) -> tuple[str, ...]:
    """The verdicts that name the failure which a recipe shows, or is the cure of."""
    recipe = RECIPES[name]
    return RECIPES[recipe.cures].shows if recipe.cures else recipe.shows


def _row(name: str, recipe: Recipe, shown: list[Showing]) -> Row:
    assert recipe.claim is not None
    verdicts = named(name)
    holding = sum(item.holds for item in shown)
    said = Counter(item.verdict for item in shown)
    naming = sum(said[verdict] for verdict in verdicts)
    needed = SHARE * len(shown)
    wanted = f"named on none: {', '.join(verdicts)}" if recipe.cures else f"named on 18: {', '.join(verdicts)}"
    told = ", ".join(f"{verdict} {count}" for verdict, count in said.most_common())
    return Row(
        f"{name}: {recipe.claim.words}",
        f"holds on 18 of 20 seeds; {wanted}",
        f"holds on {holding} of {len(shown)}; named on {naming}; said: {told}",
        holding >= needed and (naming == 0 if recipe.cures else naming >= needed),
        {"runs": [item._asdict() for item in shown]},
    )
