"""Targets: from a text, data or a drawn curve to a density with its CDF and quantiles.

`parse` reads the textual form that Python, the command line, TOML and share links have in common; `TARGETS` lists the
named families and `FORMS` everything else that the text may say. docs/targets.md explains the form.
"""

from gausslab.targets.building import FORMS, Form, from_bytes, from_file, from_points, from_values, parse
from gausslab.targets.families import TARGETS, Family, Parameter, scipy_names
from gausslab.targets.foreign import from_distribution
from gausslab.targets.target import LOGIT_LIMIT, TABLE_SIZE, Target

__all__ = [
    "FORMS",
    "LOGIT_LIMIT",
    "TABLE_SIZE",
    "TARGETS",
    "Family",
    "Form",
    "Parameter",
    "Target",
    "from_bytes",
    "from_distribution",
    "from_file",
    "from_points",
    "from_values",
    "parse",
    "scipy_names",
]
