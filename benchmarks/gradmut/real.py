"""Mistakes that people made and asked about, rebuilt: the course's assignment, its forum, and threads of torch and JAX.

Sources: the assignment "Gradient Checking" of deeplearning.ai's second course (dW2 · 2 and db1 · 4 are planted there);
community.deeplearning.ai 63071, 402919, 221994; pytorch#59584, #114234, #114219, #114333, #5351; jax#29111.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
from benchmarks.gradmut.bench import Bench
from benchmarks.gradmut.case import Case
from benchmarks.gradmut.mlp import Spec, net
from benchmarks.gradmut.mlp_cases import bench as mlp_bench
from benchmarks.gradmut.program import Edit, Program

KINK = frozenset({"NON-SMOOTH", "PASS", "VACUOUS"})

ASSIGNMENT = """
Z1 = np.dot(W1, X) + b1
A1 = np.maximum(0, Z1)
Z2 = np.dot(W2, A1) + b2
A2 = np.maximum(0, Z2)
Z3 = np.dot(W3, A2) + b3
A3 = 1 / (1 + np.exp(-Z3))
J = 1. / m * np.sum(np.multiply(-np.log(A3), Y) + np.multiply(-np.log(1 - A3), 1 - Y))
"""
ASSIGNMENT_BACK = """
dZ3 = A3 - Y
dW3 = 1. / m * np.dot(dZ3, A2.T)
db3 = 1. / m * np.sum(dZ3, axis=1, keepdims=True)
dA2 = np.dot(W3.T, dZ3)
dZ2 = np.multiply(dA2, np.int64(A2 > 0))
dW2 = 1. / m * np.dot(dZ2, A1.T)
db2 = 1. / m * np.sum(dZ2, axis=1, keepdims=True)
dA1 = np.dot(W2.T, dZ2)
dZ1 = np.multiply(dA1, np.int64(A1 > 0))
dW1 = 1. / m * np.dot(dZ1, X.T)
db1 = 1. / m * np.sum(dZ1, axis=1, keepdims=True)
"""
DOUBLED = Edit(name="dW2 doubled", old="dot(dZ2, A1.T)", new="dot(dZ2, A1.T) * 2", site="W2", cause="factor")
FOURFOLD = Edit(name="db1 times 4", old="db1 = 1.", new="db1 = 4.", site="b1", cause="factor")


def assignment(seed: int = 1) -> Bench:
    """The course's network: 4, 5, 3, 1 units, 3 examples, 47 parameters."""
    rng = np.random.RandomState(seed)
    x, y = rng.randn(4, 3), np.array([1, 1, 0])
    shapes = {"W1": (5, 4), "b1": (5, 1), "W2": (3, 5), "b2": (3, 1), "W3": (1, 3), "b3": (1, 1)}
    theta = {name: rng.randn(*shape) for name, shape in shapes.items()}
    program = Program.written(tuple(shapes), ASSIGNMENT, ASSIGNMENT_BACK, m=3)
    facts = {"m": 3}
    return Bench(
        name="assignment", family="real", regime="real", program=program, parameters=theta, data=(x, y), knowledge=facts
    )


def forum() -> Iterator[Case]:
    """1/m in dZ1 and in dW1; np.dot instead of * by the derivative; dW2 for W2; 1/m at the wrong place."""
    bench = assignment(5)
    once = Edit(
        name="1/m in dZ1 too", old="dZ1 = np.multiply", new="dZ1 = 1. / m * np.multiply", site="Z1", cause="mean"
    )
    gradient = Edit(name="dW2 for W2", old="np.dot(W2.T, dZ2)", new="np.dot(dW2.T, dZ2)", site="Z1", cause="weights")
    last = Edit(name="1/m in dZ3 too", old="dZ3 = A3 - Y", new="dZ3 = (A3 - Y) / m", site="Z3", cause="mean")
    yield from bench.mutants([once, gradient, last], kind="real")[0]
    square = net(Spec(activation="relu", widths=(4, 5, 5, 1), m=5, seed=63071))
    dotted = Edit(
        name="np.dot for *", old="dZ1 = dA1 * (Z1 > 0)", new="dZ1 = np.dot(dA1, Z1 > 0)", site="Z1", cause=None
    )
    yield from mlp_bench(square, regime="real", point="forum 402919").mutants([dotted], kind="real")[0]


