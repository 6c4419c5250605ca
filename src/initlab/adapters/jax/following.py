"""The function that really follows a layer: walked from its output, entry by entry, and evaluated on a few numbers.

From the output z of a kernel the walk goes on through biases, layouts, pooling, normalisations and one residual sum;
what happens to single entries on the way is evaluated at z = GRID. The values say which activation it was, whoever
wrote it: relu, max(z, 0) and where(z > 0, z, 0) are one.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from initlab.adapters.jax.program import INDEX, STACK, Number, Program, Step
from initlab.adapters.jax.views import PASSING
from initlab.numerics.activations import ACTIVATIONS

GRID: NDArray[np.float64] = np.linspace(-5.9, 6.1, 49)
TOLERANCE = 1e-4
"""Programs hold their constants in float32, and some functions to 1e-6; two activations differ by 1e-3 at least."""

LAYOUT = PASSING | {
    "reshape", "transpose", "broadcast_in_dim", "squeeze", "expand_dims", "slice", "rev", "pad", "dynamic_slice",
    "concatenate", "split", "reduce_window", "reduce_window_max", "reduce_window_sum", "reduce_window_min",
    "select_and_gather_add", "dynamic_update_slice", INDEX, STACK,
}  # fmt: skip
ENTRYWISE: Mapping[str, Callable[..., Any]] = {
    "add": np.add, "add_any": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "max": np.maximum,
    "min": np.minimum, "pow": np.power, "neg": np.negative, "abs": np.abs, "sign": np.sign, "exp": np.exp,
    "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "tanh": np.tanh, "logistic": special.expit,
    "erf": special.erf,
    "erfc": special.erfc, "sin": np.sin, "cos": np.cos, "tan": np.tan, "atan": np.arctan, "atan2": np.arctan2,
    "asinh": np.arcsinh, "sinh": np.sinh, "cosh": np.cosh, "sqrt": np.sqrt, "rsqrt": lambda x: 1 / np.sqrt(x),
    "cbrt": np.cbrt, "square": np.square, "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal,
    "eq": np.equal, "ne": np.not_equal, "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
    "is_finite": np.isfinite, "clamp": lambda low, x, high: np.clip(x, low, high),
    "select_n": lambda which, *cases: np.where(which, *cases[::-1]), "nextafter": np.nextafter,
}  # fmt: skip
SUMS = frozenset({"add", "add_any", "sub"})


class Statistic:
    """What stands for a number computed from many entries, such as a mean: arithmetic with it changes no activation."""


STATISTIC = Statistic()
Value = NDArray[np.float64] | Statistic


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A sum of the walked value with other data: at which step, and with what."""

    at: int
    other: Number


@dataclass(slots=True, kw_only=True)
class Walk:
    """What was met on the way from one output.

    ends       the values that went into something else: the next kernel, a product with other data, the output
    averaged   those that were summed over entries, as in a mean
    sums       the sums with other data, while the value was still affine in z
    shifts     the weights that were added
    gates      whether a function of z, and no multiple of it, multiplies other data
    """

    ends: list[NDArray[np.float64]] = field(default_factory=list)
    averaged: list[NDArray[np.float64]] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    shifts: list[Number] = field(default_factory=list)
    gates: bool = False

    @property
    def activation(self) -> str | None:
        """The activation that follows; "linear" where none does, None where it is one of no known name."""
        curved = [end for end in self.ends if not affine(end)]
        if curved:
            return named(curved[-1])
        return next((name for end in self.averaged if not affine(end) and (name := named(end))), "linear")


def follow(
    program: Program, consumers: Mapping[Number, list[int]], scalars: Mapping[Number, float], start: Number
) -> Walk:
    """Walk on from a value."""
    walk = Walk()
    values: dict[Number, Value] = {start: GRID}
    summed: set[Number] = set()
    queue = list(consumers.get(start, ()))
    heapq.heapify(queue)
    done: set[int] = set()
    if start in program.outputs:
        walk.ends.append(GRID)
    while queue:
        at = heapq.heappop(queue)
        if at in done:
            continue
        done.add(at)
        step = program.steps[at]
        value = _passed(program, step, at, values, scalars, walk, summed)
        for number in step.writes if value is not None else ():
            assert value is not None
            values[number] = value
            for after in consumers.get(number, ()):
                heapq.heappush(queue, after)
            if number in program.outputs and not isinstance(value, Statistic):
                walk.ends.append(value)
    return walk


