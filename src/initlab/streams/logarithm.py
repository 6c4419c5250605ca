"""The natural logarithm from additions, multiplications and divisions in a fixed order: no libm, one result anywhere.

    u = m·2^e with √½ <= m < √2,   s = (m - 1)/(m + 1),   ln u = e·ln 2 + 2s(1 + s²/3 + s⁴/5 + ... + s²²/23)

NumPy rounds each operation correctly and fuses none, so every machine gets the same float64. The series is cut where
s² < 0.0295 leaves 1e-19; ln 2 is split in two so that e times its upper part is exact. Error: 2 units in the last
place.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from initlab.laws import LogUniform
from initlab.streams.philox import Words

_ROOT_HALF = 0.7071067811865476
_LN2_UPPER = 0.693147180369123816490  # the first 32 bits of ln 2
_LN2_LOWER = 1.90821492927058770002e-10  # the rest
_TERMS = 12


def logarithm(u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ln u for positive finite u.

    >>> logarithm(np.array([0.5, 1.0, 10.0]))
    array([-0.69314718,  0.        ,  2.30258509])
    """
    m, e = np.frexp(u)
    below = m < _ROOT_HALF
    m = np.where(below, m * 2, m)
    exponent = (e - below).astype(np.float64)
    s = (m - 1) / (m + 1)
    square = s * s
    series = np.full_like(s, 1 / (2 * _TERMS - 1))
    for k in reversed(range(_TERMS - 1)):
        series *= square
        series += 1 / (2 * k + 1)
    result: NDArray[np.float64] = exponent * _LN2_UPPER + (2 * s * series + exponent * _LN2_LOWER)
    return result


def log_uniform(law: LogUniform) -> Callable[[Words], NDArray[np.float64]]:
    """The entry of a log-uniform law for each word x: ±ln u with u = low + (high - low)·(2x + 1)/2³³.

    >>> log_uniform(LogUniform(low=1.0, high=2.0))(np.array([0x80000000], dtype=np.uint32))
    array([0.40546511])
    """
    step = (law.high - law.low) * 2.0**-33

    def values(x: Words) -> NDArray[np.float64]:
        odd = x.astype(np.float64) * 2 + 1
        logarithms = logarithm(law.low + odd * step)
        return -logarithms if law.negated else logarithms

    return values
