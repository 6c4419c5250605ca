"""Where a part of a tensor lies in its stream: element i of a tensor is its i-th in row-major order, whatever is held.

A part is a start and, for each axis, how far one step along it moves in the stream. A shard, a transposed tensor, a
strided one and a row that every other row repeats (stride 0) are all parts of this kind.
"""

import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from initlab.errors import SpecError
from initlab.laws import shown, whole_number
from initlab.streams.philox import LIMIT
from initlab.streams.rounding import Array

PIECE = 1 << 18
"""A part is drawn in pieces of at most this many elements, which is all the scratch that a thread needs."""

Where: TypeAlias = Sequence[slice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A rectangle of a tensor: its whole shape, where the rectangle starts, and how large it is along each axis."""

    shape: tuple[int, ...]
    starts: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def start(self) -> int:
        """The index of the rectangle's first element in the stream."""
        return sum(start * stride for start, stride in zip(self.starts, row_major(self.shape), strict=True))

    @property
    def slices(self) -> tuple[slice, ...]:
        """The rectangle as slices of the whole tensor."""
        return tuple(slice(start, start + size) for start, size in zip(self.starts, self.sizes, strict=True))


def checked_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """The shape as a tuple of Python integers >= 0. Raises SpecError otherwise, or when it holds more than 2⁶⁴."""
    try:
        sizes = tuple(operator.index(size) for size in shape)
    except TypeError:
        raise SpecError(
            f"A shape must be a tuple of whole numbers >= 0, got {shape!r}. Give (rows, columns)."
        ) from None
    if any(size < 0 for size in sizes):
        raise SpecError(f"The sizes of a shape must be whole numbers >= 0, got {_listed(sizes)}. Leave no size open.")
    if math.prod(sizes) > LIMIT:
        raise SpecError(f"A tensor must hold at most 2**64 elements, got {_listed(sizes)}. Split the parameter.")
    return sizes


def _listed(sizes: Sequence[int]) -> str:
    return "(" + ", ".join(map(shown, sizes)) + ")"


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """How far one step along each axis moves in row-major order.

    >>> row_major((2, 3, 4))
    (12, 4, 1)
    """
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def one_row(strides: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a tensor whose rows are all its first one."""
    return (0, *strides[1:]) if strides else ()


def part_of(shape: Sequence[int], where: Where | None) -> Part:
    """The rectangle that slices of step 1 cut out of a tensor of that shape; all of it for None.

    >>> part_of((4, 6), (slice(1, 3), slice(None))).start
    6
    """
    whole = checked_shape(shape)
    if where is None:
        return Part(shape=whole, starts=(0,) * len(whole), sizes=whole)
    cuts = tuple(where) if isinstance(where, Iterable) else ()
    if not isinstance(where, Iterable) or len(cuts) != len(whole) or not all(map(_is_run, cuts)):
        raise SpecError(f"A part must be one slice of step 1 for each axis of {whole}, got {where!r}.")
    bounds = [cut.indices(size) for cut, size in zip(cuts, whole, strict=True)]
    starts, sizes = tuple(first for first, _, _ in bounds), tuple(max(0, last - first) for first, last, _ in bounds)
    return Part(shape=whole, starts=starts, sizes=sizes)


def _is_run(cut: object) -> bool:
    """Whether it is a slice of step 1 with whole numbers, or none, for its ends."""
    if not isinstance(cut, slice):
        return False
    ends = (end is None or whole_number(end) is not None for end in (cut.start, cut.stop))
    return all(ends) and (cut.step is None or whole_number(cut.step) == 1)


def pieces(out: Array, start: int, strides: tuple[int, ...]) -> Iterator[tuple[Array, int, tuple[int, ...]]]:
    """Cut a part along its outer axes into pieces of at most PIECE elements, each with its own start and strides."""
    if out.size <= PIECE:
        yield out, start, strides
        return
    step = max(1, PIECE * len(out) // out.size)
    for i in range(0, len(out), step):
        if step == 1 and out.ndim > 1:
            yield from pieces(out[i], start + i * strides[0], strides[1:])
        else:
            yield out[i : i + step], start + i * strides[0], strides


def merged(shape: Sequence[int], strides: Sequence[int]) -> tuple[list[int], list[int]]:
    """The same part with as few axes as will do: those of size 1 dropped, those that run on into the next merged."""
    sizes, steps = [1], [1]
    for size, step in zip(reversed(shape), reversed(strides), strict=True):
        if size == 1:
            continue
        if step == sizes[0] * steps[0]:
            sizes[0] *= size
        else:
            sizes.insert(0, size)
            steps.insert(0, step)
    return sizes, steps


def is_plain(out: Array) -> bool:
    """Whether an array's memory is one aligned run in row-major order, as the kernels need it."""
    return bool(out.flags.c_contiguous and out.flags.aligned and out.dtype.isnative)


def overlaps(shape: Sequence[int], strides: Sequence[int], step: int = 1) -> bool:
    """Whether elements may share memory; `step` is the size of one in the unit of the strides.

    >>> overlaps((3, 2), (2, 1)), overlaps((3, 2), (1, 1)), overlaps((0, 3), (0, 0))
    (False, True, False)
    """
    if 0 in shape:
        return False
    reach = 0
    for stride, size in sorted((abs(stride), size) for stride, size in zip(strides, shape, strict=True) if size > 1):
        if stride < reach + step:
            return True
        reach += stride * (size - 1)
    return False


def held_axes(axes: Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """Check the axes of a tensor that is held transposed: axis a, as held, is axis axes[a] of the canonical order."""
    if axes is None:
        return tuple(range(ndim))
    order = [whole_number(axis) for axis in axes] if isinstance(axes, Iterable) else []
    if not isinstance(axes, Iterable) or set(order) != set(range(ndim)) or len(order) != ndim:
        raise SpecError(f"The axes of a tensor of {ndim} dimensions must be an order of 0 to {ndim - 1}, got {axes!r}.")
    return tuple(axis for axis in order if axis is not None)


def canonical_view(held: Array, axes: tuple[int, ...]) -> Array:
    """A view of a held array with its axes in canonical order."""
    return held.transpose(tuple(int(axis) for axis in np.argsort(axes)))


def canonical(of_held: Sequence[int], axes: tuple[int, ...]) -> tuple[int, ...]:
    """Sizes or starts given per held axis, in canonical order.

    >>> canonical((10, 20, 30), (2, 0, 1))
    (20, 30, 10)
    """
    return tuple(of_held[int(place)] for place in np.argsort(axes))
