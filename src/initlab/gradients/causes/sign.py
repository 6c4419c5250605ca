"""The sign is wrong: Y - A for A - Y, or a minus too many.

## Formula
a = -n

## Example
dZ3 = Y - A3                            # wrong
dZ3 = A3 - Y
"""

from collections.abc import Iterator

from initlab.gradients.causes.cause import NAMED, Attempt, Block, Reading, Variant, cause, scaled_block, scalings


def _blocks(block: Block) -> Iterator[Reading]:
    yield from (Reading(text="sign wrong", predicted=each) for each in scaled_block(block, -1.0))


def _lines(attempt: Attempt) -> Iterator[Variant]:
    for kind, layer in attempt.all_lines("dZ", "dW", "db"):
        for edit in scalings(attempt.net, kind, -1.0):
            yield Variant(line=(kind, layer), text="sign wrong", edit=edit)


cause(__name__, blocks=_blocks, lines=_lines, rank=NAMED)
