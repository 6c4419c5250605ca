"""Where a parameter lies in the tensor that holds it: whole, turned, or a block of a fused one.

A block is one parameter's share of a tensor. It is made of pieces, rectangles of the tensor with where each goes in the
block; `axes` then says which axis of the canonical order (out, in, *taps) each axis of the block is. The queries of a
tensor that packs them head by head are a block with a piece a head.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from initlab.parameters import Fan, Gate, Role

Cut = tuple[slice | int, ...]
"""One slice or index for each axis of a tensor; an index drops its axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A rectangle `held` of a tensor, which is the rectangle `where` of the block."""

    held: Cut
    where: tuple[slice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One parameter's share of a tensor: its shape as held, its pieces, and what is known of it beside its tensor.

    `label` names it among the blocks of its tensor; None for the only one.
    """

    shape: tuple[int, ...]
    axes: tuple[int, ...]
    pieces: tuple[Piece, ...]
    fan: Fan | None = None
    label: str | None = None
    role: Role | None = None
    gate: Gate | None = None
    why: str = ""

    @property
    def canonical(self) -> tuple[int, ...]:
        """Its shape in canonical order."""
        return tuple(self.shape[self.axes.index(axis)] for axis in range(len(self.axes)))


def whole(shape: Sequence[int], *, fan: Fan | None = None, axes: Sequence[int] | None = None, why: str = "") -> Block:
    """A tensor that is one parameter.

    >>> whole((3, 5), axes=(1, 0)).canonical
    (5, 3)
    """
    everything = tuple(slice(0, size) for size in shape)
    order = tuple(range(len(shape))) if axes is None else tuple(axes)
    return Block(shape=tuple(shape), axes=order, pieces=(Piece(held=everything, where=everything),), fan=fan, why=why)


def part(
    shape: Sequence[int],
    axis: int,
    units: Sequence[int],
    *,
    label: str | None,
    fan: Fan | None = None,
    axes: Sequence[int] | None = None,
    role: Role | None = None,
    gate: Gate | None = None,
    why: str = "",
) -> Block:
    """The block of a tensor that holds those units of one axis: a piece for each run of them.

    >>> [piece.held[0] for piece in part((6, 2), 0, [0, 1, 4, 5], label="query").pieces]
    [slice(0, 2, 1), slice(4, 6, 1)]
    """
    lengths = [*shape[:axis], len(units), *shape[axis + 1 :]]
    pieces, place = [], 0
    for run in runs(units):
        held = [slice(0, size) for size in shape]
        where = [slice(0, size) for size in lengths]
        held[axis], where[axis] = slice(run.start, run.stop, run.step), slice(place, place + len(run))
        pieces.append(Piece(held=tuple(held), where=tuple(where)))
        place += len(run)
    return Block(
        shape=tuple(lengths),
        axes=tuple(range(len(shape))) if axes is None else tuple(axes),
        pieces=tuple(pieces),
        fan=fan,
        label=label,
        role=role,
        gate=gate,
        why=why,
    )


def runs(units: Sequence[int]) -> list[range]:
    """Rising numbers as ranges of one step each.

    >>> runs([0, 1, 2, 6, 7, 8]), runs([1, 3, 5])
    ([range(0, 3), range(6, 9)], [range(1, 6, 2)])
    """
    if units and units[-1] - units[0] + 1 == len(units):
        return [range(units[0], units[-1] + 1)]
    found: list[range] = []
    first = 0
    while first < len(units):
        last = first + 1
        step = units[last] - units[first] if last < len(units) else 1
        while last < len(units) and units[last] - units[last - 1] == step:
            last += 1
        found.append(range(units[first], units[last - 1] + 1, step))
        first = last
    return found


def groups_apart(shape: Sequence[int], groups: int, fan: Fan) -> Block:
    """The kernel (in, out/groups, *taps) of a transposed convolution: group by group."""
    inputs, outputs = shape[0] // groups, shape[1]
    taps = tuple(slice(0, size) for size in shape[2:])
    pieces = tuple(
        Piece(
            held=(slice(g * inputs, (g + 1) * inputs), slice(0, outputs), *taps),
            where=(slice(0, inputs), slice(g * outputs, (g + 1) * outputs), *taps),
        )
        for g in range(groups)
    )
    turned = (1, 0, *range(2, len(shape)))
    return Block(shape=(inputs, outputs * groups, *shape[2:]), axes=turned, pieces=pieces, fan=fan)


def expert(block: Block, index: int) -> Block:
    """The same block of one expert, in a tensor with a leading axis of experts.

    >>> expert(whole((3, 5)), 2).label
    '2'
    """
    pieces = tuple(Piece(held=(index, *piece.held), where=piece.where) for piece in block.pieces)
    return replace(block, pieces=pieces, label=str(index) if block.label is None else f"{index}.{block.label}")
