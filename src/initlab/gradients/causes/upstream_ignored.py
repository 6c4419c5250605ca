"""A custom backward rule does not multiply by what comes from above: grad_output, the cotangent, is ignored.

## Formula
a(2v) = a(v)        for a(2v) = 2 a(v)

## Example
def backward(ctx, grad_output):
    x, = ctx.saved_tensors
    return 2 * x                            # wrong: correct only where grad_output is 1
    return grad_output * 2 * x
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.causes.cause import NAMED, Block, Reading, cause


def _blocks(block: Block) -> Iterator[Reading]:
    if block.doubled is None or not np.any(block.a):
        return
    size = float(np.abs(block.a).max())
    if np.abs(block.doubled - block.a).max() <= 1e-9 * size:
        yield Reading(text="does not multiply by grad_output", predicted=block.a)
    elif np.abs(block.doubled - 4 * block.a).max() <= 1e-9 * size:
        yield Reading(text="multiplies by grad_output twice", predicted=block.a)


cause(__name__, blocks=_blocks, rank=NAMED)
