"""The recipe of a training run: optimizer, rate, batches and regularization.

With g the gradient of loss + (l2/2) Σ W², on the batch of the step:

    sgd        θ ← θ - η g
    momentum   v ← μ v + g,  θ ← θ - η v                                         (Polyak 1964, as PyTorch writes it)
    adam       v ← μ v + (1-μ) g,  s ← ν s + (1-ν) g²,
               θ ← θ - η (v/(1-μᵗ)) / (√(s/(1-νᵗ)) + ε)                          (Kingma & Ba 2015)

Biases are not regularized. Inverted dropout keeps each hidden unit with probability `keep` and divides by it.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from initlab.errors import SpecError
from initlab.numerics.activations import Floats

OptimizerName = Literal["sgd", "momentum", "adam"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a network is trained. A `batch_size` of None is the full batch: plain gradient descent."""

    optimizer: OptimizerName = "sgd"
    learning_rate: float = 0.01
    momentum: float = 0.9
    decay: float = 0.999
    epsilon: float = 1e-8
    batch_size: int | None = None
    l2: float = 0.0
    keep: float = 1.0

    def __post_init__(self) -> None:
        bounds = {
            "learning rate": (self.learning_rate, 0 < self.learning_rate < math.inf, "a finite number > 0"),
            "momentum": (self.momentum, 0 <= self.momentum < 1, "in [0, 1)"),
            "decay": (self.decay, 0 <= self.decay < 1, "in [0, 1)"),
            "epsilon": (self.epsilon, 0 < self.epsilon < math.inf, "a finite number > 0"),
            "batch size": (self.batch_size, self.batch_size is None or self.batch_size >= 1, "a whole number >= 1"),
            "l2": (self.l2, 0 <= self.l2 < math.inf, "a finite number >= 0"),
            "keep": (self.keep, 0 < self.keep <= 1, "in (0, 1]"),
        }
        for name, (value, holds, constraint) in bounds.items():
            if not holds:
                raise SpecError(f"The {name} must be {constraint}, got {value}.")


def descent(theta: Floats, gradient: Floats, rate: float) -> None:
    """One step of gradient descent, in place."""
    theta -= rate * gradient


def momentum(theta: Floats, gradient: Floats, memory: Floats, rate: float, friction: float) -> None:
    """One step of gradient descent with momentum, in place."""
    velocity = memory[0]
    velocity *= friction
    velocity += gradient
    theta -= rate * velocity


def adam(
    theta: Floats, gradient: Floats, memory: Floats, rate: float, beta: float, decay: float, epsilon: float, step: int
) -> None:
    """One step of Adam, in place; `step` counts from 0."""
    first, second = memory[0], memory[1]
    first *= beta
    first += (1 - beta) * gradient
    second *= decay
    second += (1 - decay) * gradient * gradient
    bias = np.sqrt(1 - decay ** (step + 1)) / (1 - beta ** (step + 1))
    theta -= rate * bias * first / (np.sqrt(second) + epsilon * np.sqrt(1 - decay ** (step + 1)))
