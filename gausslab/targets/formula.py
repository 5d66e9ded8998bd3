"""A formula's tree as a function of x: a list of NumPy calls from a fixed table. Nothing typed is ever executed."""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from gausslab.errors import BadInput
from gausslab.targets.limits import LARGEST_NUMBER, MAX_OPERATIONS
from gausslab.targets.reading import Node, place, shortened


class _Instruction(NamedTuple):
    function: Callable[..., Any] | None  # None: push `constant`, or x where that is None too
    operands: int
    constant: float | None


@dataclass(frozen=True, eq=False)
class Formula:
    """A formula in x, ready to be evaluated on arrays."""

    text: str
    instructions: tuple[_Instruction, ...]  # in postfix order

    @property
    def operations(self) -> int:
        """How many NumPy calls one evaluation makes."""
        return len(self.instructions)

    def __call__(self, x: Float[np.ndarray, " ..."]) -> Float[np.ndarray, " ..."]:
        """The values at x; nan and inf where mathematics says so, without a warning."""
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(_run(self.instructions, x), dtype=np.float64), x.shape)


def formula(node: Node, source: str) -> Formula:
    """The formula in x that a tree stands for.

    Raises:
        BadInput: A name that is not in the tables, a wrong number of operands, or too many operations.
    """
    return Formula(" ".join(source[node.start : node.end].split()), _instructions(node, variable=True))


def constant(node: Node, what: str) -> float:
    """The finite number that a tree without x stands for: `2`, `-1/3`, `2*pi`.

    Raises:
        BadInput: It is not a number, not finite, or too large.
    """
    with np.errstate(all="ignore"):
        value = float(_run(_instructions(node, variable=False), np.float64(0)))
    if not abs(value) <= LARGEST_NUMBER:
        raise BadInput(
            f"{place(node)}, expected {what} between ±{LARGEST_NUMBER:g}, got {value:g}; take a smaller one."
        )
    return value


def is_formula_name(name: str) -> bool:
    """Whether a name belongs to formulas: x, a constant or a function."""
    return name == "x" or name in CONSTANTS or name in FUNCTIONS


def _run(instructions: tuple[_Instruction, ...], x: Any) -> Any:
    stack: list[Any] = []
    for function, operands, number in instructions:
        if function is None:
            stack.append(x if number is None else np.float64(number))
        else:
            values = stack[-operands:]
            del stack[-operands:]
            stack.append(function(*values))
    return stack[0]


def _instructions(root: Node, variable: bool) -> tuple[_Instruction, ...]:
    """The tree in postfix order, by a loop: ten thousand minus signs are no deeper than one."""
    found: list[_Instruction] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        found.append(_instruction(node, variable))
        if len(found) > MAX_OPERATIONS:
            raise BadInput(
                f"{place(node)}, expected a formula of at most {MAX_OPERATIONS:,} operations, got more; simplify it."
            )
        waiting.extend(node.children)
    return tuple(reversed(found))


def _instruction(node: Node, variable: bool) -> _Instruction:
    match node.kind:
        case "number":
            return _Instruction(None, 0, float(node.value))
        case "operation":
            return _Instruction(_OPERATIONS[node.value], 2, None)
        case "sign":
            return _Instruction(np.negative if node.value == "-" else np.positive, 1, None)
        case "name" if node.value in CONSTANTS:
            return _Instruction(None, 0, CONSTANTS[node.value])
        case "name" if node.value == "x" and variable:
            return _Instruction(None, 0, None)
        case "call" if node.value in FUNCTIONS:
            return _function(node)
    raise BadInput(_unknown(node, variable))


def _function(node: Node) -> _Instruction:
    function, least, most = FUNCTIONS[node.value]
    count = len(node.children)
    if not least <= count <= most:
        wanted = "one operand" if most == 1 else "two or more operands"
        raise BadInput(f"{place(node)}, expected {wanted} in {node.value}(...), got {count}; correct their number.")
    return _Instruction(function, count, None)


def _unknown(node: Node, variable: bool) -> str:
    if node.kind == "string":
        return f"{place(node)}, expected a number, got the text {shortened(node.value)}; write it without quotes."
    if node.kind == "keyword":
        return f"{place(node)}, expected an operand, got {node.value} = ...; leave the name out."
    if node.value in FUNCTIONS:
        return f"{place(node)}, expected {node.value} with its operand, got the bare name; write {node.value}(...)."
    if node.value == "x" and node.kind == "name":
        return f"{place(node)}, expected a number, got x; only the formula inside density(...) may hold it."
    known = [*FUNCTIONS, *CONSTANTS, *(["x"] if variable else [])]
    nearest = difflib.get_close_matches(node.value, known, n=1)
    remedy = f"did you mean {nearest[0]}" if nearest else f"known are {', '.join(known)}"
    return f"{place(node)}, expected a number or a formula, got the unknown name {shortened(node.value)}; {remedy}."


def _erf(x: Any) -> Any:
    from scipy.special import erf  # costs 50 ms, which only formulas with erf should pay

    return erf(x)


def _smallest(*values: Any) -> Any:
    return reduce(np.minimum, values)


def _largest(*values: Any) -> Any:
    return reduce(np.maximum, values)


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": operator.pow,  # NumPy's own, and fast for squares and roots
}

CONSTANTS: dict[str, float] = {"pi": math.pi, "e": math.e}

FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    **{
        name: (getattr(np, ufunc), 1, 1)
        for name, ufunc in {
            "exp": "exp",
            "log": "log",
            "sqrt": "sqrt",
            "abs": "abs",
            "sin": "sin",
            "cos": "cos",
            "tan": "tan",
            "sinh": "sinh",
            "cosh": "cosh",
            "tanh": "tanh",
            "atan": "arctan",
        }.items()
    },
    "erf": (_erf, 1, 1),
    "min": (_smallest, 2, 100),
    "max": (_largest, 2, 100),
}
