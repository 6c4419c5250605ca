"""The mean over the examples is taken twice: 1/m in dZ and again in dW, or in the loss derivative as well.

## Formula
a = n/m

## Example
dZ2 = (A2 - Y) / m
dW2 = np.dot(dZ2, A1.T) / m             # wrong: divided by m already
dW2 = np.dot(dZ2, A1.T)
"""

from collections.abc import Iterator

from initlab.gradients.causes.cause import NAMED, Attempt, Block, Reading, Variant, cause, scaled_block, scalings


def _blocks(block: Block) -> Iterator[Reading]:
    if block.m and block.m > 1:
        yield from (Reading(text="1/m twice", predicted=each) for each in scaled_block(block, 1 / block.m))


def _lines(attempt: Attempt) -> Iterator[Variant]:
    m = attempt.net.m
    if m > 1:
        for kind, layer in attempt.all_lines("dZ", "dW", "db"):
            for edit in scalings(attempt.net, kind, 1 / m):
                yield Variant(line=(kind, layer), text="1/m twice", edit=edit)


cause(__name__, blocks=_blocks, lines=_lines, rank=NAMED)
