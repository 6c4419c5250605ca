"""Batch normalization between two dense layers."""

import numpy as np
from benchmarks.gradmut.layers.family import SOFTMAX, Family, labels
from benchmarks.gradmut.program import Arrays, Program

FORWARD = """
Z1 = W1 @ X
mu = Z1.mean(axis=1, keepdims=True)
D = Z1 - mu
var = (D**2).mean(axis=1, keepdims=True)
s = 1 / np.sqrt(var + eps)
N = D * s
V = gamma * N + beta
A1 = np.tanh(V)
Z2 = W2 @ A1 + b2
""" + SOFTMAX.format(z="Z2", a="A2")

BACKWARD = """
dZ2 = c * (A2 - Y) / m
dW2 = dZ2 @ A1.T
db2 = dZ2.sum(axis=1, keepdims=True)
dA1 = W2.T @ dZ2
dV = dA1 * (1 - A1**2)
dgamma = (dV * N).sum(axis=1, keepdims=True)
dbeta = dV.sum(axis=1, keepdims=True)
dN = dV * gamma
dvar = (dN * D).sum(axis=1, keepdims=True) * -0.5 * s**3
dmu = -(dN * s).sum(axis=1, keepdims=True)
dZ1 = dN * s + dvar * 2 * D / m + dmu / m
dW1 = dZ1 @ X.T
"""


def build(rng: np.random.Generator, c: float) -> tuple[Program, Arrays, tuple[np.ndarray, np.ndarray]]:
    """5 inputs, 6 normalized units, 3 classes, 11 examples; a large epsilon, so that leaving it out shows."""
    n, k, classes, m = 5, 6, 3, 11
    parameters = {
        "W1": rng.normal(size=(k, n)),
        "gamma": 1 + 0.3 * rng.normal(size=(k, 1)),
        "beta": 0.3 * rng.normal(size=(k, 1)),
        "W2": rng.normal(size=(classes, k)) / np.sqrt(k),
        "b2": 0.3 * rng.normal(size=(classes, 1)),
    }
    program = Program.written(tuple(parameters), FORWARD, BACKWARD, m=m, eps=1e-2, c=c)
    return program, parameters, (rng.normal(size=(n, m)), labels(rng, classes, m))


ROWS = (
    ("no mean term", "dN * s + dvar * 2 * D / m + dmu / m", "dN * s + dvar * 2 * D / m", "W1", "normalization"),
    ("no variance term", "dN * s + dvar * 2 * D / m + dmu / m", "dN * s + dmu / m", "W1", "normalization"),
    ("neither term", "dN * s + dvar * 2 * D / m + dmu / m", "dN * s", "W1", "normalization"),
    ("mean term not divided", "+ dmu / m", "+ dmu", "W1", "normalization"),
    ("variance term not divided", "dvar * 2 * D / m", "dvar * 2 * D", "W1", "normalization"),
    ("variance term without its 2", "dvar * 2 * D / m", "dvar * D / m", "W1", "normalization"),
    ("variance term with Z", "dvar * 2 * D / m", "dvar * 2 * Z1 / m", "W1", "normalization"),
    ("variance term with N", "dvar * 2 * D / m", "dvar * 2 * N / m", "W1", "normalization"),
    ("unbiased variance", "dvar * 2 * D / m", "dvar * 2 * D / (m - 1)", "W1", "normalization"),
    ("s squared", "-0.5 * s**3", "-0.5 * s**2", "W1", "normalization"),
    ("epsilon forgotten", "-0.5 * s**3", "-0.5 * var**-1.5", "W1", "normalization"),
    ("sign of the variance", "-0.5 * s**3", "0.5 * s**3", "W1", "normalization"),
    ("sign of the mean", "dmu = -(dN", "dmu = (dN", "W1", "normalization"),
    ("divided by the variance", "dZ1 = dN * s +", "dZ1 = dN * s**2 +", "W1", "normalization"),
    ("s left out", "dZ1 = dN * s +", "dZ1 = dN +", "W1", "normalization"),
    ("gamma forgotten", "dN = dV * gamma", "dN = dV", "W1", "normalization"),
    ("gamma twice", "dN = dV * gamma", "dN = dV * gamma**2", "W1", "normalization"),
    ("gamma's gradient uses Z", "(dV * N).sum", "(dV * Z1).sum", "gamma", "cache"),
    ("gamma's gradient uses V", "(dV * N).sum", "(dV * V).sum", "gamma", "cache"),
    ("gamma's gradient is a mean", "(dV * N).sum", "(dV * N).mean", "gamma", "mean"),
    ("gamma's gradient is zero", "(dV * N).sum", "0 * (dV * N).sum", "gamma", "zero"),
    ("gamma and beta swapped", "", "dgamma, dbeta = dbeta, dgamma", "gamma beta", "swapped"),
    ("beta's gradient is a mean", "dbeta = dV.sum", "dbeta = dV.mean", "beta", "mean"),
    ("beta's gradient taken behind gamma", "dbeta = dV.sum", "dbeta = (dV * gamma).sum", "beta", None),
    ("beta doubled", "dbeta = dV", "dbeta = 2 * dV", "beta", "factor"),
    ("beta's sign", "dbeta = dV", "dbeta = -dV", "beta", "sign"),
    ("tanh' missing", "dA1 * (1 - A1**2)", "dA1", "gamma", "derivative"),
    ("tanh' of V", "(1 - A1**2)", "(1 - V**2)", "gamma", "derivative argument"),
    ("tanh' of N", "(1 - A1**2)", "(1 - N**2)", "gamma", "derivative argument"),
    ("W1 uses N", "dZ1 @ X.T", "dZ1 @ (X - X.mean(axis=1, keepdims=True)).T", "W1", None),
    ("W1 transposed", "dZ1 @ X.T", "(X @ dZ1.T).reshape(W1.shape)", "W1", "layout"),
    ("W1 last example dropped", "dZ1 @ X.T", "dZ1[:, :-1] @ X[:, :-1].T", "W1", "off by one"),
    ("mean twice", "c * (A2 - Y) / m", "c * (A2 - Y) / m**2", "b2", "mean"),
    ("W2 uses V", "dZ2 @ A1.T", "dZ2 @ V.T", "W2", "cache"),
    ("W2 uses N", "dZ2 @ A1.T", "dZ2 @ N.T", "W2", None),
)
FAMILY = Family(name="batch norm", build=build, rows=ROWS)
