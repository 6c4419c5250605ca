"""Expectations over a pair of correlated normal numbers: E a(u) b(v), the correlation of u and v being c.

    u = x,   v = c x + √(1 - c²) y,   x and y independent N(0, 1)

The outer integral, over x, is adaptive; the inner one, over y, has panels that end where v meets a kink, so they move
with x. It is taken with twice the panels again until nothing changes.
"""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from initlab.errors import SpecError
from initlab.numerics.quadrature import Expectation, Reals, expectation

Factor = Callable[[Reals], Reals]

RADIUS = 9.0
"""How far out the inner integral goes; the density beyond is 1e-18."""

FIRST, MOST = 6, 96
"""The panels of the inner integral, at first and at most."""

AGREES = 1e-13
"""The share of √(E a² E b²) by which the result may move when the inner panels are doubled."""

NODES = 16
_X, _W = np.polynomial.legendre.leggauss(NODES)
_X, _W = (_X + 1) / 2, _W / 2


def pair_expectation(a: Factor, b: Factor, correlation: float, *, kinks: Iterable[float] = ()) -> Expectation:
    """E a(u) b(v) for standard normal u, v of that correlation; a and b map (n,) to (functions, n).

    >>> found = pair_expectation(lambda u: u[np.newaxis], lambda v: v[np.newaxis], 0.3)
    >>> round(float(found.value[0]), 12)
    0.3

    Raises SpecError unless the correlation is in [-1, 1], and as `expectation` does.
    """
    if not -1 <= correlation <= 1:
        raise SpecError(f"A correlation must be in [-1, 1], got {correlation}. Divide a covariance by the variances.")
    places = np.array([*kinks], dtype=np.float64)
    if abs(correlation) == 1:
        both = places if correlation == 1 else np.concatenate([places, -places])
        return expectation(lambda x: a(x) * b(correlation * x), kinks=both)
    scale = np.sqrt(_square(a, places) * _square(b, places))
    panels, before = FIRST, None
    while True:
        inner = partial(_inner, b, correlation=correlation, kinks=places, panels=panels)
        found = expectation(partial(_times, a, inner), kinks=places, scale=scale)
        if before is not None:
            change = np.abs(found.value - before.value)
            if panels >= MOST or (change <= AGREES * scale).all():
                return Expectation(value=found.value, error=found.error + change)
        panels, before = 2 * panels, found


def _square(a: Factor, kinks: Reals) -> Reals:
    return expectation(lambda x: a(x) ** 2, kinks=kinks).value


def _times(a: Factor, b: Factor, x: Reals) -> Reals:
    return a(x) * b(x)


def _inner(b: Factor, x: Reals, correlation: float, kinks: Reals, panels: int) -> Reals:
    """E b(c x + √(1 - c²) y) over y for every x: (functions, x)."""
    spread = np.sqrt((1 - correlation) * (1 + correlation))
    regular = np.broadcast_to(np.linspace(-RADIUS, RADIUS, panels + 1), (x.size, panels + 1))
    moving = np.clip((kinks - correlation * x[:, np.newaxis]) / spread, -RADIUS, RADIUS)
    ends = np.sort(np.concatenate([regular, moving], axis=1), axis=1)
    width = np.diff(ends, axis=1)
    y = ends[:, :-1, np.newaxis] + width[:, :, np.newaxis] * _X
    v = correlation * x[:, np.newaxis, np.newaxis] + spread * y
    weight = np.exp(-0.5 * y * y) / np.sqrt(2 * np.pi) * (_W * width[:, :, np.newaxis])
    values = b(v.ravel())
    return np.asarray(np.einsum("fxn,xn->fx", values.reshape(len(values), x.size, -1), weight.reshape(x.size, -1)))
