"""Correct networks, a thousand and more, with whatever makes checkers cry wolf; and networks that hide mistakes."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from benchmarks.gradmut import layer_cases, mlp_cases
from benchmarks.gradmut.bench import Bench
from benchmarks.gradmut.mlp import Net, Spec, initial, net

WIDTHS = {"bce": (5, 7, 4, 1), "softmax": (4, 6, 5, 3), "mse": (3, 8, 4, 2)}
HEADS = tuple(WIDTHS)
ACTIVATIONS = ("tanh", "sigmoid", "relu", "leaky")
SMOOTH, KINKED = ACTIVATIONS[:2], ACTIVATIONS[2:]


def specs() -> Iterator[tuple[str, Spec]]:
    """(what is hard about it, network)."""
    for activation, head, seed in product(ACTIVATIONS, HEADS, range(12)):
        extras = {"lam": 0.7 * (seed % 2), "keep": 0.8 if seed % 3 == 0 else 1.0, "mean_early": seed % 4 > 1}
        yield (
            "ordinary",
            Spec(activation=activation, head=head, widths=WIDTHS[head], seed=100 + seed, m=7 + seed, **extras),
        )
    for activation, head, seed in product(SMOOTH, HEADS, range(10)):
        yield (
            "saturated",
            Spec(activation=activation, head=head, widths=WIDTHS[head], std=5, stable=True, seed=200 + seed),
        )
        deep = (*WIDTHS[head][:2], 5, 6, 4, WIDTHS[head][-1])
        yield "vanishing", Spec(activation=activation, head=head, widths=deep, std=0.01, seed=200 + seed)
    for activation, head, seed in product(KINKED, HEADS, range(12)):
        yield (
            "256 examples",
            Spec(activation=activation, head=head, widths=WIDTHS[head], m=256, lam=seed % 2, seed=300 + seed),
        )
    for activation, head, seed in product(("tanh", "relu"), HEADS, range(10)):
        spec = {"activation": activation, "head": head, "widths": WIDTHS[head], "lam": 0.5 * (seed % 2)}
        yield "float32 inside", Spec(**spec, single=True, seed=400 + seed)
        yield "float32 arrays", Spec(**spec, arrays32=True, seed=420 + seed)
    for activation, head, scale in product(ACTIVATIONS, HEADS, (1e-8, 1e-5, 1e4, 1e8)):
        yield "scaled", Spec(activation=activation, head=head, widths=WIDTHS[head], scale=scale, lam=0.3, seed=500)


def benches(points: dict[str, int]) -> Iterator[Bench]:
    """Every correct network at every point, and those on kinks, at zero and of other layers at one."""
    for regime, spec in specs():
        for point, steps in points.items():
            yield mlp_cases.bench(net(spec, steps=steps), regime=f"correct: {regime}", point=point)
    for regime, network in (*on_kinks(), *hiding()):
        yield mlp_cases.bench(network, regime=regime, point="init")
    for family in layer_cases.FAMILIES:
        for seed in range(20):
            yield layer_cases.bench(family, seed=100 + seed, steps=20 * (seed % 2))


def on_kinks() -> Iterator[tuple[str, Net]]:
    """ReLU networks with whole weights and inputs: many pre-activations are exactly zero."""
    for activation, head, seed in product(KINKED, HEADS, range(8)):
        spec = Spec(activation=activation, head=head, widths=WIDTHS[head], seed=600 + seed)
        network = net(spec)
        rng = spec.generator()
        theta = {name: rng.integers(-1, 2, value.shape) * 1.0 for name, value in network.parameters.items()}
        data = (rng.integers(-1, 2, network.data[0].shape) * 1.0, network.data[1])
        yield "correct: on kinks", Net(spec=spec, program=network.program, parameters=theta, data=data)


def hiding() -> Iterator[tuple[str, Net]]:
    """Networks at zero, and with units that no example switches on."""
    for activation, head, seed in product(ACTIVATIONS, HEADS, range(2)):
        spec = Spec(activation=activation, head=head, widths=WIDTHS[head], seed=700 + seed)
        network = net(spec)
        zeros = {name: np.zeros_like(value) for name, value in network.parameters.items()}
        yield "hidden: zero init", Net(spec=spec, program=network.program, parameters=zeros, data=network.data)
    for head, seed, layer in product(HEADS, range(4), (1, 2)):
        spec = Spec(activation="relu", head=head, widths=WIDTHS[head], seed=720 + seed)
        theta = initial(spec)
        dead = slice(None) if seed % 2 else slice(0, 2)
        theta[f"b{layer}"][dead] = -50.0
        network = net(spec)
        found = Net(spec=spec, program=network.program, parameters=theta, data=network.data)
        yield f"hidden: dead units {layer}", found
