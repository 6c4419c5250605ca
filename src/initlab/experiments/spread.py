"""One figure over the seeds: its median and range."""

from collections.abc import Iterable

import numpy as np

from initlab.experiments.result import Spread


def spread(values: Iterable[float]) -> Spread:
    """Median and range, leaving out NaN.

    >>> spread([3.0, 1.0, 2.0])
    Spread(median=2.0, low=1.0, high=3.0)
    """
    kept = sorted(value for value in values if not np.isnan(value))
    if not kept:
        return Spread(median=np.nan, low=np.nan, high=np.nan)
    middle = kept[(len(kept) - 1) // 2 : len(kept) // 2 + 1]
    return Spread(median=float(np.mean(middle)), low=float(kept[0]), high=float(kept[-1]))
