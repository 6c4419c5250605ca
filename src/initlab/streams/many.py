"""Many small tensors in one call, where Python's overhead for each would be longer than its draw.

A target is where a tensor lies in memory: its address, its number of elements and the name of its dtype. It must be
one run of a CPU's memory, and stay alive while it is filled. Every target is element 0, 1, ... of its own stream.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from initlab.streams.compiled import draw_many
from initlab.streams.key import Key
from initlab.streams.normal import table
from initlab.streams.rounding import carrier
from initlab.streams.transform import Transform, numbers_of


class Target(NamedTuple):
    """Where a tensor lies, and what is drawn into it. Any dtype but float16."""

    address: int
    size: int
    dtype: str
    transform: Transform
    key: Key


def fill_many(targets: Sequence[Target]) -> None:
    """Fill every target with elements 0, 1, ... of its stream."""
    for dtype in {target.dtype for target in targets}:
        _fill_alike([target for target in targets if target.dtype == dtype], np.empty(0, dtype=carrier(dtype)))


def _fill_alike(targets: Sequence[Target], like: NDArray[np.generic]) -> None:
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
