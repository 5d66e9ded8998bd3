"""The one description of an experiment: names, bounds, units, defaults and one line of help for every setting.

Sliders, command-line flags, TOML files, share links, error messages and the docs' table are all derived from here.
A *knob* changes while a run goes on and never recompiles; everything else is *structure*.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args, get_origin

import tomli_w
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo

from gausslab.errors import BadInput

MAX_STEPS = 50_000_000
FORMAT = 1  # of experiment.toml; raised when a file of an older version can no longer be read as it stands
# Told beside the settings, of a run.
RECORD = ("taken", "first", "goal", "checkpoint_every", "stops", "failure", "events", "ahead")
# Settings that there were not from the beginning, each with the value that every run before it was trained with.
LATER = {"generator.knots": 0, "discriminator.knots": 0, "discriminator.weight_decay": 0.0}

Activation = Literal["relu", "leaky_relu", "elu", "tanh", "sigmoid", "softplus", "gelu", "silu"]


def knob(
    default: float, help: str, low: float, high: float, *, unit: str = "", log: bool = False, gate: bool = False
) -> Any:
    """A setting that acts at once, on the very next step.

    Args:
        default: its value unless told otherwise.
        help: one line.
        low: lowest value allowed.
        high: highest value allowed.
        unit: what it is measured in.
        log: whether a slider for it should be logarithmic.
        gate: whether 0 leaves its machinery out of the compiled program, so that crossing 0 recompiles once.
    """
    return Field(
        default,
        ge=low,
        le=high,
        allow_inf_nan=False,
        description=help,
        json_schema_extra={"knob": True, "unit": unit, "log": log, "gate": gate},
    )


class Part(BaseModel, frozen=True):
    """A group of settings: frozen, hashable, and strict about names."""

    model_config = ConfigDict(extra="forbid")


def _one_or_many(value: Any) -> Any:
    """Read `32` and `32,32` as one or several layer widths, as they come from a command line."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.strip("[]() ").split(",") if part.strip())
    return (value,) if isinstance(value, int) else value


Widths = Annotated[tuple[Annotated[int, Field(ge=1, le=1024)], ...], Field(max_length=8), BeforeValidator(_one_or_many)]


class Network(Part, frozen=True):
    """A multilayer perceptron and how fast it learns."""

    widths: Widths = Field(default=(), description="Units of each hidden layer, e.g. 32,32; empty is none.")
    activation: Activation = Field(default="tanh", description="What each hidden unit does to its sum.")
    knots: int = Field(default=0, ge=0, le=4096, description="Knots of a curve beside the layers; 0 is none.")
    fourier_features: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Feed sin and cos of this many frequencies along with the input; 0 is none.",
    )
    fourier_decay: float = Field(
        default=0.0,
        ge=0,
        le=2,
        description="How fast the height of these waves falls: that of frequency k is k to minus this.",
    )
    leak: float = Field(default=0.2, ge=0, le=1, description="Slope of leaky_relu below 0.")
    initial_std: float = Field(
        default=0.0,
        ge=0,
        le=10,
        description="Std of the initial weights, normal and cut at two of it; 0 lets each layer's inputs decide.",
    )
    initialisation: Literal["spread", "zeros"] = Field(
        default="spread", description="First-layer biases: kinks spread over the input's range, or all zero."
    )
    ordered: bool = Field(
        default=False, description="Begin as a gentle straight line, so that larger inputs give larger outputs."
    )
    dropout: float = Field(
        default=0.0, ge=0, le=0.9, description="Share of hidden units silenced at random; 0 is none."
    )
    batch_norm: bool = Field(default=False, description="Normalise every hidden layer over the batch.")
    spectral_norm: bool = Field(default=False, description="Divide every weight matrix by its largest singular value.")


