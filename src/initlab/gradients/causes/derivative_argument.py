"""The derivative of the activation is taken at the wrong place, or is that of another activation.

## Formula
dZˡ = dAˡ ∘ φ'(wrong),   wrong: A for Z (1 - Z² for tanh), A after dropout, φ for φ', another layer, X,
      or the φ' of another activation

## Example
dZ1 = dA1 * (1 - Z1**2)                 # wrong: tanh' is 1 - A1**2
dZ1 = dA1 * (1 - A1**2)
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import STRUCTURE, Attempt, Variant, cause
from initlab.gradients.reference import Backward, Edit, Net
from initlab.numerics.activations import ACTIVATIONS


def _lines(attempt: Attempt) -> Iterator[Variant]:
    net = attempt.net
    for layer in attempt.hidden():
        for text, values in _arguments(net, layer):
            if values.shape == net.Z[layer].shape:
                yield Variant(line=("dZ", layer), text=text, edit=times(values))


def _arguments(net: Net, layer: int) -> Iterator[tuple[str, Array]]:
    """What stands where φ'(zˡ) should, and how it came there."""
    phi, z, h, a = net.activation, net.Z[layer], net.H[layer], net.A[layer]
    name = net.activation.name
    with np.errstate(all="ignore"):
        yield f"{name}' evaluated with Z{layer} where it needs A{layer}", phi.derivative(z, z)
        yield f"{name}' evaluated at A{layer}, needs Z{layer}", phi.derivative(h, phi.function(h))
        yield f"{name}' evaluated at A{layer} after dropout", phi.derivative(a, a)
        yield f"{name}' evaluated at A{layer} after dropout", phi.derivative(z, a)
        yield f"{name} itself for its derivative", h
        yield f"{name} itself for its derivative", a
        yield f"Z{layer} for {name}'", z
        yield f"squared: {name}' applied twice", phi.derivative(z, h) ** 2
        yield f"1 + A{layer}**2 for 1 - A{layer}**2", 1 + h * h
        yield f"1 - A{layer} for {name}'", 1 - h
        yield f"A{layer} * (1 + A{layer}) for {name}'", h * (1 + h)
        yield f"sqrt: A{layer}**2 missing its square", 1 - np.abs(h)
        for further in net.Z:
            if further != layer:
                yield f"{name}' of layer {further}", phi.derivative(net.Z[further], net.H[further])
        yield f"{name}' of X", phi.derivative(net.A[0], phi.function(net.A[0]))
        for other in ACTIVATIONS.values():
            if other is not phi:
                text = f"derivative of {other.name}, the activation is {name}"
                yield text, other.derivative(z, h)
                yield text, other.derivative(z, other.function(z))


def times(values: Array) -> Edit:
    """The edit that puts these values where φ' should stand."""

    def edit(seen: Backward, layer: int) -> Array:
        return seen.dD.get(layer, seen.dA[layer]) * values

    return edit


cause(__name__, lines=_lines, rank=STRUCTURE)
