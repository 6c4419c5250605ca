"""The derivative of the loss is wrong: labels left out, sigmoid's derivative once too often or missing.

## Formula
dZ^L = c ·   P,   -Y,   (P - Y) P (1 - P),   Z - Y,   Y/P terms alone, ...      for   c (P - Y)

## Example
dZ2 = (A2 - Y) * A2 * (1 - A2)          # wrong with the cross-entropy: a(1 - a) cancels
dZ2 = A2 - Y
"""

from collections.abc import Iterator

import numpy as np
from scipy.special import expit

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import NAMED, Attempt, Variant, cause
from initlab.gradients.reference import Backward, Edit, Net


def _lines(attempt: Attempt) -> Iterator[Variant]:
    net = attempt.net
    for text, values in _derivatives(net):
        yield Variant(line=("dZ", net.depth), text=text, edit=_constant(net.c * values))


def _derivatives(net: Net) -> Iterator[tuple[str, Array]]:
    P, Y, Z = net.P, net.Y, net.Z[net.depth]
    right = P - Y
    with np.errstate(all="ignore"):
        if net.head.name == "linear" and any(abs(net.c * n - 2) < 1e-8 for n in (1, net.m, Y.size)):
            yield "the 2 of the squared error forgotten", right / 2
        yield "labels missing: A, needs A - Y", P
        yield "prediction missing: -Y, needs A - Y", -Y
        yield "labels added: A + Y, needs A - Y", P + Y
        yield "a (1 - a) too many: the cross-entropy cancels it", right * P * (1 - P)
        yield "a (1 - a) missing: the squared error needs it", right
        yield "logits for predictions: Z - Y, needs A - Y", Z - Y
        yield "sigmoid of the prediction", expit(P) - Y
        yield "derivative with respect to A, not Z", right / (P * (1 - P))
        yield "only the term of label 1: -Y/A", -Y / P
        yield "only the term of label 1", -Y * (1 - P)
        yield "only the term of label 0", (1 - Y) * P
        yield "only the entry of the true class", right * Y
        yield "the absolute error for the squared: sign(A - Y)", np.sign(right)
        yield "the squared error itself", right**2
        yield "a rounded prediction: (A > 0.5) - Y", 1.0 * (P > 0.5) - Y
        yield "tanh' for the sigmoid: (A - Y)(1 - A**2)", right * (1 - P * P)
        yield (
            "a hidden activation's derivative too many",
            right * net.activation.derivative(Z, net.activation.function(Z)),
        )
        yield "labels reversed: A - (1 - Y)", P - (1 - Y)
        if len(P) > 1:
            yield "the classes mixed up", P - Y[::-1]
            yield "only the diagonal of softmax's Jacobian", right * P * (1 - P)
            yield "only the diagonal of softmax's Jacobian", -Y * (1 - P)
            yield "averaged over the classes too", right / len(P)
            yield "the mean over the classes taken off", right - right.mean(axis=0)


def _constant(values: Array) -> Edit:
    def edit(_seen: Backward, _layer: int) -> Array:
        return values

    return edit


cause(__name__, lines=_lines, rank=NAMED)
