"""A run in numbers: what `gausslab train --json` prints and what a notebook shows."""

from __future__ import annotations

import html
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gausslab.frame import Frame

if TYPE_CHECKING:
    from gausslab.run import Run


@dataclass(frozen=True)
class Summary:
    """The last frame of a run in numbers."""

    target: str
    steps: int  # taken so far
    seed: int
    wasserstein: float  # in units of x
    wasserstein_over_std: float
    ks: float
    js: float  # nats
    kl: float  # nats
    energy: float
    mean: float
    std: float
    modes: int
    modes_covered: int
    mode_masses: tuple[float, ...]
    outside: float
    noise_floor: float
    sampled: bool
    verdict: str
    diagnosis: str
    steps_per_second: float
    compile_seconds: float
    seconds: float  # of training, compiling included

    @classmethod
    def of(cls, run: Run, *, frame: Frame | None = None) -> Summary:
        """Sum up a run as it stands.

        Args:
            run: with a frame.
            frame: the one to take the readings and the words from; the last one if None.
        """
        frame = run.frames[-1] if frame is None else frame
        readings = frame.readings
        return cls(
            target=run.target.label,
            steps=run.step,
            seed=run.experiment.seed,
            wasserstein=readings.wasserstein,
            wasserstein_over_std=readings.wasserstein_over_std,
            ks=readings.ks,
            js=readings.js,
            kl=readings.kl,
            energy=readings.energy,
            mean=readings.mean,
            std=readings.std,
            modes=len(readings.mode_masses),
            modes_covered=readings.modes_covered,
            mode_masses=tuple(float(mass) for mass in readings.mode_masses),
            outside=readings.outside,
            noise_floor=frame.scene.noise_floor,
            sampled=frame.sampled,
            verdict="diverged" if run.failure else frame.verdict,
            diagnosis=run.failure.sentence if run.failure else frame.diagnosis,
            steps_per_second=run.timing.steps_per_second,
            compile_seconds=run.timing.compiling,
            seconds=run.timing.compiling + run.timing.training,
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values for JSON, which knows no infinity: null stands for what is infinite or undefined."""

        def plain(value: Any) -> Any:
            if isinstance(value, float):
                return value if math.isfinite(value) else None
            return list(value) if isinstance(value, tuple) else value

        return {name: plain(value) for name, value in asdict(self).items()}

    def rows(self) -> list[tuple[str, str]]:
        """Names and values for a person to read."""
        percent = [f"{100 * mass:.0f} %" for mass in self.mode_masses]
        shown = ", ".join(percent[:10]) + (", …" if len(percent) > 10 else "")
        return [
            ("target", self.target),
            ("steps", f"{self.steps:,}, seed {self.seed}"),
            ("W1", self._wasserstein()),
            ("KS", f"{self.ks:.4f}"),
            ("Jensen–Shannon", f"{self.js:.3g} nats"),
            ("mean, std", f"{self.mean:.4g}, {self.std:.4g}"),
            ("modes", f"{self.modes_covered} of {self.modes} ({shown})"),
            ("diagnosis", self.diagnosis),
            ("speed", f"{self.steps_per_second:,.0f} steps/s after {self.compile_seconds:.1f} s of compiling"),
        ]

    def _wasserstein(self) -> str:
        if math.isinf(self.wasserstein):
            return "infinite, as the target has no mean"
        return f"{self.wasserstein:.4g} ({self.wasserstein_over_std:.4f} σ)"

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self.rows())
        return "\n".join(f"{name:<{width}}  {value}" for name, value in self.rows())

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
            for name, value in self.rows()
        )
        return f"<table>{cells}</table>"
