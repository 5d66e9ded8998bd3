"""Named families of distributions: those of the table at the foot, and every continuous one of SciPy by its own name.

Parameters come as everywhere in SciPy: shapes first, then location, then scale. The exceptions are families whose
usual parameters say more: normal(mean, std), uniform(low, high), exponential(scale), lognormal(mu, sigma) and
triangular(low, mode, high).
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from gausslab.errors import BadInput
from gausslab.targets.density import QUICK, Effort, from_scipy_density
from gausslab.targets.distribution import Distribution
from gausslab.targets.limits import MAX_COMPONENTS
from gausslab.targets.mixture import Mixture
from gausslab.targets.normal import Normal
from gausslab.targets.target import Profile, checked, written


class Parameter(NamedTuple):
    """One parameter of a family."""

    name: str
    default: float | None = None  # None: it has to be given
    positive: bool = False


class Family(NamedTuple):
    """A row of the table: what a name takes, what it is, and how it is made."""

    parameters: tuple[Parameter, ...]
    help: str
    constructor: Callable[..., Distribution]

    @property
    def signature(self) -> str:
        """The parameters with their defaults, as in `mean = 0, std = 1`."""
        return ", ".join(
            parameter.name if parameter.default is None else f"{parameter.name} = {written(parameter.default)}"
            for parameter in self.parameters
        )


def family(name: str) -> Family:
    """The family of a name, from the table or from SciPy.

    Raises:
        BadInput: There is none; the sentence suggests the nearest.
    """
    if name in TARGETS:
        return TARGETS[name]
    known = scipy_names()
    if name in known:
        shapes = getattr(import_module("scipy.stats"), name).shapes
        parameters = tuple(Parameter(shape) for shape in shapes.split(", ")) if shapes else ()
        return Family((*parameters, *_SCIPY_LOCATION_SCALE), f"scipy.stats.{name}", partial(_scipy, name))
    nearest = difflib.get_close_matches(
        name.lower(), [*TARGETS, *known, "density", "drawn", "values", "data", "dataset"], n=1
    )
    shown = name if len(name) <= 40 else name[:37] + "..."
    remedy = f"did you mean {nearest[0]}" if nearest else f"known are {', '.join(TARGETS)} and those of scipy.stats"
    raise BadInput(f"expected the name of a target, got '{shown}'; {remedy}")


def scipy_names() -> tuple[str, ...]:
    """The names of SciPy's continuous distributions, in alphabetical order."""
    stats = import_module("scipy.stats")
    return tuple(sorted(name for name, value in vars(stats).items() if isinstance(value, stats.rv_continuous)))


def arguments(name: str, positional: list[float], named: dict[str, float]) -> tuple[float, ...]:
    """All parameters of a family in order, with defaults filled in.

    Raises:
        BadInput: Too many, too few, unknown, doubled, or out of range.
    """
    parameters = family(name).parameters
    known = [parameter.name for parameter in parameters]
    takes = f"expected {name}({family(name).signature})"
    if len(positional) > len(parameters):
        raise BadInput(f"{takes}, got {len(positional)} parameters; leave out {len(positional) - len(parameters)}")
    given = dict(zip(known, positional, strict=False))
    for keyword, value in named.items():
        key = keyword if keyword in known else SYNONYMS.get(keyword, keyword)
        if key not in known:
            raise BadInput(f"{takes}, got the unknown parameter '{keyword[:40]}'; use the names given")
        if key in given:
            raise BadInput(f"{takes}, got {keyword} twice; leave one out")
        given[key] = value
    values = []
    for parameter in parameters:
        value = given.get(parameter.name, parameter.default)
        if value is None:
            raise BadInput(f"{takes}, got no {parameter.name}; add it")
        if parameter.positive and not value > 0:
            raise BadInput(f"expected {parameter.name} of {name} above 0, got {value:g}; take a positive number")
        values.append(float(value))
    return tuple(values)


def named_profile(name: str, values: tuple[float, ...]) -> Profile:
    """The profile of a family at given parameters.

    Raises:
        BadInput: The parameters do not go together.
    """
    parameters = family(name).parameters
    shown = [written(value) for value in values]
    if len(values) > 2 and parameters[-2:] in (_LOCATION_SCALE, _SCIPY_LOCATION_SCALE) and values[-2:] == (0.0, 1.0):
        shown = shown[:-2]
    text = f"{name}({', '.join(shown)})"
    return Profile(family(name).constructor(*values), lambda: text, text)


def _scipy(name: str, *parameters: float) -> Any:
    stats = import_module("scipy.stats")
    # SciPy's von Mises is a density on the circle that repeats for ever; on the line it is one turn of it.
    distribution = getattr(stats, "vonmises_line" if name == "vonmises" else name)(*parameters)
    with np.errstate(all="ignore"):
        low, high = distribution.support()
    if not low < high:
        raise BadInput(
            f"expected shape parameters {getattr(stats, name).shapes} inside the domain of scipy.stats.{name}, got "
            f"{', '.join(written(value) for value in parameters[:-2])}; look up their domain in SciPy's manual"
        )
    if name not in EFFORTS:
        return distribution
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy's own integrals grumble; their total is checked instead
        integrated = from_scipy_density(distribution, EFFORTS[name])
        return (
            integrated
            if name in SLOW_MOMENTS
            else replace(integrated, moments=(float(distribution.mean()), float(distribution.std())))
        )


