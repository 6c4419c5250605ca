"""Which share of a layer's units is dead or saturated, for normal pre-activations of mean square q.

dead        the output is zero on every one of m examples of correlation c:  E_v P(φ = 0 | v)^m
saturated   the slope is below a tenth of its root mean square, for one unit and one example
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from initlab.numerics.activations import Activation, Floats
from initlab.numerics.quadrature import Reals, expectation
from initlab.theory.moments import finite, moments

POINTS = 8001
REACH = 10.0
"""How many standard deviations are looked at, at how many points: shares are known to about 1e-3."""

FLAT = 0.1

Spans = npt.NDArray[np.float64]


def dead_share(phi: Activation, q: float, *, correlation: float = 1.0, examples: int = 1) -> float:
    """The expected share of units whose output is zero on every one of the examples.

    >>> from initlab.numerics.activations import activation
    >>> round(dead_share(activation("relu"), 1.0), 6), dead_share(activation("tanh"), 1.0)
    (0.5, 0.0)
    """
    spans = _spans(phi, q, lambda a, _: a == 0)
    if not spans.size:
        return 0.0
    c = min(max(correlation, 0.0), 1.0)
    if examples == 1 or c > 1 - 1e-9:
        return float(_measure(spans, np.zeros(1), 1.0)[0])
    kept = expectation(lambda v: _measure(spans, math.sqrt(c) * v, math.sqrt(1 - c))[np.newaxis] ** examples, scale=1.0)
    return float(kept.value[0])


def saturated_share(phi: Activation, q: float) -> float:
    """The expected share of units and examples that pass less than a tenth of the root mean square slope.

    >>> from initlab.numerics.activations import activation
    >>> round(saturated_share(activation("tanh"), 100.0), 2)
    0.8
    """
    limit = FLAT * math.sqrt(moments(phi, q).slope)
    spans = _spans(phi, q, lambda _, slope: np.abs(slope) < limit)
    return float(_measure(spans, np.zeros(1), 1.0)[0]) if spans.size else 0.0


def _spans(phi: Activation, q: float, holds: Callable[[Floats, Floats], npt.NDArray[np.bool_]]) -> Spans:
    """The intervals of z, (intervals, 2), on which something holds; one at the end of the grid goes on for ever."""
    z = np.linspace(-REACH, REACH, POINTS)
    u = math.sqrt(q) * z
    a = finite(phi, u)
    inside = np.concatenate([[False], holds(a, phi.derivative(u, a)), [False]]).astype(np.int8)
    starts, stops = np.flatnonzero(np.diff(inside) == 1), np.flatnonzero(np.diff(inside) == -1) - 1
    long = stops > starts
    low, high = z[starts[long]], z[stops[long]]
    return np.column_stack([np.where(low <= -REACH, -np.inf, low), np.where(high >= REACH, np.inf, high)])


def _measure(spans: Spans, centre: Reals, spread: float) -> Reals:
    """How likely a normal number of that centre and spread is in one of the intervals."""
    ends = ndtr((spans[:, :, np.newaxis] - centre) / spread)
    return np.asarray((ends[:, 1] - ends[:, 0]).sum(axis=0))
