"""How this lab trained when the papers were reproduced, written out in full: new defaults change nothing here."""

from __future__ import annotations

from typing import Any

WAYS: dict[str, Any] = {
    "standardised": True,
    "stratified": True,
    "loss": "relativistic",
    "update": "alternating",
    "generator.knots": 0,
    "generator.fourier_features": 0,
    "generator.initialisation": "spread",
    "generator.ordered": True,
    "generator.steps": 1,
    "generator.averaging": 0.998,
    "discriminator.knots": 0,
    "discriminator.fourier_features": 0,
    "discriminator.initialisation": "spread",
    "discriminator.ordered": False,
    "discriminator.steps": 1,
    "discriminator.pack": 1,
    "discriminator.weight_decay": 0.0,
    "latent.dimension": 1,
    "latent.stratified": True,
    "optimiser.name": "adam",
    "optimiser.beta1": 0.5,
    "optimiser.beta2": 0.998,
    "optimiser.epsilon": 1e-8,
    "optimiser.schedule": "cosine",
    "optimiser.warm_up": 500,
    "optimiser.final": 0.05,
}
