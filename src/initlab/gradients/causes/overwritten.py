"""A parameter is used several times, at every step say, and its gradient is that of one use: set, not added up.

## Formula
a = ∂J/∂w at use k      for n = Σ over the uses

## Example
for t in reversed(range(T)):
    dW = dz[t] @ h[t - 1].T             # wrong: each step overwrites the last
    dW += dz[t] @ h[t - 1].T
"""

from collections.abc import Iterator

from initlab.gradients.causes.cause import STRUCTURE, Block, Reading, cause


def _blocks(block: Block) -> Iterator[Reading]:
    if block.use is not None:
        use, uses = block.use
        text = f"overwritten: only its use {use} of {uses} counts; add up with +="
        yield Reading(text=text, predicted=block.a)


cause(__name__, blocks=_blocks, rank=STRUCTURE)
