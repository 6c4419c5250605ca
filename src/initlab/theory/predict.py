"""From a stack of layers to what will be measured in it: standard deviations forward and backward, layer by layer.

    q_{l+1} = n_l Var(w) E φ(√q_l z)² + Var(b)          forward
    B_l     = n_{l+1} Var(w) E φ'(√q_l z)² B_{l+1}      backward, in units of the gradient at the last layer

A network of finite width strays from both. The log of each walks at random, with the noises of `finite_width`;
f_l = ln q_l forgets its past at the rate ρ_l = d ln q_{l+1}/d ln q_l, and moves the gradient through d ln χ/d ln q.
Both are taken over the spread of f_l, by Gauss-Hermite's three points, so that the bend of the map is felt.
Correlations stray too: their mean square decides how far the noises of two examples are the same.
The band holds 99 % of networks: exp(½ (m ± 2.576 √v)), m and v the mean and variance of the log.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from initlab.errors import SpecError
from initlab.numerics.activations import Activation
from initlab.theory.finite_width import backward_noise, checked_width, forward_noise, shared_noise
from initlab.theory.fixed_points import Fixed, fixed
from initlab.theory.maps import Point
from initlab.theory.moments import LARGEST_Q, SMALLEST_Q, Moments, moments, pair
from initlab.theory.spectrum import checked_depth
from initlab.theory.units import dead_share, saturated_share

NORMAL_99 = 2.5758293035489004
"""The two-sided 99 % point of a standard normal."""

POINTS = np.array([-math.sqrt(3), 0.0, math.sqrt(3)])
POINT_WEIGHTS = np.array([1, 4, 1]) / 6
"""Gauss-Hermite's rule of three points for a normal number."""

SMALLEST_SPREAD = 1e-3
"""The spread of ln q below which slopes are central differences of this step: their error is its square."""

Band = tuple[float, float]
Logs = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One layer of a stack: its fan_in, its units, the variances of its weights and biases, and what follows it.

    >>> Stage(inputs=100, units=50, weight_variance=0.02).sigma_w2
    2.0
    """

    inputs: float
    units: int
    weight_variance: float
    bias_variance: float = 0.0
    phi: Activation | None = None

    def __post_init__(self) -> None:
        checked_width(self.units)
        for what, value in (("fan_in", self.inputs), ("weight variance", self.weight_variance)):
            if not 0 < value < math.inf:
                raise SpecError(f"The {what} of a layer must be a finite number > 0, got {value}. Nothing passes at 0.")
        if not 0 <= self.bias_variance < math.inf:
            raise SpecError(f"The bias variance must be a finite number >= 0, got {self.bias_variance}. 0 is usual.")

    @property
    def sigma_w2(self) -> float:
        """σ_w² = fan_in · Var(w)."""
        return self.inputs * self.weight_variance


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPrediction:
    """What is expected of one layer. `backward_std` is in units of that of the last layer.

    A std of 0 has vanished (mean square below 1e-12), an infinite one has exploded. `correlation` is that of the
    pre-activations of two examples; `dead` and `saturated` are shares of the units (0 behind the last layer).
    """

    name: str
    units: int
    forward_std: float
    forward_band: Band
    backward_std: float
    backward_band: Band
    correlation: float
    dead: float
    saturated: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The layers of a stack, and the fixed point that its hidden layers tend to, with the trainable depth there."""

    layers: tuple[LayerPrediction, ...]
    examples: int
    fixed: Fixed | None


def stack(phi: Activation, *, depth: int, width: int, sigma_w2: float, sigma_b2: float = 0.0) -> tuple[Stage, ...]:
    """`depth` layers of that many units, all alike, the last without an activation."""
    checked_depth(depth)
    variance = sigma_w2 / checked_width(width)
    return tuple(
        Stage(
            inputs=width,
            units=width,
            weight_variance=variance,
            bias_variance=sigma_b2,
            phi=phi if layer < depth - 1 else None,
        )
        for layer in range(depth)
    )


