"""The same game in PyTorch and in TensorFlow, as people write it: a script that runs in an interpreter of its own.

    python rivals.py NAME      # a key of RIVALS

It says on its first line of output that it is ready, or what it misses; then, for every line of input that holds a
number of steps, it trains for so many and answers with the seconds that they took. All lines are JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

BATCH, WIDTH, RATE, BETA1, BETA2 = 256, 32, 1e-3, 0.5, 0.999
MEAN, STD = 4.0, 1.25

Train = Callable[[int], None]


def torch_eager() -> tuple[Train, str]:
    """Modules, `backward` and two optimisers, one operation at a time.

    On its default number of threads or on one, whichever is quicker here: products this small gain little from a
    second thread, and lose all where another process keeps that core busy.
    """
    import torch
    from torch.nn.functional import softplus

    def network() -> torch.nn.Module:
        return torch.nn.Sequential(
            torch.nn.Linear(1, WIDTH),
            torch.nn.Tanh(),
            torch.nn.Linear(WIDTH, WIDTH),
            torch.nn.Tanh(),
            torch.nn.Linear(WIDTH, 1),
        )

    generator, discriminator = network(), network()
    for_generator = torch.optim.Adam(generator.parameters(), RATE, betas=(BETA1, BETA2))
    for_discriminator = torch.optim.Adam(discriminator.parameters(), RATE, betas=(BETA1, BETA2))

    def train(steps: int) -> None:
        for _ in range(steps):
            real = MEAN + STD * torch.randn(BATCH, 1)
            with torch.no_grad():
                fake = generator(torch.rand(BATCH, 1))
            for_discriminator.zero_grad()
            (softplus(-discriminator(real)).mean() + softplus(discriminator(fake)).mean()).backward()
            for_discriminator.step()
            for_generator.zero_grad()
            softplus(-discriminator(generator(torch.rand(BATCH, 1)))).mean().backward()
            for_generator.step()

    took = {}
    for threads in (torch.get_num_threads(), 1):
        torch.set_num_threads(threads)
        train(5)
        started = time.perf_counter()
        train(20)
        took[threads] = time.perf_counter() - started
    quickest = min(took, key=lambda threads: took[threads])
    torch.set_num_threads(quickest)
    return train, f"PyTorch {torch.__version__}, {quickest} thread{'s' if quickest > 1 else ''}"


def _tensorflow(*, graph: bool) -> tuple[Train, str]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    def network() -> tf.keras.Model:
        layers = tf.keras.layers
        return tf.keras.Sequential(
            [
                layers.Input((1,)),
                layers.Dense(WIDTH, activation="tanh"),
                layers.Dense(WIDTH, activation="tanh"),
                layers.Dense(1),
            ]
        )

    generator, discriminator = network(), network()
    for_generator = tf.keras.optimizers.Adam(RATE, beta_1=BETA1, beta_2=BETA2)
    for_discriminator = tf.keras.optimizers.Adam(RATE, beta_1=BETA1, beta_2=BETA2)
    for_generator.build(generator.trainable_variables)
    for_discriminator.build(discriminator.trainable_variables)
    softplus, mean = tf.math.softplus, tf.reduce_mean

    def step() -> None:
        real = tf.random.normal((BATCH, 1), MEAN, STD)
        fake = generator(tf.random.uniform((BATCH, 1)), training=True)
        with tf.GradientTape() as tape:
            loss = mean(softplus(-discriminator(real, training=True))) + mean(
                softplus(discriminator(fake, training=True))
            )
        gradients = tape.gradient(loss, discriminator.trainable_variables)
        for_discriminator.apply_gradients(zip(gradients, discriminator.trainable_variables, strict=True))
        with tf.GradientTape() as tape:
            fake = generator(tf.random.uniform((BATCH, 1)), training=True)
            loss = mean(softplus(-discriminator(fake, training=True)))
        gradients = tape.gradient(loss, generator.trainable_variables)
        for_generator.apply_gradients(zip(gradients, generator.trainable_variables, strict=True))

    one = tf.function(step) if graph else step

    def train(steps: int) -> None:
        for _ in range(steps):
            one()

    return train, f"TensorFlow {tf.__version__}, {os.cpu_count()} threads"


def tensorflow_function() -> tuple[Train, str]:
    """Keras models, a tape for each player, the whole step in one `tf.function`."""
    return _tensorflow(graph=True)


def tensorflow_eager() -> tuple[Train, str]:
    """Keras models, a tape for each player, one operation at a time, as the classics run it."""
    return _tensorflow(graph=False)


RIVALS: dict[str, Callable[[], tuple[Train, str]]] = {
    "torch_eager": torch_eager,
    "tensorflow_function": tensorflow_function,
    "tensorflow_eager": tensorflow_eager,
}


def main(name: str) -> None:
    """Train as often as asked."""
    try:
        train, versions = RIVALS[name]()
    except ImportError as missing:
        print(json.dumps({"missing": str(missing)}), flush=True)
        return
    train(5)
    print(json.dumps({"ready": versions}), flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        train(json.loads(line))
        print(json.dumps({"seconds": time.perf_counter() - started}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
