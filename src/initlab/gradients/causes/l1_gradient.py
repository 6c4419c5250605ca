"""The cost has an L2 term, and the gradient that of an L1 term.

## Formula
a = n - (lam/m) W + (lam/m) sign(W)

## Example
dW1 = np.dot(dZ1, X.T) / m + lam / m * np.sign(W1)      # wrong: that is the derivative of lam/m Σ|W|
dW1 = np.dot(dZ1, X.T) / m + lam / m * W1
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.causes.cause import STRUCTURE, Attempt, Block, Reading, Variant, cause
from initlab.gradients.reference import line

TEXT = "sign(W) for W: the gradient of an L1 term"


def _blocks(block: Block) -> Iterator[Reading]:
    if block.weight and block.decay:
        for factor in (1.0, 0.5):
            other = factor * block.decay * np.sign(block.w)
            yield Reading(text=TEXT, predicted=block.n - block.decay * block.w + other)


def _lines(attempt: Attempt) -> Iterator[Variant]:
    if attempt.net.r:
        for kind, layer in attempt.all_lines("dW"):
            yield Variant(
                line=(kind, layer),
                text=TEXT,
                edit=lambda seen, at: line(seen, "dW", at) + seen.net.r * (np.sign(seen.net.W[at]) - seen.net.W[at]),
            )


cause(__name__, blocks=_blocks, lines=_lines, rank=STRUCTURE)
