"""The classics: 1D GANs that others have published, with their settings; where the original drew images, its likeness.

Adam looks at each weight alone, so that one Adam for both players is two of the same rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gausslab.events import PAUSE, Event
from gausslab.frame import Frame
from gausslab.recipes import claims
from gausslab.recipes.recipe import Claim, Recipe
from gausslab.recipes.steady import BEGINNINGS

PLAIN = BEGINNINGS["vanilla"].settings  # a game without any remedy
OF_IMAGES = {**PLAIN, "target": "normal(4, 1.25)", "standardised": True}  # where pixels were scaled to [−1, 1]
FIT, JUDGE, ANSWER = 100, 600, 610  # the steps after which figure 1 has its stages a, b and c
WORKSHOP = {
    **PLAIN,
    "update": "real_then_fake",
    "batch": 100,
    "generator.activation": "elu",
    "generator.rate": 2e-4,
    "discriminator.widths": (50, 50),
    "discriminator.activation": "elu",
    "discriminator.rate": 2e-4,
    "discriminator.pack": 100,
    "latent.dimension": 10,
    "optimiser.beta1": 0.9,
    "steps": 30_000,
    "frame_every": 300,
}
FOUR_PANEL = {
    **PLAIN,
    "target": "normal(0, 1)",
    "batch": 512,
    "generator.activation": "leaky_relu",
    "generator.leak": 0.1,
    "discriminator.activation": "leaky_relu",
    "discriminator.leak": 0.1,
    "latent.low": -1.0,
}
AYLIEN = {
    **PLAIN,
    "target": "normal(4, 0.5)",
    "batch": 8,
    "generator.widths": (4,),
    "generator.activation": "softplus",
    "discriminator.activation": "relu",
    "latent.low": -8.0,
    "latent.high": 8.0,
    "latent.stratified": True,
    "optimiser.beta1": 0.9,
    "steps": 5000,
}


def _misjudged(frame: Frame) -> float:
    """How far D is from D* where there is anything to judge."""
    weight = frame.scene.p + frame.p_g
    return float(weight @ np.abs(frame.discriminator - frame.optimal_discriminator) / weight.sum())


def _four_stages(frames: Sequence[Frame]) -> bool:
    """D comes nearer to D* in b, G nearer to the target in c, and both are near in d."""
    a, b, c = (next(frame for frame in frames if frame.step >= step) for step in (FIT, JUDGE, ANSWER))
    before, after, end = claims.distances([b, c, frames[-1]])
    return bool(_misjudged(b) < _misjudged(a) and after < before and end < 0.3)


CLASSICS: dict[str, Recipe] = {
    "goodfellow-figure-1": Recipe(
        "Figure 1 of Goodfellow et al. 2014",
        "The four stages of the paper's figure, as four moments of one run. It stops at each: a, G fits poorly and D "
        "partly; b, D alone has learnt and stands at D* = p/(p + p_g); c, G alone has followed D's slope; d, both have "
        "played on, and D is 1/2 everywhere. R1 comes in only for d, so that D may be as steep as D* in b. Algorithm "
        "1's k is discriminator.steps.",
        {
            **PLAIN,
            "target": "normal(4, 1)",
            "batch": 512,
            "discriminator.rate": 3e-3,
            "penalties": {"r1": 0.0},
            "steps": 4000,
        },
        attempt="Step through b with the half-steps of the stage: how many does D need?",
        claim=Claim("D nears D* in b, p_g nears the target in c, and W1 is below 0.3 σ in d", _four_stages),
        events=(
            Event(FIT, PAUSE, ""),
            Event(FIT, "generator.steps", 0.0),
            Event(JUDGE, PAUSE, ""),
            Event(JUDGE, "generator.steps", 1.0),
            Event(JUDGE, "generator.rate", 2e-4),
            Event(JUDGE, "discriminator.steps", 0.0),
            Event(ANSWER, PAUSE, ""),
            Event(ANSWER, "discriminator.steps", 1.0),
            Event(ANSWER, "generator.rate", 3e-4),
            Event(ANSWER, "penalties.r1", 1.0),
        ),
    ),
    "jang-2016": Recipe(
        "Jang 2016: the first 1D GAN on the web",
        "Six tanh units and five in both, gradient descent with momentum, and noise in strata on [−5, 5]. G's output "
        "is 5 tanh of its sum, and D is cut off at .01 and .99, where it teaches nothing. The original takes D to be a "
        "tanh, here it is a sigmoid; and it fits D to the true density before, which is left out.",
        {
            **PLAIN,
            "target": "normal(-1, 1)",
            "batch": 200,
            "generator.widths": (6, 5),
            "generator.initial_std": 1.0,
            "generator.bound": 5.0,
            "discriminator.widths": (6, 5),
            "discriminator.initial_std": 1.0,
            "discriminator.limit": math.log(99),  # the raw output of a D of .99
            "latent.low": -5.0,
            "latent.high": 5.0,
            "latent.stratified": True,
            "optimiser.name": "momentum",
            "optimiser.beta1": 0.6,
            "optimiser.schedule": "step",
            "optimiser.decay": 0.95,
            "optimiser.decay_every": 2500,
            "steps": 10_000,
        },
        attempt="Raise both learning rates tenfold.",
    ),
    "aylien-2016": Recipe(
        "Aylien 2016",
        "Four softplus units against three layers of eight, in batches of eight. D judges one sample at a time and "
        "cannot see when all of them are alike.",
        {**AYLIEN, "discriminator.widths": (8, 8, 8)},
        attempt="Choose the recipe with minibatch discrimination.",
    ),
    "aylien-2016-minibatch": Recipe(
        "Aylien 2016 with minibatch discrimination",
        "The same game; D also sees how near the other samples of the batch lie (Salimans et al. 2016), five kernels "
        "of dimension three, so that G is told to spread.",
        {**AYLIEN, "discriminator.widths": (8, 8), "discriminator.minibatch_kernels": 5, "frame_every": 100},
        attempt="Double the batch: more neighbours to compare with.",
    ),
    "devnag-2017": Recipe(
        "Devnag 2017: four moments",
        "Five tanh units twice against ten sigmoids twice, twenty steps of each in turn, gradient descent with "
        "momentum. D never sees a number of the data: it is shown the mean, std, skewness and kurtosis of a batch of "
        "500. D over x is that of a batch, half reals and half fakes, in which one sample lies at x.",
        {
            **PLAIN,
            "target": "normal(4, 1.25)",
            "batch": 500,
            "generator.widths": (5, 5),
            "generator.steps": 20,
            "discriminator.widths": (10, 10),
            "discriminator.activation": "sigmoid",
            "discriminator.steps": 20,
            "discriminator.pack": 500,
            "discriminator.moments": 4,
            "optimiser.name": "momentum",
            "optimiser.beta1": 0.9,
            "steps": 5000,
            "frame_every": 50,
        },
        attempt="Set discriminator.moments to 0: D is shown the 500 numbers themselves.",
    ),
    "hwalsuklee": Recipe(
        "hwalsuklee: six cells",
        "Thirty-two ReLUs each, gradient descent, D twice as quick as G. The original draws six cells, mean −1 or 1 "
        "and std .7, 1 or 2: put location and scale there. G begins with weights of std 2. The original teaches D a "
        "histogram beforehand, which is left out; it is known to be unstable when mean, std or seed change.",
        {
            **PLAIN,
            "target": "normal(0, 1)",
            "location": 1.0,
            "batch": 150,
            "generator.widths": (32,),
            "generator.activation": "relu",
            "generator.initial_std": 2.0,
            "generator.rate": 0.015,
            "discriminator.widths": (32,),
            "discriminator.activation": "relu",
            "discriminator.rate": 0.03,
            "latent.low": -5.0,
            "latent.high": 5.0,
            "latent.stratified": True,
            "optimiser.name": "sgd",
            "optimiser.schedule": "step",
            "optimiser.decay": 0.95,
            "optimiser.decay_every": 400,
            "steps": 3000,
        },
        attempt="Drag location to −1 and scale to 2 in mid-run.",
    ),
    "wgan-gp-1d": Recipe(
        "WGAN-GP in one dimension",
        "Four ReLUs each, five critic steps to one of G, a gradient penalty of weight .1. So few kinks make a map of "
        "few straight pieces: look at panel 2.",
        {
            **PLAIN,
            "target": "normal(4, 0.5)",
            "batch": 64,
            "loss": "wasserstein",
            "penalties": {"wgan_gp": 0.1},
            "generator.widths": (4,),
            "generator.activation": "relu",
            "discriminator.widths": (4,),
            "discriminator.activation": "relu",
            "discriminator.steps": 5,
            "latent.kind": "normal",
            "optimiser.beta2": 0.9,
            "steps": 1450,
            "frame_every": 10,
        },
        attempt="Give both 32 units.",
    ),
    "four-panel-a": Recipe(
        "Four panels, A: wide and slow",
        "Four layers of 256 against two of 128, D four times as quick as G. The original gives D a β₁ of 0 and G one "
        "of .5; here both players have one optimiser, and its β₁ is .5.",
        {
            **FOUR_PANEL,
            "generator.widths": (256, 256, 256, 256),
            "generator.rate": 1e-4,
            "discriminator.widths": (128, 128),
            "discriminator.rate": 4e-4,
            "steps": 30_000,
            "frame_every": 300,
        },
        attempt="Turn optimiser.beta1 to 0 while it runs.",
    ),
    "four-panel-b": Recipe(
        "Four panels, B: narrow and quick",
        "Four layers of 16 against two of 64. The original moves D by Adam and G by Adagrad, whose steps grow ever "
        "shorter; here both move by Adam.",
        {
            **FOUR_PANEL,
            "generator.widths": (16, 16, 16, 16),
            "discriminator.widths": (64, 64),
            "discriminator.rate": 2e-3,
            "optimiser.beta1": 0.9,
            "steps": 5000,
        },
        attempt="Lower generator.rate as it goes, as Adagrad would.",
    ),
    "playground-2025": Recipe(
        "A playground of 2025, mended",
        "Sixteen ReLUs against thirty-two, ten normal latents. As published it applied a sigmoid twice and let G's "
        "step move D, and W1 rose; both faults are mended here.",
        {
            **PLAIN,
            "target": "normal(4, 0.5)",
            "batch": 128,
            "generator.widths": (16,),
            "generator.activation": "relu",
            "generator.rate": 3e-3,
            "discriminator.widths": (32,),
            "discriminator.activation": "relu",
            "discriminator.rate": 3e-3,
            "generator.initial_std": 0.3,  # about Glorot's law, with which the original's layers begin
            "discriminator.initial_std": 0.25,
            "latent.kind": "normal",
            "latent.dimension": 10,
            "optimiser.beta1": 0.9,
            "steps": 1600,
            "frame_every": 16,
        },
        attempt="One latent instead of ten: now the map itself can be seen.",
    ),
    "gaussian-gan-workshop": Recipe(
        "Gaussian GAN workshop",
        "D sees the whole batch of 100 as one vector, and takes a step on reals, then one on fakes. G is 50-50 ELU on "
        "ten uniform latents, and was reported to end slightly too wide.",
        {**WORKSHOP, "target": "normal(2, 1)", "generator.widths": (50, 50)},
        attempt="Set update to alternating: one step on both at once.",
    ),
    "gaussian-gan-workshop-mixture": Recipe(
        "Gaussian GAN workshop: the mixture",
        "The same D on N(−2, 1) and N(4, .5) in equal parts, with four hidden layers in G.",
        {**WORKSHOP, "target": "normal(-2, 1) + normal(4, 0.5)", "generator.widths": (50, 50, 50, 50)},
        attempt="Smaller packs see less of the mixture: try 10.",
    ),
    "vanilla-gan-tf2": Recipe(
        "vanilla-gan-tf2, its likeness in 1D",
        "The original draws digits: 128 ReLUs with dropout .2, a hundred uniform latents, one Adam of 1e-4 for both. "
        "Its README's point is that G learns an inverse CDF: panel 2 shows it, as samples of a G whose "
        "dropout never ends, as the original draws them.",
        {
            **OF_IMAGES,
            "update": "simultaneous",
            "batch": 64,
            "generator.widths": (128,),
            "generator.activation": "relu",
            "generator.dropout": 0.2,
            "generator.always_dropped": True,
            "generator.rate": 1e-4,
            "discriminator.widths": (128,),
            "discriminator.activation": "relu",
            "discriminator.dropout": 0.2,
            "discriminator.rate": 1e-4,
            "latent.low": -1.0,
            "latent.high": 1.0,
            "latent.dimension": 100,
            "optimiser.beta1": 0.9,
            "steps": 10_000,
            "frame_every": 100,
        },
        attempt="One latent instead of a hundred.",
    ),
    "gan-with-tf2": Recipe(
        "gan-with-tf2, its likeness in 1D",
        "The original draws pictures: 256-512-1024 against 512-256, leaky ReLU, a hundred normal latents, labels of "
        ".9. Its three drawings of two bells, far apart, overlapping and equal, are panel 1 as it plays; its "
        "max(p, 1 − p) is how sure D* is, which sinks to 1/2 where the best D can only guess.",
        {
            **OF_IMAGES,
            "batch": 64,
            "generator.widths": (256, 512, 1024),
            "generator.activation": "leaky_relu",
            "generator.rate": 2e-4,
            "discriminator.widths": (512, 256),
            "discriminator.activation": "leaky_relu",
            "discriminator.rate": 2e-4,
            "latent.kind": "normal",
            "latent.dimension": 100,
            "remedies.label_smoothing": 0.1,
            "steps": 2000,
            "frame_every": 100,
        },
        attempt="Learn a picture's pixel intensities instead: drop a picture on the page.",
        layers=("certainty",),
    ),
    "keras-pytorch-scratch": Recipe(
        "GANs in Keras, PyTorch and from scratch, their likeness in 1D",
        "The original draws digits: 256-512-1024 with batch normalisation, dropout .5 in D, and G moves before D. The "
        "back-propagation of its version from scratch is a chapter of the docs.",
        {
            **OF_IMAGES,
            "update": "generator_first",
            "batch": 64,
            "generator.widths": (256, 512, 1024),
            "generator.activation": "leaky_relu",
            "generator.batch_norm": True,
            "generator.rate": 2e-4,
            "discriminator.widths": (1024, 512, 256),
            "discriminator.activation": "leaky_relu",
            "discriminator.dropout": 0.5,
            "discriminator.rate": 2e-4,
            "latent.kind": "normal",
            "latent.dimension": 100,
            "steps": 2000,
            "frame_every": 100,
        },
        attempt="Set update to alternating: does the order matter?",
    ),
}
