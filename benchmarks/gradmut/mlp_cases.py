"""The multilayer perceptrons of the regimes, and whatever else is asked of them."""

from collections.abc import Iterator
from typing import Any

from benchmarks.gradmut.bench import Bench
from benchmarks.gradmut.mlp import Net, Spec, net
from benchmarks.gradmut.program import Program


def bench(network: Net, *, regime: str, point: str) -> Bench:
    """A network at a point, with what its user knows."""
    scale = "" if network.spec.scale == 1 else f"-c{network.spec.scale:g}"
    return Bench(
        name=f"{network.spec.name}{scale}/{point}",
        family="mlp",
        regime=regime,
        program=network.program,
        parameters=network.parameters,
        data=network.data,
        knowledge=knowledge(network.spec, network.program),
        spec=network.spec,
    )


def knowledge(spec: Spec, program: Program) -> dict[str, Any]:
    """What a user knows and can say: m, lam, keep, the pinned masks."""
    facts: dict[str, Any] = {"m": spec.m}
    if spec.lam:
        facts["lam"] = spec.lam * spec.scale
    if spec.keep < 1:
        masks = [program.constants.get(f"M{layer}") for layer in range(1, spec.layers)]
        facts |= {"keep": spec.keep, "masks": masks}
    return facts


def benches(regimes: dict[str, list[Spec]], points: dict[str, int]) -> Iterator[tuple[Spec, Bench]]:
    """Every network of these regimes at every point."""
    for regime, specs in regimes.items():
        for spec in specs:
            for point, steps in points.items():
                yield spec, bench(net(spec, steps=steps), regime=regime, point=point)
