"""Causal self-attention with a residual branch; the embedding E also makes the output."""

import numpy as np
from benchmarks.gradmut.layers.family import SOFTMAX, Family, labels
from benchmarks.gradmut.program import Arrays, Program

FORWARD = """
A = E[:, X]
q, k, v = Q @ A, K @ A, V @ A
S = k.T @ q / np.sqrt(r) + hidden
U = np.exp(S - S.max(axis=0))
P = U / U.sum(axis=0)
H = v @ P
R = A + O @ H
Z = E.T @ R
""" + SOFTMAX.format(z="Z", a="B")

BACKWARD = """
dZ = c * (B - Y) / m
dE = R @ dZ.T
dR = E @ dZ
dO = dR @ H.T
dH = O.T @ dR
dv = dH @ P.T
dP = v.T @ dH
dS = P * (dP - (P * dP).sum(axis=0)) / np.sqrt(r)
dq = k @ dS
dk = q @ dS.T
dQ = dq @ A.T
dK = dk @ A.T
dV = dv @ A.T
dA = dR + Q.T @ dq + K.T @ dk + V.T @ dv
np.add.at(dE.T, X, dA.T)
"""


def build(rng: np.random.Generator, c: float) -> tuple[Program, Arrays, tuple[np.ndarray, np.ndarray]]:
    """6 tokens of dimension 5, 7 positions, queries of 3, values of 4: 105 parameters."""
    d, r, w, tokens, m = 5, 3, 4, 6, 7
    parameters = {
        "E": rng.normal(size=(d, tokens)),
        "Q": rng.normal(size=(r, d)),
        "K": rng.normal(size=(r, d)),
        "V": rng.normal(size=(w, d)) / 2,
        "O": rng.normal(size=(d, w)) / 2,
    }
    hidden = np.where(np.arange(m)[:, None] <= np.arange(m), 0.0, -1e9)
    program = Program.written(tuple(parameters), FORWARD, BACKWARD, m=m, r=r, hidden=hidden, c=c)
    return program, parameters, (rng.permutation(np.arange(m) % tokens), labels(rng, tokens, m))


SOFT = "P * (dP - (P * dP).sum(axis=0))"
ROWS = (
    ("softmax: diagonal alone", SOFT, "P * (1 - P) * dP", "S", "softmax"),
    ("softmax: no sum", SOFT, "P * dP", "S", "softmax"),
    ("softmax: sum over the other axis", "(P * dP).sum(axis=0)", "(P * dP).sum(axis=1, keepdims=True)", "S", "softmax"),
    ("softmax: sum of dP", "(P * dP).sum(axis=0)", "dP.sum(axis=0)", "S", "softmax"),
    ("softmax: mean", "(P * dP).sum(axis=0)", "(P * dP).mean(axis=0)", "S", "softmax"),
    ("softmax: P forgotten", SOFT, "(dP - (P * dP).sum(axis=0))", "S", "softmax"),
    ("softmax forgotten", SOFT, "dP", "S", "softmax"),
    ("softmax: P**2", SOFT, "(P * dP - P**2 * dP.sum(axis=0))", "S", "softmax"),
    ("scale missing", ") / np.sqrt(r)", ")", "S", "scale"),
    ("scale twice", ") / np.sqrt(r)", ") / r", "S", "scale"),
    ("scale of the width", ") / np.sqrt(r)", ") / np.sqrt(A.shape[0])", "S", "scale"),
    ("scores transposed for the queries", "dq = k @ dS", "dq = k @ dS.T", "Q", "layout"),
    ("scores not transposed for the keys", "dk = q @ dS.T", "dk = q @ dS", "K", "layout"),
    ("queries see themselves", "dq = k @ dS", "dq = q @ dS", "Q", "cache"),
    ("keys see themselves", "dk = q @ dS.T", "dk = k @ dS.T", "K", "cache"),
    ("weights not transposed for the values", "dv = dH @ P.T", "dv = dH @ P", "V", "layout"),
    ("values see the scores", "dv = dH @ P.T", "dv = dH @ S.T", "V", "cache"),
    ("queries and keys swapped", "", "dQ, dK = dK, dQ", "Q K", "swapped"),
    ("queries' gradient zero", "", "dQ *= 0", "Q", "zero"),
    ("keys doubled", "", "dK *= 2", "K", "factor"),
    ("values' sign", "", "dV *= -1", "V", "sign"),
    ("O uses v", "dO = dR @ H.T", "dO = dR @ v.T", "O", "cache"),
    ("O transposed", "dO = dR @ H.T", "dO = (H @ dR.T).reshape(O.shape)", "O", "layout"),
    ("residual branch forgotten", "dA = dR + Q.T", "dA = Q.T", "E", "branch"),
    ("residual branch alone", "dA = dR + Q.T @ dq + K.T @ dk + V.T @ dv", "dA = dR", "E", "branch"),
    ("query branch forgotten", "dR + Q.T @ dq +", "dR +", "E", "branch"),
    ("key branch forgotten", "+ K.T @ dk", "", "E", "branch"),
    ("value branch forgotten", "+ V.T @ dv", "", "E", "branch"),
    ("branches see wrong weights", "Q.T @ dq + K.T @ dk", "K.T @ dq + Q.T @ dk", "E", "weights"),
    ("shared embedding: output alone", "np.add.at(dE.T, X, dA.T)", "", "E", "overwritten"),
    (
        "shared embedding: input alone",
        "np.add.at(dE.T, X, dA.T)",
        "dE *= 0\nnp.add.at(dE.T, X, dA.T)",
        "E",
        "overwritten",
    ),
    ("repeated tokens not added", "np.add.at(dE.T, X, dA.T)", "dE[:, X] += dA", "E", "overwritten"),
    ("R not the residual", "dE = R @ dZ.T", "dE = A @ dZ.T", "E", "cache"),
    ("mean twice", "(B - Y) / m", "(B - Y) / m**2", "Z", "mean"),
    ("sign", "c * (B - Y)", "c * (Y - B)", "Z", "sign"),
    ("no label", "c * (B - Y)", "c * B", "Z", "loss"),
)
FAMILY = Family(name="attention", build=build, rows=ROWS)