def _passed(
    program: Program,
    step: Step,
    at: int,
    values: Mapping[Number, Value],
    scalars: Mapping[Number, float],
    walk: Walk,
    summed: set[Number],
) -> Value | None:
    """The value after a step; None where the walk ends."""
    known = [number for number in step.reads if number in values]
    arrays = [value for number in known if not isinstance(value := values[number], Statistic)]
    others = [number for number in step.reads if number not in values and number not in program.held]
    first = arrays[0] if arrays else None
    if any(number in summed for number in known):
        summed.update(step.writes)
    if step.name.startswith(("reduce_", "arg", "cum")) and "window" not in step.name:
        walk.averaged.extend([first] if first is not None else [])
        return STATISTIC
    if first is None:
        return STATISTIC if not others and (step.name in LAYOUT or step.name in ENTRYWISE) else None
    if step.name in LAYOUT:
        return first
    if others and step.name in SUMS and affine(first) and not any(number in summed for number in known):
        walk.sums.append(Sum(at=at, other=others[0]))
        summed.update(step.writes)
        return first
    if others or (step.name not in ENTRYWISE and step.name != "integer_pow"):
        walk.ends.append(first)
        walk.gates |= step.name == "mul" and not affine(first)
        return None
    if step.name in SUMS:
        walk.shifts.extend(number for number in step.reads if number in program.stored)
    return _evaluated(step, values, scalars, first)


def _evaluated(step: Step, values: Mapping[Number, Value], scalars: Mapping[Number, float], first: Value) -> Value:
    """One step on single entries. What is not one number (a weight, a statistic) leaves them as they are."""
    if step.name == "integer_pow":
        return first ** int(step.params["y"])  # type: ignore[operator]
    given = [values.get(number, scalars.get(number, STATISTIC)) for number in step.reads]
    if any(isinstance(each, Statistic) for each in given):
        return first
    with np.errstate(all="ignore"):
        made: NDArray[np.float64] = np.asarray(ENTRYWISE[step.name](*given), dtype=np.float64)
    return made


def scalars_of(program: Program) -> dict[Number, float]:
    """The values of a program that are one known number, broadcast or not."""
    found = {
        number: float(np.ravel(value)[0])
        for number, value in program.constants.items()
        if np.size(value) == 1 and np.asarray(value).dtype.kind in "fiub"
    }
    for step in program.steps:
        if step.reads and all(number in found for number in step.reads):
            if step.name in PASSING or step.name in ("broadcast_in_dim", "reshape", "squeeze", "expand_dims"):
                found[step.writes[0]] = found[step.reads[0]]
            elif step.name in ENTRYWISE:
                with np.errstate(all="ignore"):
                    found[step.writes[0]] = float(ENTRYWISE[step.name](*(found[number] for number in step.reads)))
            elif step.name == "integer_pow":
                found[step.writes[0]] = found[step.reads[0]] ** int(step.params["y"])
    return found


def affine(values: NDArray[np.float64]) -> bool:
    """Whether values on the grid are those of a straight line."""
    bends = np.diff(values, 2)
    return bool(np.all(np.abs(bends) <= TOLERANCE * (1e-6 + np.abs(values).max())))


def bent(values: NDArray[np.float64]) -> bool:
    """Whether values on the grid are finite and those of no straight line."""
    return bool(np.isfinite(values).all()) and not affine(values)


def named(values: NDArray[np.float64]) -> str | None:
    """The activation whose values on the grid these are."""
    return _named(values.tobytes())


@lru_cache(maxsize=256)
def _named(raw: bytes) -> str | None:
    """The activation whose values these are."""
    values = np.frombuffer(raw)
    for row in ACTIVATIONS.values():
        if np.allclose(values, row.function(GRID), rtol=TOLERANCE, atol=TOLERANCE):
            return row.name
    return None
