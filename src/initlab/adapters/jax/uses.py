"""How each weight is used: multiplied with the data, looked up, scaling or shifting it; read off the traced program."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from initlab.adapters.jax.place import Cut, Place
from initlab.adapters.jax.program import Number, Program, Step
from initlab.adapters.jax.views import View, views_of
from initlab.parameters import Fan

Kind: TypeAlias = Literal["kernel", "lookup", "table", "scale", "shift", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One use of a weight: of which, where in the program, the data it meets and what comes of it.

    Of a kernel, `place` and `fan` are as the step that multiplies it says; `batch` are the held axes that index kernels
    side by side. A `lookup` is of rows that the data choose, a `table` of rows that they do not.
    """

    kind: Kind
    view: View
    at: int
    data: Number | None
    out: Number
    groups: tuple[tuple[int, ...], ...] = ()
    batch: tuple[int, ...] = ()
    fan: Fan | None = None
    what: str = ""

    @property
    def index(self) -> tuple[Cut, ...]:
        """The layer of a stack that is used."""
        return tuple(cut for cut in self.view.cuts if isinstance(cut[1], int))

    def place(self, held: tuple[int, ...]) -> Place:
        """Where the kernel lies in the array, one index of its batch axes left open."""
        return Place(held=held, groups=self.groups, cuts=self.index)


def uses_of(program: Program) -> tuple[Use, ...]:
    """Every use of every weight, in the order of the program."""
    views = views_of(program)
    return tuple(use for at, step in enumerate(program.steps) for use in _uses(program, at, step, views))


def _uses(program: Program, at: int, step: Step, views: Mapping[Number, View]) -> Iterator[Use]:
    if all(number in program.held for number in step.reads) or not step.writes:
        return
    for side, number in enumerate(step.reads):
        if number in views:
            yield _use(program, at, step, side, views[number])


def _use(program: Program, at: int, step: Step, side: int, view: View) -> Use:
    data = next((number for number in step.reads if number not in program.held), None)
    if step.name == "dot_general":
        return _dot(program, at, step, side, view)
    if step.name == "conv_general_dilated" and side == 1:
        return _convolved(program, at, step, view)
    kind: Kind = "other"
    if step.name in ("gather", "dynamic_slice") and side == 0:
        kind = "lookup"
    elif step.name in ("mul", "div"):
        kind = "scale"
    elif step.name in ("add", "add_any", "sub"):
        kind = "shift" if view.spread <= 1 else "table"
    elif step.name == "concatenate":
        kind = "table"
    return Use(kind=kind, view=view, at=at, data=data, out=step.writes[0], what=step.name)


def _merged(view: View, axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(held for axis in axes for held in view.axes[axis])


def _dot(program: Program, at: int, step: Step, side: int, view: View) -> Use:
    summed, batch = (tuple(pair[side]) for pair in step.params["dimension_numbers"])
    shape = program.shapes[step.reads[side]]
    free = tuple(axis for axis in range(len(shape)) if axis not in (*summed, *batch))
    fan = Fan.dense(max(math.prod(shape[axis] for axis in summed), 1), max(math.prod(shape[axis] for axis in free), 1))
    return Use(
        kind="kernel",
        view=view,
        at=at,
        data=step.reads[1 - side],
        out=step.writes[0],
        groups=(_merged(view, free), _merged(view, summed)),
        batch=_merged(view, batch),
        fan=fan,
        what="dense layer",
    )


def _convolved(program: Program, at: int, step: Step, view: View) -> Use:
    out, into, *taps = step.params["dimension_numbers"].rhs_spec
    shape = program.shapes[step.reads[1]]
    spread, groups = math.prod(step.params["lhs_dilation"]), step.params["feature_group_count"]
    fan = Fan(
        inputs=shape[into] * groups,
        outputs=shape[out],
        taps=math.prod(shape[axis] for axis in taps),
        groups=groups,
        stride=spread if spread > 1 else math.prod(step.params["window_strides"]),
        transposed=spread > 1,
    )
    said = (
        "transposed " if fan.transposed else ""
    ) + f"convolution, kernel {'x'.join(str(shape[axis]) for axis in taps)}"
    said += f", {groups} groups" if groups > 1 else ""
    said += f", stride {fan.stride} in all" if fan.stride > 1 else ""
    return Use(
        kind="kernel",
        view=view,
        at=at,
        data=step.reads[0],
        out=step.writes[0],
        groups=tuple(view.axes[axis] for axis in (out, into, *taps)),
        fan=fan,
        what=said,
    )