class Generator(Network, frozen=True):
    """The generator, and the average of it that is shown and kept."""

    knots: int = Field(
        default=513,
        ge=0,
        le=4096,
        description="Knots of a curve beside the layers, straight from each to the next; 0 is none.",
    )
    fourier_decay: float = Field(
        default=1.5,
        ge=0,
        le=2,
        description="How fast the height of these waves falls: that of frequency k is k to minus this.",
    )
    ordered: bool = Field(
        default=True,
        description="Begin as a gentle line, larger inputs giving larger outputs; knots alone stay in that order.",
    )
    bound: float = Field(
        default=0.0,
        ge=0,
        le=1000,
        description="The output is this times tanh of what layers and curve say, as the networks see x; 0 is no bound.",
    )
    always_dropped: bool = Field(
        default=False,
        description="Dropout also where the generator is looked at, so that frames are read from samples.",
    )
    rate: float = knob(2e-2, "Learning rate of the generator.", 0.0, 1.0, log=True)
    steps: int = knob(1, "Generator updates in a step; 0 leaves it alone.", 0, 32)
    averaging: float = knob(
        0.998,
        "Share of the past kept in the average of the generator's weights; 0 shows the weights themselves.",
        0,
        0.9999,
    )


class Discriminator(Network, frozen=True):
    """The discriminator: what it looks at and how fast it learns."""

    knots: int = Field(
        default=2048,
        ge=0,
        le=4096,
        description="Knots of a curve beside the layers, its slope straight from each to the next; 0 is none.",
    )
    rate: float = knob(3e-3, "Learning rate of the discriminator.", 0.0, 1.0, log=True)
    steps: int = knob(1, "Discriminator updates in a step; 0 leaves it alone.", 0, 32)
    weight_decay: float = knob(
        0.03, "Share of the slopes at its knots that the discriminator forgets in an update at full rate.", 0.0, 1.0
    )
    pack: int = Field(
        default=1, ge=1, le=1024, description="Samples that the discriminator looks at together (PacGAN)."
    )
    moments: int = Field(
        default=0,
        ge=0,
        le=4,
        description="Moments of a pack that are looked at in its place: mean, std, skewness, kurtosis; 0 is none.",
    )
    limit: float = Field(
        default=0.0,
        ge=0,
        le=1000,
        description="Raw outputs are cut off at plus and minus this, and teach nothing beyond; 0 is no limit.",
    )
    minibatch_kernels: int = Field(
        default=0, ge=0, le=64, description="Kernels of a minibatch-discrimination layer; 0 is none."
    )
    minibatch_dimension: int = Field(
        default=3, ge=1, le=16, description="Dimension of each minibatch-discrimination kernel."
    )


class Latent(Part, frozen=True):
    """The noise that enters the generator."""

    kind: Literal["uniform", "normal"] = Field(default="uniform", description="Law of each coordinate of z.")
    low: float = Field(default=0.0, ge=-100, le=100, description="Lower end of uniform noise.")
    high: float = Field(default=1.0, ge=-100, le=100, description="Upper end of uniform noise.")
    dimension: int = Field(default=1, ge=1, le=256, description="Coordinates of z; exact readings need 1.")
    stratified: bool = Field(
        default=True, description="Draw one z in each 1/batch of the probability (first coordinate)."
    )


