"""Whether a tensor holds the very numbers that a seed draws."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.laws import Law, MatrixLaw
from initlab.parameters import Parameter
from initlab.streams.key import stream_key
from initlab.streams.layout import part_of
from initlab.streams.rounding import carrier
from initlab.streams.sample import draw_part

PIECE = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How many entries are other than those of the seed, and by how much at most."""

    entries: int
    largest: float


def difference(values: NDArray[Any], parameter: Parameter, law: Law, *, seed: int) -> Difference:
    """Compare a tensor in canonical order with what the seed draws, in pieces of fixed size."""
    entries, largest = 0, 0.0
    rows = parameter.shape[0] if parameter.shape else 1
    step = rows if isinstance(law, MatrixLaw) else max(1, PIECE * rows // max(1, parameter.size))
    for first in range(0, max(1, rows), max(1, step)):
        here = slice(first, min(rows, first + step))
        drawn = _drawn(parameter, law, seed, here)
        held = values[here] if parameter.shape else values
        if parameter.padding is not None and here.start <= parameter.padding < here.stop:
            drawn[parameter.padding - here.start] = held[parameter.padding - here.start]
        other = held != drawn
        if other.any():
            entries += int(np.count_nonzero(other))
            gap = np.abs(held[other].astype(np.float64) - drawn[other])
            largest = max(largest, float(np.nanmax(gap, initial=0.0)))
    return Difference(entries=entries, largest=largest)


def _drawn(parameter: Parameter, law: Law, seed: int, rows: slice) -> NDArray[Any]:
    where = (rows, *(slice(None) for _ in parameter.shape[1:])) if parameter.shape else ()
    part = part_of(parameter.shape, where)
    out = np.empty(part.sizes, dtype=carrier(parameter.dtype))
    draw_part(out, law, stream_key(parameter.name, seed), part, None)
    return widened(out) if parameter.dtype == "bfloat16" else out


def widened(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """The float32 numbers that the bits of bfloat16 ones stand for.

    >>> widened(np.array([0x3F80], dtype=np.uint16))
    array([1.], dtype=float32)
    """
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)