def predict(
    stages: Sequence[Stage],
    *,
    input_square: float = 1.0,
    correlation: float = 0.0,
    correlation_variance: float = 0.0,
    examples: int = 1,
) -> Prediction:
    """What `examples` inputs of that mean square and correlation, and uncorrelated gradients, give in every layer.

    Correlations differ from pair to pair by their variance, which is 1/fan_in for independent normal inputs.

    >>> from initlab.numerics.activations import activation
    >>> found = predict(stack(activation("relu"), depth=30, width=256, sigma_w2=1.0))
    >>> round(found.layers[-1].forward_std * 2**14.5, 9)
    1.0

    Raises SpecError when there is no layer, a hidden layer has no activation, or a number is out of bounds.
    """
    if not stages or any(stage.phi is None for stage in stages[:-1]):
        raise SpecError(f"A stack must have layers, all but the last with an activation, got {len(stages)}. Add it.")
    if not 0 < input_square < math.inf or not -1 <= correlation <= 1:
        raise SpecError(f"An input must have a mean square > 0 and a correlation in [-1, 1], got {input_square}.")
    steps = _forward(stages, input_square, correlation, correlation_variance, examples)
    gradients = _backward(steps)
    layers = tuple(
        _layer(number, stage, step, gradient, examples)
        for number, (stage, step, gradient) in enumerate(zip(stages, steps, gradients, strict=True), start=1)
    )
    return Prediction(layers=layers, examples=examples, fixed=_fixed(stages, steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gradient:
    """ln B at infinite width, and its mean and variance at this one."""

    log: float
    mean: float
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One layer and the step to the next: q, c, Var c, the mean and variance of ln q in nets of this width, and ρ, χ,
    E ln χ, d ln χ/d ln q and the noises on the way.
    """

    q: float
    c: float
    c_variance: float = 0.0
    mean: float = 0.0
    variance: float = 0.0
    rho: float = 0.0
    chi: float = 1.0
    mean_log_chi: float = 0.0
    bend: float = 0.0
    forward: float = 0.0
    backward: float = 0.0
    shared: float = 0.0

    @property
    def c_rms(self) -> float:
        """√(E c²): how far two examples share their noise."""
        return min(1.0, math.sqrt(self.c**2 + self.c_variance))


def _forward(
    stages: Sequence[Stage], input_square: float, correlation: float, c_variance: float, examples: int
) -> list[_Step]:
    first = stages[0]
    q = first.sigma_w2 * input_square + first.bias_variance
    c = (first.sigma_w2 * input_square * correlation + first.bias_variance) / q
    v = (first.sigma_w2 * input_square / q) ** 2 * c_variance
    here = _Step(q=q, c=c, c_variance=v, mean=math.log(q))
    steps = []
    for stage, following in pairwise(stages):
        assert stage.phi is not None
        if not SMALLEST_Q <= here.q <= LARGEST_Q:
            steps.append(here)
            continue
        here = replace(here, q=_short(here.q))
        steps.append(_step(stage, following, stage.phi, here, examples))
        here = _next(stage, following, stage.phi, steps[-1], examples)
    return [*steps, here]


def _short(q: float) -> float:
    """Keep 12 digits of q, so that a layer like the one before need not be computed again."""
    return float(f"{q:.12g}")


def _next(stage: Stage, following: Stage, phi: Activation, here: _Step, examples: int) -> _Step:
    """The next layer: q, c and Var c at infinite width, and the mean and variance of ln q at this one."""
    q = following.sigma_w2 * moments(phi, here.q).square + following.bias_variance
    logs = _at_points(phi, here, lambda found: following.sigma_w2 * found.square + following.bias_variance)
    mean = float(POINT_WEIGHTS @ logs)
    spread = float(POINT_WEIGHTS @ (logs - mean) ** 2) * here.variance / _reach(here) ** 2
    walked = _Step(q=q, c=1.0, mean=mean - here.forward / 2, variance=spread + here.forward)
    if examples == 1:
        return walked
    product, slopes, _ = pair(phi, here.q, _short(here.c))
    c = min(1.0, (following.sigma_w2 * product + following.bias_variance) / q)
    noise = pair(phi, here.q, round(here.c, 3), power=2)[0] - product**2
    slope = following.sigma_w2 * slopes * here.q / q
    v = slope**2 * here.c_variance + (following.sigma_w2 / q) ** 2 * max(0.0, noise) / stage.units
    return replace(walked, c=c, c_variance=min(v, 1 - c**2))


def _reach(here: _Step) -> float:
    return max(math.sqrt(here.variance), SMALLEST_SPREAD)


def _at_points(phi: Activation, here: _Step, read: Callable[[Moments], float]) -> Logs:
    """The log of something that depends on q, at the three points of the law of ln q."""
    logs = here.mean + POINTS * _reach(here)
    squares = np.exp(np.clip(logs, math.log(SMALLEST_Q) + 1, math.log(LARGEST_Q) - 1))
    return np.log([max(read(moments(phi, _short(float(q)))), 1e-300) for q in squares])


def _step(stage: Stage, following: Stage, phi: Activation, here: _Step, examples: int) -> _Step:
    """The layer with its rates and noises on the way to the next."""
    found, n = moments(phi, here.q), stage.units
    into = following.units * following.weight_variance
    q_next = following.sigma_w2 * found.square + following.bias_variance
    share, near = following.sigma_w2 * found.square / q_next, round(here.c_rms, 3)
    signal = _at_points(phi, here, lambda at: following.sigma_w2 * at.square + following.bias_variance)
    chi = _at_points(phi, here, lambda at: into * at.slope)
    apart = (POINTS[-1] - POINTS[0]) * _reach(here)
    return replace(
        here,
        rho=float(signal[-1] - signal[0]) / apart,
        chi=max(into * found.slope, 1e-300),
        mean_log_chi=float(POINT_WEIGHTS @ chi),
        bend=float(chi[-1] - chi[0]) / apart,
        forward=forward_noise(phi, here.q, share=share, correlation=near, examples=examples) / n,
        backward=backward_noise(phi, here.q, correlation=near, examples=examples) / n,
        shared=shared_noise(phi, here.q, share=share, correlation=near, examples=examples) / n,
    )


def _backward(steps: Sequence[_Step]) -> list[_Gradient]:
    """Var ln B_l = Var(Σ_{k>=l} (noise_k + bend_k f_k)), the f_k walking as f_{k+1} = ρ_k f_k + ε_k."""
    here = _Gradient(log=0.0, mean=0.0, variance=0.0)
    found, noise, lever = [here], 0.0, 0.0
    for step in reversed(steps[:-1]):
        noise += step.backward + 2 * lever * step.shared + lever**2 * step.forward
        lever = step.bend + step.rho * lever
        here = _Gradient(
            log=here.log + math.log(step.chi),
            mean=here.mean + step.mean_log_chi - step.backward / 2,
            variance=max(0.0, noise + lever**2 * step.variance),
        )
        found.insert(0, here)
    return found


def _layer(number: int, stage: Stage, step: _Step, gradient: _Gradient, examples: int) -> LayerPrediction:
    alive = SMALLEST_Q <= step.q <= LARGEST_Q
    phi = stage.phi if alive else None
    sampling = 2 / stage.units * (1 / examples + (1 - 1 / examples) * step.c_rms**2)
    return LayerPrediction(
        name=f"layer {number}",
        units=stage.units,
        forward_std=math.sqrt(step.q),
        forward_band=_band(step.mean - sampling / 2, step.variance + sampling),
        backward_std=math.exp(min(gradient.log / 2, 700.0)),
        backward_band=_band(gradient.mean, gradient.variance),
        correlation=step.c if examples > 1 else 1.0,
        dead=dead_share(phi, step.q, correlation=step.c, examples=examples) if phi else 0.0,
        saturated=saturated_share(phi, step.q) if phi else 0.0,
    )


def _band(middle: float, variance: float) -> Band:
    reach = NORMAL_99 * math.sqrt(variance)
    low, high = (math.exp(min(max((middle + side * reach) / 2, -700.0), 700.0)) for side in (-1, 1))
    return low, high


def _fixed(stages: Sequence[Stage], steps: Sequence[_Step]) -> Fixed | None:
    """The fixed point of the hidden layers, where they are all alike from the second on."""
    kinds = {(stage.sigma_w2, stage.bias_variance) for stage in stages[1:]}
    phi = stages[0].phi
    alike = len(kinds) == 1 and all(stage.phi == phi for stage in stages[:-1])
    if phi is None or not alike or not SMALLEST_Q <= steps[0].q <= LARGEST_Q:
        return None
    weight, bias = kinds.pop()
    return fixed(Point(phi=phi, weight=weight, bias=bias), start=steps[0].q)
