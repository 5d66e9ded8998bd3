"""Flags from settings, and an experiment from flags: no name, bound or default is written down here again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from gausslab.errors import BadInput
from gausslab.settings import PENALTY_TABLE, Experiment, Setting, from_toml

if TYPE_CHECKING:
    from gausslab.recipes import Recipe


def every_setting() -> tuple[Setting, ...]:
    """All settings of an experiment, with every penalty that there is."""
    plain = Experiment()
    penalties = {**dict.fromkeys(PENALTY_TABLE.members(), 0.0), **dict(plain.penalties)}
    return plain.changed({"penalties": penalties}).settings


def written(value: Any) -> str:
    """A setting's value as it is typed after its flag."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "()"
    return f"{value:g}" if isinstance(value, float) else str(value)


def flag(setting: Setting, **attributes: Any) -> click.Option:
    """The flag of a setting at the top level of an experiment; its text is checked where all settings are.

    Args:
        setting: what the flag sets.
        attributes: what else `click.Option` takes.
    """
    name = f"--{setting.path.replace('_', '-')}"
    told = "; ".join(part for part in (setting.range, f"default: {written(setting.value)}") if part)
    help = f"{setting.help}  [{told}]"
    if isinstance(setting.value, bool):
        return click.Option([f"{name}/--no-{name[2:]}"], default=None, help=help, **attributes)
    metavar = {int: "INTEGER", float: "NUMBER"}.get(type(setting.value), "TEXT")
    return click.Option(
        [name],
        type=str,
        metavar=metavar,
        help=help,
        shell_complete=lambda context, option, start: _items(choices(setting), start),
        **attributes,
    )


def setting_flags() -> list[click.Option]:
    """A flag for every setting at the top level of an experiment."""
    return [flag(setting) for setting in Experiment().settings if "." not in setting.path]


def choices(setting: Setting) -> tuple[str, ...]:
    """The names that a setting may take, if it takes names; loads the table that has them."""
    return tuple(setting.table.members()) if setting.table else setting.choices


def _items(names: Iterable[str], start: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(start)]


def complete_recipe(context: click.Context, option: click.Parameter, start: str) -> list[CompletionItem]:
    """The recipes that begin so, each with its title."""
    from gausslab.recipes import RECIPES

    return [CompletionItem(name, help=recipe.title) for name, recipe in RECIPES.items() if name.startswith(start)]


def complete_assignment(context: click.Context, option: click.Parameter, start: str) -> list[CompletionItem]:
    """The settings that begin so, or behind an equals sign the names that the setting may take."""
    path, equals, value = start.partition("=")
    if not equals:
        return [
            CompletionItem(f"{item.path}=", help=item.help) for item in every_setting() if item.path.startswith(path)
        ]
    return [
        CompletionItem(f"{path}={name}")
        for item in every_setting()
        if item.path == path
        for name in choices(item)
        if name.startswith(value)
    ]


def assignments(texts: Iterable[str]) -> dict[str, str]:
    """What `--set knob=value` says, by dotted path.

    Raises:
        BadInput: no equals sign.
    """
    changes = {}
    for text in texts:
        path, equals, value = (part.strip() for part in text.partition("="))
        if not (path and equals and value):
            raise BadInput(
                f"expected --set name=value, as in --set generator.rate=1e-4, got {text[:60]!r}; complete it"
            )
        changes[path] = value
    return changes


def experiment(recipe: str | None, config: Path | None, changes: Mapping[str, Any]) -> Experiment:
    """The experiment that flags describe.

    Args:
        recipe: where to begin; the defaults if None.
        config: an experiment.toml to begin with instead.
        changes: what differs from that, by dotted path.

    Raises:
        BadInput: both a recipe and a file, an unknown recipe, no such file, or a setting that cannot be used.
    """
    if config is None:
        return _recipe(recipe).experiment(**changes) if recipe else Experiment().changed(changes)
    if recipe:
        raise BadInput("expected either --recipe or --config, got both; leave one out")
    begun = from_toml(read_text(config), config.parent)
    return begun.changed(changes) if changes else begun


def _recipe(name: str) -> Recipe:
    from difflib import get_close_matches

    from gausslab.recipes import RECIPES

    if name not in RECIPES:
        near = get_close_matches(name, RECIPES, n=1)
        hint = f"did you mean {near[0]}?" if near else "`gausslab recipes` says what each is"
        raise BadInput(f"expected a recipe out of {', '.join(RECIPES)}, got {name[:40]!r}; {hint}")
    return RECIPES[name]


def read_text(path: Path) -> str:
    """The text of a file that a person named.

    Raises:
        BadInput: it is not there, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"expected a file to read at {str(path)!r}, got: {error.strerror}; check the path") from None
    except ValueError:
        raise BadInput(f"expected a text file at {str(path)!r}, got something else; check the path") from None
