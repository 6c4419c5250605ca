"""The gradient is sent back through the wrong weights: not transposed, of another layer, or updated already.

## Formula
dAˡ = W dZˡ⁺¹   for Wˡ⁺¹ᵀ dZˡ⁺¹,   or through another Wᵏᵀ,   or through (Wˡ⁺¹ - η dWˡ⁺¹)ᵀ

## Example
dA1 = np.dot(W2, dZ2)                   # wrong; runs only where W2 is square
dA1 = np.dot(W2.T, dZ2)
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import STRUCTURE, Attempt, Variant, cause
from initlab.gradients.reference import Backward, Edit, replay


def _lines(attempt: Attempt) -> Iterator[Variant]:
    net = attempt.net
    for layer in attempt.hidden():
        W = net.W[layer + 1]
        after = layer + 1
        if W.shape[0] == W.shape[1]:
            yield Variant(line=("dA", layer), text=f"W{after} where W{after}.T is needed", edit=_through(W))
        reshaped = W.reshape(W.shape[::-1]).T
        yield Variant(line=("dA", layer), text=f"W{after} reshaped, needs W{after}.T", edit=_through(reshaped.T))
        for other, V in net.W.items():
            for text, matrix in ((f"W{other}.T", V.T), (f"W{other}", V)):
                if other != after and matrix.shape == W.T.shape:
                    yield Variant(line=("dA", layer), text=f"{text} for W{after}.T", edit=_through(matrix))
        for text, matrix in ((f"|W{after}|", np.abs(W.T)), (f"sign of W{after}", np.sign(W.T)), (f"-W{after}", -W.T)):
            yield Variant(line=("dA", layer), text=f"{text} for W{after}.T", edit=_through(matrix))
        yield from _updated(attempt, layer)


def _through(matrix: Array) -> Edit:
    def edit(seen: Backward, layer: int) -> Array:
        return matrix @ seen.dZ[layer + 1]

    return edit


def _updated(attempt: Attempt, layer: int) -> Iterator[Variant]:
    """W - η dW: the layer's own gradient is linear in η, which is therefore known."""
    net, seen = attempt.net, attempt.seen
    for text, step in _steps(seen, layer + 1):
        whole = replay(net, {("dA", layer): _through((net.W[layer + 1] - step).T)})
        before = replay(net, {})
        returned, _ = attempt.data_part(layer)
        change = whole.dW[layer] - before.dW[layer]
        size = float(np.sum(change**2))
        if size == 0:
            continue
        eta = float(np.sum((returned - (before.dW[layer] - net.r * net.W[layer])) * change)) / size
        if 1e-9 < abs(eta) < 1e9:
            words = f"W{layer + 1} updated before it is used ({text} {eta:.4g})"
            yield Variant(line=("dA", layer), text=words, edit=_through((net.W[layer + 1] - eta * step).T))


def _steps(seen: Backward, layer: int) -> Iterator[tuple[str, Array]]:
    yield "learning rate", seen.dW[layer]


cause(__name__, lines=_lines, rank=STRUCTURE)
