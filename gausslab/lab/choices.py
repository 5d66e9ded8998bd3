"""What a visitor may choose next: the structures that are a single choice away from where a run stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, zip_longest
from typing import Any

from gausslab.errors import BadInput
from gausslab.recipes import RECIPES
from gausslab.settings import LIMITS, PENALTY_TABLE, Experiment, Setting


def one_choice_away(experiment: Experiment, looked_at: tuple[str, ...] = ()) -> Iterator[Experiment]:
    """Structures that a choice from a list, a switch, a recipe or another size of a network would ask for.

    What is a number to be typed is left out: nobody can know it.

    Args:
        experiment: where the visitor stands.
        looked_at: how the paths of those settings begin that the visitor sees; what they may become comes first.
    """
    known = {experiment.structure()}
    for new in _likeliest_first(experiment, looked_at):
        if new not in known:
            known.add(new)
            yield new


def _likeliest_first(experiment: Experiment, looked_at: tuple[str, ...]) -> Iterator[Experiment]:
    seen = [setting for setting in experiment.settings if setting.path.startswith(looked_at)]
    unseen = [setting for setting in experiment.settings if not setting.path.startswith(looked_at)]
    yield from _changed(experiment, _others(seen))
    recipes = (recipe.experiment().structure() for recipe in RECIPES.values())
    for turn in zip_longest(_changed(experiment, chain(_others(unseen), _penalties(experiment))), recipes):
        yield from filter(None, turn)


def _changed(experiment: Experiment, choices: Iterable[Mapping[str, Any]]) -> Iterator[Experiment]:
    for values in choices:
        with suppress(BadInput):  # what does not go together cannot be chosen either
            new = experiment.changed(values).structure()
            LIMITS.check(new)
            yield new


def _others(settings: Iterable[Setting]) -> Iterator[Mapping[str, Any]]:
    return ({setting.path: value} for setting in settings for value in _other_values(setting))


def _other_values(setting: Setting) -> list[Any]:
    """What a hand makes of a setting without typing a number."""
    now = setting.value
    if setting.table or setting.choices:
        return [name for name in (setting.table.members() if setting.table else setting.choices) if name != now]
    if isinstance(now, bool):
        return [not now]
    if setting.gate:
        return [type(now)(not now)]
    if isinstance(now, tuple) and now:
        deeper, shallower = (*now, now[-1]), now[:-1]
        return [deeper, shallower, tuple(2 * width for width in now), tuple(max(1, width // 2) for width in now)]
    return []


def _penalties(experiment: Experiment) -> Iterator[Mapping[str, Any]]:
    now = dict(experiment.penalties)
    for name in PENALTY_TABLE.members():
        with_or_without = {other: weight for other, weight in now.items() if other != name}
        yield {"penalties": with_or_without if name in now else {**now, name: 0.0}}
