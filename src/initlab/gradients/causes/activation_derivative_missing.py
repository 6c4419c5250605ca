"""The derivative of the activation is forgotten: dA passes through the layer unchanged.

## Formula
dZˡ = dAˡ        for dAˡ ∘ φ'(zˡ): every block from layer l down is wrong, none above

## Example
dZ1 = np.dot(W2.T, dZ2)                         # wrong
dZ1 = np.dot(W2.T, dZ2) * (1 - A1**2)           # tanh
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import NAMED, Attempt, Block, Reading, Variant, cause, fitted_factor
from initlab.gradients.reference import Backward

CLOSE = 1e-9
HANDED_ON = "grad_output handed on as it is: the derivative of the function is missing"


def _blocks(block: Block) -> Iterator[Reading]:
    """What comes from above, as it is; where the block is no multiple of the right one, or the same numbers moved."""
    for above in block.upstream:
        moved = np.abs(np.sort(block.a) - np.sort(block.n)).max() <= CLOSE * np.abs(block.a).max()
        if fitted_factor(block.a, block.n) is None and not moved:
            yield Reading(text=HANDED_ON, predicted=above)


def _lines(attempt: Attempt) -> Iterator[Variant]:
    for layer in attempt.hidden():
        yield Variant(line=("dZ", layer), text="derivative of the activation missing", edit=_unchanged)


def _unchanged(seen: Backward, layer: int) -> Array:
    return seen.dD.get(layer, seen.dA[layer])


cause(__name__, blocks=_blocks, lines=_lines, rank=NAMED)
