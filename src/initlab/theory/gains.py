"""The gains that keep a signal, or its gradient, through a layer with a given activation, and what they lead to.

A layer with Var(w) = g²/fan_in turns a mean square q into g² E φ(√q z)². Then

    forward   g = √(q/E φ²)              keeps q
    backward  g = 1/√(E φ'²)             keeps the mean square of the gradient
    average   g = √(2/(E φ²/q + E φ'²))  halves the difference
    geometric g = √(forward · backward)

Second moments, not variances: what the next layer multiplies is E φ², whatever the mean.
"""

import math
from dataclasses import dataclass
from typing import Literal

from initlab.errors import SpecError
from initlab.numerics.activations import Activation
from initlab.theory.moments import Moments, moments

Stability = Literal["stable", "neutral", "unstable"]

NEUTRAL = 1e-9
"""How near to 1 a slope is called neutral: rounding is far below, and no real activation's slope is this near."""

TORCH = {
    "linear": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "leaky_relu": math.sqrt(2 / (1 + 0.01**2)),
    "leaky_relu_0.2": math.sqrt(2 / (1 + 0.2**2)),
    "selu": 3 / 4,
}
"""What `torch.nn.init.calculate_gain` returns. It refuses every other activation; Keras and JAX have no table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableGain:
    """A framework's gain, and what it does: the mean square it settles at from 1, and the gradient's growth there.

    `settles` is 0 where the signal vanishes, infinity where it explodes; `chi1` is NaN at both.
    """

    framework: str
    gain: float
    differs: bool
    settles: float
    chi1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """The gains of an activation at a mean square q, with what decides whether they are of use.

    `error` is the largest error of the four gains, as a share of them. `chi1` is the growth of the gradient's mean
    square in a layer, and `q_slope` that of a small change of q, both at the forward gain. Above 1, q is a fixed point
    that the signal leaves: `stability` is unstable.
    """

    activation: str
    q: float
    mean: float
    square: float
    slope_square: float
    forward: float
    backward: float
    average: float
    geometric: float
    error: float
    chi1: float
    q_slope: float
    stability: Stability
    kinks: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The gains, a framework's beside them, and where the signal goes in 50 layers from 0.9 q and from 1.1 q."""

    gains: Gains
    table: TableGain | None
    from_below: float
    from_above: float


def account(phi: Activation, *, q: float = 1.0) -> Account:
    """The gains with what they lead to. Raises SpecError as `gains` does."""
    found = gains(phi, q=q)
    below, above = (travel(phi, found.forward**2, start=share * found.q) for share in (0.9, 1.1))
    table = _table(phi, found.forward) if found.q == 1 else None
    return Account(gains=found, table=table, from_below=below, from_above=above)


def gains(phi: Activation, *, q: float = 1.0) -> Gains:
    """The gains of an activation for pre-activations of mean square q.

    >>> from initlab.numerics.activations import activation
    >>> found = gains(activation("gelu"))
    >>> round(found.forward, 8), round(found.q_slope, 3), found.stability
    (1.53353044, 1.144, 'unstable')

    Raises SpecError when q is out of bounds, an expectation diverges, or nothing passes in one of the directions.

    Reference: He et al., 2015, arXiv:1502.01852 (ReLU); Poole et al., 2016, arXiv:1606.05340 (the slopes).
    """
    found = moments(phi, q)
    _check_passes(phi, found)
    forward, backward = math.sqrt(found.q / found.square), 1 / math.sqrt(found.slope)
    slope = forward**2 * found.growth
    return Gains(
        activation=phi.name,
        q=found.q,
        mean=found.mean,
        square=found.square,
        slope_square=found.slope,
        forward=forward,
        backward=backward,
        average=math.sqrt(2 / (found.square / found.q + found.slope)),
        geometric=math.sqrt(forward * backward),
        error=found.error,
        chi1=forward**2 * found.slope,
        q_slope=slope,
        stability=stability_of(slope),
        kinks=phi.kinks,
    )


def stability_of(slope: float) -> Stability:
    """What a slope of the variance map at its fixed point means."""
    return "neutral" if abs(slope - 1) <= NEUTRAL else "stable" if abs(slope) < 1 else "unstable"


def travel(phi: Activation, weight: float, *, start: float, bias: float = 0.0, layers: int = 50) -> float:
    """The mean square after so many layers; 0 or infinity once it is below 1e-12 or above 1e8."""
    q = start
    for _ in range(layers):
        if not 1e-12 <= q <= 1e8:
            return 0.0 if q < 1 else math.inf
        q = weight * moments(phi, q).square + bias
    return q


def _check_passes(phi: Activation, found: Moments) -> None:
    for what, value in (("signal", found.square), ("gradient", found.slope)):
        if not value > 1e-200:
            raise SpecError(
                f"The activation {phi.name} must let a {what} through at q = {found.q:g}, "
                f"got a mean square of {value:g}. Nothing can scale that up."
            )


def _table(phi: Activation, forward: float) -> TableGain | None:
    if phi.name not in TORCH:
        return None
    gain = TORCH[phi.name]
    differs = abs(gain / forward - 1) > 1e-9
    settles = travel(phi, gain**2, start=1.0, layers=400)
    chi1 = gain**2 * moments(phi, settles).slope if 1e-12 <= settles <= 1e8 else math.nan
    return TableGain(framework="torch", gain=gain, differs=differs, settles=settles, chi1=chi1)
