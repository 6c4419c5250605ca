"""Any function of one number as polynomials on panels: where it has kinks, and what its derivative is.

A panel is halved until a polynomial of degree 15 through its Chebyshev points agrees with the function on both halves.
Where that never happens, there is a kink. Panels that end at the kinks then give the derivative to 12 digits or so,
without a step size to choose and without a framework's help.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

from initlab.errors import SpecError
from initlab.numerics.quadrature import Reals

REACH = 40.0
"""How far from zero a function is looked at. Beyond, its slope is a central difference."""

PANELS = 64
_SHIFT = 0.0917
"""The first panels end at no round number: a kink that is the end of a panel could not be seen."""

DEGREE = 15
NARROWEST = 1e-11
SHARP = 1e-3
"""A panel still not resolved at this width holds a kink."""

MOST_PANELS = 2000
MOST_KINKS = 32

STEEP = 1e-10
"""A panel of the narrowest kind across which the function is off by more than this has no slope: it jumps, like √|z|
at 0 it is too steep to have a mean square slope, or it is noise."""

_POINTS = np.cos(np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1))
_TO_COEFFICIENTS = np.linalg.inv(chebyshev.chebvander(_POINTS, DEGREE))
_AT_LEFT, _AT_RIGHT = (chebyshev.chebvander((_POINTS + side) / 2, DEGREE) for side in (-1, 1))
_DIFFERENTIATE = chebyshev.chebder(np.eye(DEGREE + 1), axis=0)

Function = Callable[[Reals], Reals]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piecewise:
    """A function known on panels: their ends, the Chebyshev coefficients on each, and where it has kinks.

    `coefficients` is (panels, degree + 1).
    """

    ends: Reals
    coefficients: Reals
    kinks: tuple[float, ...]

    def derivative(self, x: Reals) -> Reals:
        """The slope at every x within REACH; at a kink, the one from the left."""
        panel = np.clip(np.searchsorted(self.ends, x, side="left") - 1, 0, len(self.coefficients) - 1)
        left, width = self.ends[panel], self.ends[panel + 1] - self.ends[panel]
        slopes = (self.coefficients @ _DIFFERENTIATE.T)[panel]
        t = np.clip(2 * (x - left) / width - 1, -1, 1)
        value: Reals = np.asarray(chebyshev.chebval(t, slopes.T, tensor=False)) * 2 / width
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panels:
    """Panels in order: where they begin, their coefficients, and by how much they are off as a share of the values."""

    left: Reals
    width: Reals
    coefficients: Reals
    gap: Reals

    @property
    def middle(self) -> Reals:
        """Where each panel has its middle."""
        return np.asarray(self.left + self.width / 2)


def piecewise(function: Function, *, precision: float = 1e-13) -> Piecewise:
    """Look at a function from -40 to 40 until it is resolved; `precision` is that of its values, or coarser.

    >>> found = piecewise(lambda x: np.abs(x - 0.3))
    >>> found.kinks, found.derivative(np.array([0.0, 1.0])).round(9).tolist()
    ((0.3,), [-1.0, 1.0])

    Raises SpecError when the function jumps, has a place without a slope, or too many sharp places to follow.
    """
    first = np.linspace(-REACH, REACH, PANELS + 1)
    first[1:-1] += _SHIFT
    panels = _resolve(function, first, precision)
    kinks = _clusters(panels)
    _check(len(kinks) <= MOST_KINKS, f"smooth but at {MOST_KINKS} places", f"{len(kinks)} kinks within ±40")
    panels = _resolve(function, np.unique([*first, *kinks]), precision)
    steep = np.concatenate([panels.middle[panels.gap > max(STEEP, precision)], _jumps(panels, precision)])
    _check(not steep.size, "continuous, with a slope of finite mean square", "a jump or worse at {:.6g}", steep)
    return Piecewise(ends=np.append(panels.left, REACH), coefficients=panels.coefficients, kinks=kinks)


def _jumps(panels: _Panels, precision: float) -> Reals:
    """Where the polynomials of two neighbours do not meet."""
    signs = (-1.0) ** np.arange(DEGREE + 1)
    before, after = panels.coefficients[:-1].sum(axis=1), (panels.coefficients[1:] * signs).sum(axis=1)
    size = np.maximum(1, np.maximum(np.abs(before), np.abs(after)))
    apart = np.abs(after - before) > max(1e-7, 100 * precision) * size
    return np.asarray(panels.left[1:][apart])


def _check(holds: bool, constraint: str, got: str, places: Reals | None = None) -> None:
    if not holds:
        got = got if places is None else got.format(float(places[np.abs(places).argmin()]))
        raise SpecError(f"An activation must be {constraint}, got {got}. Give its derivative and kinks, or smooth it.")


def _values(function: Function, left: Reals, width: Reals) -> Reals:
    x = left[:, np.newaxis] + width[:, np.newaxis] * ((_POINTS + 1) / 2)
    return function(x.ravel()).reshape(x.shape)


def _resolve(function: Function, ends: Reals, precision: float) -> _Panels:
    """Halve the panels until a polynomial has each half to that precision, or the panel is as narrow as can be."""
    left, width = ends[:-1], np.diff(ends)
    coefficients = _values(function, left, width) @ _TO_COEFFICIENTS.T
    kept: list[tuple[Reals, ...]] = []
    total = len(left)
    while left.size:
        middle, half = left + width / 2, width / 2
        below, above = _values(function, left, half), _values(function, middle, half)
        gap = _largest(coefficients @ _AT_LEFT.T - below, coefficients @ _AT_RIGHT.T - above)
        gap /= np.maximum(1, _largest(below, above))
        done = (gap <= precision) | (width < NARROWEST * np.maximum(1, np.abs(middle))) | (total > MOST_PANELS)
        kept.append((left[done], width[done], coefficients[done], gap[done]))
        rest = ~done
        total += int(rest.sum())
        left, width = np.concatenate([left[rest], middle[rest]]), np.tile(half[rest], 2)
        coefficients = np.concatenate([below[rest], above[rest]]) @ _TO_COEFFICIENTS.T
    columns = [np.concatenate(column) for column in zip(*kept, strict=True)]
    order = np.argsort(columns[0])
    starts, widths, rows, gaps = (column[order] for column in columns)
    return _Panels(left=starts, width=widths, coefficients=rows, gap=gaps)


def _largest(*tables: Reals) -> Reals:
    """The largest absolute value in each row of several tables."""
    return np.asarray(np.max([np.abs(table).max(axis=1) for table in tables], axis=0))


def _clusters(panels: _Panels) -> tuple[float, ...]:
    """One place for each group of sharp panels, where the narrowest of them is."""
    sharp = np.flatnonzero(panels.width < SHARP)
    if not sharp.size:
        return ()
    groups = np.split(sharp, np.flatnonzero(np.diff(panels.left[sharp]) > 10 * SHARP) + 1)
    narrowest = (group[panels.width[group].argmin()] for group in groups)
    return tuple(_roundest(float(panels.middle[at]), float(panels.width[at])) for at in narrowest)


def _roundest(place: float, width: float) -> float:
    """The number with the fewest digits that is within two widths of the place."""
    rounded = (round(place, digits) for digits in range(12))
    return next((near + 0.0 for near in rounded if abs(near - place) <= 2 * width), place)
