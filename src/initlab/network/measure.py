"""What a network does on a batch, measured: the signal, and how many of its units differ."""

from collections.abc import Sequence

import numpy as np

from initlab.network import trainer
from initlab.network.architecture import Architecture
from initlab.network.heads import HEAD
from initlab.network.reference import Pass, deltas, forward
from initlab.numerics.activations import Floats, activation
from initlab.trace import Layer, Signal

ROUNDING = 100
"""How many times the precision of a number a layer's values may differ and still be called equal."""


def distinct_units(W: Floats, b: Floats) -> int:
    """How many units of a layer have incoming weights and bias of their own.

    Two units count as one when none of their weights differs by more than √ε of the largest weight of the two
    (1.5e-8 in float64), so that rounding does not pass for broken symmetry: a unit counts when it is unlike all
    before it. A layer with a weight that is not finite
    has no answer: -1.
    """
    rows = np.column_stack([W, b])
    if not np.isfinite(rows).all():
        return -1
    size = np.abs(rows).max(axis=1)
    tolerance = np.sqrt(np.finfo(rows.dtype).eps) * np.maximum.outer(size, size)
    alike = np.abs(rows[:, np.newaxis] - rows).max(axis=2) <= tolerance
    return int((~np.tril(alike, -1).any(axis=1)).sum())


def signal(net: Architecture, theta: Floats, x: Floats, y: Floats) -> Signal:
    """Forward and backward standard deviations, distinct and dead units of every layer, without dropout."""
    with np.errstate(all="ignore"):
        seen = forward(net, theta, x)
        back = deltas(net, theta, seen, y)
        return Signal(layers=layers(net, theta, seen, back), loss=HEAD[net.head].loss(seen.z[-1], y))


def layers(net: Architecture, theta: Floats, seen: Pass, back: Sequence[Floats]) -> tuple[Layer, ...]:
    """The measurements of every layer, from what a forward and a backward pass have left."""
    phi = activation(net.activation).function
    distinct = trainer.distinct_units(net, theta)
    return tuple(
        Layer(
            name=f"layer {number}",
            units=b.size,
            forward_std=_std(z),
            backward_std=_std(delta) * z.shape[1],
            distinct=int(distinct[number - 1]),
            dead=int((phi(z) == 0).all(axis=1).sum()) if number < net.depth else 0,
        )
        for number, (z, delta, (_, b)) in enumerate(zip(seen.z, back, net.layers(theta), strict=True), start=1)
    )


def _std(values: Floats) -> float:
    """The standard deviation; zero where it is no more than the rounding of equal values and of their mean."""
    std = float(values.std(dtype=np.float64))
    return 0.0 if std <= ROUNDING * float(np.finfo(values.dtype).eps * np.abs(values).max()) else std
