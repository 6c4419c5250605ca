"""Convolution, batch and layer normalization, LSTM and attention, at several draws, scales and points."""

from collections.abc import Iterator
from zlib import crc32

import numpy as np
from benchmarks.gradmut.bench import Bench
from benchmarks.gradmut.layers import attention, batch_norm, conv, layer_norm, lstm
from benchmarks.gradmut.layers.family import Family
from benchmarks.gradmut.program import Program

FAMILIES: tuple[Family, ...] = (conv.FAMILY, batch_norm.FAMILY, layer_norm.FAMILY, lstm.FAMILY, attention.FAMILY)
DRAWS = ((0, 1.0, 0), (1, 1.0, 50), (2, 1e-4, 0), (3, 1e-4, 50), (4, 1e3, 0), (5, 1.0, 0))
"""(seed, scale of the cost, steps of gradient descent)."""


def benches(draws: tuple[tuple[int, float, int], ...] = DRAWS) -> Iterator[tuple[Family, Bench]]:
    """Every family at every draw."""
    for family in FAMILIES:
        for seed, scale, steps in draws:
            yield family, bench(family, seed=seed, scale=scale, steps=steps)


def bench(family: Family, *, seed: int, scale: float = 1.0, steps: int = 0) -> Bench:
    """One draw of a family; the data are part of its functions."""
    rng = np.random.default_rng([crc32(family.name.encode()), seed])
    program, parameters, (x, y) = family.build(rng, scale)
    bound = Program(
        names=program.names,
        forward=program.forward,
        backward=program.backward,
        returned=program.returned,
        constants={**program.constants, "X": x, "Y": y},
    )
    descend = bound.gradients()
    for _ in range(steps):
        slopes = descend(parameters)
        parameters = {name: value - 0.1 / scale * slopes[f"d{name}"] for name, value in parameters.items()}
    return Bench(
        name=f"s{seed}-c{scale:g}-{steps}",
        family=family.name,
        regime=family.name,
        program=bound,
        parameters=parameters,
        knowledge={"m": program.constants["m"]},
    )
