"""A network looked into: what a person wants to see of every layer while it trains.

Values are counted in bins that never move, so that a vanishing signal is seen to vanish:

    0 apart · then, for each sign, 3 bins a decade from 10^low to 10^high · what lies beyond goes to the outermost bin

Activations and weights are counted from 10⁻⁴ to 10³, gradients from 10⁻⁹ to 10². A gradient here is that of one
example's loss with respect to a pre-activation, so that it depends neither on the batch nor on the learning rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

from initlab.network.architecture import Architecture
from initlab.network.measure import layers
from initlab.network.reference import Pass, deltas, forward
from initlab.numerics.activations import Activation, Floats, activation
from initlab.trace import Layer

Kind = Literal["activations", "gradients", "weights"]

DECADES: MappingProxyType[Kind, tuple[int, int]] = MappingProxyType(
    {"activations": (-4, 3), "gradients": (-9, 2), "weights": (-4, 3)}
)
"""The exponents of the least and the greatest size that are told apart."""

PER_DECADE = 3

FLAT = 0.1
"""A unit is saturated on an example where its slope is below this share of the largest slope of its activation."""

REACH = np.linspace(-8.0, 8.0, 1601)
"""Where the largest slope of an activation is looked for."""

MOST_DRAWN = 12
"""Units of a layer whose edges are given; of a wider layer, the first."""

MOST_HISTOGRAMS = 8
"""Layers whose histograms are taken; of a deeper network, evenly many."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How many values are exactly zero, how many not finite, and how many in each bin from −10^high to 10^high."""

    zero: int
    lost: int
    counts: Counts

    @property
    def total(self) -> int:
        """All values."""
        return self.zero + self.lost + int(self.counts.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerView:
    """One layer: its measurements, the share of saturated values (NaN at the output), and, if shown, histograms."""

    layer: Layer
    saturated: float
    histograms: dict[Kind, Histogram]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Weights, or gradients of the mean loss, from the first units of one layer to the first units of the next."""

    weights: Floats
    gradients: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A network as it stands."""

    layers: tuple[LayerView, ...]
    edges: tuple[Edges, ...]


def view(net: Architecture, theta: Floats, x: Floats, y: Floats) -> View:
    """Look into a network on the examples x, (inputs, m), and their targets.

    >>> net = Architecture(widths=(2, 3, 1))
    >>> found = view(net, np.zeros(net.size), np.eye(2), np.array([[0.0, 1.0]]))
    >>> found.layers[0].histograms["weights"].zero, found.layers[0].layer.dead
    (6, 3)
    """
    phi = activation(net.activation)
    with np.errstate(all="ignore"):
        seen = forward(net, theta, x)
        back = deltas(net, theta, seen, y)
        measured = layers(net, theta, seen, back)
        shown = shown_layers(net.depth)
        parts = zip(measured, _outputs(seen, phi), seen.z, back, net.layers(theta), strict=True)
        views = tuple(
            LayerView(
                layer=layer,
                saturated=saturated_share(phi, z) if a is not z else np.nan,
                histograms=_histograms(a, delta * x.shape[1], W) if place in shown else {},
            )
            for place, (layer, a, z, delta, (W, _)) in enumerate(parts)
        )
        return View(layers=views, edges=_edges(net, theta, seen, back))


def _histograms(a: Floats, gradients: Floats, W: Floats) -> dict[Kind, Histogram]:
    return {
        "activations": histogram(a, "activations"),
        "gradients": histogram(gradients, "gradients"),
        "weights": histogram(W, "weights"),
    }


def shown_layers(depth: int) -> list[int]:
    """The places of the layers whose histograms are taken.

    >>> shown_layers(3), shown_layers(30)
    ([0, 1, 2], [0, 4, 8, 12, 17, 21, 25, 29])
    """
    return sorted({round(place) for place in np.linspace(0, depth - 1, min(depth, MOST_HISTOGRAMS)).tolist()})


def _outputs(seen: Pass, phi: Activation) -> Sequence[Floats]:
    """What leaves every layer; of the last, the logits."""
    return [*(phi.function(z) for z in seen.z[:-1]), seen.z[-1]]


def _edges(net: Architecture, theta: Floats, seen: Pass, back: Sequence[Floats]) -> tuple[Edges, ...]:
    n = MOST_DRAWN
    return tuple(
        Edges(weights=W[:n, :n].copy(), gradients=delta[:n] @ a[:n].T)
        for (W, _), delta, a in zip(net.layers(theta), back, seen.inputs, strict=True)
    )


def saturated_share(phi: Activation, z: Floats) -> float:
    """The share of values at which the activation's slope is below a tenth of its largest.

    >>> saturated_share(activation("tanh"), np.array([0.0, 5.0]))
    0.5
    """
    largest = _steepest(phi)
    slope = np.abs(phi.derivative(z, phi.function(z)))
    return float(np.mean(slope < FLAT * largest))


@cache
def _steepest(phi: Activation) -> float:
    return float(np.abs(phi.derivative(REACH, phi.function(REACH))).max())


def histogram(values: Floats, kind: Kind) -> Histogram:
    """Count values in the bins of that kind.

    >>> histogram(np.array([0.0, 0.5, -0.5, np.inf]), "weights").counts.nonzero()[0].tolist()
    [9, 32]
    """
    low, high = DECADES[kind]
    span = high - low
    bins = 2 * PER_DECADE * span
    flat = values.ravel()
    kept = flat[np.isfinite(flat) & (flat != 0)]
    size = np.clip(np.log10(np.abs(kept)) - low, 0.0, span - 1e-9)
    place = np.floor(np.where(kept > 0, span + size, span - size - 1e-12) * PER_DECADE).astype(np.int64)
    zero = int((flat == 0).sum())
    return Histogram(
        zero=zero, lost=flat.size - kept.size - zero, counts=np.bincount(np.clip(place, 0, bins - 1), minlength=bins)
    )
