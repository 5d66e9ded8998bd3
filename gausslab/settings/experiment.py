"""The experiment itself: everything that decides a run, checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from gausslab.errors import BadInput
from gausslab.settings.describing import Part, in_table, knob
from gausslab.settings.listing import Setting, described, knob_facts, walk
from gausslab.settings.parts import Discriminator, Generator, Latent, Optimiser, Remedies
from gausslab.settings.penalties import Penalties, as_items
from gausslab.settings.sentences import sentence, unknown_name

MAX_STEPS = 50_000_000


def _target_text(value: Any) -> Any:
    """Turn an array, a distribution or a target into its textual form, and check a text by parsing it."""
    from gausslab import targets

    if isinstance(value, str):
        return targets.parse(value).text
    if isinstance(value, targets.Target):
        return value.text
    return targets.from_values(value).text


class Experiment(Part, frozen=True):
    """Everything that decides a run: the same experiment gives the same bits."""

    target: Annotated[str, BeforeValidator(_target_text)] = Field(
        default="normal(4, 1.25)", description="The density to learn, e.g. 'normal(4, 1.25)' or 'comb(8)'."
    )
    location: float = knob(0.0, "How far the target is moved from where its text puts it.", -1e6, 1e6, unit="x")
    scale: float = knob(1.0, "How many times the target is widened about its centre.", 1e-3, 1e3, log=True)
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Decides every random number of the run.")
    steps: int = Field(default=5000, ge=1, le=MAX_STEPS, description="Steps to train for.")
    frame_every: int = Field(default=20, ge=1, le=100_000, description="Steps between two recorded frames.")
    batch: int = Field(default=256, ge=2, le=8192, description="Real and fake samples in each update.")
    standardised: bool = Field(
        default=True, description="Scale the data to unit size with the centre and spread at the start."
    )
    stratified: bool = Field(
        default=True, description="Draw one real sample in each 1/batch of the target's probability."
    )
    loss: Annotated[str, in_table("losses", "LOSSES", "losses")] = Field(
        default="relativistic", description="What the players play for; `gausslab losses` lists them."
    )
    update: Annotated[str, in_table("updates", "UPDATES", "updates")] = Field(
        default="alternating", description="Who moves when; `gausslab updates` lists the rules."
    )
    generator: Generator = Generator()
    discriminator: Discriminator = Discriminator()
    latent: Latent = Latent()
    optimiser: Optimiser = Optimiser()
    penalties: Penalties = Field(
        default=(("r1", 1.0), ("r2", 1.0)), description="Penalties on the discriminator and their weights."
    )
    remedies: Remedies = Remedies()

    def __init__(self, /, **values: Any) -> None:
        """Check the settings.

        Raises:
            BadInput: one sentence for the first setting that cannot be used.
        """
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise BadInput(sentence(error, values, Experiment().settings)) from None

    @model_validator(mode="after")
    def _agree(self) -> Experiment:
        """Check what no single setting can know."""
        if self.latent.low >= self.latent.high:
            raise ValueError(f"expected latent.low below latent.high, got {self.latent.low} and {self.latent.high}")
        if self.batch % self.discriminator.pack:
            raise ValueError(
                f"expected a batch that discriminator.pack divides, got {self.batch} and {self.discriminator.pack}"
            )
        return self

    @property
    def sampled(self) -> bool:
        """Whether G is no map of one z, so that frames are read from samples."""
        return self.latent.dimension > 1 or bool(self.generator.always_dropped and self.generator.dropout)

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """Every setting with its description, in the order in which it is written down."""
        return tuple(described(path, value, info) for path, value, info in walk(self))

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """Every setting's value by its dotted path."""
        return MappingProxyType({path: value for path, value, _ in walk(self)})

    def knobs(self) -> dict[str, float]:
        """Every knob by its dotted path: what may change in the middle of a run."""
        return {path: float(value) for path, value, info in walk(self) if knob_facts(info).get("knob")}

    def structure(self) -> Experiment:
        """The experiment with every knob at its default: what the compiled program depends on, and nothing else."""
        values = {"target": Experiment.model_fields["target"].default}
        for setting in self.settings:
            if setting.path in ("seed", "steps", "frame_every"):
                values[setting.path] = setting.default
            elif setting.gate:
                values[setting.path] = type(setting.value)(setting.value > 0)
            elif setting.knob:
                values[setting.path] = setting.default
        return self.changed(values)

    def beginning(self) -> Experiment:
        """As much of it as the first state of a game depends on: networks, latent, and what the optimiser remembers."""
        return self.structure().narrowed("generator.", "discriminator.", "latent.", "optimiser.name", "batch")

    def narrowed(self, *paths: str) -> Experiment:
        """Another one that has some of its settings, and is usual in all others.

        Args:
            paths: of settings, or how those of several begin.
        """
        told = {path: value for path, value in self.values.items() if path.startswith(paths)}
        return Experiment().structure().changed(told)

    def changed(self, values: Mapping[str, Any]) -> Experiment:
        """The experiment with some settings changed, each by its dotted path.

        Raises:
            BadInput: a path that is no setting, or a value that it cannot take.
        """
        tree = self.model_dump()
        for path, value in values.items():
            *groups, name = path.split(".")
            branch = tree
            for group in groups:
                branch = branch.get(group) if isinstance(branch, dict) else None
            if not isinstance(branch, dict) or (name not in branch and groups != ["penalties"]):
                raise BadInput(unknown_name(path, self.values))
            branch[name] = dict(value) if isinstance(value, Mapping) else value  # a copy, which later paths may change
        return Experiment(**_told(Experiment, tree))


def _told(kind: type[Part], tree: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not a part's defaults: those need no check, for which a name's table would be loaded."""
    told = {}
    for name, value in tree.items():
        default = kind.model_fields[name].default if name in kind.model_fields else None
        if isinstance(default, Part) and isinstance(value, Mapping):
            told[name] = _told(type(default), value)
        elif name not in kind.model_fields or as_items(value) != default:
            told[name] = value
    return told
