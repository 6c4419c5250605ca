"""The mask of a ReLU is wrong: inverted, with a threshold other than 0, a sign for a step, another slope.

## Formula
dZˡ = dAˡ ∘ mask,   mask: (z <= 0), (z > c), sign(z), (z >= 0) without end, 1, or another slope below 0

## Example
dZ1 = dA1 * (Z1 < 0)                    # wrong: inverted
dZ1 = dA1 * (Z1 > 0)
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import STRUCTURE, Attempt, Variant, cause
from initlab.gradients.causes.derivative_argument import times

THRESHOLDS = (0.5, 1.0, -0.5, -1.0, 0.1, 0.01, 1e-3)
RECTIFIERS = ("relu", "leaky_relu", "leaky_relu_0.2", "elu", "selu", "relu_squared", "hardtanh")


def _lines(attempt: Attempt) -> Iterator[Variant]:
    for layer in attempt.hidden():
        for text, mask in _masks(attempt, layer):
            yield Variant(line=("dZ", layer), text=text, edit=times(mask))


def _masks(attempt: Attempt, layer: int) -> Iterator[tuple[str, Array]]:
    net = attempt.net
    phi, z, a = net.activation, net.Z[layer], net.A[layer]
    if phi.name in RECTIFIERS:
        yield "mask inverted", 1.0 * (z <= 0)
        yield "mask inverted", phi.derivative(-z, phi.function(-z))
        yield "sign for a mask", np.sign(z)
        yield "mask taken after dropout, A > 0", 1.0 * (a > 0)
        for c in THRESHOLDS:
            yield f"mask Z{layer} > {c:g}, needs > 0", 1.0 * (z > c)
            yield f"mask Z{layer} > {c:g}, needs > 0", phi.derivative(z - c, phi.function(z - c))
            yield f"mask Z{layer} < {c:g}, needs > 0", 1.0 * (z < c)
        for slope in (0.0, 0.01, 0.1, 0.2, 0.3, -0.01):
            yield f"slope {slope:g} below 0", np.where(z > 0, 1.0, slope)


cause(__name__, lines=_lines, rank=STRUCTURE)
