"""The vertical axis: its limits, and the strips at its edges for zero (on a log axis) and for what is not finite."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from initlab.experiments.result import Series
from initlab.render.figures.style import exponent

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

    @classmethod
    def decades(cls, values: Iterable[Series]) -> "Scale":
        """A log axis that holds all of the values, at least half a decade long."""
        every = np.concatenate([np.zeros(0), *values])
        drawn = np.log10(every[np.isfinite(every) & (every > 0)])
        low, high = (drawn.min(), drawn.max()) if drawn.size else (-1.0, 0.0)
        pad = max(0.05 * (high - low), (0.5 - (high - low)) / 2, 0.04)
        return cls(
            low=float(max(low - pad, SMALLEST)),
            high=float(min(high + pad, LARGEST)),
            log=True,
            zeros=bool((every <= 0).any()),
            beyond=bool(np.isinf(every).any()),
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
        above = np.where(np.isfinite(values), inside, 10 ** (self.high + middle))
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
        return zero + ([(self.high, top, self.high + half, "not finite")] if self.beyond else [])

    def _ticks(self) -> list[float]:
        if self.log:
            return decade_ticks(self.low, self.high)
        highest = round(self.high / ROOM)
        return [float(tick) for tick in sorted({1, round(highest / 2), highest} - {0})]

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
    for digits in ((1, 2, 5), (1, 2, 3, 4, 5, 6, 7, 8, 9)):
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


def iterations(axes: Axes, last: float) -> None:
    """The horizontal axis of a run: 0, then 1, 10, 100, ... in equal steps, so that the first updates show too."""
    axes.set_xscale("symlog", linthresh=1, linscale=0.5)
    axes.set_xlim(-0.1, max(last, 1.0) * 1.03)
    powers = range(math.floor(math.log10(max(last, 1.0))) + 1)
    axes.xaxis.set_major_locator(FixedLocator([0.0, *(10.0**k for k in powers)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: thousands(value)))


def thousands(count: float) -> str:
    """A round count, short.

    >>> thousands(100), thousands(10_000), thousands(1e6)
    ('100', '10k', '1M')
    """
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:g}{unit}"
    return f"{count:g}"
