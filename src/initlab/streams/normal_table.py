"""How the table of `normal.py` was made: `python -m initlab.streams.normal_table` prints whether it still is so.

The rows are integers and are checked in; nothing regenerates them at install. With f(q) = 2²⁸·|Φ⁻¹(q/2⁵³)| and a
segment from q₀ to q₁ with the middle m:

    A = ⌊f(q₀)⌋,   A' = ⌊f(q₁)⌋,   C = round(2f(q₀) + 2f(q₁) - 4f(m)),   B = A - A' + C

So the parabola A - t(B - tC) meets its neighbour exactly, at an integer, and is right to half a unit in the middle,
which leaves an interpolation error of 0.94 units at most. A is rounded down because `heights` rounds up. Heights of
2³¹ and more (|z| >= 8) are set to 2³¹ - 1, and the last one, at the median, to 1, so that none is 0. Continuous at the
seams and decreasing in between is monotone everywhere.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from statistics import NormalDist

import numpy as np

from initlab.streams.gaussian import quantile
from initlab.streams.normal import BITS, TAIL_BITS, Integers, table

OCTAVES = TAIL_BITS - 1
SEGMENTS = 128
_TOP = (1 << 31) - 1


def exact_height(place: int, parts: int) -> Decimal:
    """F at place/parts of the way: octave place // parts, and the rest linearly within it."""
    octave, part = divmod(place, parts)
    if octave == OCTAVES:
        return Decimal(1)
    p = Decimal((parts + part) << octave) / (parts << TAIL_BITS)
    return -quantile(p, NormalDist().inv_cdf(float(p))) * (1 << BITS)


def build_row(segment: int) -> int:
    """A << 33 | B << 12 | C of one segment, counted from the outermost."""
    left, middle, right = (exact_height(2 * segment + half, 2 * SEGMENTS) for half in range(3))
    if left > _TOP:
        return _TOP << 33
    a, a_next = int(left), int(right)
    c = int((2 * left + 2 * right - 4 * middle).to_integral_value(ROUND_HALF_EVEN))
    return a << 33 | (a - a_next + c) << 12 | c


def build() -> Integers:
    """The whole table; it takes a few seconds."""
    return np.array([build_row(segment) for segment in range(OCTAVES * SEGMENTS)], dtype=np.uint64)


if __name__ == "__main__":
    same = bool(np.array_equal(build(), table()))
    print("The table is what this file builds." if same else "The table differs from what this file builds.")  # noqa: T201
