"""What cures the failures: the same games, one or two settings apart."""

from __future__ import annotations

from typing import Any

from gausslab.events import Event
from gausslab.recipes import claims
from gausslab.recipes.failures import FAILURES
from gausslab.recipes.recipe import Claim, Recipe


def _cure(failure: str, title: str, story: str, changes: dict[str, Any], claim: Claim, attempt: str) -> Recipe:
    return Recipe(title, story, {**FAILURES[failure].settings, **changes}, attempt=attempt, claim=claim, cures=failure)


CURES: dict[str, Recipe] = {
    "collapse-cured": _cure(
        "collapse",
        "Both modes: R1, and data of unit size",
        "The same two modes, scaled to unit size, so that both lie within G's first reach; and a penalty on D's slope "
        "at the reals, so that D cannot be a cliff between the two. G follows its slope to either.",
        {"penalties": {"r1": 1.0}, "standardised": True},
        claims.BOTH_MODES,
        "Take the penalty away again once both modes are there: do they stay?",
    ),
    "collapse-comb-cured": _cure(
        "collapse-comb",
        "All eight teeth: slower, and without momentum",
        "The same comb, with a generator half as quick as its discriminator and no memory of the gradient. D keeps up, "
        "and every tooth is found.",
        {"generator.rate": 5e-4, "optimiser.beta1": 0.0, "steps": 4000},
        claims.ALL_MODES,
        "Give β₁ back first, then the rate: which of the two did it?",
    ),
    "hopping-cured": _cure(
        "hopping",
        "It stays: R1, and no momentum",
        "The same two modes and the same quick generator. Without a memory of the gradient, and with a D held flat "
        "where the data are, p_g parts in two and stays so.",
        {"penalties": {"r1": 1.0}, "optimiser.beta1": 0.0},
        claims.STAYING,
        "Turn β₁ up slowly: where does it begin to hop?",
    ),
    "vanishing-cured": _cure(
        "vanishing",
        "Reached: the non-saturating loss",
        "The same far target and the same quick D. G now climbs log D, which is steepest where D is certain that "
        "it sees a fake.",
        {"loss": "nonsaturating"},
        claims.reached(1.0),
        "Go back to minimax once the target is reached: does it matter there?",
    ),
    "oscillation-damped": _cure(
        "oscillation",
        "Damped: R1, and no momentum",
        "The same simultaneous game with a penalty on D's slope at the reals: at the equilibrium D is flat and at "
        "rest, and what swings loses height with every turn.",
        {"penalties": {"r1": 20.0}, "optimiser.beta1": 0.0, "steps": 4000},
        claims.CALM,
        "Lower the weight of R1 to 0.1 and watch the swings come back.",
    ),
    "oscillation-averaged": _cure(
        "oscillation",
        "Averaged: the middle of the swing",
        "The same simultaneous game without momentum; shown is the average of G over the last thousand steps. G itself "
        "still goes round, its average lies in the middle.",
        {"generator.averaging": 0.999, "optimiser.beta1": 0.0, "steps": 4000},
        claims.CALM,
        "Turn generator.averaging to 0 for a moment to see what goes on beneath.",
    ),
    "divergence-clipped": _cure(
        "divergence",
        "Bounded: clipped weights",
        "The same game with every weight of D kept within ±0.1 (Arjovsky et al. 2017). D is Lipschitz by force, its "
        "loss is W1 up to a factor, and G learns.",
        {"remedies.clip_weights": 0.1},
        claims.reached(0.5),
        "Turn remedies.clip_weights up while it runs: how much freedom can D bear?",
    ),
    "divergence-penalised": _cure(
        "divergence",
        "Bounded: a gradient penalty",
        "The same game with a cost on D's slope between reals and fakes, and a D that steps a fifth as far, as plain "
        "gradient descent needs on a steep cost. D pays for every slope that it does not need.",
        {"penalties": {"zero_centred": 1.0}, "discriminator.rate": 0.1},
        claims.reached(0.5),
        "Replace it by wgan_gp, which wants a slope of 1 even at the equilibrium.",
    ),
    "weak-discriminator-cured": _cure(
        "weak-discriminator",
        "D keeps up: its learning rate, and k = 5",
        "The same game with a discriminator that learns as quickly as the generator, and takes five steps to each of "
        "its (k of Algorithm 1 in Goodfellow et al. 2014). It stays near enough to D* to point the way.",
        {"discriminator.rate": 1e-3, "discriminator.steps": 5},
        claims.reached(0.5),
        "Take the five steps back to one: G and D begin to go round each other.",
    ),
    "strong-discriminator-cured": _cure(
        "strong-discriminator",
        "G keeps up: its learning rate",
        "The same discriminator, ten quick steps to each of G. With a generator that moves as far in a step, D is "
        "again what it should be: a good judge of where to go.",
        {"generator.rate": 1e-3},
        claims.reached(0.5),
        "Lower discriminator.steps to 1: is it better, or only cheaper?",
    ),
    "memorising-cured": _cure(
        "memorising",
        "Not by heart: instance noise",
        "The same twenty numbers, all that D sees blurred by 0.3 of their spread. What is finer than that is no longer "
        "there to be learnt, and p_g is a smooth curve through the sample.",
        {"remedies.instance_noise": 0.3, "remedies.noise_half_life": 10_000_000},
        claims.SMOOTH,
        "Let the noise halve every 500 steps: when do the spikes come?",
    ),
    "bounded-noise-cured": _cure(
        "bounded-noise",
        "Further out: normal noise",
        "The same target from noise without bounds. A normal z reaches only √(2 log n) far in n draws, so that G must "
        "grow steep at its ends; but it does follow, twice as far as before.",
        {"latent.kind": "normal"},
        claims.REACHING,
        "Watch the ends of the map over the first thousand steps.",
    ),
    "rate-jump-survived": Recipe(
        "The same jump, survived",
        "`steady` under the same blow: fifty times its learning rate for a hundred steps. D reaches far beyond the "
        "data and is held flat, G is a curve in order; p_g shakes and is back within a few hundred steps.",
        {"steps": 2200},
        attempt="Jump discriminator.rate instead.",
        claim=claims.BACK,
        events=(Event(1500, "generator.rate", 1.0), Event(1600, "generator.rate", 2e-2)),
        cures="rate-jump",
    ),
}
