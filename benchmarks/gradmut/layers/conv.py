"""Two convolutions, average pooling and a dense layer. Arrays are (channels, examples, rows, columns)."""

import numpy as np
from benchmarks.gradmut.layers.family import SOFTMAX, Family, labels
from benchmarks.gradmut.program import Arrays, Program

FORWARD = """
P1 = np.pad(X, ((0, 0), (0, 0), (1, 1), (1, 1)))
Z1 = b1.reshape(-1, 1, 1, 1)
for i in range(3):
    for j in range(3):
        Z1 = Z1 + np.tensordot(K1[:, :, i, j], P1[:, :, i:i + r, j:j + r], 1)
A1 = np.maximum(Z1, 0)
P2 = np.pad(A1, ((0, 0), (0, 0), (1, 1), (1, 1)))
Z2 = b2.reshape(-1, 1, 1, 1)
for i in range(3):
    for j in range(3):
        Z2 = Z2 + np.tensordot(K2[:, :, i, j], P2[:, :, i:i + r, j:j + r], 1)
A2 = np.tanh(Z2)
Q = A2.reshape(k, m, r // 2, 2, r // 2, 2).mean(axis=(3, 5))
F = Q.transpose(0, 2, 3, 1).reshape(-1, m)
Z3 = W3 @ F + b3
""" + SOFTMAX.format(z="Z3", a="A3")

BACKWARD = """
dZ3 = c * (A3 - Y) / m
dW3 = dZ3 @ F.T
db3 = dZ3.sum(axis=1, keepdims=True)
dF = W3.T @ dZ3
dQ = dF.reshape(k, r // 2, r // 2, m).transpose(0, 3, 1, 2)
dA2 = np.repeat(np.repeat(dQ, 2, axis=2), 2, axis=3) / 4
dZ2 = dA2 * (1 - A2**2)
db2 = dZ2.sum(axis=(1, 2, 3)).reshape(-1, 1)
dK2 = np.zeros_like(K2)
dP2 = np.zeros_like(P2)
for i in range(3):
    for j in range(3):
        dK2[:, :, i, j] += np.tensordot(dZ2, P2[:, :, i:i + r, j:j + r], ((1, 2, 3), (1, 2, 3)))
        dP2[:, :, i:i + r, j:j + r] += np.tensordot(K2[:, :, i, j].T, dZ2, 1)
dA1 = dP2[:, :, 1:-1, 1:-1]
dZ1 = dA1 * (Z1 > 0)
db1 = dZ1.sum(axis=(1, 2, 3)).reshape(-1, 1)
dK1 = np.zeros_like(K1)
for i in range(3):
    for j in range(3):
        dK1[:, :, i, j] = np.tensordot(dZ1, P1[:, :, i:i + r, j:j + r], ((1, 2, 3), (1, 2, 3)))
"""


