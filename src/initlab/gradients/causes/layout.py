"""The right numbers in the wrong places: a weight's gradient transposed, reshaped, or reversed.

## Formula
a = nᵀ  (square W),   a = reshape(nᵀ),   a = n in Fortran order, a = n reversed, a = n with rows or columns swapped,
a = a kernel flipped, or with its axes swapped

## Example
dW2 = np.dot(A1, dZ2.T).reshape(W2.shape) / m       # wrong: reshape is no transpose
dW2 = np.dot(dZ2, A1.T) / m
"""

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import STRUCTURE, Attempt, Block, Reading, Variant, cause
from initlab.gradients.reference import Backward, Edit, line


def arrangements(n: Array) -> Iterator[tuple[str, Array]]:
    """The same numbers in other places."""
    if n.ndim > 2:
        yield from _of_kernels(n)
        return
    if n.ndim != 2:
        yield "reversed", n[::-1]
        return
    if n.shape[0] == n.shape[1]:
        yield "transposed", n.T
    yield "reshaped where it is to be transposed", n.T.reshape(n.shape)
    yield (
        "in Fortran order",
        n.reshape(n.shape, order="F") if n.flags.f_contiguous else n.ravel().reshape(n.shape, order="F"),
    )
    yield "rows reversed", n[::-1]
    yield "columns reversed", n[:, ::-1]
    yield "rows and columns reversed", n[::-1, ::-1]
    for by in (1, -1):
        yield "rows rolled by one", np.roll(n, by, axis=0)
        yield "columns rolled by one", np.roll(n, by, axis=1)


def _of_kernels(n: Array) -> Iterator[tuple[str, Array]]:
    """Of more than two axes: flipped along the last ones, or with axes swapped."""
    spatial = tuple(range(2, n.ndim))
    yield "the kernel flipped", np.flip(n, spatial)
    for axis in range(n.ndim):
        yield f"axis {axis} reversed", np.flip(n, axis)
    for axes in permutations(range(n.ndim)):
        if axes != tuple(range(n.ndim)):
            moved = n.transpose(axes)
            words = "transposed" if moved.shape == n.shape else "transposed and reshaped"
            yield f"axes {words} to {', '.join(map(str, axes))}", moved.reshape(n.shape)


def _blocks(block: Block) -> Iterator[Reading]:
    if not block.complete:
        return
    parts = [np.zeros_like(block.n)]
    if block.weight and block.decay:
        parts.append(block.decay * block.w)
    for decay in parts:
        for text, other in arrangements((block.n - decay).reshape(block.shape)):
            yield Reading(text=f"right numbers, wrong places: {text}", predicted=other.ravel() + decay)


def _lines(attempt: Attempt) -> Iterator[Variant]:
    for kind, layer in attempt.all_lines("dW", "db"):
        value = attempt.seen.dW[layer] if kind == "dW" else attempt.seen.db[layer]
        for k, (text, _) in enumerate(arrangements(value)):
            yield Variant(
                line=(kind, layer), text=f"right numbers, wrong places: {text}", edit=_arranged(kind, k, True)
            )
            if kind == "dW" and attempt.net.r:
                yield Variant(
                    line=(kind, layer), text=f"right numbers, wrong places: {text}", edit=_arranged(kind, k, False)
                )


def _arranged(kind: str, k: int, data_alone: bool) -> Edit:
    def edit(seen: Backward, layer: int) -> Array:
        decay = seen.net.r * seen.net.W[layer] if kind == "dW" and data_alone else 0.0
        return list(arrangements(line(seen, kind, layer) - decay))[k][1] + decay

    return edit


cause(__name__, blocks=_blocks, lines=_lines, rank=STRUCTURE)
