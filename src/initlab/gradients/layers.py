"""Which blocks are weights and biases of which layer, and what a set of wrong blocks says about where the chain breaks.

    dZˡ  ->  dWˡ = dZˡ aˡ⁻¹ᵀ,  dbˡ = Σ dZˡ,  dZˡ⁻¹ = (Wˡᵀ dZˡ) ∘ φ'(zˡ⁻¹)

A right Wˡ or bˡ means that dZˡ is right, so a wrong block alone is a wrong formula of its own. Where every block from
some layer down is wrong, and those above are right, the mistake is where that layer's dZ is made. Labels out of order
leave the sum over the examples as it is: where all but the last bias is wrong, it is the last dZ.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from initlab.gradients.case import Array

WEIGHT = re.compile(r"(?:^|[._])(?:w|weights?|kernel)[_.]?(\d*)$|^(?:W|w|theta|Theta)_?(\d+)$", re.IGNORECASE)
BIAS = re.compile(r"(?:^|[._])(?:b|bias(?:es)?)[_.]?(\d*)$|^b_?(\d+)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer: its number from 1, and the names of its weights and biases."""

    number: int
    weight: str
    bias: str | None

    @property
    def blocks(self) -> tuple[str, ...]:
        """What it has."""
        return (self.weight, self.bias) if self.bias else (self.weight,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a mistake is: in the line of one block, or where dZ of a `layer` is made, which spoils all below."""

    kind: Literal["block", "chain"]
    name: str
    blocks: tuple[str, ...]
    layer: int | None = None


def layers_of(theta: Mapping[str, Array]) -> tuple[Layer, ...]:
    """The layers of a chain of dense ones, from the input; empty where the blocks are not such a chain.

    >>> import numpy as np
    >>> theta = {"W1": np.ones((3, 2)), "b1": np.ones((3, 1)), "W2": np.ones((1, 3)), "b2": np.ones((1, 1))}
    >>> [layer.blocks for layer in layers_of(theta)]
    [('W1', 'b1'), ('W2', 'b2')]
    """
    weights = [name for name in theta if WEIGHT.search(name) and theta[name].ndim == 2]
    biases = {_stem(name, BIAS): name for name in theta if BIAS.search(name)}
    layers = tuple(
        Layer(number=i, weight=name, bias=biases.pop(_stem(name, WEIGHT), None)) for i, name in enumerate(weights, 1)
    )
    left_over = set(theta) - {block for layer in layers for block in layer.blocks}
    return layers if layers and not left_over and _chained([theta[layer.weight].shape for layer in layers]) else ()


def _stem(name: str, kind: re.Pattern[str]) -> str:
    """What a weight and its bias have in common: the prefix, and the number."""
    match = kind.search(name)
    assert match is not None
    return f"{name[: match.start()]}|{match[1] or match[2] or ''}"


def _chained(shapes: list[tuple[int, ...]]) -> bool:
    pairs = list(pairwise(shapes))
    return all(after[1] == before[0] for before, after in pairs) or all(b[1] == a[0] for b, a in pairs)


def sites(layers: Collection[Layer], wrong: Collection[str]) -> list[Site]:
    """Where the mistakes are, from the output down: at most one break of the chain, and wrong formulas above it."""
    if not layers:
        return [Site(kind="block", name=name, blocks=(name,)) for name in wrong]
    found: list[Site] = []
    spoiled = 0
    for layer in layers:
        if not set(layer.blocks) <= set(wrong):
            break
        spoiled = layer.number
    last = list(layers)[-1]
    if len(layers) > 2 and spoiled == last.number - 1 and last.bias and last.weight in wrong:
        everything = tuple(block for layer in layers for block in layer.blocks if block in wrong)
        return [Site(kind="chain", name=f"dZ{last.number}", blocks=everything, layer=last.number)]
    evident = spoiled > 1 or (spoiled == 1 and any(len(layer.blocks) > 1 for layer in layers if layer.number == 1))
    for layer in layers:
        if layer.number > spoiled or not evident:
            found += [Site(kind="block", name=b, blocks=(b,)) for b in layer.blocks if b in wrong]
    if evident:
        below = tuple(block for layer in layers if layer.number <= spoiled for block in layer.blocks)
        found.append(Site(kind="chain", name=f"dZ{spoiled}", blocks=below, layer=spoiled))
    return found
