"""Median and range over the seeds, with what is not finite kept as infinity instead of dropped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from initlab.experiments.result import Curve, Series, Trial

Place = Callable[[Series], Series]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Median, lowest and highest of `seeds` values at every x; `lost` counts those that are not finite."""

    x: Series
    median: Series
    low: Series
    high: Series
    lost: npt.NDArray[np.int64]
    seeds: int

    @property
    def values(self) -> Series:
        """Every height that is drawn."""
        return np.concatenate([self.median, self.low, self.high])


def spread(x: npt.ArrayLike, rows: npt.ArrayLike) -> Band:
    """The band of a table with one row per seed. NaN counts as infinity: above everything, and never left out.

    >>> spread([0, 1], [[1.0, 2.0], [3.0, float("nan")]]).median
    array([ 2., inf])
    """
    table = np.sort(_infinite(np.atleast_2d(np.asarray(rows, dtype=np.float64))), axis=0)
    low, high = table[(len(table) - 1) // 2], table[len(table) // 2]
    return Band(
        x=np.asarray(x, dtype=np.float64),
        median=low / 2 + high / 2,
        low=table[0],
        high=table[-1],
        lost=np.isinf(table).sum(axis=0),
        seeds=len(table),
    )


def over_seeds(trials: Sequence[Trial], read: Callable[[Curve], npt.ArrayLike]) -> Band:
    """The band of one recorded series over the trials, on all checkpoints that any of them reached.

    A trial keeps its last value where it has no checkpoint, and is infinite after its end if it diverged.
    """
    grid = np.unique(np.concatenate([trial.curve.iteration for trial in trials]))
    return spread(grid, [_on_grid(trial, np.asarray(read(trial.curve), dtype=np.float64), grid) for trial in trials])


def _on_grid(trial: Trial, values: Series, grid: npt.NDArray[np.int64]) -> Series:
    at = np.searchsorted(trial.curve.iteration, grid, side="right") - 1
    row = values[np.maximum(at, 0)].copy()
    if trial.status == "diverged":
        row[grid > trial.curve.iteration[-1]] = np.inf
    return row


def _infinite(values: Series) -> Series:
    return np.where(np.isfinite(values), values, np.inf)
