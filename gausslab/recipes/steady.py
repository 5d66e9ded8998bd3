"""Where every experiment begins: the default, and the game of 2014 without any remedy."""

from __future__ import annotations

from gausslab.recipes.recipe import Recipe

BEGINNINGS: dict[str, Recipe] = {
    "steady": Recipe(
        "Steady: the default",
        "The game that fails nobody: a relativistic loss that forgets no mode, a discriminator held flat where data "
        "and fakes meet, noise drawn in strata, and an average of the generator that is shown. Watch G become F⁻¹.",
        {},
    ),
    "vanilla": Recipe(
        "Vanilla: the game of 2014",
        "Goodfellow's non-saturating game as it was, with two small tanh networks and no remedy at all. It learns, "
        "overshoots and swings; on two modes it loses one of them about every third time.",
        {
            "standardised": False,
            "stratified": False,
            "loss": "nonsaturating",
            "update": "alternating",
            "batch": 256,
            "penalties": {},
            "generator.widths": (32, 32),
            "generator.activation": "tanh",
            "generator.knots": 0,
            "generator.fourier_features": 0,
            "generator.initialisation": "zeros",
            "generator.ordered": False,
            "generator.rate": 1e-3,
            "generator.averaging": 0.0,
            "discriminator.widths": (32, 32),
            "discriminator.activation": "tanh",
            "discriminator.knots": 0,
            "discriminator.fourier_features": 0,
            "discriminator.initialisation": "zeros",
            "discriminator.rate": 1e-3,
            "discriminator.weight_decay": 0.0,
            "latent.stratified": False,
            "optimiser.name": "adam",
            "optimiser.beta1": 0.5,
            "optimiser.beta2": 0.999,
            "optimiser.epsilon": 1e-8,
            "optimiser.schedule": "constant",
            "optimiser.warm_up": 1,
        },
    ),
}
