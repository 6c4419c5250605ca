"""The blocks of an array by its layer, and by the layer that this one is a part of: a cell, an attention."""

from dataclasses import replace

from initlab.adapters.jax.layers import LIBRARIES, blocks_of, cell_of, split
from initlab.adapters.jax.leaves import Leaf
from initlab.adapters.jax.place import Block
from initlab.parameters import Fan, Gate, Role

ATTENTIONS = ("MultiHeadAttention", "MultiHeadDotProductAttention", "SelfAttention", "MultiheadAttention")
PARTS: dict[str, Role] = {
    "query": "query", "key": "key", "value": "value", "out": "attention_out",
    "query_proj": "query", "key_proj": "key", "value_proj": "value", "output_proj": "attention_out",
}  # fmt: skip


def typed(leaf: Leaf) -> tuple[Block, ...]:
    """What the kinds of the layers above an array say of it; nothing where they are not known."""
    if leaf.holder is None:
        return ()
    blocks = blocks_of(leaf.holder, leaf.path[-1], leaf.shape)
    if len(leaf.path) > 1 and blocks:
        gates, recurrent = cell_of(_above(leaf), leaf.path[-2])
        if gates:
            return tuple(part for block in blocks for part in _gated(block, gates, recurrent))
    return blocks


def attention_role(leaf: Leaf) -> Role | None:
    """The part that a projection plays in the attention layer it belongs to."""
    above = _above(leaf)
    known = above is not None and type(above).__module__.startswith(LIBRARIES) and type(above).__name__ in ATTENTIONS
    return PARTS.get(leaf.path[-2]) if known else None


def _above(leaf: Leaf) -> object | None:
    """The layer that the layer of an array is a part of."""
    return leaf.holders[-2] if len(leaf.holders) > 1 else None


def _gated(block: Block, gates: tuple[Gate, ...], recurrent: bool) -> tuple[Block, ...]:
    if block.role == "weight":
        why = "recurrent kernel" if recurrent else "input kernel"
        block = replace(block, role="recurrent" if recurrent else "weight", why=why)
        axis = block.place.groups[0][0]
    else:
        axis = block.place.groups[0][0]
        size = block.place.held[axis] // len(gates)
        block = replace(block, fan=Fan.dense(size, size))
    return split(block, gates, axis=axis)
