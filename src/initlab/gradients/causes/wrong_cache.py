"""A weight's gradient uses the wrong array of the forward pass: Z for A, A before dropout, another layer's, X.

## Formula
dWˡ = dZˡ Bᵀ,   B: zˡ⁻¹, the activation before dropout, aˡ, aᵏ or X where aˡ⁻¹ is needed

## Example
dW3 = np.dot(dZ3, Z2.T) / m             # wrong: needs what entered the layer
dW3 = np.dot(dZ3, A2.T) / m
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import STRUCTURE, Attempt, Variant, cause
from initlab.gradients.reference import Backward, Edit, Net


def _lines(attempt: Attempt) -> Iterator[Variant]:
    net = attempt.net
    for kind, layer in attempt.all_lines("dW"):
        needed = "X" if layer == 1 else f"A{layer - 1}"
        for name, values in _arrays(net, layer):
            if values.shape == net.A[layer - 1].shape:
                yield Variant(line=(kind, layer), text=f"uses {name}, needs {needed}", edit=_with(values))
        for other in range(1, net.depth + 1):
            if other != layer:
                yield Variant(line=(kind, layer), text=f"uses dZ{other}, needs dZ{layer}", edit=_from(other))
        if layer < net.depth:
            yield Variant(line=(kind, layer), text=f"uses dA{layer}, needs dZ{layer}", edit=_from_activations)
            yield Variant(line=("db", layer), text=f"uses dA{layer}, needs dZ{layer}", edit=_bias_from_activations)


def _arrays(net: Net, layer: int) -> Iterator[tuple[str, Array]]:
    if layer > 1:
        yield f"Z{layer - 1}", net.Z[layer - 1]
        yield f"A{layer - 1} before dropout", net.H[layer - 1]
        yield f"A{layer - 1} > 0", 1.0 * (net.A[layer - 1] > 0)
        yield f"g'(Z{layer - 1})", net.activation.derivative(net.Z[layer - 1], net.H[layer - 1])
        yield f"A{layer - 1} squared", net.A[layer - 1] ** 2
        yield f"|A{layer - 1}|", np.abs(net.A[layer - 1])
    for other in range(net.depth + 1):
        if other != layer - 1:
            yield "X" if other == 0 else f"A{other}", net.A[other]
            if other > 0:
                yield f"Z{other}", net.Z[other]
    yield "the prediction", net.P


def _with(values: Array) -> Edit:
    def edit(seen: Backward, layer: int) -> Array:
        return seen.dZ[layer] @ values.T + seen.net.r * seen.net.W[layer]

    return edit


def _from(other: int) -> Edit:
    """DZ of another layer, where it fits and has been computed."""

    def edit(seen: Backward, layer: int) -> Array:
        dZ = seen.dZ.get(other)
        if dZ is None or dZ.shape != seen.dZ[layer].shape:
            return np.full_like(seen.net.W[layer], np.nan)
        return dZ @ seen.net.A[layer - 1].T + seen.net.r * seen.net.W[layer]

    return edit


def _from_activations(seen: Backward, layer: int) -> Array:
    return seen.dA[layer] @ seen.net.A[layer - 1].T + seen.net.r * seen.net.W[layer]


def _bias_from_activations(seen: Backward, layer: int) -> Array:
    return np.asarray(seen.dA[layer].sum(axis=1, keepdims=True))


cause(__name__, lines=_lines, rank=STRUCTURE)
