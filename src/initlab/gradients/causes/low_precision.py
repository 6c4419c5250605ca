"""A cast to single or half precision in the backward pass: right to seven or three digits, and no further.

## Formula
a = round(n),   |a - n| <= 2⁻²⁴ |n|  (single),  2⁻¹¹ |n|  (half)

## Example
grad = (dZ @ A.T).astype(np.float32)    # loses nine digits
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.causes.cause import STRUCTURE, Block, Reading, cause


def _blocks(block: Block) -> Iterator[Reading]:
    for dtype, words in ((np.float32, "single"), (np.float16, "half")):
        with np.errstate(over="ignore"):
            rounded = block.n.astype(dtype).astype(np.float64)
            cast = block.a.astype(dtype).astype(np.float64)
        close = np.abs(block.a - block.n) <= 2 * np.finfo(dtype).eps * np.abs(block.n) + block.error
        if np.all(cast == block.a) and np.all(close):
            yield Reading(text=f"computed in {words} precision", predicted=np.where(close, block.a, rounded))


cause(__name__, blocks=_blocks, rank=STRUCTURE)
