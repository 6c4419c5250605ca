"""Pennington et al., 2017: orthogonal weights can keep all singular values of the Jacobian together, Gaussian cannot.

The claim: where χ₁ = 1, the squared singular values λ of the Jacobian J of a wide network of depth L vary by

    Var λ/(E λ)² = L (μ₂/μ₁² - 1 - s),   μ_k = E φ'(√q* z)^(2k),   s = -1 for Gaussian and 0 for orthogonal weights:

L for a Gaussian linear network, 0 for an orthogonal one, 2L and L with ReLU, and little with tanh and orthogonal
weights near q* = 0: here q* = 1/64, without the biases that go with it, whose variance is 4.7e-6.

Accepted: an eighth to either side, since networks of width n = 192 differ from infinitely wide ones, for Gaussian
linear ones by a share of about L/(2n); for 0, below 1e-12. The ± is two standard errors over 64 draws of the weights.

Reference: "Resurrecting the sigmoid in deep learning through dynamical isometry", NIPS 2017, arXiv:1711.04735.
"""

from itertools import product

import numpy as np
from table import mean_of, quick, row, show, watched

from initlab import sample
from initlab.laws import Normal
from initlab.network.architecture import Architecture
from initlab.network.initialize import initialize
from initlab.network.reference import forward
from initlab.numerics.activations import activation
from initlab.schemes import choose
from initlab.theory.fixed_points import critical_at
from initlab.theory.spectrum import Weights, spectrum

WIDTH, SEEDS = 192, 64
SCHEMES: dict[Weights, str] = {"gaussian": "lecun_normal", "orthogonal": "orthogonal"}


def relative_variance(name: str, scheme: str, q: float, depth: int, seed: int) -> float:
    """Var λ/(E λ)² = n tr((JJᵀ)²)/(tr JJᵀ)² - 1, at an input that gives every layer the mean square q."""
    net, phi = Architecture(widths=(WIDTH,) * (depth + 1), activation=name, head="linear"), activation(name)
    theta, jacobian = initialize(net, choose(scheme), seed=seed), np.eye(WIDTH)
    x = phi.function(sample(Normal(std=q**0.5), name="x", seed=seed, shape=(WIDTH, 1)))
    for (W, _), z in zip(net.layers(theta), forward(net, theta, x).z, strict=True):
        jacobian = phi.derivative(z, phi.function(z)) * (W @ jacobian)
    gram = jacobian @ jacobian.T
    return WIDTH * float(np.sum(gram**2)) / float(np.trace(gram)) ** 2 - 1


def main() -> int:
    short, rows = quick(__doc__), []
    for name, weights in (*product(("linear", "relu"), SCHEMES), ("tanh", "orthogonal")):
        phi, q = activation(name), 1 / 64 if name == "tanh" else 1.0
        scheme = f"{SCHEMES[weights]}({critical_at(phi, q).weight ** 0.5})"
        for depth in (4,) if short else (4, 16):
            drawn = watched(range(SEEDS), SEEDS, label := f"{name}, {weights}, {depth} layers")
            here = mean_of([relative_variance(name, scheme, q, depth, seed) for seed in drawn])
            paper = spectrum(phi, q=q, depth=depth, weights=weights).variance
            rows.append(row(label, here, f"{paper:.3g}", (7 / 8 * paper - 1e-12, 9 / 8 * paper + 1e-12)))
    return show("Pennington et al., 2017: relative variance of the Jacobian's squared singular values", rows)


if __name__ == "__main__":
    raise SystemExit(main())
