"""The one description of an experiment: names, bounds, units, defaults and one line of help for every setting.

Sliders, command-line flags, TOML files, share links, error messages and the docs' table are all derived from here.
A *knob* changes while a run goes on and never recompiles; everything else is *structure*.

`parts` and `experiment` hold the settings themselves, `penalties` those that are a table's names with a weight;
`describing` has the means to describe one, `listing` goes through them all, `sentences` says what is wrong with some,
`written` is TOML, and `limits` is what a visitor of the lab may ask for.
"""

from gausslab.settings.describing import Table
from gausslab.settings.experiment import Experiment
from gausslab.settings.limits import LIMITS, Limits
from gausslab.settings.listing import Setting
from gausslab.settings.parts import Activation, Discriminator, Generator, Latent, Network
from gausslab.settings.penalties import PENALTY_TABLE
from gausslab.settings.written import FORMAT, LATER, RECORD, from_toml, to_toml

__all__ = [
    "FORMAT",
    "LATER",
    "LIMITS",
    "PENALTY_TABLE",
    "RECORD",
    "Activation",
    "Discriminator",
    "Experiment",
    "Generator",
    "Latent",
    "Limits",
    "Network",
    "Setting",
    "Table",
    "from_toml",
    "to_toml",
]
