"""The gradient is clipped before it is returned.

## Formula
a = min(max(n, -c), c)

## Example
grads["dW1"] = np.clip(dW1, -0.1, 0.1)          # clip in the update, not in the gradient
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.causes.cause import STRUCTURE, Block, Reading, cause


def _blocks(block: Block) -> Iterator[Reading]:
    bound = float(np.abs(block.a).max())
    beyond = np.abs(block.n) > bound + 10 * block.error
    if bound > 0 and beyond.sum() >= 2 and (~beyond).sum() >= 1:
        yield Reading(text=f"clipped at ±{bound:.4g}", predicted=np.clip(block.n, -bound, bound))


cause(__name__, blocks=_blocks, rank=STRUCTURE)
