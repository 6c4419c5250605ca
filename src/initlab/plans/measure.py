"""What a tensor holds, measured in one pass of fixed scratch: counts, extremes and moments."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The numbers of one tensor; the moments are those of its finite entries, `second` about the planned mean."""

    size: int
    not_finite: int
    zeros: int
    subnormal: int
    low: float
    high: float
    mean: float
    second: float
    about: float

    @property
    def std(self) -> float:
        """The standard deviation about the mean found."""
        return math.sqrt(max(0.0, self.second - (self.mean - self.about) ** 2))


def measure(values: NDArray[Any], *, about: float) -> Measured:
    """Measure an array; `about` is the number about which the second moment is taken.

    >>> found = measure(np.array([1.0, 3.0, np.nan]), about=1.0)
    >>> found.not_finite, found.mean, found.second, found.std
    (1, 2.0, 2.0, 1.0)
    """
    tiny = float(np.finfo(values.dtype).tiny)
    not_finite = zeros = subnormal = 0
    low, high, first, second = math.inf, -math.inf, 0.0, 0.0
    for x in chunks(values):
        finite = np.isfinite(x)
        if not finite.all():
            not_finite += int(x.size - np.count_nonzero(finite))
            x = x[finite]
        if x.size:
            low, high = min(low, float(x.min())), max(high, float(x.max()))
            small = np.count_nonzero(np.abs(x) < tiny)
            none = np.count_nonzero(x == 0) if small else 0
            zeros, subnormal = zeros + int(none), subnormal + int(small - none)
            x -= about
            first, second = first + float(x.sum()), second + float(np.dot(x, x))
    count = max(1, values.size - not_finite)
    return Measured(
        size=values.size,
        not_finite=not_finite,
        zeros=zeros,
        subnormal=subnormal,
        low=low,
        high=high,
        mean=about + first / count,
        second=second / count,
        about=about,
    )


def chunks(values: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    """The entries as float64, in the order of memory, some at a time."""
    flat = values.ravel(order="K")
    for start in range(0, flat.size, CHUNK):
        yield flat[start : start + CHUNK].astype(np.float64)


def some(values: NDArray[Any], count: int) -> NDArray[np.float64]:
    """At most `count` entries, spread over the tensor in steps that have no factor in common with its size."""
    flat = values.ravel(order="K")
    if flat.size <= count:
        return flat.astype(np.float64)
    step = int(0.6180339887 * flat.size) | 1
    while math.gcd(step, flat.size) != 1:
        step += 2
    return flat[np.arange(count, dtype=np.int64) * step % flat.size].astype(np.float64)
