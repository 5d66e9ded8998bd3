"""The networks of both players, in Flax NNX: split once, plain functions of flat vectors after.

A network is a multilayer perceptron, a curve with a knot at each of many places, or the sum of both.

A player's parameters are one flat float32 vector, so that an optimiser touches one array and a checkpoint holds one.

Names are loaded when they are first used: a process that finds its programs traced (`gausslab.programs`) asks for none,
and loads no Flax.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gausslab.late import loader

if TYPE_CHECKING:
    from gausslab.networks.activations import ACTIVATIONS, activation
    from gausslab.networks.crowds import MinibatchDiscrimination, moments
    from gausslab.networks.curves import Hats, Slopes, graded
    from gausslab.networks.hidden_layers import hidden
    from gausslab.networks.perceptron import Perceptron
    from gausslab.networks.vectors import Statistics, apply, blueprint, fading, in_order, initial
    from gausslab.networks.waves import harmonics

__all__ = [
    "ACTIVATIONS",
    "Hats",
    "MinibatchDiscrimination",
    "Perceptron",
    "Slopes",
    "Statistics",
    "activation",
    "apply",
    "blueprint",
    "fading",
    "graded",
    "harmonics",
    "hidden",
    "in_order",
    "initial",
    "moments",
]

__getattr__ = loader(
    "gausslab.networks",
    {
        "activations": ("ACTIVATIONS", "activation"),
        "crowds": ("MinibatchDiscrimination", "moments"),
        "curves": ("Hats", "Slopes", "graded"),
        "hidden_layers": ("hidden",),
        "perceptron": ("Perceptron",),
        "vectors": ("Statistics", "apply", "blueprint", "fading", "in_order", "initial"),
        "waves": ("harmonics",),
    },
)
