"""See how a generator learns a one-dimensional distribution: every curve exact, every run repeatable.

    import gausslab as gl
    run = gl.train(gl.Experiment(target="normal(4, 1.25)", seed=0), steps=5000)

Names are loaded when they are first used: importing the package alone loads neither JAX nor SciPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gausslab.late import loader

if TYPE_CHECKING:
    from gausslab import callbacks, datasets, export, figures, targets
    from gausslab.comparing import differences
    from gausslab.contest import Duel, duel
    from gausslab.errors import BadInput
    from gausslab.files import animate, load, poster, replay
    from gausslab.recipes import RECIPES
    from gausslab.run import Run, begin, train
    from gausslab.settings import Experiment, from_toml, to_toml
    from gausslab.targets import Target, from_distribution, from_file, from_points, from_values, parse
    from gausslab.tree import Tree

__version__ = "0.1.0"

__all__ = [
    "RECIPES",
    "BadInput",
    "Duel",
    "Experiment",
    "Run",
    "Target",
    "Tree",
    "__version__",
    "animate",
    "begin",
    "callbacks",
    "datasets",
    "differences",
    "duel",
    "export",
    "figures",
    "from_distribution",
    "from_file",
    "from_points",
    "from_toml",
    "from_values",
    "load",
    "parse",
    "poster",
    "replay",
    "targets",
    "to_toml",
    "train",
]

_load = loader(
    "gausslab",
    {
        "comparing": ("differences",),
        "contest": ("Duel", "duel"),
        "errors": ("BadInput",),
        "files": ("animate", "load", "poster", "replay"),
        "recipes": ("RECIPES",),
        "run": ("Run", "begin", "train"),
        "settings": ("Experiment", "from_toml", "to_toml"),
        "targets": ("Target", "from_distribution", "from_file", "from_points", "from_values", "parse"),
        "tree": ("Tree",),
    },
)
_ROOMS = ("callbacks", "datasets", "export", "figures", "targets")


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"gausslab.{name}")
    return _load(name)


def __dir__() -> list[str]:
    return __all__
