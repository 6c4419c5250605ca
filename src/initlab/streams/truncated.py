"""A truncated standard normal from one word: the word chooses a quantile between the bounds, with no rejection.

    U = L + ⌊(x + 1/2)·W/2³²⌋,   L = ⌈2⁵²·Φ(low)⌉,   L + W = ⌊2⁵²·Φ(high)⌋
    p = (2U + 1)/2⁵³ is the quantile: z = Φ⁻¹(p), through the same table as the normal law

A tail as thin as 1e-9 still holds four million quantiles. The last step clamps the whole number 2²⁸·z to the largest
one whose float32 lies inside the bounds; `bounds.py` tightens that where the tensor's dtype or a centre asks for more,
so no entry is ever on a bound or beyond it.
"""

import math
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from initlab.streams.gaussian import scaled_cdf
from initlab.streams.normal import BITS, TAIL_BITS, Lattice, constants, heights
from initlab.streams.philox import Words

Quantiles: TypeAlias = tuple[int, int, float, float]
"""(L, W, least, most): where the quantiles start, how many there are, and the bounds of 2²⁸·z."""

_FLOAT32_STEP = math.ldexp(1.0, -24)

# x·W has up to 84 bits: W is cut into its upper bits and its lowest 20, and 12 of the 32 bits to drop are left.
SPLIT_BITS, REST_BITS = 20, 12

_SPLIT_MASK = (1 << SPLIT_BITS) - 1
_1, _REST_BITS, _SPLIT_BITS, _HALF, _WHOLE = constants(1, REST_BITS, SPLIT_BITS, 1 << 52, 1 << 53)


@lru_cache(maxsize=256)
def quantiles(low: float, high: float) -> Quantiles:
    """The quantiles between two bounds, in standard deviations; either may be infinite."""
    first = scaled_cdf(low, TAIL_BITS - 1, up=True)
    last = scaled_cdf(high, TAIL_BITS - 1, up=False)
    return first, last - first, _inside(low, up=True), _inside(high, up=False)


def _inside(bound: float, *, up: bool) -> float:
    """The whole number nearest 2²⁸·bound that stays within it by half a step of float32."""
    if math.isinf(bound):
        return math.copysign(float(1 << 31), bound)
    margin = math.ldexp(abs(bound) * _FLOAT32_STEP, BITS)
    scaled = math.ldexp(bound, BITS)
    return float(math.ceil(scaled + margin) if up else math.floor(scaled - margin))


def truncated_lattice(x: Words, bounds: Quantiles) -> Lattice:
    """2²⁸·z for the truncated normal z of each word.

    >>> x = np.array([0, 0x7FFFFFFF, 0xFFFFFFFF], dtype=np.uint32)
    >>> truncated_lattice(x, quantiles(-2.0, 2.0)) / 2**28
    array([-1.99999988e+00, -7.45058060e-09,  1.99999988e+00])
    """
    low, width, least, most = bounds
    word = x.astype(np.uint64)
    fine = word * np.uint64(width & _SPLIT_MASK) + np.uint64(width >> 1)
    step = (word * np.uint64(width >> SPLIT_BITS) + (fine >> _SPLIT_BITS)) >> _REST_BITS
    twice = ((step + np.uint64(low)) << _1) | _1
    upper = twice >= _HALF
    height = heights(np.where(upper, _WHOLE - twice, twice)).astype(np.float64)
    lattice: Lattice = np.minimum(np.maximum(np.where(upper, height, -height), least), most)
    return lattice
