"""The gradient has an L2 term that the cost does not have.

## Formula
a = n + (lam/m) W      where n does not depend on lam

## Example
cost = cross_entropy                                    # wrong: without lam / (2 m) ‖W‖²
cost = cross_entropy + lam / (2 * m) * np.sum(W1**2)
"""

from collections.abc import Iterator

from initlab.gradients.causes.cause import STRUCTURE, Attempt, Block, Reading, Variant, cause
from initlab.gradients.reference import line

TEXT = "L2 term in the gradient, but not in the cost"


def _blocks(block: Block) -> Iterator[Reading]:
    if block.weight and block.decay:
        yield Reading(text=TEXT, predicted=block.n + block.decay * block.w)


def _lines(attempt: Attempt) -> Iterator[Variant]:
    net = attempt.net
    if net.lam and not net.r:
        for kind, layer in attempt.all_lines("dW"):
            yield Variant(
                line=(kind, layer),
                text=TEXT,
                edit=lambda seen, at: line(seen, "dW", at) + seen.net.lam / seen.net.m * seen.net.W[at],
            )


cause(__name__, blocks=_blocks, lines=_lines, rank=STRUCTURE)
