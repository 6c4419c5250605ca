"""Where signals settle, how fast, and how deep a network can therefore be trained.

    q* = σ_w² E φ(√q* z)² + σ_b²        c* = c'(c*) at q*          χ₁, χ_c* the slopes there
    ξ_q = -1/ln(dq'/dq)   ξ_c = -1/ln χ_c*   ξ_∇ = 1/|ln χ₁|       layers in which a difference falls by e

Two inputs that agree (ordered, χ₁ < 1) or decorrelate (chaotic, χ₁ > 1) do so within a few ξ_c; a network is trainable
to about 4 to 8 of them. On the line χ₁ = 1 between, the depth is not bounded so.

Reference: Schoenholz, Gilmer, Ganguli, Sohl-Dickstein, Deep Information Propagation, 2017, arXiv:1611.01232.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq

from initlab.numerics.activations import Activation
from initlab.theory.maps import Point
from initlab.theory.moments import moments

Phase = Literal["ordered", "critical", "chaotic", "vanishing", "exploding"]

TRAINABLE = (4.0, 8.0)
"""Trainable depth in units of ξ_c: between the 4.4 and 7.6 of a public reproduction of Schoenholz et al., rounded."""

GRID = np.logspace(-10, 7, 69)
"""The mean squares between which fixed points are looked for."""

LINE = GRID[GRID <= 1e4]
"""Those at which the critical line is looked for: beyond, what bends near zero cannot be told from what is straight."""

CRITICAL = 1e-6
"""|χ₁ - 1| below which a point counts as on the critical line: a depth scale of a million layers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """Where an activation's signals settle from a mean square of one.

    `q` is 0 where they vanish and infinity where they explode; what has no meaning then is NaN. `c` is where the
    correlation of two inputs goes. The lengths are in layers; `trainable` is the band of 4 to 8 ξ_c.
    """

    activation: str
    weight: float
    bias: float
    phase: Phase
    q: float
    q_slope: float
    chi1: float
    c: float
    chi_c: float
    xi_q: float
    xi_c: float
    xi_gradient: float
    trainable: tuple[float, float]


def fixed(point: Point, *, start: float = 1.0) -> Fixed:
    """The fixed points and lengths at one (σ_w², σ_b²), for signals that start from that mean square.

    >>> from initlab.numerics.activations import activation
    >>> found = fixed(Point(phi=activation("tanh"), weight=1.0, bias=0.05))
    >>> found.phase, round(found.xi_c, 3)
    ('ordered', 3.627)
    """
    q = settle(point, start=start)
    at = float(np.clip(q, GRID[0], GRID[-1]))
    slope, chi1 = point.q_slope(at), point.chi1(at)
    if q == math.inf:
        return _fixed(point, "exploding", q, slope, chi1, math.nan, math.nan)
    if q == 0:
        return _fixed(point, _near_zero(chi1), q, slope, chi1, 1.0, chi1)
    phase: Phase = "critical" if abs(chi1 - 1) <= CRITICAL else "ordered" if chi1 < 1 else "chaotic"
    c = meeting(point, q) if phase == "chaotic" else 1.0
    return _fixed(point, phase, q, slope, chi1, c, point.chi(c, q) if c < 1 else chi1)


def _near_zero(chi1: float) -> Phase:
    return "critical" if abs(chi1 - 1) <= CRITICAL else "vanishing"


def _fixed(point: Point, phase: Phase, q: float, slope: float, chi1: float, c: float, chi_c: float) -> Fixed:
    xi_c = length(chi_c)
    return Fixed(
        activation=point.phi.name,
        weight=point.weight,
        bias=point.bias,
        phase=phase,
        q=q,
        q_slope=slope,
        chi1=chi1,
        c=c,
        chi_c=chi_c,
        xi_q=length(slope),
        xi_c=xi_c,
        xi_gradient=length(chi1),
        trainable=(TRAINABLE[0] * xi_c, TRAINABLE[1] * xi_c),
    )


