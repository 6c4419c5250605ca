"""Bugs of the harness, not of the formulae: randomness and state. No gradient can be judged before they are mended.

A recipe takes the correct functions of a network and returns those of a person who made the mistake, fresh every time:
state begins anew for every checker.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from benchmarks.gradmut.bench import Bench
from benchmarks.gradmut.case import Case
from benchmarks.gradmut.program import Arrays

Functions = tuple[Callable[..., Any], Callable[..., Any]]
Recipe = Callable[[Callable[..., Any], Callable[..., Any]], Functions]

RANDOM = frozenset({"NONDETERMINISTIC"})
STATE = frozenset({"STATEFUL"})
EITHER = RANDOM | STATE


def dropout_in_cost(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """A new mask on the inputs in every forward pass, from a generator of the module."""
    rng = np.random.default_rng(0)
    return lambda p, x, y: cost(p, x * (rng.random(x.shape) < 0.8) / 0.8, y), gradients


def dropout_global(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """The same from NumPy's global generator."""
    return lambda p, x, y: cost(p, x * (np.random.rand(*x.shape) < 0.8) / 0.8, y), gradients


def noise_in_cost(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """Gaussian noise on the inputs."""
    rng = np.random.default_rng(1)
    return lambda p, x, y: cost(p, x + 1e-3 * rng.normal(size=x.shape), y), gradients


def tiny_noise(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """Noise of 1e-7 on the cost."""
    rng = np.random.default_rng(2)
    return lambda p, x, y: cost(p, x, y) * (1 + 1e-7 * rng.normal()), gradients


def clock(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """A cost that reads the clock."""
    return lambda p, x, y: cost(p, x, y) * (1 + 1e-6 * (time.perf_counter_ns() % 9973)), gradients


def mask_resampled(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """The backward pass draws a mask of its own."""
    rng = np.random.default_rng(3)
    return cost, lambda p, x, y: gradients(p, x * (rng.random(x.shape) < 0.8) / 0.8, y)


def batch_of_backward(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """The backward pass takes examples at random."""
    rng = np.random.default_rng(4)

    def backward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        chosen = rng.integers(0, x.shape[1], x.shape[1])
        return gradients(p, x[:, chosen], y[:, chosen])

    return cost, backward


def next_batch(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """Every call of the cost takes the next examples."""
    turn = [0]

    def forward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Any:
        turn[0] += 1
        chosen = [(turn[0] + i) % x.shape[1] for i in range(5)] * 2
        chosen = chosen[: x.shape[1]]
        return cost(p, np.resize(x[:, chosen], x.shape), y)

    return forward, gradients


def annealed(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """A coefficient that decays with every call."""
    decay = [1.0]

    def forward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Any:
        decay[0] *= 0.99
        return cost(p, x, y) + decay[0] * sum(float(np.sum(w.real**2)) for w in p.values())

    return forward, gradients


def running_mean(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """Inputs are centred by a mean that every forward pass updates."""
    mean = [0.0]

    def forward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Any:
        mean[0] = 0.9 * mean[0] + 0.1 * (x.mean() + 1)
        return cost(p, x - mean[0], y)

    return forward, gradients


def theta_updated(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """The backward pass takes the step of gradient descent, in place."""

    def backward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        found = gradients(p, x, y)
        for name in p:
            p[name] -= 0.01 * found[f"d{name}"]
        return found

    return cost, backward


def theta_updated_first(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """The gradients are those of parameters that were already updated."""

    def backward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        found = gradients(p, x, y)
        for name in p:
            p[name] -= 0.01 * found[f"d{name}"]
        return gradients(p, x, y)

    return cost, backward


def theta_clipped(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """The forward pass clips the weights in place."""

    def forward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Any:
        np.clip(p["W1"], -0.1, 0.1, out=p["W1"])
        return cost(p, x, y)

    return forward, gradients


def theta_not_restored(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """The cost moves a parameter and does not put it back."""

    def forward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Any:
        p["b1"] += 1e-7
        return cost(p, x, y)

    return forward, gradients


def inputs_scaled(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """The forward pass standardizes its inputs in place."""

    def forward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Any:
        x -= x.mean(axis=1, keepdims=True) + 0.01
        return cost(p, x, y)

    return forward, gradients


def inputs_spoiled(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """The backward pass works in the array of the inputs."""

    def backward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        found = gradients(p, x, y)
        x *= 0.99
        return found

    return cost, backward


def labels_spoiled(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """The backward pass subtracts from the labels in place."""

    def backward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        found = gradients(p, x, y)
        y -= 0.01
        return found

    return cost, backward


def accumulated(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """Gradients are added to those of the calls before."""
    total: Arrays = {}

    def backward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        for name, value in gradients(p, x, y).items():
            total[name] = total.get(name, 0) + value
        return dict(total)

    return cost, backward


def accumulated_block(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """One gradient alone is added up."""
    total = [0.0]

    def backward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        found = gradients(p, x, y)
        total[0] = total[0] + found["db2"]
        return {**found, "db2": total[0]}

    return cost, backward


def momentum(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """Gradients are averaged with those of the calls before."""
    mean: Arrays = {}

    def backward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        for name, value in gradients(p, x, y).items():
            mean[name] = 0.9 * mean.get(name, 0 * value) + 0.1 * value
        return dict(mean)

    return cost, backward


def first_cache_kept(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """The cost of the first call is returned for ever."""
    kept: list[Any] = []

    def forward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Any:
        kept.append(cost(p, x, y))
        return kept[0]

    return forward, gradients


def cache_by_identity(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """Only every second call is computed: the other returns what the one before did."""
    kept: list[Any] = []

    def forward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Any:
        if len(kept) == 1:
            return kept.pop()
        kept.append(cost(p, x, y))
        return kept[0]

    return forward, gradients


def warm_start(cost: Callable[..., Any], gradients: Callable[..., Any]) -> Functions:
    """A solver that starts from where it last stopped, and stops early."""
    last = [0.0]

    def forward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Any:
        last[0] = 0.999 * cost(p, x, y) + 0.001 * last[0]
        return last[0]

    return forward, gradients


RECIPES: tuple[tuple[Recipe, frozenset[str]], ...] = (
    (dropout_in_cost, RANDOM),
    (dropout_global, RANDOM),
    (noise_in_cost, RANDOM),
    (tiny_noise, EITHER),
    (clock, EITHER),
    (mask_resampled, RANDOM),
    (batch_of_backward, RANDOM),
    (next_batch, EITHER),
    (annealed, EITHER),
    (running_mean, EITHER),
    (theta_updated, STATE),
    (theta_updated_first, STATE),
    (theta_clipped, STATE),
    (theta_not_restored, STATE),
    (inputs_scaled, STATE),
    (inputs_spoiled, STATE),
    (labels_spoiled, STATE),
    (accumulated, STATE),
    (accumulated_block, STATE),
    (momentum, EITHER),
    (first_cache_kept, EITHER | {"WRONG"}),
    (cache_by_identity, EITHER | {"WRONG"}),
    (warm_start, EITHER),
)


def cases(bench: Bench) -> Iterator[Case]:
    """Every harness bug on this network."""
    right = bench.correct()
    for recipe, expected in RECIPES:
        name = f"harness/{bench.name}/{recipe.__name__}"
        case = replace(right, name=name, kind="harness", regime="harness bugs", expected=expected)
        yield replace(case, renew=_renewer(case, recipe))


def _renewer(case: Case, recipe: Recipe) -> Callable[[], Case]:
    def renew() -> Case:
        np.random.seed(0)
        cost, gradients = recipe(case.cost, case.gradients)
        parameters = {name: value.copy() for name, value in case.parameters.items()}
        return replace(
            case, cost=cost, gradients=gradients, parameters=parameters, data=tuple(x.copy() for x in case.data)
        )

    return renew
