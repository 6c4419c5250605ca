"""The heads: how logits become a loss, each computed stably from the logits z, (outputs, m), and targets y.

    sigmoid   y in {0, 1}     loss = mean over examples of  max(z, 0) - y z + ln(1 + e^-|z|)
    softmax   y one-hot       loss = mean over examples of  ln Σ e^(z - max z) + max z - Σ y z
    linear    y any number    loss = mean over examples of  Σ (z - y)²/2

In all three the gradient with respect to the logits is (prediction - y)/m.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logsumexp, softmax

from initlab.network.architecture import HeadName
from initlab.numerics.activations import Floats


@dataclass(frozen=True, slots=True)
class Head:
    """A link from logits to predictions, its loss per example, and whether a prediction is right."""

    prediction: Callable[[Floats], Floats]
    losses: Callable[[Floats, Floats], Floats]
    right: Callable[[Floats, Floats], Floats] | None

    def loss(self, z: Floats, y: Floats) -> float:
        """The mean loss over the examples."""
        return float(np.mean(self.losses(z, y), dtype=np.float64))

    def gradient(self, z: Floats, y: Floats) -> Floats:
        """The gradient of the mean loss with respect to the logits."""
        return (self.prediction(z) - y) / y.shape[1]

    def accuracy(self, z: Floats, y: Floats) -> float:
        """The share of examples whose class is predicted; NaN where the targets are no classes."""
        return float(np.mean(self.right(z, y))) if self.right else np.nan


def _cross_entropy_of_logit(z: Floats, y: Floats) -> Floats:
    return (np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z))))[0]


HEAD: dict[HeadName, Head] = {
    "sigmoid": Head(expit, _cross_entropy_of_logit, lambda z, y: (z[0] > 0) == (y[0] > 0.5)),
    "softmax": Head(
        lambda z: softmax(z, axis=0),
        lambda z, y: logsumexp(z, axis=0) - (y * z).sum(axis=0),
        lambda z, y: z.argmax(axis=0) == y.argmax(axis=0),
    ),
    "linear": Head(lambda z: z, lambda z, y: ((z - y) ** 2).sum(axis=0) / 2, None),
}
