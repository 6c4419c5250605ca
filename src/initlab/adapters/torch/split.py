"""The blocks of a weight whose rows play several roles, and of the bias beside it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from initlab.adapters.blocks import Block, expert, part, whole
from initlab.adapters.torch.evidence import Part
from initlab.adapters.torch.flow import Product
from initlab.parameters import Fan, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A block with what the run said of it."""

    block: Block
    role: Role
    activation: str | None
    why: str


def split(block: Block, parts: Sequence[Part]) -> tuple[Placed, ...]:
    """A block by its rows. Its canonical rows are its outputs."""
    splits = len(block.pieces) == 1 and math.prod(block.canonical[:1]) == sum(len(one.rows or ()) for one in parts)
    depthwise = block.fan is None or block.fan.groups in (1, block.fan.outputs)
    if len(parts) == 1 or not splits or not depthwise:
        best = parts[0]
        return (Placed(block=block, role=best.role, activation=best.activation, why=best.why),)
    axis = block.axes.index(0)
    return tuple(
        Placed(
            block=replace(
                part(
                    block.shape,
                    axis,
                    one.rows or (),
                    label=label,
                    fan=_narrowed(block.fan, len(one.rows or ())),
                    axes=block.axes,
                ),
                why=block.why,
            ),
            role=one.role,
            activation=one.activation,
            why="; ".join(filter(None, (_rows(one.rows or ()), one.why))),
        )
        for one, label in zip(parts, labels(parts), strict=True)
    )


def labels(parts: Sequence[Part]) -> list[str]:
    """A name for each part: its role, what a gate multiplies, or its place."""
    gated = any(one.role == "gate" for one in parts)
    wanted = [
        ("up" if gated and one.role in ("weight", "input") and one.activation in ("linear", None) else one.role)
        for one in parts
    ]
    return [name if wanted.count(name) == 1 else f"{name}{wanted[:k].count(name)}" for k, name in enumerate(wanted)]


def _rows(rows: Sequence[int]) -> str:
    """Which rows, in words.

    >>> _rows((4, 5, 6, 7)), _rows((0, 2, 4))
    ('rows 4 to 7', '3 rows among 0 to 4')
    """
    run = rows[-1] - rows[0] + 1 == len(rows)
    return f"rows {rows[0]} to {rows[-1]}" if run else f"{len(rows)} rows among {rows[0]} to {rows[-1]}"


def _narrowed(fan: Fan | None, outputs: int) -> Fan | None:
    """The fan of some of the outputs; of a depthwise kernel, of as many inputs."""
    if fan is None or fan.groups == 1:
        return None if fan is None else replace(fan, outputs=outputs)
    return replace(fan, inputs=outputs * (fan.inputs // fan.groups), outputs=outputs, groups=outputs)


def matrix_block(shape: Sequence[int], out_axes: Sequence[int], in_axes: Sequence[int]) -> Block:
    """A matrix by the axes that a product took as its outputs and its inputs; each may be several.

    >>> matrix_block((8, 2, 4), (1, 2), (0,)).canonical
    (2, 4, 8)
    """
    order = (*out_axes, *in_axes)
    fan = Fan.dense(*(max(1, math.prod(shape[axis] for axis in axes)) for axes in (in_axes, out_axes)))
    return whole(shape, fan=fan, axes=[order.index(axis) for axis in range(len(shape))])


def expert_blocks(shape: torch.Size, product: Product, parts: Sequence[Part]) -> tuple[Placed, ...]:
    """The matrices of a tensor of experts, (experts, ., .), each by its rows."""
    one = matrix_block(shape[1:], [axis - 1 for axis in product.out_axes], [axis - 1 for axis in product.in_axes])
    placed = split(one, parts)
    return tuple(
        replace(each, block=expert(each.block, index), why="; ".join(filter(None, (f"expert {index}", each.why))))
        for index in range(shape[0])
        for each in placed
    )
