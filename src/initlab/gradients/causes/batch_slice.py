"""An example is left out, counted twice, or paired with another's activation.

## Formula
dW = Σ over examples 1 ... m-1,   or Σ dZ of example i with A of example i+1

## Example
dW2 = np.dot(dZ2[:, :-1], A1[:, :-1].T) / m         # wrong: the last example is dropped
dW2 = np.dot(dZ2, A1.T) / m
"""

from collections.abc import Callable, Iterator

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import STRUCTURE, Attempt, Variant, cause
from initlab.gradients.reference import Backward, Edit, line

CUTS: dict[str, Callable[[int], Array]] = {
    "last example dropped": lambda m: 1.0 * (np.arange(m) < m - 1),
    "first example dropped": lambda m: 1.0 * (np.arange(m) > 0),
    "last two examples dropped": lambda m: 1.0 * (np.arange(m) < m - 2),
    "first example alone": lambda m: 1.0 * (np.arange(m) == 0),
    "last example alone": lambda m: 1.0 * (np.arange(m) == m - 1),
    "first half of the batch alone": lambda m: 1.0 * (np.arange(m) < m // 2),
    "every other example dropped": lambda m: 1.0 * (np.arange(m) % 2 == 0),
    "first example counted twice": lambda m: 1.0 + (np.arange(m) == 0),
    "last example counted twice": lambda m: 1.0 + (np.arange(m) == m - 1),
}


def _lines(attempt: Attempt) -> Iterator[Variant]:
    m = attempt.net.P.shape[1]
    if m < 3:
        return
    for kind, layer in attempt.all_lines("dZ", "dW", "db"):
        for text, cut in CUTS.items():
            if kind == "db" and text.endswith("example alone"):
                continue  # bias_sum says it
            weights = cut(m)
            yield Variant(line=(kind, layer), text=text, edit=_weighted(kind, weights))
            rescaled = weights * m / weights.sum()
            yield Variant(line=(kind, layer), text=f"{text}, divided by what is left", edit=_weighted(kind, rescaled))
        for by in (1, -1):
            text = "examples out of step by one"
            if kind == "dW":
                yield Variant(line=(kind, layer), text=text, edit=_out_of_step(by))
            elif kind == "dZ" and layer == attempt.net.depth:
                yield Variant(line=(kind, layer), text="labels out of step by one", edit=_labels_rolled(by))


def _weighted(kind: str, weights: Array) -> Edit:
    """Each example's part of a line multiplied by its weight."""

    def edit(seen: Backward, layer: int) -> Array:
        net = seen.net
        if kind == "dZ":
            return line(seen, "dZ", layer) * weights
        dZ = seen.dZ[layer] * weights
        if kind == "db":
            return np.asarray(dZ.sum(axis=1, keepdims=True))
        return dZ @ net.A[layer - 1].T + net.r * net.W[layer]

    return edit


def _out_of_step(by: int) -> Edit:
    def edit(seen: Backward, layer: int) -> Array:
        net = seen.net
        return seen.dZ[layer] @ np.roll(net.A[layer - 1], by, axis=1).T + net.r * net.W[layer]

    return edit


def _labels_rolled(by: int) -> Edit:
    def edit(seen: Backward, _: int) -> Array:
        net = seen.net
        return net.c * (net.P - np.roll(net.Y, by, axis=1)) * net.head.slope(net.P)

    return edit


cause(__name__, lines=_lines, rank=STRUCTURE)
