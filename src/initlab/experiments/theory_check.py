"""Theory beside measurement: real networks drawn, their layers measured, and held against what was predicted.

Each network sees `examples` inputs of mean square one, and a standard normal gradient at its last layer: the linear
head's targets are set to its outputs less that gradient. A layer agrees when its standard deviation is in the band.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from initlab.errors import SpecError
from initlab.experiments.flight import fly
from initlab.laws import Constant, Law, Normal
from initlab.network.architecture import MAX_PARAMETERS, Architecture
from initlab.network.reference import deltas, forward
from initlab.numerics.activations import Floats, activation
from initlab.streams.sample import sample
from initlab.theory.fixed_points import critical_line
from initlab.theory.predict import Prediction, predict, stack

MAX_DEPTH, MAX_NETWORKS, MAX_EXAMPLES = 1000, 100_000, 10_000
ASKED = 0.95
"""The share of layers that has to be in its band."""

Series = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TheoryCheck:
    """What is drawn: `networks` nets of that depth and width, weights N(0, σ_w²/width), biases N(0, σ_b²).

    Raises SpecError when a number is out of bounds; UnknownNameError for an activation that is in no catalogue.
    """

    activation: str = "tanh"
    depth: int = 50
    width: int = 256
    sigma_w2: float = 1.0
    sigma_b2: float = 0.0
    networks: int = 20
    examples: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        activation(self.activation)
        for what, most in (("depth", MAX_DEPTH), ("networks", MAX_NETWORKS), ("examples", MAX_EXAMPLES)):
            value, least = getattr(self, what), 2 if what == "depth" else 1
            if not (isinstance(value, int) and least <= value <= most):
                raise SpecError(f"The {what} must be a whole number from {least} to {most}, got {value}.")
        if not 0 < self.sigma_w2 < math.inf or not 0 <= self.sigma_b2 < math.inf:
            raise SpecError(
                f"The variances σ_w² > 0 and σ_b² >= 0 must be finite, got {self.sigma_w2}, {self.sigma_b2}."
            )
        if self.depth * self.width * (self.width + 1) > MAX_PARAMETERS:
            raise SpecError(f"A network must have at most {MAX_PARAMETERS:,} parameters. Take fewer layers or units.")

    @property
    def net(self) -> Architecture:
        """The network that is drawn: as many inputs and outputs as hidden units."""
        return Architecture(widths=(self.width,) * (self.depth + 1), activation=self.activation, head="linear")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Predicted beside measured. The measured tables are (networks, layers); gradients are in units of the last layer.

    `agreement` is the share of layers, forward and backward (less the last, which is 1), that lie in their band.
    """

    check: TheoryCheck
    prediction: Prediction
    forward: Series
    backward: Series
    dead: Series
    agreement: float
    interrupted: bool

    @property
    def holds(self) -> bool:
        """Whether as many layers agree as were asked to."""
        return self.agreement >= ASKED


def default_weight(name: str, bias: float) -> float:
    """σ_w² where none was given: on the critical line at that bias variance, or 1 where it has no such point."""
    found = critical_line(activation(name), bias=bias)
    return found.weight if found else 1.0


def verify(
    check: TheoryCheck, *, threads: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Verified:
    """Draw the networks, measure them, and hold every layer against its band.

    >>> found = verify(TheoryCheck(activation="relu", depth=5, width=64, sigma_w2=2.0, networks=10))
    >>> found.forward.shape
    (10, 5)

    Raises SpecError where the theory has no number for the activation.
    """
    phi = activation(check.activation)
    stages = stack(phi, depth=check.depth, width=check.width, sigma_w2=check.sigma_w2, sigma_b2=check.sigma_b2)
    prediction = predict(stages, correlation_variance=1 / check.width, examples=check.examples)
    done = 0

    def work(number: int, stop: threading.Event) -> Series | None:
        nonlocal done
        if stop.is_set():
            return None
        found = measure(check, number)
        done += 1
        if progress:
            progress(done, check.networks)
        return found

    flight = fly(range(check.networks), work, threads=threads)
    return _verified(check, prediction, flight.results, interrupted=flight.interrupted)


def _verified(check: TheoryCheck, prediction: Prediction, drawn: tuple[Series, ...], *, interrupted: bool) -> Verified:
    tables = np.array(drawn).reshape(len(drawn), 3, check.depth)
    forward, backward, dead = tables[:, 0], tables[:, 1] / tables[:, 1, -1:], tables[:, 2]
    low, high = np.array([layer.forward_band for layer in prediction.layers]).T
    low_back, high_back = np.array([layer.backward_band for layer in prediction.layers[:-1]]).T
    inside = [(low <= forward) & (forward <= high), (low_back <= backward[:, :-1]) & (backward[:, :-1] <= high_back)]
    return Verified(
        check=check,
        prediction=prediction,
        forward=forward,
        backward=backward,
        dead=dead,
        agreement=float(np.concatenate(inside, axis=1).mean()) if drawn else math.nan,
        interrupted=interrupted,
    )


def measure(check: TheoryCheck, number: int) -> Series:
    """Draw network `number` and its batch, each in its stream: (forward std, backward std, dead share) by layer."""
    net, seed, phi = check.net, check.seed + number, activation(check.activation).function
    theta = draw(net, check.sigma_w2, check.sigma_b2, seed)
    x, gradient = (
        sample(Normal(std=1.0), name=name, seed=seed, shape=(check.width, check.examples))
        for name in ("theory/inputs", "theory/gradient")
    )
    with np.errstate(all="ignore"):
        seen = forward(net, theta, x / np.sqrt((x**2).mean(axis=0)))
        back = deltas(net, theta, seen, seen.z[-1] - gradient)
        dead = [(phi(z) == 0).all(axis=1).mean() for z in seen.z[:-1]]
    return np.array([[z.std() for z in seen.z], [delta.std() for delta in back], [*dead, 0.0]])


def draw(net: Architecture, sigma_w2: float, sigma_b2: float, seed: int) -> Floats:
    """The parameters of one network, each in its own stream: weights N(0, σ_w²/fan_in), biases N(0, σ_b²)."""
    biases: Law = Normal(std=math.sqrt(sigma_b2)) if sigma_b2 else Constant(value=0.0)
    theta = net.empty("float64")
    start = 0
    for parameter in net.parameters():
        assert parameter.fan is not None
        law = biases if parameter.role == "bias" else Normal(std=math.sqrt(sigma_w2 / parameter.fan.fan_in))
        stop = start + parameter.size
        theta[start:stop] = sample(law, name=parameter.name, seed=seed, shape=parameter.shape, threads=1).ravel()
        start = stop
    return theta
