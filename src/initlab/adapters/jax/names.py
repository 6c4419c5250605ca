"""Names that twins share: one name a tensor, whether torch, Linen, NNX, Equinox or a plain pytree holds it.

    params/blocks_0/fc/kernel  ->  blocks.0.fc.weight

Steps are joined by dots; Flax's collection `params` is left out; `kernel`, `scale` and `embedding` are called `weight`,
as torch and Equinox call them; and a list that Linen spells out as `blocks_0, blocks_1, ...` is a list again. Equal
names draw equal numbers, in canonical order, from the same law.
"""

import re
from collections.abc import Mapping, Sequence

from initlab.adapters.jax.leaves import Leaf, Path
from initlab.adapters.jax.place import Block

WEIGHTS = ("kernel", "scale", "embedding")
COLLECTION = "params"

_ITEM = re.compile(r"([a-z][a-z0-9_]*?)_([0-9]+)")


def names(leaves: Sequence[Leaf], *, linen: bool) -> list[str]:
    """The canonical name of each leaf. Where two would be called the same, both keep the last step of their own."""
    paths = [leaf.path for leaf in leaves]
    lists = _lists(paths) if linen else set()
    short = [canonical(path, lists=lists) for path in paths]
    return [
        name if short.count(name) == 1 else canonical(path, lists=lists, leaf=False)
        for name, path in zip(short, paths, strict=True)
    ]


def canonical(path: Path, *, lists: set[Path] | frozenset[Path] = frozenset(), leaf: bool = True) -> str:
    """One path as a canonical name.

    >>> canonical(("params", "Dense_0", "kernel"))
    'Dense_0.weight'
    """
    steps: list[str] = []
    for place, step in enumerate(path):
        item = _ITEM.fullmatch(step)
        if place == 0 and step == COLLECTION and len(path) > 1:
            continue
        if item and (*path[:place], item[1]) in lists:
            steps += [item[1], item[2]]
        elif leaf and place == len(path) - 1 and step in WEIGHTS:
            steps.append("weight")
        else:
            steps.append(step)
    return ".".join(steps) or "weight"


def _lists(paths: Sequence[Path]) -> set[Path]:
    """The lists that Linen has spelled out: where there is an item 0."""
    return {
        (*path[:place], item[1])
        for path in paths
        for place, step in enumerate(path)
        if (item := _ITEM.fullmatch(step)) and item[2] == "0"
    }


def indexed_names(arrays: Mapping[int, tuple[Path, str, Sequence[Block]]]) -> dict[int, list[str]]:
    """The name of each block: in a stack, the index comes where a list of the layers would have it.

    A stack is the outermost step below which every array is as often there: {"blocks": {"fc": {"kernel": (L, m, n)}}}
    holds blocks.0.fc.weight, blocks.1.fc.weight, ..., as a list of L blocks would.
    """
    counts = {path: len({block.place.index for block in blocks}) for path, _, blocks in arrays.values()}
    stacks = {path for path, _, blocks in arrays.values() if blocks[0].place.index}
    made = {}
    for key, (path, name, blocks) in arrays.items():
        steps = name.split(".")
        at = len(steps) - max(len(path) - _stack_of(path, counts, stacks), 1)
        made[key] = [".".join([*steps[:at], *map(str, block.place.index), *steps[at:]]) for block in blocks]
    return made


def _stack_of(path: Path, counts: Mapping[Path, int], stacks: set[Path]) -> int:
    """How many steps lead to the stack that an array is in."""
    for n in range(1, len(path)):
        inside = [other for other in counts if other[:n] == path[:n]]
        if all(other in stacks and counts[other] == counts[path] for other in inside):
            return n
    return len(path)
