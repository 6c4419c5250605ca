"""The derivative of the activation is forgotten: dA passes through the layer unchanged.

## Formula
dZˡ = dAˡ        for dAˡ ∘ φ'(zˡ): every block from layer l down is wrong, none above

## Example
dZ1 = np.dot(W2.T, dZ2)                         # wrong
dZ1 = np.dot(W2.T, dZ2) * (1 - A1**2)           # tanh
"""

from collections.abc import Iterator

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import NAMED, Attempt, Variant, cause
from initlab.gradients.reference import Backward


def _lines(attempt: Attempt) -> Iterator[Variant]:
    for layer in attempt.hidden():
        yield Variant(line=("dZ", layer), text="derivative of the activation missing", edit=_unchanged)


def _unchanged(seen: Backward, layer: int) -> Array:
    return seen.dD.get(layer, seen.dA[layer])


cause(__name__, lines=_lines, rank=NAMED)
