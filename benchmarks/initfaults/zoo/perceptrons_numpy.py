"""The project's own perceptron, without a framework: schemes that suit their activation, and some that break it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from benchmarks.initfaults.data import circles, curve, digits
from benchmarks.initfaults.net import SEEDS
from benchmarks.initfaults.score import Share

import initlab
from initlab.checks.perceptron import Perceptron
from initlab.network.architecture import Architecture, HeadName
from initlab.network.initialize import initialize
from initlab.schemes import choose

ROWS = 64
HEALTHY = (
    ("relu", "he_normal", (64, 64, 64, 64, 10)), ("relu", "he_uniform", (64, 128, 128, 10)),
    ("relu", "orthogonal", (64, 64, 64, 10)), ("relu", "he_normal", (2, 32, 32, 1)),
    ("relu", "he_normal", (8, 64, 64, 1)), ("tanh", "glorot_uniform", (64, 64, 64, 64, 10)),
    ("tanh", "glorot_normal", (8, 64, 64, 1)), ("tanh", "lecun_normal", (64, 96, 96, 10)),
    ("tanh", "glorot_uniform", (2, 32, 32, 1)), ("gelu", "he_normal", (64, 64, 64, 10)),
    ("silu", "he_normal", (64, 64, 64, 10)), ("selu", "lecun_normal", (64, *[64] * 6, 10)),
)  # fmt: skip
BROKEN = ("zeros", "constant", "random")


def _data(inputs: int) -> tuple[np.ndarray, np.ndarray, HeadName]:
    x, y = {64: digits, 2: circles, 8: curve}[inputs]()
    head: HeadName = {64: "softmax", 2: "sigmoid", 8: "linear"}[inputs]  # type: ignore[assignment]
    return x[:ROWS].double().numpy(), y[:ROWS].numpy(), head


def _report(activation: str, scheme: str, widths: tuple[int, ...], seed: int) -> Any:
    x, y, head = _data(widths[0])
    net = Architecture(widths=widths, activation=activation, head=head)
    return initlab.check(Perceptron(net=net, theta=initialize(net, choose(scheme), seed=seed)), (x, y))


def _judged(schemes: tuple[str, ...] | None) -> Iterator[tuple[str, bool]]:
    for activation, scheme, widths in HEALTHY:
        for chosen in schemes or (scheme,):
            for seed in range(SEEDS):
                found = [each for each in _report(activation, chosen, widths, seed).findings if each.counts]
                said = ", ".join(f"{each.name} ({each.severity}) at {each.path}" for each in found[:2])
                yield f"{activation} {chosen} {'-'.join(map(str, widths))} seed {seed}: {said}", bool(found)


def numpy_zoo() -> None:
    """False alarms on the suitable schemes; what is found with weights all zero, all alike, or ten times too large."""
    healthy = list(_judged(None))
    broken = list(_judged(BROKEN))
    print(f"NumPy, healthy, alarmed: {Share(k=sum(hit for _, hit in healthy), n=len(healthy))}")
    print("\n".join(name for name, hit in healthy if hit))
    print(f"NumPy, {', '.join(BROKEN)}, found: {Share(k=sum(hit for _, hit in broken), n=len(broken))}")
    print("\n".join(name for name, hit in broken if not hit))
