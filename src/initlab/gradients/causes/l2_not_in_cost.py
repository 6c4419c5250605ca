"""The gradient has an L2 term that the cost does not have.

## Formula
a = n + c W      where n does not depend on lam;  c = lam/m, or what fits

## Example
cost = cross_entropy                                    # wrong: without lam / (2 m) ‖W‖²
cost = cross_entropy + lam / (2 * m) * np.sum(W1**2)
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import STRUCTURE, Attempt, Block, Reading, Variant, cause
from initlab.gradients.reference import Backward, Edit, line

ENOUGH = 3
"""Fewer entries than this do not speak for a fitted constant."""

TEXT = "L2 term in the gradient, but not in the cost"


def _blocks(block: Block) -> Iterator[Reading]:
    if block.weight and block.decay:
        yield Reading(text=TEXT, predicted=block.n + block.decay * block.w)
    if block.weight and block.lam == 0:
        c = _fitted(block.a - block.n, block.w)
        if c:
            yield Reading(text=f"{TEXT}: {c:.4g} W", predicted=block.n + c * block.w)


def _lines(attempt: Attempt) -> Iterator[Variant]:
    net = attempt.net
    if net.r:
        return
    for kind, layer in attempt.all_lines("dW"):
        if net.lam:
            yield Variant(line=(kind, layer), text=TEXT, edit=_with(net.lam / net.m))
        returned, replayed = attempt.data_part(layer)
        c = _fitted(returned - replayed, net.W[layer])
        if c:
            yield Variant(line=(kind, layer), text=f"{TEXT}: {c:.4g} W", edit=_with(c))


def _fitted(residual: Array, w: Array) -> float:
    """C of c W, where entries enough speak for it."""
    return float(np.sum(residual * w) / np.sum(w**2)) if np.count_nonzero(w) >= ENOUGH else 0.0


def _with(c: float) -> Edit:
    def edit(seen: Backward, layer: int) -> Array:
        return line(seen, "dW", layer) + c * seen.net.W[layer]

    return edit


cause(__name__, blocks=_blocks, lines=_lines, rank=STRUCTURE)
