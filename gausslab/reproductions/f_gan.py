"""f-GAN (Nowozin, Cseke and Tomioka 2016): a normal fitted to a mixture under five divergences.

The best normal of each divergence is found by quadrature and a simplex search, to more digits than are published. The
trained one is a run of this lab: G is a straight line of normal noise, D is the paper's 64-64 tanh, and the loss is
that divergence's own. How good a fit is, is measured by how far its exact divergence lies above the best.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from gausslab.reproductions.findings import Finding, Options, Outcome, Picture, Published, Reproduction
from gausslab.reproductions.steady import WAYS
from gausslab.run import train
from gausslab.settings import Experiment

PARTS = ((0.33, -1.0, math.sqrt(0.065)), (0.67, 2.0, math.sqrt(2.0)))  # weight, mean, standard deviation
TARGET = " + ".join(f"{weight}*normal({mean:g}, {std!r})" for weight, mean, std in PARTS)
SEEDS = 5
STEPS = 2000
TOLERANCE = 1e-3
SETTINGS = {
    **WAYS,
    "target": TARGET,
    "steps": STEPS,
    "frame_every": STEPS,
    "batch": 1024,
    "penalties": {},
    "latent.kind": "normal",
    "generator.widths": (),
    "generator.initialisation": "zeros",
    "generator.ordered": False,
    "generator.rate": 4e-3,
    "discriminator.widths": (64, 64),
    "discriminator.activation": "tanh",
    "discriminator.rate": 6e-3,
    "discriminator.steps": 2,
    "optimiser.horizon": STEPS,
    "optimiser.warm_up": 200,
    "remedies.clip_gradient": 1.0,
}

# Beyond these, neither the mixture nor any normal worth trying has mass that float64 would add.
X = np.linspace(-40.0, 45.0, 8001)


class Normal(NamedTuple):
    """A fitted normal, and the divergence that is left."""

    divergence: float
    mean: float
    std: float


class Divergence(NamedTuple):
    """A divergence, the loss of this lab that plays for it, and what is published of it."""

    title: str
    loss: str
    integrand: Callable[[np.ndarray, np.ndarray], np.ndarray]  # of log p and log q
    best: tuple[str, str, str]  # D*, μ*, σ*
    trained: tuple[str, str, str]  # F, μ̂, σ̂
    excess: float  # of the exact divergence at μ̂, σ̂ over the best


def _log_normal(x: np.ndarray, mean: float, std: float) -> np.ndarray:
    return -0.5 * ((x - mean) / std) ** 2 - math.log(std * math.sqrt(2 * math.pi))


LOG_P = np.logaddexp(*(math.log(weight) + _log_normal(X, mean, std) for weight, mean, std in PARTS))


def divergence(name: str, mean: float, std: float) -> float:
    """D_f(P ‖ N(mean, std²)), in nats where there are any; the trapezoid rule, which is exact here to rounding.

    Args:
        name: a key of DIVERGENCES.
        mean: of the normal.
        std: its standard deviation.
    """
    with np.errstate(over="ignore"):  # from a normal that is much too narrow, Pearson's divergence is infinite
        values = DIVERGENCES[name].integrand(LOG_P, _log_normal(X, mean, std))
        return float(values.sum() * (X[1] - X[0]))


def _jensen_shannon(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    log_middle = np.logaddexp(log_p, log_q) - math.log(2)
    return np.exp(log_p) * (log_p - log_middle) + np.exp(log_q) * (log_q - log_middle)


@lru_cache
def best(name: str) -> Normal:
    """The normal that is nearest to the mixture."""
    found = minimize(
        lambda place: divergence(name, place[0], math.exp(place[1])),
        [1.0, 0.5],
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-13},
    )
    return Normal(float(found.fun), float(found.x[0]), math.exp(found.x[1]))


def experiment(name: str, **changes: Any) -> Experiment:
    """The run that fits a normal under a divergence; settings by their dotted paths."""
    return Experiment().changed({**SETTINGS, "loss": DIVERGENCES[name].loss, **changes})


def trained(name: str, seed: int, **changes: Any) -> Normal:
    """What a run learns: its exact divergence, mean and standard deviation."""
    last = train(experiment(name, seed=seed, **changes), progress=False).frames[-1]
    slope, mean = np.polyfit(last.scene.z, last.g, 1)
    return Normal(divergence(name, float(mean), abs(float(slope))), float(mean), abs(float(slope)))


DIVERGENCES: dict[str, Divergence] = {
    "kl": Divergence(
        "KL",
        "kl",
        lambda log_p, log_q: np.exp(log_p) * (log_p - log_q),
        (".2831", "1.0100", "1.8308"),
        (".2801", "1.0335", "1.8236"),
        1e-4,
    ),
    "reverse_kl": Divergence(
        "reverse KL",
        "reverse_kl",
        lambda log_p, log_q: np.exp(log_q) * (log_q - log_p),
        (".2480", "1.5782", "1.6319"),
        (".2415", "1.5624", "1.6403"),
        1e-4,
    ),
    "js": Divergence(
        "Jensen–Shannon (twice)",
        "jensen_shannon",
        _jensen_shannon,
        (".1280", "1.3070", "1.7542"),
        (".1226", "1.2854", "1.7659"),
        5e-5,
    ),
    "jeffreys": Divergence(
        "Jeffreys",
        "jeffreys",
        lambda log_p, log_q: (np.exp(log_p) - np.exp(log_q)) * (log_p - log_q),
        (".5705", "1.3218", "1.7034"),
        (".5151", "1.2295", "1.8087"),
        0.0167,
    ),
    "pearson": Divergence(
        "Pearson χ²",
        "pearson",
        lambda log_p, log_q: np.exp(2 * log_p - log_q) - 2 * np.exp(log_p) + np.exp(log_q),
        (".6457", ".5737", "1.9274"),
        (".6379", ".6157", "1.9031"),
        9e-4,
    ),
}

PUBLISHED = (
    *(
        Published(f"{item.title}: D*, μ*, σ*", " / ".join(item.best), f"each within {TOLERANCE:g}")
        for item in DIVERGENCES.values()
    ),
    *(
        Published(
            f"{item.title}, trained: μ̂, σ̂; excess",
            f"{item.trained[1]} / {item.trained[2]}; {item.excess:.1e}",
            f"excess ≤ {item.excess:g}, median of {SEEDS}",
        )
        for item in DIVERGENCES.values()
    ),
)


def _findings(options: Options) -> Iterator[Finding]:
    published = iter(PUBLISHED)
    for name, item in DIVERGENCES.items():
        ours = best(name)
        gaps = [abs(value - float(given)) for value, given in zip(ours, item.best, strict=True)]
        text = " / ".join(f"{value:.4f}" for value in ours)
        yield Finding(next(published), text, max(gaps) <= TOLERANCE, ours._asdict())
    seeds = SEEDS if options.seeds is None else options.seeds
    work = [(name, seed) for name in DIVERGENCES for seed in range(seeds)]
    fits = {place: trained(*place) for place in options.each(work, "f-GAN")}
    for name, item in DIVERGENCES.items():
        runs = [fits[name, seed] for seed in range(seeds)]
        excesses = [fit.divergence - best(name).divergence for fit in runs]
        excess = statistics.median(excesses)
        mean, std = (statistics.median(values) for values in list(zip(*runs, strict=True))[1:])
        yield Finding(
            next(published),
            f"{mean:.4f} / {std:.4f}; {excess:.1e} (worst {max(excesses):.1e})",
            None if options.few(SEEDS) else excess <= item.excess,
            {"excess": excesses, "mean": [fit.mean for fit in runs], "std": [fit.std for fit in runs]},
        )


def _measure(options: Options) -> Outcome:
    findings = list(_findings(options))

    def drawn() -> Any:
        from gausslab.figures.papers import Fit, fits

        shown = (X > -5) & (X < 8)
        x = X[shown]
        fitted = findings[len(DIVERGENCES) :]
        return fits(
            x,
            np.exp(LOG_P[shown]),
            [
                Fit(
                    item.title,
                    np.exp(_log_normal(x, best(name).mean, best(name).std)),
                    np.exp(
                        _log_normal(
                            x,
                            statistics.median(finding.numbers["mean"]),
                            statistics.median(finding.numbers["std"]),
                        )
                    ),
                )
                for (name, item), finding in zip(DIVERGENCES.items(), fitted, strict=True)
            ],
        )

    return Outcome(findings, [Picture("f-gan", CAPTION, drawn)])


CAPTION = "The mixture, the best normal of each divergence, and the one that a run has learnt: the last two coincide."

F_GAN = Reproduction(
    title="f-GAN: a normal fitted to a mixture under five divergences",
    source=(
        "S. Nowozin, B. Cseke, R. Tomioka: f-GAN: training generative neural samplers using variational divergence "
        "minimization. NIPS 2016, arXiv:1606.00709"
    ),
    story=(
        "P = 0.33 N(−1, 0.065) + 0.67 N(2, 2.0), second parameters being variances (not printed in the paper; found "
        "from its figures, of which it reproduces all 15). G = μ + σz, D 1-64-64-1 tanh, batch 1024, as in the paper. "
        f"Ours are {STEPS:,} steps of this lab's Adam with its schedule, strata and average of G, two D steps each, "
        "gradients no longer than 1, no penalty. The best columns are near certain; the trained ones are "
        "remembered, and their excess, the exact divergence at (μ̂, σ̂) over the best, was computed from them."
    ),
    published=PUBLISHED,
    measure=_measure,
    remarks=(
        "What a discriminator reports as the divergence says little about the fit; the excess does: it is 0 for the "
        "best normal, and is exact."
    ),
)
