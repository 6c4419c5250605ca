"""What holds of a network once a method has rescaled it, layer by layer on the batch."""

from typing import Protocol

import numpy as np

from initlab.plans.data_dependent.krahenbuhl import unevenness
from initlab.plans.data_dependent.network import FAINTEST, Change, Network, Output
from initlab.plans.elementwise import Test

SLACK = 0.1
"""How far a spread may be from 1: where LSUV itself stops."""

RATES = 0.5
"""How far the rate of a layer may be from the mean of all, as a share of it; the method itself stops far nearer."""


class Check(Protocol):
    """What a method promises, tested: (name of a layer's weight, test) for each."""

    def __call__(self, network: Network, *, seed: int) -> list[tuple[str, Test]]: ...


def spreads(network: Network, *, seed: int) -> list[tuple[str, Test]]:  # noqa: ARG001
    """Every layer's output has spread 1."""
    return [(each.name, _test(each.std, "an output of spread 1")) for each in _outputs(network)]


def channels(network: Network, *, seed: int) -> list[tuple[str, Test]]:  # noqa: ARG001
    """Every channel that is not dead has spread 1."""
    tests = []
    for each in _outputs(network):
        alive = each.channel_std[each.channel_std > FAINTEST]
        worst = alive[np.argmax(np.abs(np.log(alive)))] if alive.size else 1.0
        tests.append((each.name, _test(float(worst), "channels of spread 1")))
    return tests


def rates(network: Network, *, seed: int) -> list[tuple[str, Test]]:
    """Every layer learns at about the same rate."""
    return [
        (name, _test(ratio, "the mean rate of all layers", slack=RATES, what="a rate"))
        for name, ratio in unevenness(network, seed=seed).items()
    ]


def _outputs(network: Network) -> list[Output]:
    found: list[Output] = []

    def note(output: Output) -> Change | None:
        found.append(output)
        return None

    network.run(note)
    return found


def _test(value: float, expected: str, *, slack: float = SLACK, what: str = "a spread") -> Test:
    wrong = abs(value - 1) > slack
    return Test(
        kind="output", p=0.0 if wrong else 1.0, expected=expected, found=f"{what} of {value:.3g} times it", factor=value
    )
