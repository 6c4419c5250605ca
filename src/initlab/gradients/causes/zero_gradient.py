"""No gradient arrives: the block is never written, detached from the graph, or cast to whole numbers.

## Formula
a = 0 where n is not

## Example
grads["db1"] = np.zeros_like(b1)        # wrong: left from the start
h = h.detach()                          # wrong: nothing below is trained
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.causes.cause import NAMED, Attempt, Block, Reading, Variant, cause, scaled, scaled_block

TEXT = "no gradient arrives"


def _blocks(block: Block) -> Iterator[Reading]:
    if not np.any(block.a):
        yield Reading(text=TEXT, predicted=np.zeros_like(block.n))
    if block.weight and block.decay:
        *_, rest = scaled_block(block, 0.0)
        yield Reading(text=f"{TEXT} but that of the L2 term", predicted=rest)


def _lines(attempt: Attempt) -> Iterator[Variant]:
    for kind, layer in attempt.all_lines("dZ", "dW", "db"):
        own = attempt.net.layers[layer - 1]
        exact = own.weight if kind == "dW" else own.bias
        if (kind == "dW" and attempt.net.r) or exact is None or not np.any(attempt.returned[exact]):
            yield Variant(line=(kind, layer), text=TEXT, edit=scaled(kind, 0.0))
    for kind, layer in attempt.all_lines("dW"):
        if not np.any(attempt.returned[attempt.net.layers[layer - 1].weight]):
            yield Variant(line=(kind, layer), text=TEXT, edit=lambda seen, at: np.zeros_like(seen.net.W[at]))


cause(__name__, blocks=_blocks, lines=_lines, rank=NAMED)
