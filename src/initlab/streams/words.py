"""The words of a stream by their index, and what is made of words alone: the order of n things."""

import numpy as np
from numpy.typing import NDArray

from initlab.errors import SpecError
from initlab.streams.key import Key, stream_key
from initlab.streams.lanes import FEW, few_blocks
from initlab.streams.philox import LIMIT, Words, blocks, cipher


def check_range(start: int, count: int) -> None:
    """Raise SpecError unless words start ... start + count - 1 exist."""
    if count < 0 or start < 0:
        raise SpecError(f"A run of a stream must have a start and a length >= 0, got {start} and {count}.")
    if start + count > LIMIT:
        raise SpecError(
            f"A tensor must hold at most 2**64 elements, got {start + count}. Split it into several parameters."
        )


def words(key: Key, start: int, count: int) -> Words:
    """Words start ... start + count - 1 of a stream, of shape (count,).

    >>> key = stream_key("fc.weight", seed=0)
    >>> bool((words(key, 0, 10)[3:] == words(key, 3, 7)).all())
    True

    Raises SpecError when the stream does not hold them.
    """
    check_range(start, count)
    if not count:
        return np.empty(0, dtype=np.uint32)
    first, last = start >> 2, (start + count - 1) >> 2
    draw = few_blocks if last - first < FEW else blocks
    lead = start & 3
    return draw(key, first, last - first + 1).reshape(-1)[lead : lead + count]


def words_of_rows(key: Key, start: int, rows: int, pitch: int, run: int) -> Words:
    """Words start + r·pitch + 0 ... run - 1 for r = 0 ... rows - 1, of shape (rows, run), with no word between drawn.

    >>> key = stream_key("fc.weight", seed=0)
    >>> bool((words_of_rows(key, 2, 3, 7, 4) == words(key, 0, 24)[2:23].reshape(3, 7)[:, :4]).all())
    True
    """
    if rows == 1 or not run:
        return words(key, start, run).reshape(rows, -1) if run else np.empty((rows, 0), dtype=np.uint32)
    check_range(start, (rows - 1) * pitch + run)
    first = np.arange(rows, dtype=np.uint64)
    first *= np.uint64(pitch)
    first += np.uint64(start)
    each = (run + 6) // 4
    number = np.add.outer(first >> np.uint64(2), np.arange(each, dtype=np.uint64))
    drawn = cipher(np.array(key, dtype=np.uint64)[:, None], number.reshape(-1)).reshape(rows, 4 * each)
    place = (first & np.uint64(3)).astype(np.intp)[:, None] + np.arange(run)
    return np.take_along_axis(drawn, place, axis=1)


def permutation(n: int, *, name: str, seed: int) -> NDArray[np.intp]:
    """A random order of 0 ... n-1: the indices sorted by (word, index).

    Two words are equal with probability 2⁻³², and the index then decides: the bias is beyond measuring below 10⁶.

    >>> permutation(5, name="epoch 1", seed=0).tolist() == sorted(range(5), key=lambda i: int(
    ...     words(stream_key("epoch 1", 0), 0, 5)[i]))
    True
    """
    return np.argsort(words(stream_key(name, seed), 0, n), kind="stable")
