"""The cost has an L2 term, lam/(2m) ‖W‖², and the gradient of a weight does not have its derivative.

## Formula
a = n - (lam/m) W

## Example
dW1 = np.dot(dZ1, X.T) / m              # wrong: the cost is regularized
dW1 = np.dot(dZ1, X.T) / m + lam / m * W1
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.causes.cause import NAMED, Attempt, Block, Reading, Variant, cause
from initlab.gradients.reference import line

TEXT = "L2 term missing"


def _blocks(block: Block) -> Iterator[Reading]:
    if block.weight and block.decay:
        yield Reading(text=TEXT, predicted=block.n - block.decay * block.w)


def _lines(attempt: Attempt) -> Iterator[Variant]:
    if attempt.net.r:
        for kind, layer in attempt.all_lines("dW"):
            if not np.any(attempt.returned[attempt.net.layers[layer - 1].weight]):
                continue  # zero_gradient says it
            yield Variant(
                line=(kind, layer),
                text=TEXT,
                edit=lambda seen, at: line(seen, "dW", at) - seen.net.r * seen.net.W[at],
            )


cause(__name__, blocks=_blocks, lines=_lines, rank=NAMED)
