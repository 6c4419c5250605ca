"""The gradient of a bias is not the sum over the batch: one example, the largest, the sum over the units as well.

## Formula
db = dZ of one example,   Σ over units and examples in every entry,   the mean over the units, max, ...

## Example
db2 = np.sum(dZ2) / m                               # wrong: one number for all units
db2 = np.sum(dZ2, axis=1, keepdims=True) / m
"""

from collections.abc import Callable, Iterator

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import STRUCTURE, Attempt, Block, Reading, Variant, cause
from initlab.gradients.reference import Backward, Edit

SUMS: dict[str, Callable[[Array], Array]] = {
    "summed over all axes": lambda d: np.full((len(d), 1), d.sum()),
    "averaged over all axes": lambda d: np.full((len(d), 1), d.mean()),
    "averaged over the units": lambda d: np.full((len(d), 1), d.sum() / len(d)),
    "of the first example alone": lambda d: d[:, :1],
    "of the last example alone": lambda d: d[:, -1:],
    "of the first example, times m": lambda d: d[:, :1] * d.shape[1],
    "of the last example, times m": lambda d: d[:, -1:] * d.shape[1],
    "of the last unit in every entry": lambda d: np.full((len(d), 1), d[-1].sum()),
    "of the first unit in every entry": lambda d: np.full((len(d), 1), d[0].sum()),
    "the sum of the absolute values": lambda d: np.abs(d).sum(axis=1, keepdims=True),
    "the sum of the squares": lambda d: (d * d).sum(axis=1, keepdims=True),
    "the largest, not the sum": lambda d: d.max(axis=1, keepdims=True),
    "the product, not the sum": lambda d: d.prod(axis=1, keepdims=True),
    "a running sum over the units": lambda d: d.sum(axis=1, keepdims=True).cumsum(axis=0),
}


def _blocks(block: Block) -> Iterator[Reading]:
    if block.bias and block.complete and len(block.n) > 1:
        for text, value in (("summed over all axes", block.n.sum()), ("averaged over the units", block.n.mean())):
            yield Reading(text=text, predicted=np.full_like(block.n, value))
        if block.m:
            yield Reading(text="averaged over all axes", predicted=np.full_like(block.n, block.n.mean() / block.m))


def _lines(attempt: Attempt) -> Iterator[Variant]:
    for kind, layer in attempt.all_lines("db"):
        for text in SUMS:
            yield Variant(line=(kind, layer), text=text, edit=_summed(text))
        if attempt.seen.dZ[layer].shape[0] == attempt.seen.dZ[layer].shape[1]:
            yield Variant(line=(kind, layer), text="summed over the wrong axis", edit=_other_axis)


def _summed(text: str) -> Edit:
    def edit(seen: Backward, layer: int) -> Array:
        return np.asarray(SUMS[text](seen.dZ[layer]))

    return edit


def _other_axis(seen: Backward, layer: int) -> Array:
    return np.asarray(seen.dZ[layer].sum(axis=0).reshape(-1, 1))


cause(__name__, blocks=_blocks, lines=_lines, rank=STRUCTURE)
