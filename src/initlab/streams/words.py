"""The words of a stream by their index, and what is made of words alone: the order of n things."""

import numpy as np
from numpy.typing import NDArray

from initlab.errors import SpecError
from initlab.streams.key import Key, stream_key
from initlab.streams.lanes import FEW, few_blocks
from initlab.streams.philox import LIMIT, Words, blocks


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


def permutation(n: int, *, name: str, seed: int) -> NDArray[np.intp]:
    """A random order of 0 ... n-1: the indices sorted by (word, index).

    Two words are equal with probability 2⁻³², and the index then decides: the bias is beyond measuring below 10⁶.

    >>> permutation(5, name="epoch 1", seed=0).tolist() == sorted(range(5), key=lambda i: int(
    ...     words(stream_key("epoch 1", 0), 0, 5)[i]))
    True
    """
    return np.argsort(words(stream_key(name, seed), 0, n), kind="stable")
