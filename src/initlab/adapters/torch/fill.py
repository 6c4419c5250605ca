"""Writing parameters into a model: in place, block by block, each from its own law and stream.

Small tensors are drawn many at once. The stream of a parameter is that of its name: `fc.weight`, or, for a block of a
fused tensor, `in_proj_weight[query]`, which no tensor of a model is called.
"""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

import torch

from initlab.adapters.blocks import Block, Cut, Piece
from initlab.adapters.torch.reading import Entry
from initlab.laws import Law, MatrixLaw
from initlab.streams.sample import check_drawable
from initlab.streams.torch import fill_, fill_small, is_small


def check(entries: Mapping[str, Entry], laws: Mapping[str, Law]) -> None:
    """Raise SpecError unless every law can be drawn into its parameter. Nothing is written."""
    for name, law in laws.items():
        parameter = entries[name].parameter
        check_drawable(law, parameter.shape, parameter.dtype)


def draw(entries: Mapping[str, Entry], laws: Mapping[str, Law], *, seed: int) -> None:
    """Draw every named parameter.

    The laws of whole matrices come first, the largest before the others: only they need memory of their own, so where
    it does not suffice nothing has been written yet.
    """

    def weight(name: str) -> tuple[bool, int]:
        return (not isinstance(laws[name], MatrixLaw), -entries[name].parameter.size)

    small = {name: entries[name].tensor for name in laws if _is_small(entries[name], laws[name])}
    for name in sorted(laws.keys() - small.keys(), key=weight):
        entry = entries[name]
        block = without_row(entry.block, entry.parameter.padding)
        draw_block(entry.tensor, block, laws[name], name=name, seed=seed)
    fill_small(small, laws, seed)


def _is_small(entry: Entry, law: Law) -> bool:
    """Whether it is a small tensor that is one parameter, held in canonical order, without a padding row."""
    block = entry.block
    is_whole = len(block.pieces) == 1 and block.label is None and block.axes == tuple(range(len(block.axes)))
    return is_whole and entry.parameter.padding is None and is_small(entry.tensor, law)


def without_row(block: Block, row: int | None) -> Block:
    """A table without its padding row, which keeps what it holds."""
    if row is None:
        return block
    rows, *rest = (slice(0, size) for size in block.shape)
    row %= rows.stop
    cuts = [(slice(start, stop), *rest) for start, stop in ((0, row), (row + 1, rows.stop)) if start < stop]
    return replace(block, pieces=tuple(Piece(held=cut, where=cut) for cut in cuts))


def draw_block(tensor: torch.Tensor, block: Block, law: Law, *, name: str, seed: int) -> None:
    """Write one block of a tensor, or of a DTensor's local part."""
    if isinstance(law, MatrixLaw) and len(block.pieces) > 1:
        _draw_once(tensor, block, law, name, seed)
        return
    for local, starts in _local(tensor):
        for piece in block.pieces:
            cut = _cut(piece.held, starts, local.shape)
            if cut is None:
                continue
            where = _where(piece.held, piece.where, starts, cut)
            fill_(local[cut], law, name=name, seed=seed, shape=block.shape, where=where, axes=block.axes)
    torch.autograd.graph.increment_version(tensor)


def _draw_once(tensor: torch.Tensor, block: Block, law: Law, name: str, seed: int) -> None:
    """A matrix law costs the whole matrix for any part of it: draw it aside, and copy the pieces."""
    drawn = torch.empty(block.shape, dtype=tensor.dtype)
    fill_(drawn, law, name=name, seed=seed, axes=block.axes)
    for local, starts in _local(tensor):
        for piece in block.pieces:
            cut = _cut(piece.held, starts, local.shape)
            if cut is not None:
                local[cut].copy_(drawn[_where(piece.held, piece.where, starts, cut)])
    torch.autograd.graph.increment_version(tensor)


def _local(tensor: torch.Tensor) -> Iterator[tuple[torch.Tensor, tuple[int, ...]]]:
    """The rectangles of a tensor that this process holds, each with where it starts in the whole."""
    if not hasattr(tensor, "placements"):
        yield tensor.detach(), (0,) * tensor.ndim
        return
    from initlab.streams.shards import local_parts

    for local, part in local_parts(tensor):
        yield local.detach(), part.starts


def _cut(held: Cut, starts: tuple[int, ...], sizes: torch.Size) -> Cut | None:
    """What of a piece lies in a rectangle, in the rectangle's own indices; None for nothing."""
    cut: list[slice | int] = []
    for index, start, size in zip(held, starts, sizes, strict=True):
        if isinstance(index, int):
            if not start <= index < start + size:
                return None
            cut.append(index - start)
            continue
        inside = _inside(index, start, size)
        if not inside:
            return None
        cut.append(slice(inside.start - start, inside.stop - start, inside.step))
    return tuple(cut)


def _inside(index: slice, start: int, size: int) -> range:
    """The indices of a slice that lie in [start, start + size)."""
    step = index.step or 1
    first = index.start + max(0, -(-(start - index.start) // step)) * step
    return range(first, min(index.stop, start + size), step)


def _where(held: Cut, where: tuple[slice, ...], starts: tuple[int, ...], cut: Cut) -> tuple[slice, ...]:
    """Where in the block the part of a piece goes that lies in a rectangle."""
    kept = [
        (h, s, c) for h, s, c in zip(held, starts, cut, strict=True) if isinstance(h, slice) and isinstance(c, slice)
    ]
    places = []
    for (index, start, inside), place in zip(kept, where, strict=True):
        step = index.step or 1
        first = place.start + (inside.start + start - index.start) // step
        places.append(slice(first, first + len(range(inside.start, inside.stop, step))))
    return tuple(places)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Keep an interrupt until the block is done, so that it leaves no half-written model behind.

    Only the main thread is ever interrupted; elsewhere there is nothing to keep.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def keep(number: int, _frame: FrameType | None) -> None:
        caught.append(number)

    before = signal.signal(signal.SIGINT, keep)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
    if caught:
        signal.raise_signal(signal.SIGINT)
