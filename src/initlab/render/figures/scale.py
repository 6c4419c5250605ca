"""The vertical axis: its limits, and the strips at its edges for zero (on a log axis) and for what is not finite."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from initlab.experiments.result import Series
from initlab.render.numerals import exponent

SMALLEST, LARGEST = -250.0, 250.0
"""Decades; what lies beyond is drawn at the edge, so that the limits of the axis stay representable."""

STRIP = 0.11
"""The share of the axis that one strip takes."""

ROOM = 1.09
"""How far an axis of counts goes beyond its highest count."""

STEPS = (1, 2, 5, 10, 20, 50, 100, 200)
"""Decades, or layers, between two ticks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """An axis from `low` to `high`, in decades if `log`, with strips at its edges for zeros and the not finite."""

    low: float
    high: float
    log: bool
    zeros: bool
    beyond: bool
    upper: str = "not finite"

    @classmethod
    def decades(cls, values: Iterable[Series], *, ceiling: float = np.inf) -> "Scale":
        """A log axis that holds all of the values up to a ceiling, at least half a decade long."""
        every = np.concatenate([np.zeros(0), *values])
        cut = (every > ceiling) & np.isfinite(every)
        every[cut] = np.inf
        drawn = np.log10(every[np.isfinite(every) & (every > 0)])
        low, high = (drawn.min(), drawn.max()) if drawn.size else (-1.0, 0.0)
        pad = max(0.05 * (high - low), (0.5 - (high - low)) / 2, 0.04)
        return cls(
            low=float(max(low - pad, SMALLEST)),
            high=float(min(high + pad, LARGEST)),
            log=True,
            zeros=bool((every <= 0).any()),
            beyond=bool(np.isinf(every).any()),
            upper="off scale" if cut.any() else "not finite",
        )

    @classmethod
    def counts(cls, highest: int, values: Iterable[Series]) -> "Scale":
        """A linear axis from 0 to a count."""
        beyond = any(bool(np.isinf(each).any()) for each in values)
        return cls(low=-0.06 * highest, high=ROOM * highest, log=False, zeros=False, beyond=beyond)

    @property
    def _strip(self) -> float:
        return (self.high - self.low) * STRIP / (1 - STRIP * (self.zeros + self.beyond))

    @property
    def _ends(self) -> tuple[float, float]:
        return self.low - self.zeros * self._strip, self.high + self.beyond * self._strip

    def place(self, values: Series) -> Series:
        """Where each value is drawn: itself, or the middle of its strip."""
        middle = self._strip / 2
        if not self.log:
            return np.where(np.isfinite(values), values, self.high + middle)
        inside = np.clip(values, 10**self.low, 10**self.high)
        far = values > 10**self.high if self.upper == "off scale" else ~np.isfinite(values)
        above = np.where(far, 10 ** (self.high + middle), inside)
        return np.where(values > 0, above, 10 ** (self.low - middle))

    def fraction(self, values: Series) -> Series:
        """The height of each value as a share of the axis."""
        low, high = self._ends
        placed = self.place(values)
        return ((np.log10(placed) if self.log else placed) - low) / (high - low)

    def dress(self, axes: Axes, *, vertical: bool = True) -> None:
        """Set the limits of the axis, hatch its strips, and name those among its ticks, out of the way of the data."""
        limit, shade = (axes.set_ylim, axes.axhspan) if vertical else (axes.set_xlim, axes.axvspan)
        if self.log:
            (axes.set_yscale if vertical else axes.set_xscale)("log")
        limit(*(self._at(end) for end in self._ends))
        axis = axes.yaxis if vertical else axes.xaxis
        axis.set_minor_locator(NullLocator())
        ticks = {tick: self._name(tick) for tick in self._ticks()}
        ticks |= {self._at(middle): name for _, _, middle, name in self._strips()}
        axis.set_ticks(list(ticks), list(ticks.values()))
        for start, stop, _, name in self._strips():
            strip = shade(self._at(start), self._at(stop), facecolor="#F4F4F4", hatch="////", linewidth=0, zorder=0.5)
            strip.set_gid(f"strip: {name}")

    def _strips(self) -> list[tuple[float, float, float, str]]:
        """Start, stop, middle and name of each strip."""
        (bottom, top), half = self._ends, self._strip / 2
        zero = [(bottom, self.low, self.low - half, "zero")] if self.zeros else []
        return zero + ([(self.high, top, self.high + half, self.upper)] if self.beyond else [])

    def _ticks(self) -> list[float]:
        if self.log:
            return decade_ticks(self.low, self.high - 0.03 * (self.high - self.low) * self.beyond)
        highest = round(self.high / ROOM)
        return [float(tick) for tick in sorted({1, math.ceil(highest / 2), highest})]

    def _name(self, value: float) -> str:
        return power(value) if self.log else f"{value:g}"

    def _at(self, height: float) -> float:
        return float(10.0**height) if self.log else height


