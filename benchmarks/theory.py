"""The theory's speed and its word: an arbitrary function's gain beside a fine rule, and predictions beside 200 nets.

    python benchmarks/theory.py [--networks 200] [--rounds 7]

A gain is timed with everything it needs: the function tried, its kinks found, its slope, the moments and their errors.
The rule it stands beside is a Gauss-Legendre rule of 100,000 nodes over [-10, 10], built once and then only applied.
Times are the best of the rounds, and the two take turns within a round.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from initlab.experiments.theory_check import ASKED, TheoryCheck, verify
from initlab.numerics.activations import ACTIVATIONS
from initlab.theory.callables import activation_of
from initlab.theory.gains import gains
from initlab.theory.moments import moments

NODES = 100_000
CHECKS = (
    TheoryCheck(activation="relu", sigma_w2=2.0, depth=20, width=128),
    TheoryCheck(activation="tanh", sigma_w2=1.0, depth=50, width=128),
    TheoryCheck(activation="tanh", sigma_w2=1.5, sigma_b2=0.05, depth=50, width=128),
    TheoryCheck(activation="tanh", sigma_w2=2.5, sigma_b2=0.05, depth=20, width=128),
    TheoryCheck(activation="selu", sigma_w2=1.0, depth=30, width=128),
    TheoryCheck(activation="gelu", sigma_w2=2.2, depth=20, width=128),
    TheoryCheck(activation="sigmoid", sigma_w2=16.0, depth=10, width=128),
)


def panel_rule(nodes: int = NODES, panels: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """A composite rule of that many nodes in all: one of 100,000 takes minutes to build, and is no better."""
    x, w = np.polynomial.legendre.leggauss(nodes // panels)
    ends = np.linspace(-10, 10, panels + 1)
    z = ((ends[:-1] + ends[1:])[:, None] / 2 + (ends[1] - ends[0]) / 2 * x).ravel()
    return z, np.tile(w, panels) * (ends[1] - ends[0]) / 2 * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def by_rule(function: Callable[[np.ndarray], np.ndarray], z: np.ndarray, w: np.ndarray, h: float = 1e-5) -> float:
    """The forward and backward gains by the rule, the slope by a central difference; the forward one is returned."""
    forward = float((function(z) ** 2 @ w) ** -0.5)
    float((((function(z + h) - function(z - h)) / (2 * h)) ** 2 @ w) ** -0.5)
    return forward


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def time_gains(rounds: int) -> None:
    z, w = panel_rule()
    print(
        f"{'function':<16}{'initlab':>10}{'rule':>10}{'ratio':>8}"
        f"   {'error stated':>12}{'off by':>10}{'rule off by':>13}"
    )
    for name, row in ACTIVATIONS.items():
        exact = gains(row).forward

        def ours(function: Callable = row.function) -> float:
            moments.cache_clear()
            return gains(activation_of(lambda z: function(z))).forward

        mine, rule = zip(
            *((seconds(ours), seconds(lambda f=row.function: by_rule(f, z, w))) for _ in range(rounds)), strict=True
        )
        found = gains(activation_of(lambda z, f=row.function: f(z)))
        missed, rule_missed = abs(found.forward / exact - 1), abs(by_rule(row.function, z, w) / exact - 1)
        print(
            f"{name:<16}{1e3 * min(mine):7.2f} ms{1e3 * min(rule):7.2f} ms{min(rule) / min(mine):8.1f}   "
            f"{found.error:12.1e}{missed:10.1e}{rule_missed:13.1e}"
        )
    print("aim: under 5 ms each\n")


def hold(networks: int) -> None:
    print(f"{'activation':<12}{'depth':>6}{'width':>6}{'σ_w²':>6}{'σ_b²':>6}{'networks':>10}{'in their 99 % band':>20}")
    shares = []
    for check in CHECKS:
        drawn = TheoryCheck(
            activation=check.activation, sigma_w2=check.sigma_w2, sigma_b2=check.sigma_b2, depth=check.depth,
            width=check.width, networks=networks,
        )  # fmt: skip
        found = verify(drawn)
        shares.append(found.agreement)
        print(
            f"{check.activation:<12}{check.depth:6}{check.width:6}{check.sigma_w2:6g}{check.sigma_b2:6g}{networks:10}"
            f"{found.agreement:19.2%}"
        )
    print(f"least: {min(shares):.2%} (at least {ASKED:.0%})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    time_gains(options.rounds)
    hold(options.networks)


if __name__ == "__main__":
    main()
