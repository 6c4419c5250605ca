"""Saxe et al., 2014: from orthogonal weights, deep linear networks learn in a time that does not depend on depth.

The claim: with a rate in proportion to 1/L, a deep linear network started from orthogonal weights learns as fast at any
depth; from Gaussian weights (`lecun_normal`, of the same variance) it is the slower the deeper it is. Accepted: 64
layers take at most 1.5 times the steps of 4 layers, or at least twice as many. A network that has not learned after
600 steps counts as 600: the Gaussian growth is a lower bound.

Here: digits, whitened in their 40 main directions, targets standardised (the paper: MNIST). Whitened inputs enter the
loss only through Σ = E y xᵀ, so that the 40 columns √40·(I, Σ) train exactly as all 1797 digits. Learning time: steps
that close 90 % of the gap to the best loss, at the better of the rates 0.1/L and 0.05/L, where descent still follows
the gradient flow that the paper solves (near 1/L, orthogonal weights need 1 to 3 steps).

Reference: "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", ICLR 2014.
"""

import numpy as np
from sklearn.datasets import load_digits
from table import median_of, quick, row, show, watched

from initlab.network.architecture import Architecture
from initlab.network.initialize import initialize
from initlab.network.recipe import Recipe
from initlab.network.trainer import Evaluation, Training
from initlab.schemes import choose

SIZE, PATIENCE = 40, 600


def columns() -> tuple[np.ndarray, np.ndarray]:
    x, labels = load_digits(return_X_y=True)
    left, y = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[0], np.eye(10)[labels]
    sigma = ((y - y.mean(axis=0)) / y.std(axis=0)).T @ left[:, :SIZE] / len(y) ** 0.5
    return SIZE**0.5 * np.eye(SIZE), SIZE**0.5 * sigma


def steps(scheme: str, depth: int, rate: float, seed: int) -> int:
    net, (x, y) = Architecture(widths=(SIZE,) * depth + (10,), activation="linear", head="linear"), columns()
    training = Training(net, initialize(net, choose(scheme), seed=seed), x, y, Recipe(learning_rate=rate), seed=seed)
    loss = Evaluation(net, x, y, dtype="float64")
    goal = 0.1 * loss(training.theta)[0]
    while training.step < PATIENCE and not loss(training.theta)[0] <= goal:
        training.advance(1)
    return training.step


def main() -> int:
    seeds, depths, rows = (1, (4, 16), []) if quick(__doc__) else (3, (4, 8, 16, 32, 64), [])
    for scheme, paper, accepted in (("orthogonal", "1", (0.0, 1.5)), ("lecun_normal", "> 1", (2.0, PATIENCE))):
        taken = {
            depth: [min(steps(scheme, depth, c / depth, seed) for c in (0.1, 0.05)) for seed in range(seeds)]
            for depth in watched(depths, len(depths), f"{scheme}: depths")
        }
        rows += [row(f"{scheme}, {depth} layers", median_of(times)) for depth, times in taken.items()]
        growth = [deep / shallow for shallow, deep in zip(taken[4], taken[depths[-1]], strict=True)]
        rows += [row(f"{scheme}, {depths[-1]} over 4 layers", median_of(growth), paper, accepted)]
    return show("Saxe et al., 2014: steps to close 90 % of the gap", rows)


if __name__ == "__main__":
    raise SystemExit(main())
