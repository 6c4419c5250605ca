"""The nonlinearities of a program: where values bend entry by entry, told by what they become on a grid of numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.adapters.jax.following import ENTRYWISE, GRID, LAYOUT, bent, named, scalars_of
from initlab.adapters.jax.program import Number, Program, Step, written_out

Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bend:
    """An activation: its name, the value it was applied to, and the first that holds its result."""

    name: str
    before: Number
    after: Number


def bends_of(program: Program, consumers: Mapping[Number, list[int]]) -> list[Bend]:
    """The activations of a program: those of a known name that something else reads."""
    curves = _curves(program)
    found: dict[tuple[str, Number], Bend] = {}
    for number, (root, curve) in curves.items():
        if number == root or not bent(curve):
            continue
        inside = [
            all(out in curves and curves[out][0] == root for out in program.steps[at].writes)
            for at in consumers.get(number, ())
        ]
        name = named(curve) if not all(inside) or number in program.outputs else None
        if name is not None and (name, root) not in found:
            found[name, root] = Bend(name=name, before=root, after=number)
    return list(found.values())


def _curves(program: Program) -> dict[Number, tuple[Number, Curve]]:
    """Each value that is a function, entry by entry, of another: of which, and its values where that is GRID."""
    scalars = scalars_of(program)
    curves: dict[Number, tuple[Number, Curve]] = {}
    for step in program.steps:
        data = [number for number in step.reads if number not in program.held]
        if not data or len(step.writes) != 1:
            continue
        roots = {curves.get(number, (number, GRID))[0] for number in data}
        if len(roots) != 1:
            continue
        given = [
            curves.get(number, (number, GRID))[1] if number in data else scalars.get(number) for number in step.reads
        ]
        made = _made(program, step, given, len(data))
        if made is not None:
            curves[step.writes[0]] = (next(iter(roots)), made)
    return curves


def _made(program: Program, step: Step, given: list[Any], count: int) -> Curve | None:
    """The curve after a step; None where it is no function of single entries."""
    if step.name in LAYOUT and count == 1:
        first: Curve = next(each for each in given if isinstance(each, np.ndarray))
        return None if step.name.startswith(("reduce_window", "pad", "concatenate", "dynamic")) else first
    if any(each is None for each in given):
        return None
    if step.name == "integer_pow":
        return np.asarray(given[0] ** int(step.params["y"]))
    if step.name in ENTRYWISE:
        with np.errstate(all="ignore"):
            return np.asarray(ENTRYWISE[step.name](*given), dtype=np.float64)
    inner = step.params.get("call_jaxpr", step.params.get("fun_jaxpr"))
    if step.name.startswith("custom_") and inner is not None and len(step.reads) == 1:
        within = written_out(inner, [program.shapes[step.reads[0]]])
        curve = _curves(within).get(within.outputs[0], (None, None))[1]
        return None if curve is None else _composed(curve, given[0])
    return None


def _composed(outer: Curve, inner: Curve) -> Curve | None:
    """A function given on GRID, applied to values; only to those of the grid itself, or of a multiple of it."""
    return outer if np.array_equal(inner, GRID) else np.interp(inner, GRID, outer)
