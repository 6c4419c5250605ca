"""The phase diagram of an activation: σ_w² against σ_b², ordered and chaotic, with trained networks over it.

No root has to be sought: with q and the correlation c at a fixed point given, both variances follow,

    ordered   χ₁ = χ:  σ_w² = χ/E φ'²                     chaotic   c* = c:  σ_w² = q (1 - c)/(E φ² - E φ(u) φ(v))
    both      σ_b² = q - σ_w² E φ²                        and χ_c* = σ_w² E φ'(u) φ'(v) gives ξ_c = -1/ln χ_c*

A contour of ξ_c is therefore a curve in q. Reference: Schoenholz et al., 2017, arXiv:1611.01232.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from initlab.errors import SpecError
from initlab.experiments.flight import fly
from initlab.experiments.problem import Problem, bind
from initlab.experiments.run import prepare
from initlab.experiments.spec import Experiment
from initlab.experiments.theory_check import draw
from initlab.network.recipe import Recipe
from initlab.network.trainer import Evaluation, Training
from initlab.numerics.activations import Activation, activation
from initlab.theory.fixed_points import TRAINABLE, critical_at, fixed
from initlab.theory.maps import Point
from initlab.theory.moments import moments, pair

Side = Literal["ordered", "critical", "chaotic"]

LEVELS = (3.0, 6.0, 12.0, 25.0, 50.0)
"""The depth scales ξ_c that are drawn."""

QS = np.logspace(-2.5, 1.0, 36)
"""The fixed points q* along a curve."""

STRETCH = 10
"""Training steps between two looks at the stop flag."""

Series = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """What is asked: the activation, the ranges of the variances, and the networks trained over them.

    The networks, `across` by `up` of them, have that depth and width and train on the digits for `iterations` steps.

    Raises SpecError when a number is out of bounds; UnknownNameError for an activation that is in no catalogue.
    """

    activation: str = "tanh"
    sigma_w2: tuple[float, float] = (0.5, 4.0)
    sigma_b2: tuple[float, float] = (0.0, 0.2)
    depth: int = 30
    width: int = 64
    across: int = 8
    up: int = 3
    iterations: int = 300
    learning_rate: float = 0.001
    seed: int = 0

    def __post_init__(self) -> None:
        activation(self.activation)
        for what, least, most in (("depth", 2, 300), ("width", 2, 1024), ("across", 0, 60), ("up", 0, 60)):
            value = getattr(self, what)
            if not (isinstance(value, int) and least <= value <= most):
                raise SpecError(f"The {what} of a phase diagram must be from {least} to {most}, got {value}.")
        for name, (low, high) in (("σ_w²", self.sigma_w2), ("σ_b²", self.sigma_b2)):
            if not 0 <= low < high < math.inf:
                raise SpecError(f"The range of {name} must be two finite numbers 0 <= low < high, got {low}, {high}.")
        if not (1 <= self.iterations <= 1_000_000 and 0 < self.learning_rate < math.inf):
            raise SpecError(f"The iterations must be from 1 to 1000000 and the rate > 0, got {self.iterations}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The points (σ_w², σ_b²) where ξ_c has one value; infinite on the critical line."""

    side: Side
    xi_c: float
    sigma_w2: Series
    sigma_b2: Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One trained network, the depth to which its point is trainable (4 and 8 ξ_c), and its training accuracy."""

    sigma_w2: float
    sigma_b2: float
    trainable: tuple[float, float]
    accuracy: float
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseDiagram:
    """Curves and outcomes. `chance` is the accuracy of the largest class.

    `agreement` is the share of networks as predicted, of the `judged` ones: below half of the best accuracy where the
    depth is beyond 8 ξ_c, above it where it is within 4 ξ_c. Those between are in the band and not judged.
    """

    phase: Phase
    curves: tuple[Curve, ...]
    outcomes: tuple[Outcome, ...]
    chance: float
    judged: int
    agreement: float
    interrupted: bool


def diagram(
    phase: Phase, *, threads: int | None = None, progress: Callable[[int, int], None] | None = None
) -> PhaseDiagram:
    """Draw the curves and train the networks.

    >>> found = diagram(Phase(across=0, up=0))
    >>> line = next(curve for curve in found.curves if curve.side == "critical")
    >>> round(float(np.interp(0.05, line.sigma_b2, line.sigma_w2)), 2)
    1.76
    """
    phi = activation(phase.activation)
    problem = _problem(phase)
    if phase.across and phase.up:
        prepare(problem)
    points = [
        (float(w), float(b))
        for b in np.linspace(*phase.sigma_b2, phase.up)
        for w in np.linspace(*phase.sigma_w2, phase.across)
        if w > 0
    ]
    done = 0

    def work(point: tuple[float, float], stop: threading.Event) -> Outcome | None:
        nonlocal done
        found = _train(phase, phi, problem, *point, stop)
        done += 1
        if progress:
            progress(done, len(points))
        return found

    flight = fly(points, work, threads=threads)
    judged, agreement = judge(phase, flight.results)
    return PhaseDiagram(
        phase=phase,
        curves=curves(phi),
        outcomes=flight.results,
        chance=problem.facts.chance_accuracy,
        judged=judged,
        agreement=agreement,
        interrupted=flight.interrupted,
    )


def _problem(phase: Phase) -> Problem:
    hidden = (phase.width,) * (phase.depth - 1)
    return bind(Experiment(data="digits", layers=hidden, activation=phase.activation, schemes=("zeros",), seeds=1))


def _train(
    phase: Phase, phi: Activation, problem: Problem, weight: float, bias: float, stop: threading.Event
) -> Outcome | None:
    theta = draw(problem.net, weight, bias, phase.seed)
    recipe = Recipe(optimizer="momentum", learning_rate=phase.learning_rate, batch_size=128)
    training = Training(problem.net, theta, problem.x, problem.y, recipe, seed=phase.seed)
    for start in range(0, phase.iterations, STRETCH):
        if stop.is_set():
            return None
        training.advance(min(STRETCH, phase.iterations - start))
    loss, accuracy = Evaluation(problem.net, problem.x, problem.y, dtype="float64")(training.theta)
    found = fixed(Point(phi=phi, weight=weight, bias=bias), start=max(weight, 1e-9))
    return Outcome(sigma_w2=weight, sigma_b2=bias, trainable=found.trainable, accuracy=accuracy, loss=loss)


def judge(phase: Phase, outcomes: tuple[Outcome, ...]) -> tuple[int, float]:
    """How many networks lie outside the band of 4 to 8 ξ_c, and the share of those that do as predicted."""
    best = max((outcome.accuracy for outcome in outcomes), default=0.0)
    right = []
    for outcome in outcomes:
        low, high = outcome.trainable
        if phase.depth > high or phase.depth < low:
            right.append((outcome.accuracy > best / 2) == (phase.depth < low))
    return len(right), float(np.mean(right)) if right else math.nan


def curves(phi: Activation) -> tuple[Curve, ...]:
    """The critical line, and the contours of ξ_c on either side."""
    found = [_curve("critical", math.inf, [_critical(phi, float(q)) for q in QS])]
    for level in LEVELS:
        found.append(_curve("ordered", level, [_ordered(phi, float(q), math.exp(-1 / level)) for q in QS]))
        found.append(_curve("chaotic", level, [_chaotic(phi, float(q), math.exp(-1 / level)) for q in QS]))
    return tuple(curve for curve in found if curve.sigma_w2.size)


def _curve(side: Side, level: float, points: list[tuple[float, float] | None]) -> Curve:
    kept = np.array([point for point in points if point is not None and point[1] >= 0]).reshape(-1, 2)
    return Curve(side=side, xi_c=level, sigma_w2=kept[:, 0], sigma_b2=kept[:, 1])


def _critical(phi: Activation, q: float) -> tuple[float, float]:
    point = critical_at(phi, q)
    return point.weight, point.bias


def _ordered(phi: Activation, q: float, chi: float) -> tuple[float, float]:
    found = moments(phi, q)
    weight = chi / found.slope
    return weight, q - weight * found.square


def _chaotic(phi: Activation, q: float, chi: float) -> tuple[float, float] | None:
    """The point at which c* has the slope χ; None where it would need σ_b² < 0, or a c* below 0."""
    square = moments(phi, q).square

    def weight(c: float) -> float:
        return q * (1 - c) / (square - pair(phi, q, c)[0])

    def excess(c: float) -> float:
        return weight(c) * pair(phi, q, c)[1] - chi

    low, high = 0.0, 0.995
    if excess(low) * excess(high) > 0:
        return None
    found = weight(float(brentq(excess, low, high, xtol=1e-4)))
    return found, q - found * square


BAND = f"{TRAINABLE[0]:g} to {TRAINABLE[1]:g} ξ_c"
"""How the band of the trainable depth is written."""
