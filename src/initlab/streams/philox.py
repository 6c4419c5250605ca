"""Philox4x32-10: 128 random bits as a function of a 64-bit key and a 128-bit counter.

A block is four 32-bit words. From (c0, c1, c2, c3) and (k0, k1), ten times:

    p0 = M0·c0,  p1 = M1·c2                                                (64-bit products)
    c0, c1, c2, c3 = hi(p1) ^ c1 ^ k0, lo(p1), hi(p0) ^ c3 ^ k1, lo(p0)
    k0, k1 = k0 + W0, k1 + W1                                              (modulo 2³²)

Element i of a stream takes word i & 3 of block i >> 2. The block's number is (c0, c1), low word first; the stream's
key holds (k0, k1, c2, c3). So any run of words is drawn without the words before it, 2⁶⁴ of them from each stream.

Reference: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from initlab.streams.key import Key

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
LIMIT = 1 << 64
"""How many words one stream holds."""

Words: TypeAlias = NDArray[np.uint32]

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_M = np.array(MULTIPLIERS, dtype=np.uint64)[:, None]
_W = np.arange(ROUNDS, dtype=np.uint64)[:, None, None] * np.array(WEYL, dtype=np.uint64)[:, None]


def blocks(key: Key, first: int, count: int) -> Words:
    """Blocks first ... first + count - 1 of a stream, of shape (count, 4).

    >>> [f"{word:08x}" for word in blocks((0, 0, 0, 0), 0, 1)[0]]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    number = np.uint64(first) + np.arange(count, dtype=np.uint64)
    return cipher(np.array(key, dtype=np.uint64)[:, None], number)


def cipher(keys: NDArray[np.uint64], number: NDArray[np.uint64]) -> Words:
    """Block number[i] of the stream of key keys[:, i], of shape (count, 4); one key, of shape (4, 1), may serve all."""
    even, odd = np.empty((2, number.size), dtype=np.uint64), np.empty((2, number.size), dtype=np.uint64)
    even[0], even[1] = number & _LOW, keys[2]
    odd[0], odd[1] = number >> _HALF, keys[3]
    for weyl in _W:
        product = (even * _M)[::-1]
        even = (product >> _HALF) ^ odd ^ ((keys[:2] + weyl) & _LOW)
        odd = product & _LOW
    return np.stack((even[0], odd[0], even[1], odd[1]), axis=1).astype(np.uint32)
