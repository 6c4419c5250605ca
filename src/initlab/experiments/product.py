"""Deep linear networks: the growth of the signal as a product of one factor a layer, predicted and measured.

With φ the identity, each layer multiplies the root mean square of the signal by about √(fan_in · E w²): 1.5 for
W = 1.5 I, so that L - 1 hidden layers multiply it by 1.5^(L-1).
"""

import math
from collections.abc import Mapping, Sequence

from initlab.experiments.problem import Problem
from initlab.experiments.result import Product, Spread, Trial
from initlab.experiments.spread import spread
from initlab.laws import Constant, Identity, Law, Normal, Orthogonal, TruncatedNormal, Uniform
from initlab.network.initialize import laws
from initlab.parameters import Parameter

NORMAL_95 = 1.96
"""The two-sided 95 % point of the standard normal."""


def products(problem: Problem, groups: Mapping[str, Sequence[Trial]]) -> tuple[Product, ...]:
    """The growth through the hidden layers, for the schemes where it can be predicted; a linear network's only."""
    net = problem.net
    if net.activation != "linear" or net.depth < 2:
        return ()
    hidden = list(net.parameters())[:-2]
    weights = [parameter for parameter in hidden if parameter.role != "bias"]
    entering = float(problem.x.std())
    found = []
    for choice in problem.experiment.choices:
        drawn = laws(net, choice)
        if choice.label in groups and all(_keeps_its_factor(drawn[parameter.name], parameter) for parameter in hidden):
            grown = spread(trial.start.layers[-2].forward_std / entering for trial in groups[choice.label])
            found.append(_product(choice.label, [(parameter, drawn[parameter.name]) for parameter in weights], grown))
    return tuple(found)


def _keeps_its_factor(law: Law, parameter: Parameter) -> bool:
    """Whether the layer multiplies by √(fan_in · E w²) whatever comes in: zero biases, and weights that are independent
    and centred, or a square multiple of the identity or of a rotation.
    """
    if parameter.role == "bias":
        return law == Constant(value=0.0)
    if isinstance(law, (Identity, Orthogonal)):
        return law.rows == law.columns
    return isinstance(law, (Normal, Uniform, TruncatedNormal)) and law.mean == 0


def _product(label: str, chain: Sequence[tuple[Parameter, Law]], measured: Spread) -> Product:
    factors = [_factor(parameter, law) for parameter, law in chain]
    predicted = math.prod(factors)
    shift, deviation = _finite_width(chain)
    return Product(
        scheme=label,
        factor=predicted ** (1 / len(factors)),
        predicted=predicted,
        band=(
            predicted * math.exp(shift - NORMAL_95 * deviation),
            predicted * math.exp(shift + NORMAL_95 * deviation),
        ),
        measured=measured,
    )


def _factor(parameter: Parameter, law: Law) -> float:
    fan_in = parameter.fan.fan_in if parameter.fan else 1.0
    return math.sqrt(fan_in * (law.variance + law.mean**2))


def _finite_width(chain: Sequence[tuple[Parameter, Law]]) -> tuple[float, float]:
    """Mean and standard deviation of ln(measured/predicted) for one input, over the draws of independent weights.

    The squared norm of a layer of n units is that of the one before times χ²_n/n (Gaussian weights), whose logarithm
    has mean about -1/n and variance about 2/n; half of that is the logarithm of the norm itself.
    """
    widths = [parameter.shape[0] for parameter, law in chain if isinstance(law, (Normal, Uniform, TruncatedNormal))]
    return -sum(1 / n for n in widths) / 2, math.sqrt(sum(2 / n for n in widths)) / 2
