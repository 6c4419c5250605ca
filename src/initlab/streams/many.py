"""Many small tensors in one call, where Python's overhead for each would be longer than its draw.

A target is where a tensor lies in memory: its address, its number of elements and the name of its dtype. It must be
one run of a CPU's memory, and stay alive while it is filled. Every target is element 0, 1, ... of its own stream.
"""

import ctypes
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from initlab.streams.draw import compiled_serves
from initlab.streams.key import Key
from initlab.streams.normal import table
from initlab.streams.philox import cipher
from initlab.streams.rounding import carrier, round_into
from initlab.streams.transform import Transform, numbers_of


class Target(NamedTuple):
    """Where a tensor lies, and what is drawn into it. Any dtype but float16."""

    address: int
    size: int
    dtype: str
    transform: Transform
    key: Key


def fill_many(targets: Sequence[Target]) -> None:
    """Fill every target with elements 0, 1, ... of its stream; compiled where that pays, as `draw.py` decides."""
    total = sum(target.size for target in targets)
    for dtype in {target.dtype for target in targets}:
        alike = [target for target in targets if target.dtype == dtype]
        if compiled_serves(carrier(dtype), total):
            _fill_compiled(alike, np.empty(0, dtype=carrier(dtype)))
        else:
            for transform in {target.transform for target in alike}:
                _fill_plainly([target for target in alike if target.transform == transform], transform, carrier(dtype))


def _fill_compiled(targets: Sequence[Target], like: NDArray[np.generic]) -> None:
    from initlab.streams.compiled import draw_many

    places: dict[Transform, int] = {}
    law = [places.setdefault(target.transform, len(places)) for target in targets]
    numbers = [numbers_of(transform) for transform in places]
    draw_many(
        like,
        np.array([target[:2] for target in targets], dtype=np.uint64),
        np.array([target.key for target in targets], dtype=np.uint64),
        np.array(law, dtype=np.int64),
        np.array([transform.kind for transform in places], dtype=np.int64),
        np.stack([whole for whole, _ in numbers]),
        np.stack([real for _, real in numbers]),
        table(),
    )


def _fill_plainly(targets: Sequence[Target], transform: Transform, dtype: np.dtype[Any]) -> None:
    """The blocks of all targets side by side, each under its own key, through NumPy at once."""
    counts = np.array([(target.size + 3) // 4 for target in targets], dtype=np.int64)
    ends = np.cumsum(counts)
    number = np.arange(ends[-1], dtype=np.int64) - np.repeat(ends - counts, counts)
    keys = np.repeat(np.array([target.key for target in targets], dtype=np.uint64).T, counts, axis=1)
    drawn = np.empty(4 * number.size, dtype=dtype)
    round_into(transform.values(cipher(keys, number.astype(np.uint64)).reshape(-1)), drawn)
    starts = drawn.ctypes.data + 4 * dtype.itemsize * (ends - counts)
    for target, start in zip(targets, starts.tolist(), strict=True):
        ctypes.memmove(target.address, start, target.size * dtype.itemsize)