def build(rng: np.random.Generator, c: float) -> tuple[Program, Arrays, tuple[np.ndarray, np.ndarray]]:
    """2, 3 and 4 channels of 4 by 4, 5 examples, 3 classes: 220 parameters."""
    n, h, k, r, m, classes = 2, 3, 4, 4, 5, 3
    parameters = {
        "K1": rng.normal(size=(h, n, 3, 3)) / 3,
        "b1": 0.3 * rng.normal(size=(h, 1)),
        "K2": rng.normal(size=(k, h, 3, 3)) / 4,
        "b2": 0.3 * rng.normal(size=(k, 1)),
        "W3": rng.normal(size=(classes, k * r * r // 4)) / 4,
        "b3": 0.3 * rng.normal(size=(classes, 1)),
    }
    program = Program.written(tuple(parameters), FORWARD, BACKWARD, m=m, r=r, k=k, c=c)
    return program, parameters, (rng.normal(size=(n, m, r, r)), labels(rng, classes, m))


DK2 = "dK2[:, :, i, j] += np.tensordot(dZ2, P2[:, :, i:i + r, j:j + r]"
DP2 = "dP2[:, :, i:i + r, j:j + r] += np.tensordot(K2[:, :, i, j].T, dZ2, 1)"
ROWS = (
    ("cropped off by one", "dP2[:, :, 1:-1, 1:-1]", "dP2[:, :, :-2, :-2]", "Z1", "padding"),
    ("cropped at the wrong end", "dP2[:, :, 1:-1, 1:-1]", "dP2[:, :, 2:, 2:]", "Z1", "padding"),
    ("one axis cropped wrong", "dP2[:, :, 1:-1, 1:-1]", "dP2[:, :, 1:-1, 2:]", "Z1", "padding"),
    ("overwritten", DP2, DP2.replace("+=", "="), "Z1", "overwritten"),
    ("kernel flipped", "K2[:, :, i, j].T, dZ2", "K2[:, :, 2 - i, 2 - j].T, dZ2", "Z1", "weights"),
    ("kernel transposed", "K2[:, :, i, j].T, dZ2", "K2[:, :, j, i].T, dZ2", "Z1", "weights"),
    ("uses the pixels' gradient", "K2[:, :, i, j].T, dZ2, 1)", "K2[:, :, i, j].T, dA2, 1)", "Z1", None),
    ("kernel's gradient flipped", "", "dK2 = dK2[:, :, ::-1, ::-1]", "K2", "layout"),
    ("kernel's gradient transposed", "", "dK2 = dK2.transpose(0, 1, 3, 2)", "K2", "layout"),
    ("first kernel's gradient flipped", "", "dK1 = dK1[:, :, ::-1, ::-1]", "K1", "layout"),
    ("first kernel's gradient reshaped", "", "dK1 = dK1.transpose(1, 0, 2, 3).reshape(K1.shape)", "K1", "layout"),
    ("padding of Z", DK2, DK2.replace("P2[", "np.pad(Z1, ((0, 0), (0, 0), (1, 1), (1, 1)))["), "K2", "cache"),
    (
        "padded by wrapping",
        DK2,
        DK2.replace("P2[", 'np.pad(A1, ((0, 0), (0, 0), (1, 1), (1, 1)), "wrap")['),
        "K2",
        "padding",
    ),
    (
        "padded by the edge",
        "dZ1, P1[:,",
        'dZ1, np.pad(X, ((0, 0), (0, 0), (1, 1), (1, 1)), "edge")[:,',
        "K1",
        "padding",
    ),
    ("window moved", "dZ1, P1[:, :, i:i + r, j:j + r]", "dZ1, P1[:, :, 1:1 + r, j:j + r]", "K1", "padding"),
    (
        "last row dropped",
        "np.tensordot(dZ1, P1[:, :, i:i + r, j:j + r]",
        "np.tensordot(dZ1[:, :, :-1], P1[:, :, i:i + r - 1, j:j + r]",
        "K1",
        "off by one",
    ),
    (
        "bias over the examples alone",
        "db2 = dZ2.sum(axis=(1, 2, 3))",
        "db2 = dZ2.sum(axis=1)[:, 0, 0]",
        "b2",
        "batch sum",
    ),
    ("bias of one row", "db1 = dZ1.sum(axis=(1, 2, 3))", "db1 = dZ1[:, :, 0].sum(axis=(1, 2))", "b1", "batch sum"),
    ("bias a mean", "db2 = dZ2.sum(", "db2 = dZ2.mean(", "b2", "factor"),
    (
        "bias a mean over the examples",
        "db1 = dZ1.sum(axis=(1, 2, 3))",
        "db1 = dZ1.sum(axis=(2, 3)).mean(axis=1)",
        "b1",
        "mean",
    ),
    ("pooling not divided", "axis=3) / 4", "axis=3)", "Z2", "factor"),
    ("pooling divided by 2", "axis=3) / 4", "axis=3) / 2", "Z2", "factor"),
    ("pooling tiled", "np.repeat(np.repeat(dQ, 2, axis=2), 2, axis=3)", "np.tile(dQ, (1, 1, 2, 2))", "Z2", "layout"),
    (
        "flattened in another order",
        "dF.reshape(k, r // 2, r // 2, m).transpose(0, 3, 1, 2)",
        "dF.reshape(k, m, r // 2, r // 2)",
        "Z2",
        "layout",
    ),
    ("rows and columns swapped", ".transpose(0, 3, 1, 2)", ".transpose(0, 3, 2, 1)", "Z2", "layout"),
    ("tanh' missing", "dA2 * (1 - A2**2)", "dA2", "Z2", "derivative"),
    ("tanh' of Z", "(1 - A2**2)", "(1 - Z2**2)", "Z2", "derivative argument"),
    ("mask missing", "dA1 * (Z1 > 0)", "dA1", "Z1", "derivative"),
    ("mask inverted", "(Z1 > 0)", "(Z1 < 0)", "Z1", "mask"),
    ("mean twice", "(A3 - Y) / m", "(A3 - Y) / m / m", "Z3", "mean"),
    ("mean missing", "(A3 - Y) / m", "(A3 - Y)", "Z3", "mean"),
    ("sign", "(A3 - Y) / m", "(Y - A3) / m", "Z3", "sign"),
    ("kernel doubled", "", "dK2 *= 2", "K2", "factor"),
    ("kernel zero", "", "dK1 *= 0", "K1", "zero"),
)
FAMILY = Family(name="convolution", build=build, rows=ROWS)
