"""The gradient of a bias has an L2 term; the cost regularizes the weights alone.

## Formula
a = n + (lam/m) b

## Example
db1 = np.sum(dZ1, axis=1, keepdims=True) / m + lam / m * b1     # wrong
db1 = np.sum(dZ1, axis=1, keepdims=True) / m
"""

from collections.abc import Iterator

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import STRUCTURE, Attempt, Block, Reading, Variant, cause
from initlab.gradients.causes.l2_misscaled import proportional
from initlab.gradients.reference import Backward, line

TEXT = "a bias is not regularized"


def _blocks(block: Block) -> Iterator[Reading]:
    if block.bias and block.decay:
        yield Reading(text=TEXT, predicted=block.n + block.decay * block.w)
    c = proportional(block) if block.bias and block.lam is None else None
    if c is not None and c > 0:
        yield Reading(text=f"off by {c:.4g} b: {TEXT}", predicted=block.n + c * block.w)


def _lines(attempt: Attempt) -> Iterator[Variant]:
    if attempt.net.r or attempt.net.lam:
        for kind, layer in attempt.all_lines("db"):
            yield Variant(line=(kind, layer), text=TEXT, edit=_with_decay)


def _with_decay(seen: Backward, layer: int) -> Array:
    b = seen.net.b[layer]
    assert b is not None
    return line(seen, "db", layer) + (seen.net.r or seen.net.lam / seen.net.m) * b


cause(__name__, blocks=_blocks, lines=_lines, rank=STRUCTURE)
