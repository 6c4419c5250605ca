"""Hanin and Rolnick, 2018: the squared length of the signal fluctuates as the sum of the reciprocals of the widths.

The claim (theorem 5): in a ReLU network with He's initialization, the mean squared activation q of the last of L layers
of width n keeps its mean, but fluctuates over draws of the weights:

    E q²/(E q)² = (1 + 5/n)^L,   Var ln q ~ 5L/n,

so that Σ 1/n over the layers decides, and depth alone makes the signal of one network large and of another small. The
first is exact for Gaussian weights: E φ(z)⁴ = 6 (E φ(z)²)². The second is the leading order; the variance of the
logarithm is larger by a factor of about 1 + 4/n at these widths (1.06 at n = 64).

Accepted: 10 % to either side of the first and 15 % of the second, which covers that factor; with 4 or 6 for the 5, both
would be missed. The ± is two standard errors over 40 groups of 500 networks.

Reference: "How to start training: the effect of initialization and architecture", NeurIPS 2018, arXiv:1803.01719.
"""

import math

import numpy as np
from table import mean_of, quick, row, show, watched

from initlab import sample
from initlab.laws import Normal

GROUPS, NETWORKS = 40, 500


def squared_lengths(widths: list[int], seed: int) -> np.ndarray:
    """The last layer's q, for a group of networks at once; the input has q = 1."""
    a = np.ones((NETWORKS, widths[0], 1), dtype="float32")
    for layer, n in enumerate(widths, start=1):
        shape = (NETWORKS, n, a.shape[1])
        W = sample(Normal(std=(2 / a.shape[1]) ** 0.5), name=f"W{layer}", seed=seed, shape=shape, dtype="float32")
        a = np.maximum(W @ a, 0)
    return np.asarray(np.mean(a.astype("float64") ** 2, axis=(1, 2)))


def main() -> int:
    networks = [[64] * 4, [64] * 8, [128] * 16, [64, 128] * 4]
    rows = []
    for widths in networks[: 2 if quick(__doc__) else None]:
        name = f"{len(widths)} layers of {' and '.join(map(str, dict.fromkeys(widths)))}"
        groups = [squared_lengths(widths, seed) for seed in watched(range(GROUPS), GROUPS, f"{name}: groups")]
        ratio, variance = math.prod(1 + 5 / n for n in widths), sum(5 / n for n in widths)
        squares = mean_of([np.mean(q**2) / np.mean(groups) ** 2 for q in groups])
        logarithms = mean_of([np.var(np.log(q)) for q in groups])
        rows += [
            row(f"E q²/(E q)², {name}", squares, f"{ratio:.2f}", (0.9 * ratio, 1.1 * ratio)),
            row(f"Var ln q, {name}", logarithms, f"{variance:.3f}", (0.85 * variance, 1.15 * variance)),
        ]
    return show("Hanin and Rolnick, 2018: fluctuations of the squared length over draws of the weights", rows)


if __name__ == "__main__":
    raise SystemExit(main())
