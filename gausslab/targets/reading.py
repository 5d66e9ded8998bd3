"""Text to tree: the grammar at work, and one sentence for every text that it does not allow.

The parser is LALR and builds its nodes from the leaves upwards, so no depth of nesting can exhaust the stack.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import lark
import numpy as np
from jaxtyping import Float

from gausslab.errors import BadInput
from gausslab.targets.limits import MAX_NESTING, MAX_POINTS, MAX_TEXT, MAX_VALUES

EXAMPLE = "write for example normal(4, 1.25) or 0.3*normal(-2, 0.5) + 0.7*laplace(3, 1)"


class Node(NamedTuple):
    """One node of the tree: a number, string, name, call, keyword, series of numbers, sign or operation."""

    kind: str
    value: str  # the number, the name, or the operator's own sign
    children: tuple[Node, ...]
    start: int  # position of the first character, counted from 0
    end: int


def read(text: str) -> Node:
    """The tree of a text.

    Raises:
        BadInput: The text is empty, too long, nested too deep or not in the grammar.
    """
    _check_size(text)
    try:
        return _parser().parse(text)  # pyright: ignore[reportReturnType]
    except lark.UnexpectedInput as error:
        raise BadInput(_sentence(text, error)) from None


def numbers(node: Node) -> Float[np.ndarray, " n"]:
    """The numbers inside `values(...)`."""
    return _floats(node, _entries(node), MAX_VALUES, "value")


def points(node: Node) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """The abscissae and ordinates inside `drawn(...)`."""
    pairs = [entry.split() for entry in _entries(node)]
    for i, pair in enumerate(pairs, 1):
        if len(pair) != 2:
            raise BadInput(
                f"{place(node)}, expected point {i} of drawn(...) as two numbers, x and density, with a space "
                f"between, got {shortened(' '.join(pair))}; write for example drawn(0 0, 1 2, 3 0)."
            )
    flat = _floats(node, [number for pair in pairs for number in pair], 2 * MAX_POINTS, "number")
    return flat[0::2], flat[1::2]


def place(node: Node) -> str:
    """Where a node begins, as people count."""
    return f"At character {node.start + 1}"


def shortened(text: str, length: int = 40) -> str:
    """A piece of what came, quoted, on one line and short enough for a sentence."""
    text = " ".join(text[: 4 * length].split())
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return f"'{text}'" if len(text) <= length else f"'{text[: length - 3]}...'"


def _entries(node: Node) -> list[str]:
    body = node.value[node.value.index("(") + 1 : -1]
    return body.split(",") if body.strip() else []


def _floats(node: Node, entries: list[str], most: int, what: str) -> Float[np.ndarray, " n"]:
    if len(entries) > most:
        raise BadInput(f"{place(node)}, expected at most {most:,} numbers, got {len(entries):,}; thin them out.")
    try:
        return np.fromiter(map(float, entries), np.float64, len(entries))
    except ValueError:
        bad = next(i for i, entry in enumerate(entries) if not _is_number(entry))
        raise BadInput(
            f"{place(node)}, expected {what} {bad + 1} to be a plain number such as -1.5e3, "
            f"got {shortened(entries[bad])}; correct or remove it."
        ) from None


def _is_number(entry: str) -> bool:
    try:
        float(entry)
    except ValueError:
        return False
    return True


_SERIES = re.compile(r"\b(?:values|drawn)\s*\([^()]*\)")
_BRACKETS = re.compile(r"[()]")


def _check_size(text: str) -> None:
    if not text.strip():
        raise BadInput(f"Expected a target, got an empty text; {EXAMPLE}.")
    length = len(text)
    if length > MAX_TEXT:
        length -= sum(match.end() - match.start() for match in _SERIES.finditer(text))
    if length > MAX_TEXT:
        raise BadInput(f"Expected a target of at most {MAX_TEXT:,} characters, got {length:,}; write it shorter.")
    depth = 0
    for match in _BRACKETS.finditer(text):
        depth += 1 if match.group() == "(" else -1
        if depth > MAX_NESTING:
            raise BadInput(
                f"At character {match.start() + 1}, expected at most {MAX_NESTING} brackets inside one another, "
                "got one more; write it with fewer."
            )


_READABLE = {
    "NUMBER": "a number",
    "NAME": "a name",
    "OPEN": "'('",
    "CLOSE": "')'",
    "COMMA": "','",
    "EQUAL": "'='",
    "PLUS": "an operator",
    "$END": "the end",
}


def _sentence(text: str, error: lark.UnexpectedInput) -> str:
    if isinstance(error, lark.UnexpectedToken) and error.token.type == "$END":
        opened = text.count("(") - text.count(")")
        remedy = f"close {opened} open bracket{'s' * (opened > 1)}" if opened > 0 else EXAMPLE
        return f"At character {len(text.rstrip()) + 1}, expected {_expected(error)}, got the end of the text; {remedy}."
    position = error.pos_in_stream or 0
    before = text[:position].rstrip()
    if isinstance(error, lark.UnexpectedToken):
        came, remedy = shortened(str(error.token)), EXAMPLE
        if before[-1:].isalnum() and error.token.type in ("NUMBER", "NAME", "OPEN"):
            remedy = "put an operator or a comma in between, as in 2*x"
        return f"At character {position + 1}, expected {_expected(error)}, got {came}; {remedy}."
    came = shortened(text[position : position + 1])
    return f"At character {position + 1}, expected a number, name, operator or bracket, got {came}; {EXAMPLE}."


def _expected(error: lark.UnexpectedToken) -> str:
    readable = [words for terminal, words in _READABLE.items() if terminal in error.accepts]
    return " or ".join(
        [", ".join(readable[:-1]), readable[-1]] if len(readable) > 1 else readable or ["something else"]
    )


class _Nodes(lark.Transformer):
    """Called by the parser as each rule completes: its children are nodes already."""

    def start(self, children: list) -> Node:
        return children[0]

    def arguments(self, children: list) -> tuple[Node, ...]:
        return tuple(children)

    def operation(self, children: list) -> Node:
        left, operator, right = children
        return Node("operation", _OPERATORS.get(operator, str(operator)), (left, right), left.start, right.end)

    def sign(self, children: list) -> Node:
        operator, operand = children
        return Node("sign", _OPERATORS.get(operator, str(operator)), (operand,), operator.start_pos, operand.end)

    def call(self, children: list) -> Node:
        name, _, arguments, close = children
        return Node("call", str(name), arguments or (), name.start_pos, close.end_pos)

    def group(self, children: list) -> Node:
        opening, inner, close = children
        return inner._replace(start=opening.start_pos, end=close.end_pos)

    def keyword(self, children: list) -> Node:
        name, inner = children
        return Node("keyword", str(name), (inner,), name.start_pos, inner.end)

    def string(self, children: list) -> Node:
        quote = children[0][0]
        return _leaf("string", children[0], children[0][1:-1].replace(quote * 2, quote))

    def number(self, children: list) -> Node:
        return _leaf("number", children[0])

    def name(self, children: list) -> Node:
        return _leaf("name", children[0])

    def series(self, children: list) -> Node:
        return _leaf("series", children[0])


_OPERATORS = {"−": "-", "×": "*", "·": "*", "**": "^"}


def _leaf(kind: str, token: lark.Token, value: str | None = None) -> Node:
    return Node(kind, str(token) if value is None else value, (), token.start_pos or 0, token.end_pos or 0)


@cache
def _parser() -> lark.Lark:
    return lark.Lark.open("grammar.lark", rel_to=__file__, parser="lalr", transformer=_Nodes(), maybe_placeholders=True)
