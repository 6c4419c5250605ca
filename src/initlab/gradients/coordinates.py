"""A block entry by entry: all of a small one, a sample of a large one, by halving where that finds nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.harness import Harness
from initlab.gradients.projection import KAPPA, gaussian, project
from initlab.gradients.report import Entry
from initlab.gradients.returned import Gradient, unit_of
from initlab.streams import permutation

SMALL = 256
"""A block of at most so many entries is measured entry by entry."""

SAMPLED = 64
MOST_FOUND = 4
"""How many wrong entries halving looks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Entries of one block: their flat places, the numeric gradient there, and its error, that of `a` included.

    `complete` says that all are there; `kinked` marks entries with a kink at the smallest step.
    """

    places: Array
    analytic: Array
    numeric: Array
    error: Array
    kinked: Array
    shape: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Whether every entry was measured."""
        return len(self.places) == int(np.prod(self.shape))

    @property
    def wrong(self) -> Array:
        """Which entries are further off than their error allows."""
        return np.asarray(np.abs(self.analytic - self.numeric) > KAPPA * self.error)

    @property
    def informative(self) -> Array:
        """Which entries have a gradient that is not zero, on either side."""
        return np.asarray(np.maximum(np.abs(self.analytic), np.abs(self.numeric)) > KAPPA * self.error)

    @property
    def resolution(self) -> float:
        """The largest error of the block that the entries leave room for, as a share of its norm."""
        size = float(np.sqrt(np.sum(self.analytic**2)))
        return KAPPA * float(np.sqrt(np.sum(self.error**2))) / size if size > 0 else np.inf

    def entries(self, most: int = 400) -> tuple[Entry, ...]:
        """As plain data."""
        return tuple(
            Entry(index=tuple(map(int, np.unravel_index(int(place), self.shape))), analytic=float(a), numeric=float(n),
                  error=float(e))
            for place, a, n, e in list(zip(self.places, self.analytic, self.numeric, self.error, strict=True))[:most]
        )  # fmt: skip


def measure(
    harness: Harness, name: str, gradient: Gradient, *, noise: float, seed: int, every: bool = False
) -> Measured:
    """Differences for the entries of a block: every one where it is small or asked for; else a sample and the worst."""
    value = harness.theta[name]
    if every or value.size <= SMALL:
        return _measured(harness, name, gradient, range(value.size), noise)
    order = permutation(value.size, name=f"gradcheck entries {name}", seed=seed)[:SAMPLED]
    found = _measured(harness, name, gradient, sorted(map(int, order)), noise)
    if not found.wrong.any():
        worst = list(_halving(harness, name, gradient, noise, seed))
        found = _measured(harness, name, gradient, sorted({*map(int, order), *worst}), noise)
    return found


def _measured(harness: Harness, name: str, gradient: Gradient, places: Sequence[int], noise: float) -> Measured:
    value = harness.theta[name]
    unit = unit_of(value)
    numeric, error, kinked = (np.empty(len(places)) for _ in range(3))
    for i, place in enumerate(places):
        v = np.zeros(value.shape)
        v.flat[place] = unit
        found = project(harness, name, v, gradient, noise=noise, unit=unit)
        numeric[i], error[i], kinked[i] = found.numeric / unit, found.error / unit, found.kinked
    at = np.array(places)
    return Measured(
        places=at, analytic=gradient.values[name].ravel()[at], numeric=numeric, error=error, kinked=kinked > 0,
        shape=value.shape,
    )  # fmt: skip


def _halving(harness: Harness, name: str, gradient: Gradient, noise: float, seed: int) -> Iterator[int]:
    """Wrong entries, found in about s log₂ N directions for s of them."""
    value = harness.theta[name]
    v = gaussian(name, value, seed=seed, draw=0)
    pending, found = [(0, value.size)], 0
    while pending and found < MOST_FOUND:
        low, high = pending.pop()
        part = np.zeros(value.shape)
        part.flat[low:high] = v.ravel()[low:high]
        if not project(harness, name, part, gradient, noise=noise, unit=unit_of(value)).differs:
            continue
        if high - low == 1:
            found += 1
            yield low
        else:
            middle = (low + high) // 2
            pending += [(low, middle), (middle, high)]