def decade_ticks(low: float, high: float) -> list[float]:
    """Five or so round numbers between two powers of ten: whole decades, or 1, 2, 5 and finer where there are few."""
    whole = range(math.ceil(low), math.floor(high) + 1)
    if len(whole) >= 3:
        step = next(step for step in STEPS if len(whole) / step <= 6)
        return [10.0**k for k in whole if k % step == 0]
    for digits in ((1, 2, 5), (1, 1.5, 2, 3, 5, 7), (1, 2, 3, 4, 5, 6, 7, 8, 9)):
        ticks = [d * 10.0**k for k in range(math.floor(low), math.ceil(high) + 1) for d in digits]
        inside = [tick for tick in ticks if low <= math.log10(tick) <= high]
        if len(inside) >= 3:
            break
    return inside


def power(value: float) -> str:
    """A tick's label: a plain number within reach, else a power of ten.

    >>> power(0.05), power(1e-7)
    ('0.05', '10⁻⁷')
    """
    if 0.9e-3 < value < 1.1e4:
        return f"{value:g}"
    decades = math.floor(math.log10(value) + 1e-9)
    digit = round(value / 10.0**decades)
    return exponent(decades) if digit == 1 else f"{digit}×{exponent(decades)}"


def iterations(axes: Axes, last: float, *, apart: float) -> None:
    """The horizontal axis of a run, from 0, in cube roots: wide for the first steps, and wide still for the last ones.

    A log axis would give most of its length to the first hundred steps, where many runs do nothing yet; a linear one
    none of it, where others blow up. `apart` is the least distance of two ticks, as a share of the axis.
    """
    last = max(last, 1.0)
    axes.set_xscale("function", functions=(np.cbrt, lambda root: root**3))
    axes.set_xlim(-(0.02**3) * last, 1.03 * last)
    ticks = iteration_ticks(last, apart)
    axes.set_xticks(ticks, [thousands(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def iteration_ticks(last: float, apart: float) -> list[float]:
    """0, the last iteration, and round numbers between, powers of ten first, with room for their labels.

    >>> iteration_ticks(15_000, 0.1)
    [0.0, 100.0, 1000.0, 2000.0, 5000.0, 10000.0, 15000.0]
    """
    decades = [10.0**k for k in range(math.floor(math.log10(last)), -1, -1)]
    chosen = [0.0, float(last)]
    for tick in [digit * decade for digit in (1, 5, 2) for decade in decades if digit * decade < last]:
        if all(abs(np.cbrt(tick / last) - np.cbrt(other / last)) >= apart for other in chosen):
            chosen.append(tick)
    return sorted(chosen)


def thousands(count: float) -> str:
    """A round count, short.

    >>> thousands(100), thousands(10_000), thousands(1e6)
    ('100', '10k', '1M')
    """
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return f"{count:g}"
