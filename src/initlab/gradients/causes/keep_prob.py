"""Inverted dropout's division by keep_prob is missing in the backward pass, or done twice.

## Formula
a = keep^k n   or   a = n / keep^k      in every block below the layer, k layers up

## Example
dA1 = dA1 * D1                          # wrong: the forward pass divided by keep_prob
dA1 = dA1 * D1 / keep_prob
"""

from collections.abc import Iterator

from initlab.gradients.causes.cause import (
    NAMED,
    Attempt,
    Block,
    Reading,
    Variant,
    cause,
    scaled,
    scaled_block,
    scalings,
)

MOST_LAYERS = 4


def _blocks(block: Block) -> Iterator[Reading]:
    if block.keep and block.keep < 1:
        for k in range(1, MOST_LAYERS + 1):
            for text, factor in (("/keep_prob missing", block.keep**k), ("/keep_prob twice", block.keep**-k)):
                words = text if k == 1 else f"{text}, in {k} layers"
                yield from (Reading(text=words, predicted=each) for each in scaled_block(block, factor))


def _lines(attempt: Attempt) -> Iterator[Variant]:
    keep = attempt.net.keep
    if keep == 1:
        return
    for kind, layer in attempt.all_lines("dD"):
        for text, factor in (("/keep_prob missing", keep), ("/keep_prob twice", 1 / keep)):
            yield Variant(line=(kind, layer), text=text, edit=scaled(kind, factor))
    for kind, layer in attempt.all_lines("dW", "db"):
        for text, factor in (("* keep_prob too many", keep), ("/keep_prob too many", 1 / keep)):
            for edit in scalings(attempt.net, kind, factor):
                yield Variant(line=(kind, layer), text=text, edit=edit)


cause(__name__, blocks=_blocks, lines=_lines, rank=NAMED)