def length(slope: float) -> float:
    """The layers in which something that is multiplied by `slope` in each changes by a factor e.

    >>> round(length(math.exp(-0.1)), 9)
    10.0
    """
    if math.isnan(slope) or abs(slope) <= 1e-300:
        return math.nan if math.isnan(slope) else 0.0
    rate = abs(math.log(abs(slope)))
    return math.inf if rate <= CRITICAL else 1 / rate


def settle(point: Point, *, start: float = 1.0) -> float:
    """The mean square at which signals settle: 0 where they vanish, infinity where they explode.

    The map rises with q for every activation that grows away from zero, so that a signal moves to the nearest fixed
    point on its side and no farther; a start within 1e-12 of its image stays.
    """
    drift = point.q(start) / start - 1
    if abs(drift) <= 1e-12:
        return start
    place = int(np.searchsorted(GRID, start))
    grid = GRID[place:] if drift > 0 else GRID[:place][::-1]
    before = start
    for q in grid:
        if (point.q(float(q)) > q) != (drift > 0):
            return _root(lambda t: point.q(t) / t - 1, before, float(q))
        before = float(q)
    return math.inf if drift > 0 else 0.0


def _root(function: Callable[[float], float], a: float, b: float) -> float:
    return float(brentq(function, min(a, b), max(a, b), xtol=1e-15, rtol=4 * np.finfo(float).eps, maxiter=200))


def meeting(point: Point, q: float) -> float:
    """c*, the correlation at which two inputs settle where c = 1 repels them (χ₁ > 1): the largest root below 1."""

    def drift(c: float) -> float:
        return point.c(c, q) - c

    high = 1.0
    for gap in np.logspace(-8, 0, 17)[:-1]:
        if drift(1 - float(gap)) < 0:
            high = 1 - float(gap)
            break
    if high == 1.0 and drift(0.0) >= 0:
        return 1.0
    lower = next((low for low in (0.0, -0.5, -0.999) if drift(low) > 0), None)
    if lower is None:
        return 0.0 if abs(drift(0.0)) < 1e-9 else -1.0
    return _root(drift, lower, high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Critical:
    """A point of the critical line: χ₁ = 1 at the fixed point q, which is of use where `q_slope` is below 1."""

    q: float
    weight: float
    bias: float
    q_slope: float


def critical_at(phi: Activation, q: float) -> Critical:
    """The (σ_w², σ_b²) for which q is a fixed point with χ₁ = 1; a bias below zero says that there is none.

    σ_w² = 1/E φ'(√q z)²,  σ_b² = q - σ_w² E φ(√q z)²
    """
    found = moments(phi, q)
    weight = 1 / found.slope if found.slope > 0 else math.inf
    bias = q - weight * found.square
    if abs(bias) <= 1e-12 * q:
        bias = 0.0
    return Critical(q=q, weight=weight, bias=bias, q_slope=weight * found.growth)


def critical_line(phi: Activation, *, bias: float) -> Critical | None:
    """The point of the critical line at that bias variance, at the smallest q; None where the line has none.

    >>> from initlab.numerics.activations import activation
    >>> round(critical_line(activation("tanh"), bias=0.05).weight, 6)
    1.760955
    """
    before: tuple[float, float] | None = None
    for q in LINE:
        here = critical_at(phi, float(q)).bias - bias
        if here == 0:
            return critical_at(phi, float(q))
        if before is not None and (before[1] < 0) != (here < 0):
            return critical_at(phi, _root(lambda t: critical_at(phi, t).bias - bias, before[0], float(q)))
        before = (float(q), here)
    return None


def has_critical_line(phi: Activation) -> bool:
    """Whether there is any (σ_w², σ_b² >= 0) with χ₁ = 1 at a fixed point."""
    return any(critical_at(phi, float(q)).bias >= 0 for q in LINE)
