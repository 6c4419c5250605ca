"""A standard normal from one word, by an inverse distribution function made of integers.

The word x gives a sign, its top bit, and a tail probability p in (0, 1/2), its other 31 bits m:

    q = 2²⁰·(2m + 1),   p = q/2⁵³,   height = 2²⁸·|z|,   z = ∓Φ⁻¹(p)          (Q3.28: 28 fractional bits)

`heights` turns q into the height. Writing q in binary gives its octave, that is its leading one, the seven bits that
follow, which choose one of the octave's 128 segments, and a 32-bit fraction t of the segment. On each segment the
height is a parabola with integer coefficients (A, B, C), packed in one 64-bit row of the table:

    height = A - (t·(B·2¹⁰ - (t·C >> 22)) >> 42)

The octave and the segment are read off the exponent and mantissa of q as a float64, which holds it exactly.

What follows from the table (`normal_table.py`) and is swept over all 2³¹ heights by `benchmarks/streams_quality.py`:
|error| < 8e-9 in z, no height is 0, none reaches 2³¹, and the height never rises with p. |z| reaches 6.3379.
"""

from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from initlab.streams.philox import Words

BITS = 28
"""A height is |z| in units of 2⁻²⁸."""

TAIL_BITS = 53
"""p = q/2⁵³, with q an odd multiple of a power of two below 2⁵²."""

TABLE_FILE = Path(__file__).with_name("normal_table.npy")

Integers: TypeAlias = NDArray[np.uint64]
Lattice: TypeAlias = NDArray[np.float64]
"""Whole numbers below 2⁵³ in magnitude, held exactly as float64."""


def constants(*values: int) -> tuple[Integers, ...]:
    """Numbers as arrays without axes, which NumPy combines with an array faster than it does scalars."""
    return tuple(np.array(value, dtype=np.uint64) for value in values)


# A float64 is read as (exponent and the first 7 bits: the segment, the next 32 bits: t, the rest).
SEGMENT_SHIFT, STEP_SHIFT, FIRST_ROW = 45, 13, 1023 << 7
# A row of the table is A << 33 | B << 12 | C, and the height A - t·(B - t·C), each product scaled back by a shift.
A_SHIFT, B_SHIFT, B_MASK, C_MASK = 33, 12, (1 << 21) - 1, (1 << 12) - 1
B_SCALE, C_SCALE, SLOPE_SCALE = 10, 22, 42
# A word is a sign and 31 bits of the quantile, to whose middle half a step is added.
SIGN_BIT, TAIL_SHIFT, HALF_STEP = 31, 21, 1 << 20

_FIRST_ROW, _STEP_MASK, _MAGNITUDE_MASK = constants(FIRST_ROW, (1 << 32) - 1, (1 << SIGN_BIT) - 1)
_B_MASK, _C_MASK, _HALF_STEP = constants(B_MASK, C_MASK, HALF_STEP)
_SEGMENT_SHIFT, _STEP_SHIFT, _A_SHIFT, _B_SHIFT = constants(SEGMENT_SHIFT, STEP_SHIFT, A_SHIFT, B_SHIFT)
_B_SCALE, _C_SCALE, _SLOPE_SCALE = constants(B_SCALE, C_SCALE, SLOPE_SCALE)
_SIGN_BIT, _TAIL_SHIFT, _FLOAT_SIGN = constants(SIGN_BIT, TAIL_SHIFT, 63)


@lru_cache(maxsize=1)
def table() -> Integers:
    """The rows (A << 33 | B << 12 | C), one for each segment, as they were checked in."""
    rows: Integers = np.load(TABLE_FILE).astype(np.uint64)
    rows.setflags(write=False)
    return rows


def heights(q: Integers) -> Integers:
    """2²⁸·|Φ⁻¹(q/2⁵³)| for integers 0 < q < 2⁵², from 1 to 2³¹ - 1.

    >>> int(heights(np.array([1 << 51], dtype=np.uint64))[0]) / 2**28     # the upper quartile
    0.67448974...
    """
    binary = q.astype(np.float64).view(np.uint64)
    row = table()[((binary >> _SEGMENT_SHIFT) - _FIRST_ROW).view(np.int64)]
    t = (binary >> _STEP_SHIFT) & _STEP_MASK
    slope = (((row >> _B_SHIFT) & _B_MASK) << _B_SCALE) - ((t * (row & _C_MASK)) >> _C_SCALE)
    height: Integers = (row >> _A_SHIFT) - ((t * slope) >> _SLOPE_SCALE)
    return height


def normal_lattice(x: Words) -> Lattice:
    """2²⁸·z for the standard normal z of each word: a whole number that is never zero.

    >>> normal_lattice(np.array([0, 0x7FFFFFFF, 0x80000000], dtype=np.uint32)) / 2**28
    array([ 6.33...e+00,  7.45...e-09, -6.33...e+00])
    """
    word = x.astype(np.uint64)
    height = heights(((word & _MAGNITUDE_MASK) << _TAIL_SHIFT) | _HALF_STEP).astype(np.float64)
    sign = (word >> _SIGN_BIT) << _FLOAT_SIGN
    return (height.view(np.uint64) ^ sign).view(np.float64)
