"""An LSTM over four steps, and a dense layer on its last state."""

import numpy as np
from benchmarks.gradmut.layers.family import SOFTMAX, Family, labels
from benchmarks.gradmut.program import Arrays, Program

FORWARD = """
h, s, gates = [np.zeros((k, m))], [np.zeros((k, m))], []
for t in range(4):
    u = np.concatenate([h[t], X[t]])
    z = W @ u + b
    i, f, o = [1 / (1 + np.exp(-z[n * k:(n + 1) * k])) for n in range(3)]
    g = np.tanh(z[3 * k:])
    s.append(f * s[t] + i * g)
    h.append(o * np.tanh(s[t + 1]))
    gates.append((u, i, f, o, g))
Z = V @ h[4] + e
""" + SOFTMAX.format(z="Z", a="A")

BACKWARD = """
dZ = c * (A - Y) / m
dV = dZ @ h[4].T
de = dZ.sum(axis=1, keepdims=True)
dh = V.T @ dZ
ds = np.zeros_like(dh)
dW = np.zeros_like(W)
db = np.zeros_like(b)
for t in reversed(range(4)):
    u, i, f, o, g = gates[t]
    y = np.tanh(s[t + 1])
    do = dh * y
    ds = ds + dh * o * (1 - y**2)
    di = ds * g
    df = ds * s[t]
    dg = ds * i
    dz = np.concatenate([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)])
    dW += dz @ u.T
    db += dz.sum(axis=1, keepdims=True)
    dh = (W.T @ dz)[:k]
    ds = ds * f
"""


def build(rng: np.random.Generator, c: float) -> tuple[Program, Arrays, tuple[np.ndarray, np.ndarray]]:
    """3 inputs, 4 states, 7 sequences of 4, 3 classes: 147 parameters."""
    n, k, m, classes = 3, 4, 7, 3
    parameters = {
        "W": rng.normal(size=(4 * k, k + n)) / 1.5,
        "b": 0.5 * rng.normal(size=(4 * k, 1)),
        "V": rng.normal(size=(classes, k)),
        "e": 0.3 * rng.normal(size=(classes, 1)),
    }
    program = Program.written(tuple(parameters), FORWARD, BACKWARD, m=m, k=k, c=c)
    return program, parameters, (rng.normal(size=(4, n, m)), labels(rng, classes, m))


ROWS = (
    ("W overwritten", "dW += dz @ u.T", "dW = dz @ u.T", "W", "overwritten"),
    ("b overwritten", "db += dz.sum", "db = dz.sum", "b", "overwritten"),
    ("both overwritten", "dW += dz @ u.T\n    db += dz", "dW = dz @ u.T\n    db = dz", "z", "overwritten"),
    ("state's gradient not carried", "    ds = ds + dh * o", "    ds = dh * o", "z", "recurrence"),
    ("state carried without the gate", "ds = ds * f", "ds = ds", "z", "recurrence"),
    ("state through the input gate", "ds = ds * f", "ds = ds * i", "z", "recurrence"),
    ("output's gradient not carried", "dh = (W.T @ dz)[:k]", "dh = np.zeros_like(dh)", "z", "recurrence"),
    ("output's gradient from the inputs", "(W.T @ dz)[:k]", "(W.T @ dz)[-k:]", "z", "recurrence"),
    ("output's gradient kept", "dh = (W.T @ dz)[:k]", "dh = dh + (W.T @ dz)[:k]", "z", "recurrence"),
    ("truncated", "reversed(range(4))", "reversed(range(1, 4))", "z", "recurrence"),
    ("truncated at two", "reversed(range(4))", "reversed(range(2, 4))", "z", "recurrence"),
    ("steps in the forward order", "reversed(range(4))", "range(4)", "z", "recurrence"),
    ("tanh' of the state missing", "dh * o * (1 - y**2)", "dh * o", "z", "recurrence"),
    ("tanh' of the state, not of tanh", "(1 - y**2)", "(1 - s[t + 1]**2)", "z", "recurrence"),
    ("output gate forgotten", "dh * o * (1 - y**2)", "dh * (1 - y**2)", "z", "recurrence"),
    ("previous state", "y = np.tanh(s[t + 1])", "y = np.tanh(s[t])", "z", "recurrence"),
    ("forget gate sees the new state", "df = ds * s[t]", "df = ds * s[t + 1]", "z", "recurrence"),
    ("input gate sees itself", "di = ds * g", "di = ds * i", "z", "recurrence"),
    ("candidate sees the forget gate", "dg = ds * i", "dg = ds * f", "z", "recurrence"),
    ("output gate sees the state", "do = dh * y", "do = dh * s[t + 1]", "z", "recurrence"),
    ("input gate's derivative missing", "di * i * (1 - i)", "di", "z", "recurrence"),
    ("forget gate's derivative missing", "df * f * (1 - f)", "df", "z", "recurrence"),
    ("output gate's derivative missing", "do * o * (1 - o)", "do", "z", "recurrence"),
    ("candidate's derivative missing", "dg * (1 - g**2)", "dg", "z", "recurrence"),
    ("candidate's derivative that of a gate", "dg * (1 - g**2)", "dg * g * (1 - g)", "z", "recurrence"),
    (
        "gates in another order",
        "[di * i * (1 - i), df * f * (1 - f),",
        "[df * f * (1 - f), di * i * (1 - i),",
        "z",
        "recurrence",
    ),
    (
        "last gates in another order",
        "do * o * (1 - o), dg * (1 - g**2)]",
        "dg * (1 - g**2), do * o * (1 - o)]",
        "z",
        "recurrence",
    ),
    ("sign of a gate", "df * f * (1 - f)", "-df * f * (1 - f)", "z", "recurrence"),
    ("b a mean", "db += dz.sum", "db += dz.mean", "b", "mean"),
    ("b of one example", "db += dz.sum(axis=1, keepdims=True)", "db += dz[:, :1]", "b", "one example"),
    ("V sees the state", "dV = dZ @ h[4].T", "dV = dZ @ s[4].T", "V", "cache"),
    ("V sees the output before", "dV = dZ @ h[4].T", "dV = dZ @ h[3].T", "V", "cache"),
    ("mean twice", "(A - Y) / m", "(A - Y) / m**2", "Z", "mean"),
    ("sign", "c * (A - Y)", "c * (Y - A)", "Z", "sign"),
    ("b doubled", "", "db *= 2", "b", "factor"),
    ("W zero", "", "dW *= 0", "W", "zero"),
)
FAMILY = Family(name="LSTM", build=build, rows=ROWS)
