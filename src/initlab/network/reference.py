"""The network written out in plain NumPy, as in the textbook. It is what the compiled trainer is tested against.

Forward, for l = 1..L, with examples as columns:

    zˡ = Wˡ aˡ⁻¹ + bˡ,   aˡ = φ(zˡ) ∘ mˡ          (mˡ: the inverted dropout mask, 1 where there is none)

Backward, from δ^L = (prediction - y)/m:

    ∂J/∂Wˡ = δˡ aˡ⁻¹ᵀ + l2 Wˡ,   ∂J/∂bˡ = Σ δˡ,   δˡ⁻¹ = (Wˡᵀ δˡ) ∘ mˡ⁻¹ ∘ φ'(zˡ⁻¹)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from initlab.network.architecture import Architecture
from initlab.network.heads import HEAD
from initlab.network.randomness import batch_of_step, dropout_mask
from initlab.network.recipe import Recipe, adam, descent, momentum
from initlab.numerics.activations import Floats, activation


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What a forward pass leaves for the backward pass: the inputs and pre-activations of every layer, and the masks.

    `inputs[l]` enters the weights of layer l (from 0), `z[l]` leaves them; z[-1] are the logits.
    """

    inputs: Sequence[Floats]
    z: Sequence[Floats]
    masks: Sequence[Floats | None]


def forward(net: Architecture, theta: Floats, x: Floats, masks: Sequence[Floats | None] | None = None) -> Pass:
    """Push the inputs x, (inputs, m), through the network."""
    phi = activation(net.activation).function
    masks = masks or [None] * (net.depth - 1)
    inputs, z = [x], []
    for layer, (W, b) in enumerate(net.layers(theta)):
        z.append(W @ inputs[-1] + b[:, np.newaxis])
        if layer < net.depth - 1:
            a, mask = phi(z[-1]), masks[layer]
            inputs.append(a if mask is None else a * mask)
    return Pass(inputs=inputs, z=z, masks=masks)


def deltas(net: Architecture, theta: Floats, seen: Pass, y: Floats) -> list[Floats]:
    """δ¹ ... δ^L, the gradients of the mean loss with respect to every layer's pre-activations."""
    phi = activation(net.activation)
    layers = net.layers(theta)
    delta = [HEAD[net.head].gradient(seen.z[-1], y)]
    for layer in reversed(range(net.depth - 1)):
        W, _ = layers[layer + 1]
        back, z, mask = W.T @ delta[0], seen.z[layer], seen.masks[layer]
        if mask is not None:
            back = back * mask
        delta.insert(0, back * phi.derivative(z, phi.function(z)))
    return delta


def gradient(net: Architecture, theta: Floats, seen: Pass, y: Floats, *, l2: float = 0.0) -> Floats:
    """The gradient of the regularized mean loss with respect to all parameters, laid out like `theta`."""
    flat = np.empty_like(theta)
    weights = net.layers(theta)
    for (dW, db), (W, _), delta, a in zip(
        net.layers(flat), weights, deltas(net, theta, seen, y), seen.inputs, strict=True
    ):
        dW[:] = delta @ a.T + l2 * W
        db[:] = delta.sum(axis=1)
    return flat


def loss(net: Architecture, theta: Floats, x: Floats, y: Floats, *, l2: float = 0.0) -> float:
    """The regularized mean loss, without dropout."""
    penalty = sum(float(np.sum(W**2)) for W, _ in net.layers(theta)) if l2 else 0.0
    return HEAD[net.head].loss(forward(net, theta, x).z[-1], y) + l2 / 2 * penalty


def train(net: Architecture, theta: Floats, x: Floats, y: Floats, recipe: Recipe, *, steps: int, seed: int) -> Floats:
    """Train a copy of `theta` for that many steps and return it."""
    theta, memory = theta.copy(), np.zeros((2, theta.size), dtype=theta.dtype)
    for step in range(steps):
        columns = batch_of_step(step, x.shape[1], recipe.batch_size, seed=seed)
        batch = min(recipe.batch_size or x.shape[1], x.shape[1])
        masks = [
            dropout_mask(n, columns.size, batch, recipe.keep, layer=layer, step=step, seed=seed, dtype=theta.dtype)
            for layer, n in enumerate(net.widths[1:-1])
        ]
        seen = forward(net, theta, x[:, columns], masks)
        step_by(recipe, theta, gradient(net, theta, seen, y[:, columns], l2=recipe.l2), memory, step)
    return theta


def step_by(recipe: Recipe, theta: Floats, gradient: Floats, memory: Floats, step: int) -> None:
    """One step of the recipe's optimizer, in place."""
    if recipe.optimizer == "adam":
        adam(theta, gradient, memory, recipe.learning_rate, recipe.momentum, recipe.decay, recipe.epsilon, step)
    elif recipe.optimizer == "momentum":
        momentum(theta, gradient, memory, recipe.learning_rate, recipe.momentum)
    else:
        descent(theta, gradient, recipe.learning_rate)
