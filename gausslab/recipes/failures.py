"""Failures on demand: each shows one thing that goes wrong, on nearly every seed. What cures them is in `cures`."""

from __future__ import annotations

from gausslab.events import Event
from gausslab.recipes import claims
from gausslab.recipes.recipe import Recipe
from gausslab.recipes.steady import BEGINNINGS

VANILLA = BEGINNINGS["vanilla"].settings
SAMPLE = (
    "values(-2.9, -2.4, -1.7, -1.6, -1.1, -0.6, -0.2, 0.1, 0.3, 0.7, 0.9, 1.4, 1.6, 2.2, 2.3, 2.9, 3.4, 3.6, 4.4, 5.1)"
)
JUMP = (Event(1500, "generator.rate", 1.0), Event(1600, "generator.rate", 1e-3))

FAILURES: dict[str, Recipe] = {
    "collapse": Recipe(
        "Mode collapse on two modes",
        "One mode lies near to where G begins, the other far away. D need only know the near one to judge what G "
        "makes, and G is told nothing of the far one: watch all of p_g settle on the near mode, D* drawn high "
        "over the other.",
        {**VANILLA, "target": "normal(-1, 0.4) + normal(9, 0.4)", "steps": 2000},
        attempt="Drag the far mode nearer: from where on does G find it?",
        claim=claims.ONE_MODE,
        shows=("collapsed",),
    ),
    "collapse-comb": Recipe(
        "Mode collapse on a comb",
        "A generator ten times as quick as its discriminator, and a memory of the gradient that carries it past its "
        "aim: it runs to the tooth that D likes best, and D dislikes that one by the time it is there.",
        {**VANILLA, "target": "comb(8)", "generator.rate": 1e-2, "optimiser.beta1": 0.9, "steps": 3000},
        attempt="Lower generator.rate while it runs: how many teeth come back?",
        claim=claims.FEW_MODES,
        shows=("collapsed", "hopping"),
    ),
    "hopping": Recipe(
        "Mode hopping",
        "The whole of p_g jumps to and fro between two modes: each time it sits on one, D learns to call that one fake "
        "and the other real. A memory of β₁ = 0.9 keeps G going long after D has changed its mind.",
        {
            **VANILLA,
            "target": "normal(-3, 0.5) + normal(3, 0.5)",
            "generator.rate": 1e-2,
            "optimiser.beta1": 0.9,
            "steps": 2000,
            "frame_every": 40,
        },
        attempt="Turn optimiser.beta1 down to 0 while it runs.",
        claim=claims.HOPPING,
        shows=("hopping",),
    ),
    "vanishing": Recipe(
        "Vanishing gradient",
        "The minimax game of 2014 with the target far away: D soon knows every fake, log(1 − D) is flat where D is "
        "certain, and G is told nothing. Watch the pushes under p_g shrink to nothing while W1 stays.",
        {
            **VANILLA,
            "target": "normal(15, 0.5)",
            "loss": "minimax",
            "discriminator.rate": 1e-2,
            "steps": 2000,
        },
        attempt="Bring the target nearer with location: how far can G still see?",
        claim=claims.VANISHED,
        shows=("vanishing",),
    ),
    "oscillation": Recipe(
        "Oscillation around the equilibrium",
        "Both players move at once, each against where the other was, with a momentum of 0.9. The equilibrium is "
        "there, and they go round it for ever: p_g swings across the target, D tilts after it, and W1 does not shrink.",
        {
            **VANILLA,
            "target": "normal(4, 1.25)",
            "update": "simultaneous",
            "optimiser.beta1": 0.9,
            "steps": 2500,
            "frame_every": 40,
        },
        attempt="Turn generator.averaging up to 0.999: the average stands still where G does not.",
        claim=claims.SWINGING,
        shows=("oscillating",),
    ),
    "divergence": Recipe(
        "Divergence: Wasserstein without a constraint",
        "The dual of W1 holds only for a D whose slope is at most 1. Nothing here sees to that, so D's loss has no "
        "lower end: it grows, its gradient with it, and within a few hundred steps a weight leaves every bound.",
        {
            **VANILLA,
            "target": "normal(4, 1.25)",
            "standardised": True,
            "loss": "wasserstein",
            "generator.activation": "leaky_relu",
            "discriminator.activation": "leaky_relu",
            "optimiser.name": "sgd",
            "generator.rate": 0.05,
            "discriminator.rate": 0.5,
            "steps": 2000,
            "frame_every": 10,
        },
        attempt="Halve both learning rates: it lasts longer, but is it any better?",
        claim=claims.UNBOUNDED,
        shows=("diverged",),
    ),
    "weak-discriminator": Recipe(
        "A discriminator that is too weak",
        "D begins nearly flat and learns a thousand times too slowly. G climbs whatever slope D happened to begin "
        "with, to a place that has nothing to do with the target, while D* could tell real from fake without a fault.",
        {
            **VANILLA,
            "target": "normal(4, 1.25)",
            "discriminator.initial_std": 0.2,
            "discriminator.rate": 1e-6,
            "steps": 4000,
        },
        attempt="Turn discriminator.rate up by hand: from where on does G turn round?",
        claim=claims.TOO_WEAK,
        shows=("weak_discriminator",),
    ),
    "strong-discriminator": Recipe(
        "A discriminator that is too strong",
        "D takes ten quick steps to each slow one of G. It knows every real and every fake at every moment; its loss "
        "is nothing, and G creeps although its gradient is there.",
        {
            **VANILLA,
            "target": "normal(4, 1.25)",
            "discriminator.rate": 1e-2,
            "discriminator.steps": 10,
            "generator.rate": 1e-5,
            "steps": 2000,
        },
        attempt="Change loss to minimax: now even the gradient goes.",
        claim=claims.TOO_STRONG,
        shows=("strong_discriminator",),
    ),
    "memorising": Recipe(
        "Memorising a small sample",
        "Twenty numbers, and a generator with 513 knots: its map becomes the staircase of the sample's own quantiles, "
        "and p_g twenty spikes. By W1 to the sample nothing is better, and nothing new is ever made.",
        {"target": SAMPLE, "steps": 3000},
        attempt="Turn remedies.instance_noise up to 0.3 and its half-life to the end of the slider.",
        claim=claims.SPIKES,
        shows=("memorising",),
    ),
    "bounded-noise": Recipe(
        "The wrong tool: Cauchy from bounded noise",
        "G is a continuous map of [0, 1], so that what it makes is bounded, and a Cauchy target has no bounds. The "
        "middle fits to a per cent; look at the ends of the map, where F⁻¹ leaves the picture and G does not follow.",
        {"target": "cauchy(0, 1)", "steps": 5000},
        attempt="Compare KS, which cannot see it, with the map of panel 2.",
        claim=claims.CUT,
        shows=("tails_cut",),
    ),
    "rate-jump": Recipe(
        "A jump of the learning rate",
        "At step 1,500 somebody turns G's learning rate up a thousandfold, and back a hundred steps later. G lies tens "
        "of σ away by then, where D is flat: it does not come back.",
        {**VANILLA, "target": "normal(4, 1.25)", "penalties": {"r1": 1.0}, "steps": 2200},
        attempt="Rewind to step 1,500 and turn it up tenfold only.",
        claim=claims.THROWN,
        events=JUMP,
        shows=("thrown_off",),
    ),
}
