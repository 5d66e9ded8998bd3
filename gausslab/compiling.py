"""What XLA is asked for, by what a program is for."""

from __future__ import annotations

import jax

from gausslab.settings import Experiment, Network

# Small products live on short loops: LLVM's first level compiles a third sooner than its last, and together with full
# vectors a small step takes two thirds of the time (docs/design.md). Other devices keep their own defaults.
COMPILED_FOR_SMALL_STEPS = (
    {
        "xla_backend_optimization_level": 1,
        "xla_cpu_prefer_vector_width": 512,
        "xla_cpu_parallel_codegen_split_count": 4,
    }
    if jax.default_backend() == "cpu"
    else {}
)

# XLA's older way to make kernels takes two thirds of the time, and writes over what it reads: what a layer does to its
# sums is then not vectorised. A step of two layers of 32 tanh takes twice as long; of curves, hardly longer. Up to so
# many sums in a batch, 5,000 steps do not lose what was won.
COMPILED_SOON = COMPILED_FOR_SMALL_STEPS and COMPILED_FOR_SMALL_STEPS | {"xla_cpu_use_fusion_emitters": False}
FEW_SUMS = 8192

# What runs once is compiled in less than half the time without optimisation, and gives the same bits.
COMPILED_FOR_ONE_USE = (
    {
        "xla_backend_optimization_level": 0,
        "xla_cpu_use_fusion_emitters": False,
        "xla_cpu_parallel_codegen_split_count": 1,
    }
    if jax.default_backend() == "cpu"
    else {}
)


def is_soon(structure: Experiment) -> bool:
    """Whether a structure's programs are compiled the sooner way, at no loss of speed."""
    generator, discriminator = structure.generator, structure.discriminator
    sums = _sums(generator, structure.latent.dimension) + _sums(discriminator, discriminator.pack)
    return structure.batch * sums <= FEW_SUMS and not structure.sampled


def _sums(network: Network, inputs: int) -> int:
    """Units that sum several others; those of one input only scale it."""
    several = inputs > 1 or network.fourier_features
    return sum(network.widths[0 if several else 1 :])
