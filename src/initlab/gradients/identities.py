"""Equations that hold between right gradients, whatever the data: they cost no evaluation of the cost.

    layers whose activation is a rectifier, φ(z) = z φ'(z):   ⟨Wˡ, dWˡ⟩ + ⟨bˡ, dbˡ⟩ = ⟨Wˡ⁺¹, dWˡ⁺¹⟩
    softmax:                                                  Σ over the classes of db^L, of dW^L = 0

where dW is the data's part, without the L2 term. A mistake is where the equations that it spoils have something in
common; an equation that holds says nothing of a block by itself. The first is ⟨zˡ, dZˡ⟩ = ⟨aˡ, dAˡ⟩ summed over the
examples.
"""

from collections.abc import Collection, Iterator

import numpy as np

from initlab.gradients.reference import Net
from initlab.gradients.report import Identity
from initlab.gradients.returned import Gradient
from initlab.numerics.differences import UNIT_ROUNDOFF

RECTIFIERS = ("relu", "leaky_relu", "leaky_relu_0.2", "linear")
LARGEST_GAP = 1e-8


def identities(net: Net | None, gradient: Gradient) -> tuple[Identity, ...]:
    """The identities of a recognised network, and whether the returned gradients keep them."""
    return () if net is None else tuple(_all(net, gradient))


def _all(net: Net, gradient: Gradient) -> Iterator[Identity]:
    slack = slack_of(gradient)
    if net.activation.name in RECTIFIERS:
        gaps = {layer: _imbalance(net, gradient, layer) for layer in range(1, net.depth)}
        broken = {layer for layer, gap in gaps.items() if gap > slack}
        for layer, gap in gaps.items():
            own, after = net.layers[layer - 1], net.layers[layer]
            bias = f" + <{own.bias}, d{own.bias}>" if own.bias else ""
            text = f"<{own.weight}, d{own.weight}>{bias} = <{after.weight}, d{after.weight}>"
            yield Identity(text=text, where=_suspects(net, layer, broken), gap=gap, holds=layer not in broken)
    if net.head.name == "softmax" and np.allclose(net.Y.sum(axis=0), 1):
        yield from _classes(net, gradient, slack)


def slack_of(gradient: Gradient) -> float:
    """The gap that rounding alone explains."""
    return LARGEST_GAP + 64 * max(float(np.max(each)) for each in gradient.rounding.values())


def _imbalance(net: Net, gradient: Gradient, layer: int) -> float:
    below = _product(net, gradient, layer, bias=True)
    above = _product(net, gradient, layer + 1, bias=False)
    size = sum(np.abs(each).sum() for each in (*below, *above))
    return float(abs(sum(each.sum() for each in below) - above[0].sum()) / size) if size else 0.0


def _suspects(net: Net, layer: int, broken: Collection[int]) -> str:
    """What one equation contains and its neighbours do not contradict: a weight is in the two of both its sides."""
    own, after = net.layers[layer - 1], net.layers[layer]
    shared = [own.weight] if layer - 1 in broken else []
    shared += [after.weight] if layer + 1 in broken else []
    ends = [own.weight] if layer == 1 else []
    ends += [after.weight] if layer + 1 == net.depth else []
    return " or ".join([*shared, f"dZ{layer}", *([own.bias] if own.bias else []), *ends])


def _classes(net: Net, gradient: Gradient, slack: float) -> Iterator[Identity]:
    """Both sums of the last layer: where only one is not zero, dZ is right, and that line is wrong."""
    last = net.layers[-1]
    dW = gradient.values[last.weight].T if net.rows else gradient.values[last.weight]
    sums = {last.weight: dW - net.r * net.W[net.depth]}
    if last.bias is not None:
        sums[last.bias] = gradient.values[last.bias].reshape(-1, 1)
    rounded = 64 * UNIT_ROUNDOFF * net.c * float(np.abs(net.P - net.Y).sum())
    rounded *= max(1.0, float(np.abs(net.A[net.depth - 1]).max()))
    off = {name: float(np.abs(each.sum(axis=0)).max()) for name, each in sums.items()}
    size = {name: float(np.abs(each).sum()) for name, each in sums.items()}
    holds = {name: off[name] <= slack * size[name] + rounded for name in sums}
    for name in sums:
        text = f"the sum of d{name} over the classes = 0"
        where = name if any(holds.values()) else f"dZ{net.depth}"
        yield Identity(text=text, where=where, gap=off[name] / size[name] if size[name] else 0.0, holds=holds[name])


def _product(net: Net, gradient: Gradient, layer: int, *, bias: bool) -> list[np.ndarray]:
    own = net.layers[layer - 1]
    dW = gradient.values[own.weight].T if net.rows else gradient.values[own.weight]
    found = [net.W[layer] * (dW - net.r * net.W[layer])]
    b = net.b[layer]
    if bias and own.bias is not None and b is not None:
        found.append(b.ravel() * gradient.values[own.bias].ravel())
    return found