@dataclass(frozen=True)
class Table:
    """The table that defines the names which a setting may take, loaded when it is first asked for."""

    module: str
    name: str
    command: str  # lists it: `gausslab <command>`

    def members(self) -> Mapping[str, Any]:
        """The table itself."""
        return getattr(import_module(f"gausslab.{self.module}"), self.name)

    def __call__(self, name: str) -> str:
        """The name, once it is certain that it is in the table."""
        members = self.members()
        if name not in members:
            near = get_close_matches(name, members, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"`gausslab {self.command}` says what each is"
            raise ValueError(f"expected one of {', '.join(members)}, got {name!r}; {hint}")
        return name


def _in_table(module: str, table: str, command: str) -> AfterValidator:
    """Check a name against the table that defines it."""
    return AfterValidator(Table(module, table, command))


class Optimiser(Part, frozen=True):
    """How gradients become steps; the same kind for both players."""

    name: Annotated[str, _in_table("optimisers", "OPTIMISERS", "optimisers")] = Field(
        default="adam", description="Which optimiser; `gausslab optimisers` lists them."
    )
    beta1: float = knob(0.0, "Memory of the gradient (Adam's β₁, momentum of SGD).", 0.0, 0.999)
    beta2: float = knob(0.998, "Memory of the squared gradient (Adam's β₂, RMSprop's decay).", 0.0, 0.9999)
    epsilon: float = knob(
        1e-8, "Gradients smaller than this take proportionally smaller steps (Adam's ε).", 1e-12, 1.0, log=True
    )
    schedule: Annotated[str, _in_table("optimisers", "SCHEDULES", "schedules")] = Field(
        default="cosine", description="How the learning rates fall; `gausslab schedules` lists the ways."
    )
    warm_up: int = knob(100, "Steps over which the learning rates rise to their full height.", 1, 100_000, unit="steps")
    horizon: int = knob(5000, "Steps over which the schedule runs.", 1, 10_000_000, unit="steps", log=True)
    final: float = knob(0.02, "Share of the learning rates left at the end of a cosine schedule.", 0.0, 1.0)
    decay_every: int = knob(1000, "Steps between two drops of a step schedule.", 1, 10_000_000, unit="steps", log=True)
    decay: float = knob(0.5, "Factor of each drop of a step schedule.", 0.0, 1.0)


class Remedies(Part, frozen=True):
    """What has been found to help a game converge, beside penalties."""

    instance_noise: float = knob(
        0.0, "Noise added to all that the discriminator sees, in units of the data's spread.", 0.0, 10.0
    )
    noise_half_life: int = knob(1000, "Steps in which instance noise halves.", 1, 10_000_000, unit="steps", log=True)
    label_smoothing: float = knob(0.0, "Share of real samples called fake (one-sided).", 0.0, 0.5)
    clip_gradient: float = knob(0.0, "Longest gradient of either player; 0 is no limit.", 0.0, 1e6, log=True, gate=True)
    clip_weights: float = knob(0.0, "Largest weight of the discriminator; 0 is no limit.", 0.0, 100.0, gate=True)
    unrolled: int = knob(0, "Discriminator steps that the generator looks ahead.", 0, 16, unit="steps", gate=True)
    consensus: float = knob(0.0, "Weight of consensus optimisation.", 0.0, 100.0, gate=True)


def _sorted_items(value: Any) -> Any:
    return _items(dict(value)) if isinstance(value, Mapping | tuple | list) else value


def _items(value: Any) -> Any:
    """A mapping as a model keeps it."""
    return tuple(sorted(value.items())) if isinstance(value, Mapping) else value


def _target_text(value: Any) -> Any:
    """Turn an array, a distribution or a target into its textual form, and check a text by parsing it."""
    from gausslab import targets

    if isinstance(value, str):
        return targets.parse(value).text
    if isinstance(value, targets.Target):
        return value.text
    return targets.from_values(value).text


PENALTY_TABLE = Table("penalties", "PENALTIES", "penalties")
PenaltyName = Annotated[str, AfterValidator(PENALTY_TABLE)]
PENALTY_WEIGHT = knob(0.0, "Weight of a penalty on the discriminator.", 0.0, 1000.0, log=True)
PenaltyWeight = Annotated[float, Field(ge=0.0, le=1000.0, allow_inf_nan=False)]
Penalties = Annotated[
    tuple[tuple[PenaltyName, PenaltyWeight], ...], BeforeValidator(_sorted_items), PlainSerializer(dict)
]


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
    loss: Annotated[str, _in_table("losses", "LOSSES", "losses")] = Field(
        default="relativistic", description="What the players play for; `gausslab losses` lists them."
    )
    update: Annotated[str, _in_table("updates", "UPDATES", "updates")] = Field(
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
            raise BadInput(_sentence(error, values)) from None

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
        return tuple(_setting(path, value, info) for path, value, info in _walk(self))

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """Every setting's value by its dotted path."""
        return MappingProxyType({path: value for path, value, _ in _walk(self)})

    def knobs(self) -> dict[str, float]:
        """Every knob by its dotted path: what may change in the middle of a run."""
        return {path: float(value) for path, value, info in _walk(self) if _extra(info).get("knob")}

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
        starts = ("generator.", "discriminator.", "latent.")
        told = {path: value for path, value in self.structure().values.items() if path.startswith(starts)}
        told |= {"optimiser.name": self.optimiser.name, "batch": self.batch}
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
                raise BadInput(_unknown(path, self.values))
            branch[name] = dict(value) if isinstance(value, Mapping) else value  # a copy, which later paths may change
        return Experiment(**_told(Experiment, tree))


def _told(kind: type[Part], tree: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not a part's defaults: those need no check, for which a name's table would be loaded."""
    told = {}
    for name, value in tree.items():
        default = kind.model_fields[name].default if name in kind.model_fields else None
        if isinstance(default, Part) and isinstance(value, Mapping):
            told[name] = _told(type(default), value)
        elif name not in kind.model_fields or _items(value) != default:
            told[name] = value
    return told


@dataclass(frozen=True)
class Setting:
    """One setting of an experiment, with all that a slider, a flag or a table of the docs needs to know."""

    path: str  # dotted, e.g. "generator.rate"
    value: Any
    default: Any
    help: str
    knob: bool  # acts at once; otherwise it asks for a new program
    gate: bool  # a knob that leaves its machinery out of the program at 0
    low: float | None
    high: float | None
    unit: str
    log: bool
    choices: tuple[str, ...]
    table: Table | None  # where its names come from, if they do

    @property
    def range(self) -> str:
        """Its lowest and highest value with their unit, for a person; empty where it has none."""
        if self.low is None or self.high is None:
            return ""
        low, high = (f"{bound:g}" if isinstance(bound, float) else str(bound) for bound in (self.low, self.high))
        return f"{low} to {high} {self.unit}".rstrip()


def _walk(part: Part, prefix: str = "") -> Iterator[tuple[str, Any, FieldInfo]]:
    """Every setting's dotted path, its value and the field that describes it."""
    for name, info in type(part).model_fields.items():
        path, value = f"{prefix}{name}", getattr(part, name)
        if isinstance(value, Part):
            yield from _walk(value, f"{path}.")
        elif path == "penalties":
            yield from ((f"{path}.{penalty}", weight, PENALTY_WEIGHT) for penalty, weight in value)
        else:
            yield path, value, info


def _setting(path: str, value: Any, info: FieldInfo) -> Setting:
    bounds = {key: getattr(item, key) for item in info.metadata for key in ("ge", "le") if hasattr(item, key)}
    extra = _extra(info)
    return Setting(
        path=path,
        value=value,
        default=info.default,
        help=info.description or "",
        knob=extra.get("knob", False),
        gate=extra.get("gate", False),
        low=bounds.get("ge"),
        high=bounds.get("le"),
        unit=extra.get("unit", ""),
        log=extra.get("log", False),
        choices=get_args(info.annotation) if get_origin(info.annotation) is Literal else (),
        table=next((item.func for item in info.metadata if isinstance(getattr(item, "func", None), Table)), None),
    )


def _extra(info: FieldInfo) -> Mapping[str, Any]:
    """What a knob's field says beside what Pydantic asks for."""
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}


def _unknown(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "`gausslab settings` lists them"
    return f"expected the name of a setting, got {name!r}; {hint}"


def _sentence(error: ValidationError, values: Mapping[str, Any]) -> str:
    """Say in one sentence what the first fault of a set of settings is."""
    first = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
    if path == "penalties" and len(first["loc"]) > 1:
        path += "." + str(_sorted_items(values["penalties"])[first["loc"][1]][0])
    if first["type"] == "extra_forbidden":
        return _unknown(path, Experiment().values)
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] != "value_error":
        came = repr(first["input"])
        reason = f"{reason[0].lower()}{reason[1:]}, got {came if len(came) < 80 else came[:77] + '...'}"
    known = {setting.path: setting for setting in Experiment().settings}.get(path)
    allowed = f" (allowed: {known.range})" if known and known.range else ""
    return f"{path}: {reason}{allowed}" if path and path != "target" else reason


def to_toml(experiment: Experiment, record: Mapping[str, Any] | None = None) -> str:
    """Write an experiment down, every setting of it.

    Args:
        experiment: what decides a run.
        record: what was done in a run of it, by the names in RECORD.
    """
    return tomli_w.dumps({"format": FORMAT, **experiment.model_dump(), **(record or {})}, multiline_strings=False)


def from_toml(text: str, folder: Path | None = None) -> Experiment:
    """Read an experiment from the text of a TOML file; what was done in a run of it is for `gausslab.files.replay`.

    Args:
        text: the file's content; settings left out take their defaults.
        folder: where data files named in the target are looked for; the current folder if None.

    Raises:
        BadInput: no TOML, a format from the future, or a setting that cannot be used.
    """
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"expected an experiment in TOML, got a text with a fault: {error}") from None
    version = values.pop("format", FORMAT)
    if type(version) is not int or version != FORMAT:
        raise BadInput(
            f"expected an experiment of format {FORMAT}, got {version!r}: open it with the gausslab that wrote it"
        )
    if "taken" in values:
        _complete(values)
    for name in RECORD:
        values.pop(name, None)
    unknown = [name for name in values if name not in Experiment.model_fields]
    if unknown:
        raise BadInput(_unknown(unknown[0], Experiment().values))
    if isinstance(values.get("target"), str) and folder is not None:
        from gausslab import targets

        values["target"] = targets.parse(values["target"], folder=folder).text
    return Experiment(**values)


def _complete(values: dict[str, Any]) -> None:
    """Say of a run that was saved before a setting was there what it was trained with: not with today's default."""
    for path, value in LATER.items():
        group, _, name = path.partition(".")
        if isinstance(values.get(group), dict):
            values[group].setdefault(name, value)


@dataclass(frozen=True)
class Limits:
    """What one visitor of the lab may ask of a server that serves others too."""

    width: int = 1024  # units of a hidden layer
    layers: int = 4  # hidden layers of a network
    batch: int = 2048
    latent: int = 128  # coordinates of z
    pack: int = 512  # samples that the discriminator looks at together
    look_ahead: int = 60  # frames asked for at once
    steps_per_frame: int = 10_000
    turn: float = 0.05  # seconds of one answer, so that sessions take turns
    history: int = 512  # recorded frames of a session, thinned evenly
    checkpoints: int = 4_000_000  # bytes of a branch's checkpoints
    seek: float = 0.25  # seconds that may go into the replay of a past step; else the last remembered one is shown
    replay: float = 3.0  # seconds that may go into the replay of a step from which another branch is to leave
    branches: int = 6  # of a session
    upload: int = 10_000_000  # bytes of a file of data
    values: int = 200_000  # numbers in it
    formula: int = 2_000  # characters of a typed target
    points: int = 1_000  # of a drawn curve
    plane_steps: int = 10  # of D, for one of G, in the phase plane
    link: int = 8_000  # characters of a link
    link_steps: int = 200_000  # that a link may ask for before its first shown frame
    films: int = 1  # made at the same time, by all sessions together
    film_frames: int = 240  # of one film
    saves: int = 8  # runs that wait to be written, of all sessions together
    saved: int = 120_000_000  # bytes of a run that is saved
    runs: int = 60  # on the shelf of one visitor
    shelf: int = 400_000_000  # bytes of it
    shelves: int = 8_000_000_000  # bytes of all shelves together, or of the one that all share
    opened: int = 256_000_000  # bytes of a saved run that is opened

    def check(self, experiment: Experiment) -> None:
        """Refuse an experiment that is too large to share a server with.

        Raises:
            BadInput: the first setting that goes too far.
        """
        sizes = {
            "batch": (experiment.batch, self.batch),
            "latent.dimension": (experiment.latent.dimension, self.latent),
            "discriminator.pack": (experiment.discriminator.pack, self.pack),
        }
        for player in ("generator", "discriminator"):
            widths = getattr(experiment, player).widths
            sizes[f"units in {player}.widths"] = (max(widths, default=0), self.width)
            sizes[f"layers in {player}.widths"] = (len(widths), self.layers)
        for name, (size, most) in sizes.items():
            if size > most:
                raise BadInput(
                    f"expected at most {most:,} {name} in the lab, got {size:,}; train it with `gausslab train`"
                )


LIMITS = Limits()
