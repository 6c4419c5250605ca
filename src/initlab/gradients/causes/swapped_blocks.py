"""The gradients of two parameters are swapped, or one has another's: an order of a dict, a slip of a name.

## Formula
a of this block = n of another block

## Example
grads = {"dW1": dW1, "db1": db2, "db2": db1}        # wrong
grads = {"dW1": dW1, "db1": db1, "db2": db2}
"""

from collections.abc import Iterator

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import NAMED, Attempt, Block, Reading, Variant, cause
from initlab.gradients.reference import Backward, Edit, replay


def _blocks(block: Block) -> Iterator[Reading]:
    for name, n in block.peers.items():
        if n.size == int(block.places.size) and block.complete and name != block.name and n.size > 1:
            yield Reading(text=f"the gradient of {name}", predicted=n.ravel())


def _lines(attempt: Attempt) -> Iterator[Variant]:
    found = replay(attempt.net, {}).gradients()
    for kind, layer in attempt.all_lines("dW", "db"):
        own = attempt.net.layers[layer - 1]
        name = own.weight if kind == "dW" else own.bias
        for other, value in found.items():
            if name is not None and other != name and value.size == found[name].size and value.size > 1:
                yield Variant(line=(kind, layer), text=f"the gradient of {other}", edit=_other(value, kind))


def _other(value: Array, kind: str) -> Edit:
    def edit(seen: Backward, layer: int) -> Array:
        shape = seen.net.W[layer].shape if kind == "dW" else (seen.net.W[layer].shape[0], 1)
        return value.T if kind == "dW" and seen.net.rows and value.T.shape == shape else value.reshape(shape)

    return edit


cause(__name__, blocks=_blocks, lines=_lines, rank=NAMED)
