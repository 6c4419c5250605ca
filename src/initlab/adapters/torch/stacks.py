"""Where a parameter stands in the depth of a model: its residual block, how many there are, and the stream's width.

A block is a module of a list of modules of one class, in which branches are added to the stream. Lists that follow each
other, such as the stages of a ResNet, are one stack; an encoder and a decoder are two.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from initlab.adapters.torch.flow import Addition, Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The block a parameter is in, counted from 0, the its stack's depth and branches, and the stream's width there."""

    layer: int | None = None
    depth: int | None = None
    branches: int | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Blocks by name, with the number and the width of each; `prefix` is what holds them.

    `depth` counts every run of a block, `branches` every addition to the stream.
    """

    prefix: str
    blocks: Mapping[str, tuple[int, int]]
    depth: int
    branches: int

    @property
    def width(self) -> int:
        """The commonest width."""
        return Counter(width for _, width in self.blocks.values()).most_common(1)[0][0]


class Stacks:
    """The stacks of a model, or the plain order of its layers where nothing is added to a stream."""

    def __init__(self, recording: Recording, modules: Mapping[str, nn.Module]) -> None:
        self._stacks = _stacks(recording, modules)
        weights = [each.weight for each in recording.products if each.weight and each.kind in ("dense", "convolution")]
        self._order = {layer: index for index, layer in enumerate(dict.fromkeys(map(_layer, weights)))}
        self._first = next(
            (p.outputs for p in recording.products if p.weight and p.kind in ("dense", "convolution")), None
        )

    def place(self, name: str, weight: str | None = None) -> Place:
        """Where a parameter of that name stands; `weight` is the one it belongs to, for a bias."""
        if not self._stacks:
            layer = self._order.get(_layer(weight or name))
            return Place(layer=layer, depth=len(self._order) or None, width=self._first)
        for block in _prefixes(name):
            for stack in self._stacks:
                if block in stack.blocks:
                    layer, width = stack.blocks[block]
                    return Place(layer=layer, depth=stack.depth, branches=stack.branches, width=width)
        inside = [stack for stack in self._stacks if stack.prefix and name.startswith(stack.prefix + ".")]
        stack = (inside or self._stacks)[0]
        return Place(depth=stack.depth, branches=stack.branches, width=stack.width)


def _layer(weight: str) -> str:
    """The name of the layer of a weight: one for both kernels of a recurrent layer, in both directions.

    >>> _layer("rnn.weight_hh_l1_reverse"), _layer("fc.weight")
    ('rnn.l1', 'fc.weight')
    """
    return re.sub(r"(weight|bias)_(ih|hh|hr)_?(l\d+)?(_reverse)?$", r"\3", weight)


def _stacks(recording: Recording, modules: Mapping[str, nn.Module]) -> tuple[Stack, ...]:
    runs: dict[str, list[tuple[str, int]]] = {}
    branches: Counter[str] = Counter()
    seen: dict[str, set[str | None]] = {}
    in_lists = [addition for addition in recording.additions if _lists(addition, modules)]
    additions = in_lists or recording.additions
    for addition, block in zip(additions, _blocks(additions, modules), strict=True):
        writes = {product.weight for product in addition.products} or {f"an addition {addition.node}"}
        holder = _prefix(block, modules)
        branches[holder] += 1
        again = block in seen and bool(writes & seen[block])
        if block not in seen or again:
            runs.setdefault(holder, []).append((block, addition.width))
            seen[block] = set()
        seen[block] |= writes
    return tuple(
        Stack(
            prefix=prefix,
            depth=len(ran),
            branches=branches[prefix],
            blocks={block: (index, width) for index, (block, width) in reversed(list(enumerate(ran)))},
        )
        for prefix, ran in runs.items()
    )


def _blocks(additions: Sequence[Addition], modules: Mapping[str, nn.Module]) -> list[str]:
    """The name of the block that each addition is made in.

    Of nested lists, the outermost in whose modules something is added outside of the inner lists: a block may hold a
    list of its own, and a stage, a list of blocks.
    """
    lists = [_lists(addition, modules) for addition in additions]
    innermost = {names[0] for names in lists if names}
    return [
        next((name for name in reversed(names) if name in innermost), "") or addition.place or str(addition.node)
        for names, addition in zip(lists, additions, strict=True)
    ]


def _lists(addition: Addition, modules: Mapping[str, nn.Module]) -> list[str]:
    """The modules of lists that an addition is made in, the innermost first; else those that its branch ends in."""
    for name in (addition.place, *(product.weight or "" for product in addition.products)):
        found = [prefix for prefix in _prefixes(name) if _in_list(prefix, modules)]
        if found:
            return found
    return []


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


def _prefix(block: str, modules: Mapping[str, nn.Module]) -> str:
    """What holds the list of a block, and the lists that follow it: `stages.0`, `stages.1`, or `layer1`, `layer2`.

    >>> _prefix("encoder.block.3", {}), _prefix("layer1.0", {"layer1": nn.Module(), "layer2": nn.Module()})
    ('encoder', '')
    """
    steps = block.split(".")
    for count, step in enumerate(steps):
        holder = ".".join(steps[:count])
        if step.isdigit():
            return holder.rpartition(".")[0]
        stem = step.rstrip("0123456789")
        if stem != step and any(
            _follows(other, holder, stem) and other != f"{holder}.{step}".lstrip(".") for other in modules
        ):
            return holder
    return block.rpartition(".")[0]


def _follows(name: str, holder: str, stem: str) -> bool:
    home, _, last = name.rpartition(".")
    return home == holder and last.startswith(stem) and last.removeprefix(stem).isdigit()
