"""Where a parameter stands in the depth of a model: its residual block, how many there are, and the stream's width.

A block is the deepest module of a list of modules of one class in which a branch is added to the stream. Lists that
follow each other, such as the stages of a ResNet, are one stack; an encoder and a decoder are two.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from initlab.adapters.torch.flow import Addition, Recording

_NUMBER = re.compile(r"\.\d+(\.|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The block a parameter is in, counted from 0, the depth of its stack, and the width of the stream there."""

    layer: int | None = None
    depth: int | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Blocks by name, with the number and the width of each; `prefix` is what holds them; `depth` counts every run."""

    prefix: str
    blocks: Mapping[str, tuple[int, int]]
    depth: int

    @property
    def width(self) -> int:
        """The commonest width."""
        return Counter(width for _, width in self.blocks.values()).most_common(1)[0][0]


class Stacks:
    """The stacks of a model, or the plain order of its layers where nothing is added to a stream."""

    def __init__(self, recording: Recording, modules: Mapping[str, nn.Module]) -> None:
        self._stacks = _stacks(recording, modules)
        weights = [each.weight for each in recording.products if each.weight and each.kind in ("dense", "convolution")]
        self._order = {weight: index for index, weight in enumerate(dict.fromkeys(weights))}
        self._first = next(
            (p.outputs for p in recording.products if p.weight and p.kind in ("dense", "convolution")), None
        )

    def place(self, name: str, weight: str | None = None) -> Place:
        """Where a parameter of that name stands; `weight` is the one it belongs to, for a bias."""
        if not self._stacks:
            layer = self._order.get(weight or name)
            return Place(layer=layer, depth=len(self._order) or None, width=self._first)
        for stack in self._stacks:
            for block in _prefixes(name):
                if block in stack.blocks:
                    layer, width = stack.blocks[block]
                    return Place(layer=layer, depth=stack.depth, width=width)
        inside = [stack for stack in self._stacks if stack.prefix and name.startswith(stack.prefix + ".")]
        stack = (inside or self._stacks)[0]
        return Place(depth=stack.depth, width=stack.width)


def _stacks(recording: Recording, modules: Mapping[str, nn.Module]) -> tuple[Stack, ...]:
    runs: dict[str, list[tuple[str, int]]] = {}
    seen: dict[str, set[str | None]] = {}
    for addition in recording.additions:
        block = _block(addition, modules)
        writes = {product.weight for product in addition.products} or {f"an addition {addition.node}"}
        again = block in seen and bool(writes & seen[block])
        if block not in seen or again:
            runs.setdefault(_prefix(block), []).append((block, addition.width))
            seen[block] = set()
        seen[block] |= writes
    return tuple(
        Stack(
            prefix=prefix,
            depth=len(blocks),
            blocks={block: (index, width) for index, (block, width) in reversed(list(enumerate(blocks)))},
        )
        for prefix, blocks in runs.items()
    )


def _block(addition: Addition, modules: Mapping[str, nn.Module]) -> str:
    """The name of the block that an addition is made in: from where it is made, else from what writes the branch."""
    writers = [product.weight for product in addition.products if product.weight]
    for name in (addition.place, *writers):
        for prefix in _prefixes(name):
            if _in_list(prefix, modules):
                return prefix
    return addition.place or (writers[0] if writers else str(addition.node))


def _in_list(name: str, modules: Mapping[str, nn.Module]) -> bool:
    """Whether a module is one of a list of one class."""
    holder, _, last = name.rpartition(".")
    if not last.isdigit() or holder not in modules:
        return False
    return len({type(child) for child in modules[holder].children()}) == 1


def _prefixes(name: str) -> list[str]:
    """A dotted name and what holds it, the longest first.

    >>> _prefixes("h.0.attn")
    ['h.0.attn', 'h.0', 'h']
    """
    steps = name.split(".")
    return [".".join(steps[:count]) for count in range(len(steps), 0, -1)]


def _prefix(block: str) -> str:
    """What holds the list of a block, and the lists that follow it.

    >>> _prefix("encoder.block.3"), _prefix("layer1.0"), _prefix("model.stages.0.blocks.1")
    ('encoder', '', 'model')
    """
    cut = _NUMBER.search(block)
    holder = block[: cut.start()] if cut else block
    return holder.rpartition(".")[0]
