"""The cost does not depend on the parameter: it reads another array, a copy, or the values of an earlier call.

## Formula
n = 0 exactly, a is not

## Example
def cost(parameters):
    return loss(W1 @ X, Y)                  # wrong: the W1 outside, not parameters["W1"]
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.causes.cause import NAMED, Block, Reading, cause


def _blocks(block: Block) -> Iterator[Reading]:
    if not np.any(block.n):
        yield Reading(text="the cost does not depend on it", predicted=block.a)


cause(__name__, blocks=_blocks, rank=NAMED)
