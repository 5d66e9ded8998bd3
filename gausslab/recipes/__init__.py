"""Named experiments, each with a story: the default, failures on demand and their cures, and the classics."""

from gausslab.recipes.classics import CLASSICS
from gausslab.recipes.cures import CURES
from gausslab.recipes.failures import FAILURES
from gausslab.recipes.recipe import Claim, Recipe
from gausslab.recipes.steady import BEGINNINGS

__all__ = ["RECIPES", "Claim", "Recipe"]

RECIPES: dict[str, Recipe] = {**BEGINNINGS, **FAILURES, **CURES, **CLASSICS}
