"""Krähenbühl's method: channels to unit spread on the batch, then all layers to learn at one rate.

    within layers   W <- W/σ, b <- β - μ/σ, channel by channel, in the order of execution
    between layers  C = √(mean g²/mean w²) of each layer, for a random gradient at the output; ten times:
                    W, b <- W, b times √(C/C̄), C̄ the geometric mean

Reference: Krähenbühl, Doersch, Donahue, Darrell, Data-dependent Initializations of Convolutional Neural Networks,
ICLR 2016, arXiv:1511.06856.
"""

import math

from initlab.laws import Normal
from initlab.plans.data_dependent.network import Network, Reals
from initlab.plans.data_dependent.weight_norm import weight_norm
from initlab.streams import sample

BETA = 0.1
"""What the biases start at, so that ReLU units are open on more than half of the data."""

ROUNDS = 10

EVEN = 0.05
"""The rounds end when no layer is further from the mean than this share."""


def krahenbuhl(network: Network, *, seed: int) -> None:
    """Rescale channels by their output, then layers by their gradients."""
    weight_norm(network, seed=seed, start=BETA)

    for _ in range(ROUNDS):
        uneven = unevenness(network, seed=seed)
        if all(abs(ratio - 1) < EVEN for ratio in uneven.values()):
            return
        network.scale({name: math.sqrt(ratio) for name, ratio in uneven.items()})


def unevenness(network: Network, *, seed: int) -> dict[str, float]:
    """C/C̄ of each layer, for a gradient at the output that the seed draws."""

    def direction(shape: tuple[int, ...]) -> Reals:
        drawn: Reals = sample(Normal(std=1.0), name="krahenbuhl.direction", seed=seed, shape=shape)
        return drawn

    ratios = network.ratios(direction)
    middle = math.exp(sum(map(math.log, ratios.values())) / max(1, len(ratios)))
    return {name: ratio / middle for name, ratio in ratios.items()}