def _uniform(low: float, high: float) -> Any:
    if not low < high:
        raise BadInput(f"expected uniform(low, high) with low < high, got {low:g} and {high:g}; swap or widen them")
    return _scipy("uniform", low, high - low)


def _triangular(low: float, mode: float, high: float) -> Any:
    if not (low <= mode <= high and low < high):
        raise BadInput(
            f"expected triangular(low, mode, high) with low ≤ mode ≤ high and low < high, got {low:g}, {mode:g} and "
            f"{high:g}; put them in order"
        )
    return _scipy("triang", (mode - low) / (high - low), low, high - low)


def _lognormal(mu: float, sigma: float) -> Any:
    if abs(mu) > 69:  # exp(mu) within LARGEST_NUMBER
        raise BadInput(f"expected mu between -69 and 69, got {mu:g}; it is the mean of the logarithm")
    return _scipy("lognorm", sigma, 0.0, float(np.exp(mu)))


def _comb(modes: float, spacing: float, std: float) -> Mixture:
    if modes != int(modes) or not 1 <= modes <= MAX_COMPONENTS:
        raise BadInput(f"expected a whole number of modes from 1 to {MAX_COMPONENTS}, got {modes:g}; round it")
    tooth = checked(Profile(Normal(0.0, std), lambda: "", "comb"))
    places = spacing * (np.arange(modes) - (modes - 1) / 2)
    return Mixture(np.full(len(places), 1 / len(places)), tuple(tooth.moved(float(place)) for place in places))


# Families whose quantiles SciPy seeks one by one: 4,097 of them take seconds, the integral of the density milliseconds.
EFFORTS: dict[str, Effort] = {
    "argus": QUICK,
    "dpareto_lognorm": QUICK,
    "exponnorm": QUICK,
    "foldcauchy": QUICK,
    "foldnorm": QUICK,
    "gausshyper": QUICK,
    "genhyperbolic": QUICK,
    "geninvgauss": QUICK,
    "irwinhall": QUICK,
    "norminvgauss": QUICK,
    "recipinvgauss": QUICK,
    "rel_breitwigner": QUICK,
    "vonmises": QUICK,
    "vonmises_line": QUICK,
    # These have slow densities as well.
    "ksone": Effort(16, 60.0, 1e-9, 4000),
    "kstwo": Effort(16, 60.0, 1e-9, 4000),
    "levy_stable": Effort(20, 40.0, 1e-7, 1600),
    "studentized_range": Effort(8, 16.0, 1e-6, 400),
}
# Those of them whose mean and std SciPy finds by slow integrals; they are always finite.
SLOW_MOMENTS = frozenset({"ksone", "kstwo", "recipinvgauss", "studentized_range", "vonmises", "vonmises_line"})

SYNONYMS = {"loc": "location", "mu": "mean", "sigma": "std", "location": "loc"}

_SCALE = Parameter("scale", 1.0, positive=True)
_LOCATION_SCALE = (Parameter("location", 0.0), _SCALE)
_SCIPY_LOCATION_SCALE = (Parameter("loc", 0.0), _SCALE)


def _shaped(*shapes: Parameter) -> tuple[Parameter, ...]:
    return (*shapes, *_LOCATION_SCALE)


TARGETS: dict[str, Family] = {
    "normal": Family((Parameter("mean", 0.0), Parameter("std", 1.0, positive=True)), "the bell curve", Normal),
    "uniform": Family((Parameter("low", 0.0), Parameter("high", 1.0)), "constant between two ends", _uniform),
    "laplace": Family(_shaped(), "two exponentials back to back", partial(_scipy, "laplace")),
    "logistic": Family(_shaped(), "a bell with exponential tails", partial(_scipy, "logistic")),
    "student_t": Family(
        _shaped(Parameter("df", 3.0, positive=True)), "a bell with tails like 1/|x|^(df + 1)", partial(_scipy, "t")
    ),
    "exponential": Family((_SCALE,), "waiting time; scale is its mean", partial(_scipy, "expon", 0.0)),
    "gamma": Family(
        _shaped(Parameter("shape", 2.0, positive=True)), "sum of `shape` waiting times", partial(_scipy, "gamma")
    ),
    "beta": Family(
        _shaped(Parameter("a", 0.5, positive=True), Parameter("b", 0.5, positive=True)),
        "on [0, 1]; below 1, a and b make it rise to infinity at the ends",
        partial(_scipy, "beta"),
    ),
    "lognormal": Family(
        (Parameter("mu", 0.0), Parameter("sigma", 1.0, positive=True)),
        "exp of normal(mu, sigma)",
        _lognormal,
    ),
    "weibull": Family(
        _shaped(Parameter("shape", 1.5, positive=True)), "time to failure", partial(_scipy, "weibull_min")
    ),
    "gumbel": Family(_shaped(), "the largest of many", partial(_scipy, "gumbel_r")),
    "triangular": Family(
        (Parameter("low", -1.0), Parameter("mode", 0.0), Parameter("high", 1.0)),
        "rises straight to the mode and falls straight",
        _triangular,
    ),
    "cauchy": Family(_shaped(), "tails so heavy that it has no mean", partial(_scipy, "cauchy")),
    "pareto": Family(
        _shaped(Parameter("shape", 1.0, positive=True)), "a power law from 1 upwards", partial(_scipy, "pareto")
    ),
    "comb": Family(
        (Parameter("modes", 8.0), Parameter("spacing", 2.0, positive=True), Parameter("std", 0.25, positive=True)),
        "equally spaced equal normal modes around 0: the standard test of mode collapse",
        _comb,
    ),
}
