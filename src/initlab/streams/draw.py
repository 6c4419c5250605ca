"""Writing a part of a stream into an array: through NumPy when it is small, compiled and in threads when it is large.

A draw is a function (out, start, pitch) that fills a plain array of shape (rows, run): row r holds the elements
start + r·pitch, start + r·pitch + 1, ... of one stream. Everything else is cut into such pieces.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from initlab.streams.key import Key
from initlab.streams.layout import PIECE, is_plain, merged, pieces
from initlab.streams.normal import table
from initlab.streams.philox import Words
from initlab.streams.rounding import Array, round_into
from initlab.streams.threads import share_out
from initlab.streams.transform import Transform, numbers_of
from initlab.streams.words import words_of_rows

Draw: TypeAlias = Callable[[Array, int, int], None]

LARGE = 1 << 17
"""From here on a draw pays for loading the compiled kernel; smaller ones use it once it is loaded."""

ready: set[np.dtype[Any]] = set()
"""The dtypes that the compiled kernel has drawn once, so that a small draw of them costs no wait."""

_STRIP = 1 << 15

_PIECES_EACH = 4
"""A thread is started for no fewer pieces than this: starting it takes as long as drawing one."""


def elementwise(key: Key, transform: Transform, total: int) -> Draw:
    """The draw of an elementwise law, for a fill of `total` elements in all."""

    def draw(out: Array, start: int, pitch: int) -> None:
        if pitch == 0 and len(out) > 1:
            draw(out[:1], start, 0)
            out[1:] = out[0]
        elif out.dtype == np.float16:
            single = np.empty(out.shape, dtype=np.float32)
            draw(single, start, pitch)
            out[...] = single
        elif compiled_serves(out.dtype, total):
            _draw_compiled(out, start, pitch, key, transform)
        else:
            by_words(key, transform.values)(out, start, pitch)

    return draw


def by_words(key: Key, values: Callable[[Words], NDArray[np.float64]]) -> Draw:
    """The draw of any function of a word, in NumPy; many short rows at once, and a row that repeats once."""

    def draw(out: Array, start: int, pitch: int) -> None:
        if pitch == 0 and len(out) > 1:
            draw(out[:1], start, 0)
            out[1:] = out[0]
            return
        for r, s, strip in strips(out, _STRIP):
            drawn = words_of_rows(key, start + r * pitch + s, len(strip), pitch, strip.shape[1])
            round_into(values(drawn), strip)

    return draw


def strips(out: Array, size: int) -> Iterator[tuple[int, int, Array]]:
    """Cut an array of two axes into rectangles of at most `size` elements: (first row, first column, rectangle)."""
    rows, run = out.shape
    step = max(1, size // max(1, run))
    for r in range(0, rows, step):
        for s in range(0, run, size):
            yield r, s, out[r : r + step, s : s + size]


def compiled_serves(dtype: np.dtype[Any], total: int) -> bool:
    """Whether the kernel is worth having: the fill is large, or the kernel for that dtype is there already."""
    return total >= LARGE or dtype in ready


def _draw_compiled(out: Array, start: int, pitch: int, key: Key, transform: Transform) -> None:
    from initlab.streams.compiled import draw_rows

    key_words = np.array(key, dtype=np.uint64)
    draw_rows(out, np.uint64(start), np.uint64(pitch), key_words, transform.kind, *numbers_of(transform), table())
    ready.add(out.dtype)


def fill_part(draw: Draw, out: Array, start: int, strides: tuple[int, ...], threads: int) -> None:
    """Fill an array of any layout: its element (i, j, ...) is element start + i·strides[0] + j·strides[1] + ...

    No scratch but one piece for each thread, and none for an array that lies in memory as it does in the stream.
    """
    if out.size <= PIECE:
        _fill_piece(draw, out, start, strides)
        return

    def work(piece: tuple[Array, int, tuple[int, ...]]) -> None:
        _fill_piece(draw, *piece)

    share_out(pieces(out, start, strides), work, min(threads, max(1, out.size // (_PIECES_EACH * PIECE))))


def _fill_piece(draw: Draw, out: Array, start: int, strides: tuple[int, ...]) -> None:
    if not out.size:
        return
    if not is_plain(out):
        scratch = np.empty(out.shape, dtype=out.dtype.newbyteorder("="))
        _fill_piece(draw, scratch, start, strides)
        out[...] = scratch
        return
    sizes, steps = merged(out.shape, strides)
    _fill_plain(draw, out.reshape(sizes), start, steps)


def _fill_plain(draw: Draw, out: Array, start: int, steps: list[int]) -> None:
    if out.ndim == 1:
        draw(out.reshape(1, -1), start, 0)
    elif out.ndim == 2:
        draw(out, start, steps[0])
    else:
        for i, inner in enumerate(out):
            _fill_plain(draw, inner, start + i * steps[0], steps[1:])
