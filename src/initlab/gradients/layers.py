"""Which blocks are weights and biases of which layer, and what a set of wrong blocks says about where the chain breaks.

    dZˡ  ->  dWˡ = dZˡ aˡ⁻¹ᵀ,  dbˡ = Σ dZˡ,  dZˡ⁻¹ = (Wˡᵀ dZˡ) ∘ φ'(zˡ⁻¹)

A right Wˡ or bˡ means that dZˡ is right, so a wrong block alone is a wrong formula of its own. Where every block from
some layer down is wrong, and those above are right, the mistake is where that layer's dZ is made. Labels out of order
leave the sum over the examples as it is: where all but the last bias is wrong, it is the last dZ.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
    if left_over:
        return ()
    turned = tuple(replace(layer, number=i) for i, layer in enumerate(layers[::-1], 1))
    return next((each for each in (layers, turned) if each and _chained(theta, each)), ())


def chains_of(theta: Mapping[str, Array]) -> Iterator[tuple[Layer, ...]]:
    """What may be a chain of dense layers: by the names, and by the shapes alone, written from either end.

    >>> import numpy as np
    >>> theta = {"A": np.ones((3, 2)), "u": np.ones(3), "B": np.ones((1, 3)), "v": np.ones(1)}
    >>> [[layer.blocks for layer in chain] for chain in chains_of(theta)]
    [[('A', 'u'), ('B', 'v')]]
    """
    named = layers_of(theta)
    if named:
        yield named
    found = {named} | {()}
    for names in (list(theta), list(theta)[::-1]):
        for flat in _vectors(theta):
            weights = [name for name in names if name not in flat]
            biases = [name for name in names if name in flat]
            for rows in (False, True):
                chain = _paired(theta, weights, biases, rows=rows)
                if chain not in found:
                    found.add(chain)
                    yield chain


def _vectors(theta: Mapping[str, Array]) -> Iterator[set[str]]:
    """The blocks that are biases: vectors, and, as is likelier, the matrices of one row or column; or none of these."""
    if any(value.ndim > 2 or value.ndim == 0 for value in theta.values()):
        return
    vectors = {name for name, value in theta.items() if value.ndim == 1}
    thin = [name for name, value in theta.items() if value.ndim == 2 and 1 in value.shape]
    yield {*vectors, *thin}
    yield from ({*vectors, *thin} - {weight} for weight in thin)
    yield vectors


def _paired(theta: Mapping[str, Array], weights: list[str], biases: list[str], *, rows: bool) -> tuple[Layer, ...]:
    """The weights as a chain with the biases in their order, each at the next layer of its size; empty if none is."""
    shapes = [theta[name].shape[:: -1 if rows else 1] for name in weights]
    if not weights or any(after[1] != before[0] for before, after in pairwise(shapes)):
        return ()
    left, layers = list(biases), []
    for number, (name, shape) in enumerate(zip(weights, shapes, strict=True), 1):
        fits = bool(left) and theta[left[0]].size == shape[0]
        layers.append(Layer(number=number, weight=name, bias=left.pop(0) if fits else None))
    return () if left else tuple(layers)


def _stem(name: str, kind: re.Pattern[str]) -> str:
    """What a weight and its bias have in common: the prefix, and the number."""
    match = kind.search(name)
    assert match is not None
    return f"{name[: match.start()]}|{match[1] or match[2] or ''}"


def _chained(theta: Mapping[str, Array], layers: Sequence[Layer]) -> bool:
    return any(fits(theta, layers, rows=rows) for rows in (False, True))


def fits(theta: Mapping[str, Array], layers: Sequence[Layer], *, rows: bool) -> bool:
    """Whether every weight takes what the one before gives, and every bias has its size; `rows`: W is (in, out)."""
    shapes = [theta[layer.weight].shape[:: -1 if rows else 1] for layer in layers]
    sized = all(b.bias is None or theta[b.bias].size == shape[0] for b, shape in zip(layers, shapes, strict=True))
    return sized and all(after[1] == before[0] for before, after in pairwise(shapes))


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
