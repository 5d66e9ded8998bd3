"""Traced programs of earlier processes, kept on disk: a second process neither traces them nor loads Flax for it.

JAX's own cache keeps what XLA has compiled, but finds it by the program, which therefore has to be traced first. Here a
program is found by all that decides how it is traced: the sources of this package, the versions of the libraries, the
structure of the experiment, and the shapes of the arguments. What is kept is StableHLO, as `jax.export` writes it.

A program is called in its exported form in any case, also where nothing is kept: XLA then sees the same program, and
makes the same bits of it, wherever it comes from.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
from jax import export

from gausslab import cache
from gausslab.errors import BadInput
from gausslab.settings import Experiment
from gausslab.writing import whole_or_absent

SUFFIX = ".stablehlo"
LIBRARIES = ("jax", "jaxlib", "flax", "optax", "numpy")
SWITCHES = (
    "jax_default_matmul_precision",
    "jax_default_prng_impl",
    "jax_enable_x64",
    "jax_numpy_dtype_promotion",
    "jax_threefry_partitionable",
)


def exported(answer: Callable[..., Any]) -> Callable[[Callable], Callable]:
    """Has a pure `function(structure, *arguments)` called by its exported program wherever JAX traces it.

    Args:
        answer: of structure and arguments, what `called` is told of the function's answer.
    """

    def by_its_program(function: Callable) -> Callable:
        @wraps(function)
        def call(structure: Experiment, *arguments: Any) -> Any:
            return called(function, structure, arguments, answer(structure, *arguments))

        return call

    return by_its_program


def called(function: Callable, structure: Experiment, arguments: tuple[Any, ...], answer: Any) -> Any:
    """Call a function of a structure and arrays by its exported program; to be called where JAX traces.

    Args:
        function: pure, `function(structure, *arguments)`.
        structure: static.
        arguments: trees of arrays.
        answer: a tree like the function's answer, its leaves of no matter; None where only tracing can tell, and
            nothing is kept.
    """
    leaves, tree = jax.tree.flatten(arguments)
    shapes = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves]
    place = None if answer is None else _place(f"{function.__name__} {structure!r} {tree} {shapes}")
    program = _read(place)
    if program is None:
        trees = []

        def flat(*leaves: Any) -> list[Any]:
            found, answered = jax.tree.flatten(function(structure, *jax.tree.unflatten(tree, leaves)))
            trees.append(answered)
            return found

        program = export.export(jax.jit(flat))(*shapes)
        answered = trees[0]
        _write(place, program)
    else:
        answered = jax.tree.structure(answer)
    return jax.tree.unflatten(answered, program.call(*leaves))


def at_home(tree: Any) -> Any:
    """Arrays, or their shapes, committed to the device to which an exported program commits its answers.

    JAX tells arrays that are committed from those that are not, and compiles a program once for each.
    """
    home = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    if any(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in jax.tree.leaves(tree)):
        return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=home), tree)
    return jax.device_put(tree, home)


def forget() -> None:
    """Let go of all that has been compiled in this process; what is kept on disk stays there."""
    jax.clear_caches()


@lru_cache(maxsize=1)
def _edition() -> str:
    """What decides, beside function and arguments, how a program is traced."""
    digest = sha256()
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    digest.update(" ".join(version(library) for library in LIBRARIES).encode())
    return digest.hexdigest()


def _place(call: str) -> Path | None:
    """Where the program of a call is kept, if programs are kept at all."""
    folder = cache.traced()
    if folder is None:
        return None
    switches = [getattr(jax.config, name) for name in SWITCHES]
    name = sha256(f"{_edition()} {jax.default_backend()} {switches} {call}".encode()).hexdigest()
    return folder / f"{name}{SUFFIX}"


def _read(place: Path | None) -> export.Exported | None:
    """A program that was kept; a file that cannot be read is none."""
    if place is None:
        return None
    try:
        return export.deserialize(bytearray(place.read_bytes()))
    except Exception:  # a damaged file may raise anything in there, and is written anew
        return None


def _write(place: Path | None, program: export.Exported) -> None:
    """Keep a program; a folder that cannot be written costs time, and is no error."""
    if place is None:
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with whole_or_absent(place, [SUFFIX]) as partial:
            partial.write_bytes(program.serialize())
    except (OSError, BadInput):
        pass
