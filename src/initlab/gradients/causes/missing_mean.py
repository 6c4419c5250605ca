"""The gradient is summed over the examples where the cost is averaged: 1/m is missing.

## Formula
a = m n        (of the data's part; the L2 term has its own 1/m)

## Example
dW2 = np.dot(dZ2, A1.T)                 # wrong: the cost is a mean over m examples
dW2 = np.dot(dZ2, A1.T) / m
"""

from collections.abc import Iterator

from initlab.gradients.causes.cause import NAMED, Attempt, Block, Reading, Variant, cause, scaled_block, scalings


def _blocks(block: Block) -> Iterator[Reading]:
    if block.m and block.m > 1:
        yield from (Reading(text="1/m missing", predicted=each) for each in scaled_block(block, block.m))


def _lines(attempt: Attempt) -> Iterator[Variant]:
    m = attempt.net.m
    if m > 1:
        for kind, layer in attempt.all_lines("dZ", "dW", "db"):
            for edit in scalings(attempt.net, kind, m):
                yield Variant(line=(kind, layer), text="1/m missing", edit=edit)


cause(__name__, blocks=_blocks, lines=_lines, rank=NAMED)
