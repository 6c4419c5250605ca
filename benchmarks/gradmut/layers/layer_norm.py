"""Layer normalization between two dense layers, with ReLU."""

import numpy as np
from benchmarks.gradmut.layers.family import SOFTMAX, Family, labels
from benchmarks.gradmut.program import Arrays, Program

FORWARD = """
Z1 = W1 @ X + b1
D = Z1 - Z1.mean(axis=0)
s = 1 / np.sqrt((D**2).mean(axis=0) + eps)
N = D * s
V = gamma * N + beta
A1 = np.maximum(V, 0)
Z2 = W2 @ A1 + b2
""" + SOFTMAX.format(z="Z2", a="A2")

BACKWARD = """
dZ2 = c * (A2 - Y) / m
dW2 = dZ2 @ A1.T
db2 = dZ2.sum(axis=1, keepdims=True)
dA1 = W2.T @ dZ2
dV = dA1 * (V > 0)
dgamma = (dV * N).sum(axis=1, keepdims=True)
dbeta = dV.sum(axis=1, keepdims=True)
dN = dV * gamma
dZ1 = s * (dN - dN.mean(axis=0) - N * (dN * N).mean(axis=0))
dW1 = dZ1 @ X.T
db1 = dZ1.sum(axis=1, keepdims=True)
"""


def build(rng: np.random.Generator, c: float) -> tuple[Program, Arrays, tuple[np.ndarray, np.ndarray]]:
    """4 inputs, 7 normalized units, 3 classes, 9 examples."""
    n, k, classes, m = 4, 7, 3, 9
    parameters = {
        "W1": rng.normal(size=(k, n)),
        "b1": 0.3 * rng.normal(size=(k, 1)),
        "gamma": 1 + 0.3 * rng.normal(size=(k, 1)),
        "beta": 0.3 * rng.normal(size=(k, 1)),
        "W2": rng.normal(size=(classes, k)) / np.sqrt(k),
        "b2": 0.3 * rng.normal(size=(classes, 1)),
    }
    program = Program.written(tuple(parameters), FORWARD, BACKWARD, m=m, eps=1e-2, c=c)
    return program, parameters, (rng.normal(size=(n, m)), labels(rng, classes, m))


WHOLE = "s * (dN - dN.mean(axis=0) - N * (dN * N).mean(axis=0))"
ROWS = (
    ("no mean term", WHOLE, "s * (dN - N * (dN * N).mean(axis=0))", "Z1", "normalization"),
    ("no variance term", WHOLE, "s * (dN - dN.mean(axis=0))", "Z1", "normalization"),
    ("neither term", WHOLE, "s * dN", "Z1", "normalization"),
    ("over the batch", "- dN.mean(axis=0)", "- dN.mean(axis=1, keepdims=True)", "Z1", "normalization"),
    ("variance over the batch", "(dN * N).mean(axis=0)", "(dN * N).mean(axis=1, keepdims=True)", "Z1", "normalization"),
    ("sums, not means", "- dN.mean(axis=0)", "- dN.sum(axis=0)", "Z1", "normalization"),
    ("variance: sum, not mean", "(dN * N).mean(axis=0)", "(dN * N).sum(axis=0)", "Z1", "normalization"),
    ("variance doubled", "- N * (dN", "- 2 * N * (dN", "Z1", "normalization"),
    ("sign of the variance", "- N * (dN", "+ N * (dN", "Z1", "normalization"),
    ("sign of the mean", "dN - dN.mean", "dN + dN.mean", "Z1", "normalization"),
    ("D for N", "- N * (dN * N)", "- D * (dN * N)", "Z1", "normalization"),
    ("dV for dN", "s * (dN - dN.mean(axis=0)", "s * (dV - dV.mean(axis=0)", "Z1", "normalization"),
    ("s left out", "s * (dN", "(dN", "Z1", "normalization"),
    ("s squared", "s * (dN", "s**2 * (dN", "Z1", "normalization"),
    ("s inverted", "s * (dN", "1 / s * (dN", "Z1", "normalization"),
    ("gamma forgotten", "dN = dV * gamma", "dN = dV", "Z1", "normalization"),
    ("gamma divided", "dN = dV * gamma", "dN = dV / gamma", "Z1", "normalization"),
    ("gamma's gradient uses Z", "(dV * N).sum", "(dV * Z1).sum", "gamma", "cache"),
    ("gamma's gradient uses D", "(dV * N).sum", "(dV * D).sum", "gamma", "cache"),
    (
        "gamma's gradient over units",
        "dgamma = (dV * N).sum(axis=1, keepdims=True)",
        "dgamma = np.ones_like(gamma) * (dV * N).sum()",
        "gamma",
        "batch sum",
    ),
    (
        "gamma's gradient of one example",
        "(dV * N).sum(axis=1, keepdims=True)",
        "(dV * N)[:, :1]",
        "gamma",
        "one example",
    ),
    (
        "beta's gradient of one example",
        "dbeta = dV.sum(axis=1, keepdims=True)",
        "dbeta = dV[:, :1]",
        "beta",
        "one example",
    ),
    ("beta halved", "dbeta = dV", "dbeta = 0.5 * dV", "beta", "factor"),
    ("beta's sign", "dbeta = dV", "dbeta = -dV", "beta", "sign"),
    ("gamma and beta swapped", "", "dgamma, dbeta = dbeta, dgamma", "gamma beta", "swapped"),
    ("mask missing", "dA1 * (V > 0)", "dA1", "gamma", "derivative"),
    ("mask inverted", "(V > 0)", "(V < 0)", "gamma", "mask"),
    ("mask of N", "(V > 0)", "(N > 0)", "gamma", "derivative argument"),
    ("mask of Z", "(V > 0)", "(Z1 > 0)", "gamma", "derivative argument"),
    ("W2 uses V", "dZ2 @ A1.T", "dZ2 @ V.T", "W2", "cache"),
    ("W1 zero", "dZ1 @ X.T", "0 * dZ1 @ X.T", "W1", "zero"),
    ("b1 from dV", "db1 = dZ1.sum", "db1 = dV.sum", "b1", None),
    ("b1 from dN", "db1 = dZ1.sum", "db1 = dN.sum", "b1", None),
    ("b1 a mean", "db1 = dZ1.sum", "db1 = dZ1.mean", "b1", "mean"),
)
FAMILY = Family(name="layer norm", build=build, rows=ROWS)
