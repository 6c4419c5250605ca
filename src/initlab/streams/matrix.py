"""The laws of whole matrices: where their ones, zeros and signs fall. The orthogonal ones are in `orthogonal.py`.

A matrix of `rows` outputs and `columns` inputs fills a tensor in row-major order, so a kernel of shape (out, in, h, w)
is a matrix with in·h·w columns, or, for the laws that know their taps, (out, in) with h·w taps.
"""

import itertools
import math
import operator
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from initlab.errors import SpecError
from initlab.laws import DeltaOrthogonal, Dirac, Hadamard, Identity, MatrixLaw, Normal, Orthogonal, Sparse
from initlab.streams import draw
from initlab.streams.key import Key
from initlab.streams.layout import Part, row_major
from initlab.streams.orthogonal import orthogonal
from initlab.streams.rounding import LARGEST, Array, carried_name, constant_in, round_into
from initlab.streams.transform import CONSTANT, largest_entry, transform_of
from initlab.streams.words import words

Indices: TypeAlias = NDArray[np.int64]

_STRIP = 1 << 18


def fill_matrix(out: Array, law: MatrixLaw, key: Key, part: Part, threads: int) -> None:
    """Fill a carrier array with a part of a tensor that follows a matrix law. Raises SpecError when they do not fit."""
    check_fits(law, part.shape, carried_name(out))
    if not out.ndim:
        out, part = out.reshape(1), Part(shape=(1,), starts=(0,), sizes=(1,))
    _FILLS[type(law)](out, law, key, part, threads)


def check_fits(law: MatrixLaw, shape: tuple[int, ...], dtype: str) -> None:
    """Raise SpecError unless a matrix law fits a tensor of that shape and dtype."""
    taps = getattr(law, "taps", None)
    if taps is None:
        leading = itertools.accumulate(shape, operator.mul, initial=1)
        fits = math.prod(shape) == law.rows * law.columns and law.rows in leading
    else:
        fits = shape[:2] == (law.rows, law.columns) and math.prod(shape[2:]) == taps
    if type(law) not in _FILLS or not fits:
        raise SpecError(f"The shape of a tensor must fit its law, got {shape} for {law}.")
    if not largest_entry(law) <= LARGEST[dtype]:
        raise SpecError(f"The entries of a draw in {dtype} must stay below {LARGEST[dtype]:.4g}, got {law}.")


def _scatter(out: Array, flat: Indices, value: float, part: Part) -> None:
    """Set the entries whose row-major indices in the whole tensor are `flat`, those of them that lie in the part."""
    places = [place - start for place, start in zip(np.unravel_index(flat, part.shape), part.starts, strict=True)]
    inside = np.ones(flat.shape, dtype=bool)
    for place, size in zip(places, part.sizes, strict=True):
        inside &= (place >= 0) & (place < size)
    out[tuple(place[inside] for place in places)] = constant_in(value, out)


