"""How deep a parameter lies: which residual block it is of, or which layer where there are no blocks."""

import re
from collections.abc import Sequence
from dataclasses import replace

from initlab.parameters import RESIDUAL_OUTPUTS, TABLES, Parameter

_ITEM = re.compile(r"^(?:.*?\.)?\d+(?=\.)")
_NUMBERED = re.compile(r"^(?:.*?\.)?[^.]*?_\d+(?=\.)")
KERNELS = frozenset({"weight", "input", "head", "recurrent", "query", "key", "value", "gate", *RESIDUAL_OUTPUTS})


def placed_in_depth(parameters: Sequence[Parameter]) -> list[Parameter]:
    """The parameters with their layer, the depth of the model and its width. They are given in the order of use."""
    outs = [each for each in parameters if each.role in RESIDUAL_OUTPUTS]
    if not outs:
        return _by_layers(parameters)
    blocks = list(dict.fromkeys(block_of(each.name) for each in outs))
    width = _width(parameters, outs)
    if None in blocks:
        return _by_order(parameters, len(outs), width)
    made = []
    for each in parameters:
        layer = next((place for place, block in enumerate(blocks) if each.name.startswith(f"{block}.")), None)
        made.append(replace(each, layer=layer, depth=len(blocks), branches=len(outs), width=width))
    return made


def block_of(name: str) -> str | None:
    """The block that a parameter is of: up to the item of a list, or else the numbered module, that its layer is in.

    >>> block_of("h.3.attn.out.weight"), block_of("Block_2.Dense_1.weight"), block_of("mlp.out.weight")
    ('h.3', 'Block_2', None)
    """
    layer = name.rpartition(".")[0]
    found = _ITEM.match(layer) or _NUMBERED.match(layer)
    return found[0] if found else None


def _by_order(parameters: Sequence[Parameter], depth: int, width: int | None) -> list[Parameter]:
    """Each residual output ends a block, where no names tell the blocks."""
    made, ended = [], 0
    for each in parameters:
        made.append(replace(each, layer=min(ended, depth - 1), depth=depth, branches=depth, width=width))
        ended += each.role in RESIDUAL_OUTPUTS
    return made


def _by_layers(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Each kernel a layer, and what is held beside it of the same."""
    holders = list(dict.fromkeys(_holder(each) for each in parameters if each.role in KERNELS))
    places = {holder: place for place, holder in enumerate(holders)}
    width = _width(parameters, [each for each in parameters if each.role in KERNELS])
    return [
        replace(each, layer=places.get(_holder(each)), depth=len(holders) or None, width=width) for each in parameters
    ]


def _holder(parameter: Parameter) -> str:
    """The name of the layer that holds a tensor; of arrays named w1 and b1, the number tells the layer."""
    holder, _, leaf = parameter.name.rpartition(".")
    number = re.search(r"\d+", leaf.partition("[")[0])
    return f"{holder}.{number[0]}" if number else holder


def _width(parameters: Sequence[Parameter], outs: Sequence[Parameter]) -> int | None:
    """The model dimension: that of the embeddings, or of what the first of these layers gives."""
    tables = [each for each in parameters if each.role in TABLES and each.shape]
    if tables:
        return tables[0].shape[-1]
    return outs[0].shape[0] if outs else None
