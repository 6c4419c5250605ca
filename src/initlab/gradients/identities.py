"""Equations that hold between right gradients, whatever the data: they cost no evaluation of the cost.

    layers whose activation is a rectifier, φ(z) = z φ'(z):   ⟨Wˡ, dWˡ⟩ + ⟨bˡ, dbˡ⟩ = ⟨Wˡ⁺¹, dWˡ⁺¹⟩
    softmax:                                                  Σ over the classes of db^L = 0

where dW is the data's part, without the L2 term. The first is ⟨zˡ, dZˡ⟩ = ⟨aˡ, dAˡ⟩ summed over the examples.
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.projection import Gradient
from initlab.gradients.reference import Net
from initlab.gradients.report import Identity

RECTIFIERS = ("relu", "leaky_relu", "leaky_relu_0.2", "linear")
LARGEST_GAP = 1e-8


def identities(net: Net | None, gradient: Gradient) -> tuple[Identity, ...]:
    """The identities of a recognised network, and whether the returned gradients keep them."""
    return () if net is None else tuple(_all(net, gradient))


def _all(net: Net, gradient: Gradient) -> Iterator[Identity]:
    slack = LARGEST_GAP + 64 * max(float(np.max(each)) for each in gradient.rounding.values())
    if net.activation.name in RECTIFIERS:
        for layer in range(1, net.depth):
            below = _product(net, gradient, layer, bias=True)
            above = _product(net, gradient, layer + 1, bias=False)
            size = sum(np.abs(each).sum() for each in (*below, *above))
            gap = float(abs(sum(each.sum() for each in below) - above[0].sum()) / size) if size else 0.0
            own, after = net.layers[layer - 1], net.layers[layer]
            bias = f" + <{own.bias}, d{own.bias}>" if own.bias else ""
            text = f"<{own.weight}, d{own.weight}>{bias} = <{after.weight}, d{after.weight}>"
            yield Identity(text=text, where=f"dA{layer} or {after.weight}", gap=gap, holds=gap <= slack)
    bias_name = net.layers[-1].bias
    if net.head.name == "softmax" and bias_name is not None and np.allclose(net.Y.sum(axis=0), 1):
        db = gradient.values[bias_name]
        size = float(np.abs(db).sum())
        gap = float(abs(db.sum()) / size) if size else 0.0
        text = f"the sum of d{bias_name} over the classes = 0"
        yield Identity(text=text, where=f"dZ{net.depth} or {bias_name}", gap=gap, holds=gap <= slack)


def _product(net: Net, gradient: Gradient, layer: int, *, bias: bool) -> list[np.ndarray]:
    own = net.layers[layer - 1]
    dW = gradient.values[own.weight].T if net.rows else gradient.values[own.weight]
    found = [net.W[layer] * (dW - net.r * net.W[layer])]
    b = net.b[layer]
    if bias and own.bias is not None and b is not None:
        found.append(b.ravel() * gradient.values[own.bias].ravel())
    return found