def centre_tap(kernel: tuple[int, ...]) -> int:
    """The row-major index of the centre of a kernel: (size - 1)//2 along each axis.

    >>> centre_tap((3, 3)), centre_tap((4,)), centre_tap(())
    (4, 1, 0)
    """
    return sum((size - 1) // 2 * stride for size, stride in zip(kernel, row_major(kernel), strict=True))


def _fill_identity(out: Array, law: Identity, key: Key, part: Part, threads: int) -> None:  # noqa: ARG001
    out[...] = 0
    _scatter(out, np.arange(min(law.rows, law.columns), dtype=np.int64) * (law.columns + 1), law.gain, part)


def _fill_dirac(out: Array, law: Dirac, key: Key, part: Part, threads: int) -> None:  # noqa: ARG001
    """Output d of each group copies input d of it."""
    per_group = law.rows // law.groups
    d = np.arange(min(per_group, law.columns), dtype=np.int64)
    row = (np.arange(law.groups, dtype=np.int64)[:, None] * per_group + d).ravel()
    flat = (row * law.columns + np.tile(d, law.groups)) * law.taps + centre_tap(part.shape[2:])
    out[...] = 0
    _scatter(out, flat, law.gain, part)


def _fill_hadamard(out: Array, law: Hadamard, key: Key, part: Part, threads: int) -> None:
    if not law.order:
        _fill_identity(out, Identity(rows=law.rows, columns=law.columns), key, part, threads)
        return
    entry = 1 / math.sqrt(law.order)

    def signs(rows: Array, start: int, pitch: int) -> None:
        for r, s, strip in draw.strips(rows, _STRIP):
            row, column = (np.arange(size, dtype=np.int64) for size in strip.shape)
            i, j = np.divmod(start + s + (r + row[:, None]) * pitch + column, law.columns)
            round_into(np.where(_is_odd(i & j), -entry, entry), strip)

    draw.fill_part(signs, out, part.start, row_major(part.shape), threads)


def _is_odd(bits: NDArray[Any]) -> NDArray[Any]:
    """Whether the number of ones is odd, for numbers below 2⁶⁴: the bits are folded onto the lowest."""
    for fold in (32, 16, 8, 4, 2, 1):
        bits = bits ^ (bits >> fold)
    return bits & 1


def _fill_sparse(out: Array, law: Sparse, key: Key, part: Part, threads: int) -> None:
    """Words 0 ... size - 1 are the entries; words size + column·rows + row rank each column: the lowest are zeros."""
    normal = transform_of(Normal(std=law.entry_std))
    assert normal is not None
    if normal.kind == CONSTANT or law.zeros == law.rows:
        out[...] = 0
        return
    draw.fill_part(draw.elementwise(key, normal, out.size), out, part.start, row_major(part.shape), threads)
    if not law.zeros:
        return
    size, batch = law.rows * law.columns, max(1, _STRIP // law.rows)
    for first in range(0, law.columns, batch):
        column = np.arange(first, min(law.columns, first + batch), dtype=np.int64)
        word = words(key, size + first * law.rows, column.size * law.rows).reshape(column.size, law.rows)
        _scatter(out, (lowest(word, law.zeros) * law.columns + column[:, None]).ravel(), 0.0, part)


def lowest(word: NDArray[np.uint32], count: int) -> Indices:
    """Where the `count` lowest of each row are; of equal words, the earlier counts as lower.

    >>> lowest(np.array([[5, 1, 1, 9]], dtype=np.uint32), 1)
    array([[1]])
    """
    rank = word.astype(np.uint64) << np.uint64(32) | np.arange(word.shape[1], dtype=np.uint64)
    found = np.partition(rank, count - 1, axis=1)[:, :count]
    return (found & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _fill_orthogonal(out: Array, law: Orthogonal, key: Key, part: Part, threads: int) -> None:
    whole = orthogonal(key, law.rows, law.columns, law.gain, threads)
    round_into(whole.reshape(part.shape)[part.slices], out)


def _fill_delta(out: Array, law: DeltaOrthogonal, key: Key, part: Part, threads: int) -> None:
    whole = orthogonal(key, law.rows, law.columns, law.gain, threads)
    kernel, starts, sizes = part.shape[2:], part.starts[2:], part.sizes[2:]
    out[...] = 0
    centre = [int(place) for place in np.unravel_index(centre_tap(kernel), kernel)] if kernel else []
    place = [at - start for at, start in zip(centre, starts, strict=True)]
    if all(0 <= at < size for at, size in zip(place, sizes, strict=True)):
        index: tuple[Any, ...] = (..., *place)
        round_into(whole[part.slices[:2]], out[index])


_FILLS: dict[type[MatrixLaw], Callable[..., None]] = {
    Identity: _fill_identity,
    Dirac: _fill_dirac,
    Hadamard: _fill_hadamard,
    Sparse: _fill_sparse,
    Orthogonal: _fill_orthogonal,
    DeltaOrthogonal: _fill_delta,
}
