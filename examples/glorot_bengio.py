"""Glorot and Bengio, 2010: the normalized initialization keeps the singular values of the layers' Jacobians near 1.

The claim (section 4.2): in a deep tanh network, the mean singular value of the Jacobian from one layer's
pre-activations to the next one's, Wⁱ⁺¹ diag φ'(zⁱ), is about 0.5 under the standard initialization U(±1/√n) and about
0.8 under the normalized one, U(±√6/√(n_in + n_out)). Accepted: what rounds to the paper's one digit.

Most of it is the weights: the singular values of a square matrix of variance σ²/n fill a quarter circle, of mean
8σ/(3π), for σ = 1 (normalized) or 1/√3 (standard); the slope of tanh is below 1 and does the rest. Accepted: 1 %.

Here: digits, five hidden layers of 400 tanh units (the paper: Shapeset). A seed is a network; its figure is the mean
over the layers and two examples, ± two standard errors over the seeds.

Reference: "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
"""

import math

import numpy as np
from table import mean_of, quick, row, show, watched

from initlab import Experiment
from initlab.experiments.problem import bind
from initlab.network.architecture import Architecture
from initlab.network.initialize import initialize
from initlab.network.reference import forward
from initlab.schemes import choose

EXAMPLES, QUARTER_CIRCLE = 2, 8 / (3 * math.pi)


def mean_singular_values(net: Architecture, scheme: str, x: np.ndarray, seed: int) -> list[float]:
    """Of the weights between hidden layers, and of the Jacobians."""
    theta = initialize(net, choose(scheme), seed=seed)
    slopes = [1 - np.tanh(z) ** 2 for z in forward(net, theta, x).z]
    hidden = range(1, net.depth - 1)
    weights = [net.layers(theta)[layer][0] for layer in hidden]
    jacobians = [W * slope for W, layer in zip(weights, hidden, strict=True) for slope in slopes[layer - 1].T]
    return [float(np.linalg.svd(matrices, compute_uv=False).mean()) for matrices in (weights, jacobians)]


def main() -> int:
    seeds = 3 if quick(__doc__) else 6
    problem, rows = bind(Experiment(data="digits", layers=(400,) * 5, activation="tanh")), []
    for name, scheme, sigma, paper in (
        ("standard", f"lecun_uniform({1 / math.sqrt(3)})", 1 / math.sqrt(3), 0.5),
        ("normalized", "glorot_uniform", 1.0, 0.8),
    ):
        drawn, theory = watched(range(seeds), seeds, f"networks, {name}"), sigma * QUARTER_CIRCLE
        found = np.array([mean_singular_values(problem.net, scheme, problem.x[:, :EXAMPLES], seed) for seed in drawn])
        rows += [
            row(f"Jacobians, {name}", mean_of(found[:, 1]), f"{paper}", (paper - 0.05, paper + 0.05)),
            row(f"weights, {name}", mean_of(found[:, 0]), f"{theory:.3f}", (0.99 * theory, 1.01 * theory)),
        ]
    return show("Glorot and Bengio, 2010: mean singular values", rows)


if __name__ == "__main__":
    raise SystemExit(main())
