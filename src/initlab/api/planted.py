"""Planted: the gradients of an experiment's network, with a bug in them if one is wanted, checked and named.

The backward pass is written out once, with room for a bug in one line of one layer:

    dZ^L = (P - Y)/m        dAˡ = Wˡ⁺¹ᵀ dZˡ⁺¹        dZˡ = dAˡ ∘ φ'(zˡ)        dWˡ = dZˡ Aˡ⁻¹ᵀ        dbˡ = Σ dZˡ
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from initlab.api.checked import step_zero
from initlab.api.gradcheck import GradientReport, gradcheck
from initlab.errors import SpecError, UnknownNameError
from initlab.experiments.problem import Problem, bind
from initlab.experiments.spec import Experiment
from initlab.gradients.case import GradientCase
from initlab.network.heads import HEAD
from initlab.network.reference import forward
from initlab.numerics.activations import Floats, activation

EXAMPLES = 24
"""Training examples that the cost is taken over: the first. A check asks for it hundreds of times."""

Line = Literal["dZ", "dW", "db"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What a line of the backward pass may see, at one layer."""

    z: Floats
    entering: Floats
    da: Floats
    dz: Floats
    prediction: Floats
    y: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """A mistake to plant: the line it is in, what is written there, and what that gives in place of the `right` one."""

    line: Line
    text: str
    edit: Callable[[Pass, Floats], Floats]
    layers: Literal["any", "hidden", "last"] = "any"


BUGS: Mapping[str, Bug] = MappingProxyType(
    {
        "factor 2 in dW": Bug(line="dW", text="dW = 2 · dZ Aᵀ", edit=lambda _, right: 2 * right),
        "factor 4 in db": Bug(line="db", text="db = 4 · Σ dZ", edit=lambda _, right: 4 * right),
        "mean forgotten": Bug(line="dW", text="dW without 1/m", edit=lambda at, right: right * at.y.shape[1]),
        "sign": Bug(line="dW", text="dW = −dZ Aᵀ", edit=lambda _, right: -right),
        "bias of one example": Bug(line="db", text="db = dZ of the first example", edit=lambda at, _: at.dz[:, :1]),
        "last example dropped": Bug(
            line="dW",
            text="dW from all examples but the last",
            edit=lambda at, _: at.dz[:, :-1] @ at.entering[:, :-1].T,
        ),
        "no gradient": Bug(line="dW", text="dW = 0", edit=lambda _, right: np.zeros_like(right)),
        "derivative forgotten": Bug(
            line="dZ", text="dZ = dA, without φ'", edit=lambda at, _: at.da, layers="hidden"
        ),
        "mask inverted": Bug(
            line="dZ", text="dZ = dA ∘ (Z ≤ 0)", edit=lambda at, _: at.da * (at.z <= 0), layers="hidden"
        ),
        "sigmoid twice": Bug(
            line="dZ", text="dZ = (P − Y) P (1 − P)/m", layers="last",
            edit=lambda at, right: right * at.prediction * (1 - at.prediction),
        ),
        "labels left out": Bug(
            line="dZ", text="dZ = P/m", edit=lambda at, _: at.prediction / at.y.shape[1], layers="last"
        ),
    }
)  # fmt: skip
"""The bugs that can be planted, by the words of the page."""

Plants = tuple[tuple[str, int], ...]
"""Which bug in which layer, counted from 1."""

COURSE: Plants = (("factor 2 in dW", 2), ("factor 4 in db", 1))
"""The two bugs of the course's notebook."""


def gradcheck_experiment(experiment: Experiment, scheme: str, *, plants: Plants = (), seed: int = 0) -> GradientReport:
    """Check the gradients of the first seed's network of a scheme at step zero, with these bugs planted in them.

    Raises UnknownNameError for a bug or scheme that there is not, SpecError for a bug in a layer that cannot have it.
    """
    problem = bind(experiment)
    for name, layer in plants:
        _check(problem, name, layer)
    parameters = _blocks(problem, step_zero(problem, scheme))
    x, y = (np.asarray(each[:, :EXAMPLES], dtype=np.float64) for each in (problem.x, problem.y))
    case = GradientCase(
        cost=lambda p, x, y: HEAD[problem.net.head].loss(forward(problem.net, _flat(p), x).z[-1], y),
        gradients=lambda p, x, y: backward(problem, p, x, y, plants),
        parameters=parameters,
        data=(x, y),
    )
    return gradcheck(case, seed=seed)


def _check(problem: Problem, name: str, layer: int) -> None:
    if name not in BUGS:
        raise UnknownNameError("bug", name, BUGS)
    depth, where = problem.net.depth, BUGS[name].layers
    low, high = {"any": (1, depth), "hidden": (1, depth - 1), "last": (depth, depth)}[where]
    if not low <= layer <= high:
        raise SpecError(f"layer must be from {low} to {high} for the bug {name!r}, got {layer}. Choose another.")


def backward(
    problem: Problem, parameters: Mapping[str, Floats], x: Floats, y: Floats, plants: Plants
) -> dict[str, Floats]:
    """The gradients of the mean loss, block by block, with the bugs in them."""
    net, phi = problem.net, activation(problem.net.activation)
    seen = forward(net, _flat(parameters), x)
    prediction = HEAD[net.head].prediction(seen.z[-1])
    outputs = [x, *(phi.function(z) for z in seen.z[:-1]), prediction]
    found: dict[str, Floats] = {}
    da = np.zeros_like(y)
    for layer in range(net.depth, 0, -1):
        W, z, entering = parameters[f"W{layer}"], seen.z[layer - 1], outputs[layer - 1]
        last = layer == net.depth
        dz = (prediction - y) / y.shape[1] if last else da * phi.derivative(z, outputs[layer])
        at = Pass(z=z, entering=entering, da=da, dz=dz, prediction=prediction, y=y)
        at = replace(at, dz=_with("dZ", layer, at, dz, plants))
        found[f"W{layer}"] = _with("dW", layer, at, at.dz @ entering.T, plants)
        found[f"b{layer}"] = _with("db", layer, at, at.dz.sum(axis=1, keepdims=True), plants)
        da = W.T @ at.dz
    return found


def _with(line: Line, layer: int, at: Pass, right: Floats, plants: Plants) -> Floats:
    """A line of the backward pass, or what the bugs planted in it make of it."""
    for name, where in plants:
        if where == layer and BUGS[name].line == line:
            right = BUGS[name].edit(at, right)
    return right


def _blocks(problem: Problem, theta: Floats) -> dict[str, Floats]:
    """W1, b1, ...; biases as columns."""
    blocks: dict[str, Floats] = {}
    for number, (W, b) in enumerate(problem.net.layers(np.asarray(theta, dtype=np.float64)), start=1):
        blocks[f"W{number}"], blocks[f"b{number}"] = W.copy(), b[:, np.newaxis].copy()
    return blocks


def _flat(parameters: Mapping[str, Floats]) -> Floats:
    return np.concatenate([np.ravel(block) for block in parameters.values()])
