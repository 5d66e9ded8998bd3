"""Both players' losses and gradients in plain NumPy, worked out by hand: what JAX is held against.

A network is a list of layers (W, b). Every layer but the last ends in tanh:

    h₀ = x,   hᵢ₊₁ = tanh(hᵢ Wᵢ + bᵢ),   output = h W + b

A loss is a mean over the batch, so that its slope in each output comes divided by the batch's size n. From there the
chain rule walks back through the layers, and for the generator on through the discriminator's input to the fakes.
"""

from itertools import pairwise

import numpy as np

Layers = list[tuple[np.ndarray, np.ndarray]]


def forward(layers: Layers, x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The output, (batch, 1), and what went into each layer."""
    seen = [x]
    for W, b in layers[:-1]:
        seen.append(np.tanh(seen[-1] @ W + b))
    W, b = layers[-1]
    return seen[-1] @ W + b, seen


def backward(layers: Layers, seen: list[np.ndarray], slope: np.ndarray) -> tuple[Layers, np.ndarray]:
    """From the loss's slope in the output to its gradient in every W and b, and its slope in the input."""
    gradient: Layers = []
    for depth in reversed(range(len(layers))):
        W, _ = layers[depth]
        h = seen[depth]
        gradient.insert(0, (h.T @ slope, slope.sum(axis=0)))  # ∂(hW + b)/∂W = h, ∂/∂b = 1
        slope = slope @ W.T
        if depth > 0:
            slope = slope * (1 - h**2)  # tanh′ = 1 − tanh²
    return gradient, slope


def sigmoid(v: np.ndarray) -> np.ndarray:
    """The belief "real" of a raw output v."""
    return 1 / (1 + np.exp(-v))


def discriminator(G: Layers, D: Layers, real: np.ndarray, z: np.ndarray) -> tuple[float, Layers]:
    """−E log σ(D(real)) − E log(1 − σ(D(G(z)))), and its gradient in D."""
    fake, _ = forward(G, z)
    v_real, seen_real = forward(D, real)
    v_fake, seen_fake = forward(D, fake)
    loss = np.mean(np.logaddexp(0, -v_real)) + np.mean(np.logaddexp(0, v_fake))
    n = len(real)
    on_real, _ = backward(D, seen_real, -sigmoid(-v_real) / n)  # d/dv log(1 + e⁻ᵛ) = −σ(−v)
    on_fake, _ = backward(D, seen_fake, sigmoid(v_fake) / n)  # d/dv log(1 + eᵛ) = σ(v)
    return loss, [(W + U, b + c) for (W, b), (U, c) in zip(on_real, on_fake, strict=True)]


def generator(G: Layers, D: Layers, z: np.ndarray, *, saturating: bool) -> tuple[float, Layers]:
    """−E log σ(D(G(z))), or E log(1 − σ(D(G(z)))) of the minimax game, and its gradient in G."""
    fake, seen_z = forward(G, z)
    v, seen_fake = forward(D, fake)
    n = len(z)
    if saturating:
        loss, slope = -np.mean(np.logaddexp(0, v)), -sigmoid(v) / n
    else:
        loss, slope = np.mean(np.logaddexp(0, -v)), -sigmoid(-v) / n
    _, push = backward(D, seen_fake, slope)  # D stands still: only its slope in x is handed on
    gradient, _ = backward(G, seen_z, push)
    return loss, gradient


def unflattened(vector: np.ndarray, sizes: list[int]) -> Layers:
    """Layers from one flat vector, in the order in which the package lays it out: b before W, layer by layer."""
    layers: Layers = []
    start = 0
    for before, after in pairwise(sizes):
        b = vector[start : start + after]
        start += after
        W = vector[start : start + before * after].reshape(before, after)
        start += before * after
        layers.append((W, b))
    assert start == vector.size
    return layers


def flattened(layers: Layers) -> np.ndarray:
    """The inverse of `unflattened`."""
    return np.concatenate([np.concatenate([b, W.ravel()]) for W, b in layers])
