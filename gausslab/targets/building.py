"""From the tree of a text to a target: mixtures, families, formulas, curves, arrays, files and packaged data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from gausslab import datasets
from gausslab.errors import BadInput
from gausslab.targets import density
from gausslab.targets.drawn import draw
from gausslab.targets.families import arguments, family, named_profile
from gausslab.targets.files import read_column
from gausslab.targets.formula import constant, formula, is_formula_name
from gausslab.targets.limits import MAX_COMPONENTS
from gausslab.targets.mixture import Mixture
from gausslab.targets.reading import Node, numbers, place, points, read, shortened
from gausslab.targets.sample import as_floats, sample
from gausslab.targets.target import Profile, Target, checked, written


class Form(NamedTuple):
    """A textual form that is not a family: an example of it, and what it is."""

    example: str
    help: str


class _Source(NamedTuple):
    text: str
    files: bool
    folder: Path | None


def parse(text: str, *, files: bool = True, folder: Path | None = None) -> Target:
    """The target that a text describes; docs/targets.md explains the form.

    Args:
        text: For example `0.3*normal(-2, 0.5) + 0.7*laplace(3, 1)`.
        files: Whether `data("...")` may open a file. A web page must say no.
        folder: What relative paths are relative to; the working folder by default.

    Raises:
        BadInput: One sentence that says where, what was expected, what came and what to do.
    """
    if "data" not in text.replace("dataset", ""):  # no file, which might be another one the next time
        return _remembered(text)
    with as_sentence():
        return _target(read(text), _Source(text, files, folder))


@lru_cache(maxsize=16)
def _remembered(text: str) -> Target:
    """A target that its text alone decides: a slider that is dragged asks for the same one again and again."""
    with as_sentence():
        return _target(read(text), _Source(text, False, None))


def from_values(values: Any, label: str = "values") -> Target:
    """The target that is an array of numbers, learnt as data.

    Raises:
        BadInput: Not numbers, NaN or infinity, too many, or fewer than 2 distinct ones.
    """
    with as_sentence("Values: "):
        return _data(as_floats(values), label)


def from_points(x: Any, y: Any) -> Target:
    """The target whose density is drawn through points (x, y ≥ 0), straight in between, and normalised.

    Raises:
        BadInput: Fewer than two points, a negative or non-finite one, or no area.
    """
    with as_sentence("Drawn curve: "):
        return _drawn(as_floats(x), as_floats(y))


def from_file(path: str | Path, column: str | None = None) -> Target:
    """The target that is a column of a CSV, TSV, Parquet or NPY file, or the grey pixels (0 to 1) of an image.

    Its text holds the whole path, so that it means the same from any folder.

    Raises:
        BadInput: The file is missing or unreadable, or the column is missing, ambiguous or not of numbers.
    """
    with as_sentence():
        return _file(Path(path), column)


def from_bytes(content: bytes, name: str, column: str | None = None) -> Target:
    """The target that is an uploaded file; its name's ending says which kind. Its text holds the values themselves.

    Raises:
        BadInput: As `from_file`.
    """
    with as_sentence():
        found = read_column(content, name, column)
        with _prefixed(f"{shortened(name)}: "):
            return _data(found.values, found.label)


def _target(node: Node, source: _Source) -> Target:
    terms = _terms(node)
    if len(terms) == 1 and len(terms[0]) == 1:
        return _single(terms[0][0], source)
    if len(terms) > MAX_COMPONENTS:
        raise BadInput(f"expected at most {MAX_COMPONENTS} components in a mixture, got {len(terms):,}; take fewer")
    weights, components = zip(*(_component(factors, source) for factors in terms), strict=True)
    parts = [
        (written(weight) + "*" if weight != 1 else "") + (f"({text})" if _is_mixture(part) else text)
        for weight, part in zip(weights, components, strict=True)
        for text in [part.text]
    ]
    text = " + ".join(parts)
    if len(components) == 1:
        return components[0]
    label = text if len(text) <= 60 else f"mixture of {len(components)}"
    mixture = Mixture(np.array(weights) / sum(weights), tuple(components))
    return checked(Profile(mixture, lambda: text, label))


def _is_mixture(target: Target) -> bool:
    return " + " in target.text and not target.text.startswith("moved(")


def _terms(node: Node) -> list[list[Node]]:
    """The summands of a mixture, each as its factors: by loops, since a chain may be long."""
    summands: list[Node] = []
    while node.kind == "operation" and node.value in "+-":
        if node.value == "-":
            raise BadInput(
                f"{place(node.children[1])}, expected targets to be added, got one that is subtracted; write + and "
                "a positive weight"
            )
        summands.append(node.children[1])
        node = node.children[0]
    return [_factors(summand) for summand in [node, *reversed(summands)]]


def _factors(node: Node) -> list[Node]:
    factors: list[Node] = []
    while node.kind == "operation" and node.value == "*":
        factors.append(node.children[1])
        node = node.children[0]
    return [node, *reversed(factors)]


def _component(factors: list[Node], source: _Source) -> tuple[float, Target]:
    candidates = [factor for factor in factors if _names_target(factor)]
    if len(candidates) != 1:
        got = "none" if not candidates else f"{len(candidates)} multiplied with each other"
        raise BadInput(
            f"{place(factors[0])}, expected a weight times a target, got {got}; write for example "
            "0.3*normal(-2, 0.5), or density(...) around a formula"
        )
    weight = 1.0
    for factor in factors:
        if factor is not candidates[0]:
            weight *= constant(factor, "a weight")
    if not weight > 0:
        raise BadInput(f"{place(factors[0])}, expected a weight above 0, got {weight:g}; take a positive one")
    target = _target(candidates[0], source)
    if target.sample is not None:
        raise BadInput(
            f"{place(candidates[0])}, expected distributions in a mixture, got data; give the data alone or "
            "put all values into one array"
        )
    return weight, target


def _names_target(node: Node) -> bool:
    """Whether a factor is a target rather than a number; an unknown name is a target misspelt."""
    waiting = [node]
    while waiting:
        inner = waiting.pop()
        if inner.kind in ("series", "string"):
            return True
        if inner.kind in ("name", "call") and not (is_formula_name(inner.value)):
            return True
        waiting.extend(inner.children)
    return False


def _single(node: Node, source: _Source) -> Target:
    if node.kind == "series":
        return _series(node)
    if node.kind == "operation" and node.value == "+":
        return _target(node, source)
    if node.kind not in ("name", "call") or is_formula_name(node.value):
        raise BadInput(_not_a_target(node, source))
    if node.kind == "call" and node.value in _FORMS:
        return _FORMS[node.value](node, source)
    if node.value in FORMS:
        raise BadInput(f"{place(node)}, expected {FORMS[node.value].example}, got {_came(node, source)}; complete it")
    with _prefixed(f"{place(node)}, "):
        family(node.value)  # a wrong name is said before its parameters are looked at
    positional, named = _constants(node)
    with _prefixed(f"{place(node)}, "):
        return checked(named_profile(node.value, arguments(node.value, positional, named)))


def _not_a_target(node: Node, source: _Source) -> str:
    if node.kind == "sign":
        return f"{place(node)}, expected a target, got one with a sign; leave the sign out, or move the target instead"
    if not _names_target(node):
        return (
            f"{place(node)}, expected a target, got the formula {_came(node, source)}; write for example "
            "density(exp(-x^2), -3, 3)"
        )
    return (
        f"{place(node)}, expected a target, got {_came(node, source)}; targets can only be added and weighted, "
        "as in 0.3*normal(-2, 0.5) + 0.7*laplace(3, 1)"
    )


def _came(node: Node, source: _Source) -> str:
    return shortened(source.text[node.start : node.end])


def _constants(node: Node) -> tuple[list[float], dict[str, float]]:
    positional: list[float] = []
    named: dict[str, float] = {}
    for child in node.children:
        if child.kind != "keyword":
            if named:
                raise BadInput(f"{place(child)}, expected a named parameter after a named one, got none; name it")
            positional.append(constant(child, f"a parameter of {node.value}"))
        elif child.value in named:
            raise BadInput(f"{place(child)}, expected {child.value} once, got it twice; leave one out")
        else:
            named[child.value] = constant(child.children[0], child.value)
    return positional, named


def _series(node: Node) -> Target:
    if node.value.startswith("drawn"):
        x, y = points(node)
        with _prefixed(f"{place(node)}, "):
            return _drawn(x, y)
    values = numbers(node)
    with _prefixed(f"{place(node)}, "):
        return _data(values, "values")


def _drawn(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " m"]) -> Target:
    def text() -> str:
        return f"drawn({', '.join(f'{written(a)} {written(b)}' for a, b in zip(x, y, strict=True))})"

    return checked(Profile(draw(x, y), text, f"drawn ({len(x):,} points)"))


def _data(values: np.ndarray, label: str, text: str | None = None) -> Target:
    found = sample(values)
    count = f"{len(found.values):,} values"

    def listed() -> str:
        return f"values({', '.join(map(written, found.values.tolist()))})"

    label = count if label == "values" else f"{label} ({count})"
    return checked(Profile(found, listed if text is None else lambda: text, label, f"KDE of {count}"))


def _file(path: Path, column: str | None) -> Target:
    try:
        content = path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise BadInput(f"expected a readable file, got {shortened(str(path))}, {error.strerror}; check it") from None
    except ValueError:
        raise BadInput(f"expected the path of a file, got {shortened(str(path))}; correct it") from None
    if content is None:
        came = "a folder" if path.is_dir() else "no such file"
        raise BadInput(f"expected a file at {shortened(str(path), 80)}, got {came}; check the path")
    found = read_column(content, path.name, column)
    where = _quoted(path.resolve().as_posix())
    text = f"data({where})" if found.column is None else f"data({where}, {_quoted(found.column)})"
    with _prefixed(f"{shortened(path.name)}: "):
        return _data(found.values, found.label, text)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _file_form(node: Node, source: _Source) -> Target:
    if not source.files:
        raise BadInput(f"{place(node)}, expected no file, got data(...); upload the file or paste values(...) instead")
    path, column = _words(node, "path", "column", kinds=("string",))
    with _prefixed(f"{place(node)}, "):
        return _file((source.folder or Path()) / path, column)


def _dataset_form(node: Node, source: _Source) -> Target:
    name, column = _words(node, "name", "column", kinds=("name", "string"))
    with _prefixed(f"{place(node)}, "):
        values = datasets.load(name, column)
    column = column or datasets.DATASETS[name].columns[0]
    return _data(values, column, f"dataset({name}, {column})")


def _words(node: Node, first: str, second: str, kinds: tuple[str, ...]) -> tuple[str, str | None]:
    given: dict[str, Node] = {}
    for i, child in enumerate(node.children):
        if child.kind == "keyword":
            given[child.value] = child.children[0]
        else:
            given[(first, second)[i] if i < 2 else str(i)] = child
    example = FORMS[node.value].example
    if first not in given or not given.keys() <= {first, second}:
        raise BadInput(f"{place(node)}, expected {first} and perhaps {second}, as in {example}; correct the parameters")
    for name, word in given.items():
        if word.kind not in kinds:
            raise BadInput(f"{place(word)}, expected the {name} as text, as in {example}; correct it")
    return given[first].value, given[second].value if second in given else None


def _density_form(node: Node, source: _Source) -> Target:
    names = ("formula", "low", "high")
    given = {names[i] if i < 3 else str(i): child for i, child in enumerate(node.children) if child.kind != "keyword"}
    given |= {child.value: child.children[0] for child in node.children if child.kind == "keyword"}
    if set(given) != set(names) or len(node.children) != 3:
        raise BadInput(
            f"{place(node)}, expected a formula and two bounds, as in {FORMS['density'].example}, got "
            f"{len(node.children)} parameters; correct them"
        )
    function = formula(given["formula"], source.text)
    low, high = constant(given["low"], "the lower bound"), constant(given["high"], "the upper bound")
    text = f"density({function.text}, {written(low)}, {written(high)})"
    with _prefixed(f"{place(node)}, "):
        distribution = density.from_formula(function, low, high)
        label = text if len(text) <= 60 else f"density on [{low:g}, {high:g}]"
        return checked(Profile(distribution, lambda: text, label))


def _moved_form(node: Node, source: _Source) -> Target:
    if not 1 <= len(node.children) <= 3 or node.children[0].kind == "keyword":
        raise BadInput(
            f"{place(node)}, expected a target, a location and a scale, as in {FORMS['moved'].example}, got "
            f"{len(node.children)} parameters; correct them"
        )
    target = _target(node.children[0], source)
    positional, named = _constants(node._replace(children=node.children[1:]))
    given = dict(zip(("location", "scale"), positional, strict=False)) | named
    if not given.keys() <= {"location", "scale"} or len(given) < len(positional) + len(named):
        raise BadInput(f"{place(node)}, expected location and scale, as in {FORMS['moved'].example}; correct the names")
    with _prefixed(f"{place(node)}, "):
        return target.moved(**given)


@contextmanager
def _prefixed(where: str) -> Iterator[None]:
    """Say where, in front of a sentence that does not know it yet."""
    try:
        yield
    except BadInput as error:
        sentence = str(error)
        if sentence.startswith(("At character", "'")):
            raise
        raise BadInput(where + sentence[:1].lower() + sentence[1:]) from None


@contextmanager
def as_sentence(prefix: str = "") -> Iterator[None]:
    """Make what went wrong a sentence: a capital letter in front, a full stop at the end."""
    try:
        yield
    except BadInput as error:
        sentence = prefix + str(error).rstrip(".") + "."
        raise BadInput(sentence[:1].upper() + sentence[1:]) from None


_FORMS: dict[str, Callable[[Node, _Source], Target]] = {
    "density": _density_form,
    "data": _file_form,
    "dataset": _dataset_form,
    "moved": _moved_form,
}

FORMS: dict[str, Form] = {
    "density": Form("density(exp(-x^4 + 3*x^2), -3, 3)", "a formula between two bounds, normalised"),
    "drawn": Form("drawn(0 0, 1 2, 3 0)", "a density drawn through points x y, straight in between"),
    "values": Form("values(1, 2.5, 4)", "numbers, learnt as data"),
    "data": Form('data("file.csv", "column")', "a column of a CSV, TSV, Parquet or NPY file, or an image's pixels"),
    "dataset": Form("dataset(faithful, waiting_minutes)", "data that come with the package"),
    "moved": Form("moved(normal(4, 1.25), 1, 2)", "a target moved by a location and stretched by a scale"),
}