def kinks() -> Iterator[Case]:
    """Right gradients at a kink: ReLU at 0, a tie of a max-pool, |x| at 0."""
    x = np.array([0.0, 0.0, 1.0, -2.0])
    yield _function("relu at 0", lambda p: np.maximum(p["x"], 0).sum(), lambda p: {"dx": (p["x"] > 0) * 1.0}, x)
    yield _function("abs at 0", lambda p: np.abs(p["x"]).sum(), lambda p: {"dx": np.sign(p["x"])}, x)

    def pooled(p: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        z = p["x"].reshape(-1, 2)
        first = np.eye(2)[np.argmax(z, axis=1)]
        return {"dx": first.reshape(p["x"].shape)}

    ties = np.array([1.0, 1.0, 0.5, -0.3])
    yield _function("a tie of max-pool", lambda p: p["x"].reshape(-1, 2).max(axis=1).sum(), pooled, ties)


def _function(name: str, cost: Callable[..., Any], gradients: Callable[..., Any], x: np.ndarray) -> Case:
    found = {"x": gradients({"x": x})["dx"]}
    facts = {"true": found, "found": found, "expected": KINK}
    where = {"name": f"real/{name}", "family": "real", "regime": "real", "kind": "real"}
    return Case(**where, cost=cost, gradients=gradients, parameters={"x": x}, **facts)


def renorm() -> Iterator[Case]:
    """Rows scaled to norm 1: the gradient forgets that the norm depends on the row, or its sign."""
    rng = np.random.default_rng(59584)
    forward = """
    n = np.sqrt((x**2).sum(axis=1, keepdims=True))
    y = x / n
    J = (y * w).sum()
    """
    program = Program.written(
        ("x",), forward, "dx = w / n - x * (w * x).sum(axis=1, keepdims=True) / n**3", w=rng.normal(size=(6, 4))
    )
    bench = Bench(
        name="renorm", family="real", regime="real", program=program, parameters={"x": rng.normal(size=(6, 4))}
    )
    term = "x * (w * x).sum(axis=1, keepdims=True) / n**3"
    wrong = (("term forgotten", f"- {term}", ""), ("sign", f"- {term}", f"+ {term}"), ("power", "n**3", "n**2"))
    edits = [Edit(name=name, old=old, new=new, site="x", cause=None) for name, old, new in wrong]
    yield from bench.mutants(edits, kind="real")[0]


def dropout2d() -> Case:
    """A random forward pass: channels are dropped anew at every call."""
    case = assignment(7).correct()

    def renew() -> Case:
        rng = np.random.default_rng(114333)
        return replace(case, cost=lambda p, x, y: case.cost(p, x * (rng.random((4, 1)) < 0.8) / 0.8, y))

    return replace(
        case,
        name="real/dropout2d",
        kind="real",
        expected=frozenset({"NONDETERMINISTIC"}),
        renew=renew,
        cost=renew().cost,
    )


def linear32() -> Case:
    """A right gradient of a linear layer, in float32."""
    rng = np.random.default_rng(5351)
    theta = {"W": np.float32(rng.normal(size=(4, 20))), "b": np.float32(rng.normal(size=(4, 1)))}
    program = Program.written(
        ("W", "b"),
        "J = ((W @ X + b) ** 2).sum()",
        "D = 2 * (W @ X + b)\ndW = D @ X.T\ndb = D.sum(axis=1, keepdims=True)",
    )
    bench = Bench(
        name="linear32",
        family="real",
        regime="real",
        program=replace(program, single=True),
        parameters=theta,
        data=(np.float32(rng.normal(size=(20, 30))), np.zeros((1, 1), np.float32)),
    )
    return replace(bench.correct(), name="real/float32 linear", kind="real")


def cases() -> Iterator[Case]:
    """All of them."""
    bench = assignment()
    yield replace(bench.correct(), name="real/assignment, mended", kind="real", expected=frozenset({"PASS"}))
    yield from bench.mutants([DOUBLED, FOURFOLD], kind="real")[0]
    for one, two in combinations((DOUBLED, FOURFOLD), 2):
        program = bench.mutant(one, two)
        found = bench.gradients(program)
        both = {"sites": frozenset({"W2", "b1"}), "causes": frozenset({"factor"}), "wrong": {"W2": 0.5, "b1": 0.75}}
        yield bench.case("as handed out", "real", program, true=bench.true, found=found, **both)
    yield from forum()
    yield from renorm()
    yield from kinks()
    yield dropout2d()
    yield linear32()
