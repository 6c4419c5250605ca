"""A model's computation as a flat list of steps: calls written out, scans over stacked weights unrolled.

    jaxpr with jit, custom_jvp_call, remat, scan, cond   ->   steps, each a primitive, its inputs and outputs by number

A scan whose slices hold weights is a stack of layers, and is unrolled; one over time is written out for its first step.
An exact program computes what the model does: its scans over time are unrolled too, or one step where they are long;
loops and branches are one step each, and so are functions with a derivative of their own that read no weight.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

CALLS = ("jaxpr", "call_jaxpr", "fun_jaxpr")
LONGEST = 64
"""A scan over more steps of time than these is not unrolled."""

INDEX, STACK, SAME, CHOICE = "index", "stack", "same", "choice"
"""Steps that no primitive does: take one index of the leading axis, stack, pass on, and one of several branches."""

Number: TypeAlias = int
"""A value of the program, by its place in `shapes`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One primitive: what it reads and writes; `primitive` is None for the steps that no primitive does."""

    name: str
    reads: tuple[Number, ...]
    writes: tuple[Number, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    primitive: Any = None


@dataclass(slots=True, kw_only=True)
class Program:
    """Steps in order.

    `weights` and `inputs` are the values given, `outputs` those returned, `constants` those known.
    """

    weights: tuple[Number, ...] = ()
    inputs: tuple[Number, ...] = ()
    outputs: tuple[Number, ...] = ()
    steps: list[Step] = field(default_factory=list)
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    constants: dict[Number, Any] = field(default_factory=dict)
    held: set[Number] = field(default_factory=set)
    """The values that are made of weights and constants alone."""
    stored: set[Number] = field(default_factory=set)
    """Those of them that weights are in."""
    exact: bool = False

    def new(self, shape: Sequence[int]) -> Number:
        """A value that no step has written yet."""
        self.shapes.append(tuple(shape))
        return len(self.shapes) - 1

    def constant(self, value: Any) -> Number:  # noqa: ANN401
        """A known value."""
        number = self.new(np.shape(value))
        self.constants[number] = value
        self.held.add(number)
        return number

    def add(self, name: str, reads: Sequence[Number], shapes: Sequence[Sequence[int]], **params: Any) -> list[Number]:  # noqa: ANN401
        """Append a step and return what it writes."""
        primitive, params = params.pop("_primitive", None), params.pop("_params", params)
        writes = [self.new(shape) for shape in shapes]
        self.steps.append(Step(name=name, reads=tuple(reads), writes=tuple(writes), params=params, primitive=primitive))
        if all(number in self.held for number in reads):
            self.held.update(writes)
            if any(number in self.stored for number in reads):
                self.stored.update(writes)
        return writes


def traced(
    forward: Callable[..., Any], arrays: Sequence[Any], inputs: Sequence[Any], *, exact: bool = False
) -> Program:
    """The steps of forward(arrays, inputs), traced on shapes alone."""
    closed = jax.make_jaxpr(lambda weights, given: forward(weights, given))(list(arrays), tuple(inputs))
    program = Program(exact=exact)
    numbers = [program.new(var.aval.shape) for var in closed.jaxpr.invars]
    program.weights, program.inputs = tuple(numbers[: len(arrays)]), tuple(numbers[len(arrays) :])
    program.held.update(program.weights)
    program.stored.update(program.weights)
    program.outputs = tuple(_write(program, closed, numbers))
    return program


def _write(program: Program, closed: ClosedJaxpr | Jaxpr, given: Sequence[Number]) -> list[Number]:
    """Append the steps of a jaxpr on values given; return the values it returns."""
    jaxpr, known = (closed.jaxpr, closed.consts) if hasattr(closed, "jaxpr") else (closed, ())
    names: dict[Any, Number] = {
        **dict(zip(jaxpr.constvars, (program.constant(value) for value in known), strict=False)),
        **dict(zip(jaxpr.invars, given, strict=True)),
    }

    def read(atom: Any) -> Number:  # noqa: ANN401
        return program.constant(atom.val) if isinstance(atom, Literal) else names[atom]

    for equation in jaxpr.eqns:
        reads = [read(atom) for atom in equation.invars]
        names.update(zip(equation.outvars, _written(program, equation, reads), strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _written(program: Program, equation: Any, reads: list[Number]) -> list[Number]:  # noqa: ANN401
    name, params = equation.primitive.name, equation.params
    if program.exact and _is_one_step(program, name, params, reads):
        return _step(program, equation, reads)
    if name == "scan":
        return _scan(program, params, reads)
    if name == "while":
        body = reads[params["cond_nconsts"] :]
        carried = _write(program, params["body_jaxpr"], body)
        return [program.add(SAME, [last], [program.shapes[last]])[0] for last in carried]
    if name == "cond":
        branches = [_write(program, branch, reads[1:]) for branch in params["branches"]]
        return [
            program.add(CHOICE, [reads[0], *each], [program.shapes[each[0]]])[0] for each in zip(*branches, strict=True)
        ]
    inner = next((params[key] for key in CALLS if key in params), None)
    if inner is not None and len(getattr(inner, "jaxpr", inner).invars) == len(reads):
        return _write(program, inner, reads)
    return _step(program, equation, reads)


def _step(program: Program, equation: Any, reads: list[Number]) -> list[Number]:  # noqa: ANN401
    shapes = [getattr(var.aval, "shape", ()) for var in equation.outvars]
    return program.add(equation.primitive.name, reads, shapes, _primitive=equation.primitive, _params=equation.params)


def _is_one_step(program: Program, name: str, params: Mapping[str, Any], reads: list[Number]) -> bool:
    """Whether an exact program keeps it whole."""
    if name == "scan":
        stacked = reads[params["num_consts"] + params["num_carry"] :]
        return params["length"] > LONGEST and not any(number in program.stored for number in stacked)
    if name in ("while", "cond"):
        return True
    return name.startswith("custom_") and not any(number in program.stored for number in reads)


def written_out(closed: Any, shapes: Sequence[Sequence[int]]) -> Program:  # noqa: ANN401
    """The steps of a function that another program keeps whole."""
    program = Program()
    program.inputs = tuple(program.new(shape) for shape in shapes)
    program.outputs = tuple(_write(program, closed, program.inputs))
    return program


def _scan(program: Program, params: Mapping[str, Any], reads: list[Number]) -> list[Number]:
    fixed, carried = params["num_consts"], params["num_carry"]
    consts, carry, stacked = reads[:fixed], reads[fixed : fixed + carried], reads[fixed + carried :]
    layers = any(number in program.stored for number in stacked)
    length = params["length"] if layers or program.exact else min(params["length"], 1)
    order = range(length)[::-1] if params["reverse"] else range(length)
    rows: dict[int, list[Number]] = {}
    for index in order:
        slices = [program.add(INDEX, [each], [program.shapes[each][1:]], index=index)[0] for each in stacked]
        written = _write(program, params["jaxpr"], [*consts, *carry, *slices])
        carry, rows[index] = written[:carried], written[carried:]
    made = []
    for column in zip(*(rows[index] for index in range(length)), strict=True):
        made += program.add(STACK, column, [(params["length"], *program.shapes[column[0]])])
    return [*carry, *made]
