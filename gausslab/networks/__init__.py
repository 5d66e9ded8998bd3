"""The networks of both players, in Flax NNX: split once, plain functions of flat vectors after.

A network is a multilayer perceptron, a curve with a knot at each of many places, or the sum of both.

A player's parameters are one flat float32 vector, so that an optimiser touches one array and a checkpoint holds one.
"""

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
