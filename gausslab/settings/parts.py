"""The parts of an experiment: networks, latent, optimiser and remedies, with all that their settings may be."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from gausslab.settings.describing import Part, in_table, knob

Activation = Literal["relu", "leaky_relu", "elu", "tanh", "sigmoid", "softplus", "gelu", "silu"]


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

    @property
    def keeps_statistics(self) -> bool:
        """Whether it remembers more than its parameters from batch to batch."""
        return self.batch_norm or self.spectral_norm


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


class Optimiser(Part, frozen=True):
    """How gradients become steps; the same kind for both players."""

    name: Annotated[str, in_table("optimisers", "OPTIMISERS", "optimisers")] = Field(
        default="adam", description="Which optimiser; `gausslab optimisers` lists them."
    )
    beta1: float = knob(0.0, "Memory of the gradient (Adam's β₁, momentum of SGD).", 0.0, 0.999)
    beta2: float = knob(0.998, "Memory of the squared gradient (Adam's β₂, RMSprop's decay).", 0.0, 0.9999)
    epsilon: float = knob(
        1e-8, "Gradients smaller than this take proportionally smaller steps (Adam's ε).", 1e-12, 1.0, log=True
    )
    schedule: Annotated[str, in_table("optimisers", "SCHEDULES", "schedules")] = Field(
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
