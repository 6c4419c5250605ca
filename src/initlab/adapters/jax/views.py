"""Weights on their way to where they are used: cast, turned, cut, merged, but still one array's numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from initlab.adapters.jax.place import Cut
from initlab.adapters.jax.program import INDEX, Number, Program, Step

PASSING = frozenset(
    {"convert_element_type", "copy", "copy_p", "stop_gradient", "sharding_constraint", "optimization_barrier",
     "reduce_precision", "device_put", "name", "same", "mesh_cast", "reshard", "pvary"}
)  # fmt: skip
"""Steps that change no axis."""
SCALING = frozenset(
    {"mul", "div", "sub", "add", "max", "min", "clamp", "pow", "integer_pow", "sqrt", "rsqrt", "exp", "tanh"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A value made of one array.

    `axes[a]` are the held axes behind its axis a, none for a new one; `cuts` is what was cut out of the others;
    `shifted` says that a constant was added on the way, as in 1 + w.
    """

    weight: int
    axes: tuple[tuple[int, ...], ...]
    cuts: tuple[Cut, ...] = ()
    shifted: bool = False

    @property
    def spread(self) -> int:
        """How many axes hold more than one number's worth of the array."""
        return sum(bool(axis) for axis in self.axes)


def views_of(program: Program) -> dict[Number, View]:
    """The values of a program that are views of one of its weights."""
    found = {
        number: View(weight=place, axes=tuple((axis,) for axis in range(len(program.shapes[number]))))
        for place, number in enumerate(program.weights)
    }
    for step in program.steps:
        if all(number in program.held for number in step.reads):
            seen = [number for number in step.reads if number in found]
            made = _after(program, step, found, seen)
            if made is not None:
                found[step.writes[0]] = made
    return found


def _after(program: Program, step: Step, views: Mapping[Number, View], seen: Sequence[Number]) -> View | None:
    """The view that a step makes of the views it reads; None where its result is no longer one array's numbers."""
    if not seen or len(step.writes) != 1:
        return None
    view, shape, result = views[seen[0]], program.shapes[seen[0]], program.shapes[step.writes[0]]
    rule = _RULES.get(step.name)
    if step.name in SCALING:
        return _scaled(program, step, views, seen, result)
    if len(seen) > 1 and step.name not in ("dynamic_slice",):
        return None
    if step.name in PASSING:
        return view
    return rule(view, shape, result, step.params) if rule else None


def _scaled(
    program: Program, step: Step, views: Mapping[Number, View], seen: Sequence[Number], result: tuple[int, ...]
) -> View | None:
    """Arithmetic with constants, or with what is computed from the same array, such as its norm."""
    same = [number for number in seen if program.shapes[number] == result]
    if not same or len({views[number].weight for number in seen}) > 1:
        return None
    shifted = step.name in ("add", "sub") and len(seen) == 1 and len(step.reads) == 2
    return replace(views[same[0]], shifted=views[same[0]].shifted or shifted)


def _transposed(view: View, _shape: tuple[int, ...], _result: tuple[int, ...], params: Mapping[str, Any]) -> View:
    return replace(view, axes=tuple(view.axes[axis] for axis in params["permutation"]))


def _broadcast(view: View, shape: tuple[int, ...], result: tuple[int, ...], params: Mapping[str, Any]) -> View:
    placed = dict(zip(params["broadcast_dimensions"], range(len(shape)), strict=True))
    return replace(
        view,
        axes=tuple(
            view.axes[placed[axis]] if axis in placed and shape[placed[axis]] == size else ()
            for axis, size in enumerate(result)
        ),
    )


def _squeezed(view: View, _shape: tuple[int, ...], _result: tuple[int, ...], params: Mapping[str, Any]) -> View:
    return replace(view, axes=tuple(axis for k, axis in enumerate(view.axes) if k not in params["dimensions"]))


def _reshaped(view: View, shape: tuple[int, ...], result: tuple[int, ...], _params: Mapping[str, Any]) -> View | None:
    """Axes merged or axes of one added; None where an axis is split."""
    axes: list[tuple[int, ...]] = []
    place = 0
    for size in result:
        merged: list[int] = []
        length = 1
        while length < size and place < len(shape):
            length *= shape[place]
            merged += view.axes[place]
            place += 1
        if length != size:
            return None
        axes.append(tuple(merged))
    return replace(view, axes=tuple(axes)) if math.prod(shape[place:]) == 1 else None


def _sliced(view: View, shape: tuple[int, ...], _result: tuple[int, ...], params: Mapping[str, Any]) -> View | None:
    """A run of one held axis; None where a merged axis is cut, or with a stride."""
    if params.get("strides") and any(stride != 1 for stride in params["strides"]):
        return None
    cuts = list(view.cuts)
    for axis, size in enumerate(shape):
        start, end = params["start_indices"][axis], params["limit_indices"][axis]
        if end - start == size:
            continue
        if len(view.axes[axis]) != 1 or any(cut[0] == view.axes[axis][0] for cut in cuts):
            return None
        cuts.append((view.axes[axis][0], slice(start, end)))
    return replace(view, cuts=tuple(cuts))


def _indexed(view: View, _shape: tuple[int, ...], _result: tuple[int, ...], params: Mapping[str, Any]) -> View | None:
    if len(view.axes[0]) != 1:
        return None
    return replace(view, axes=view.axes[1:], cuts=(*view.cuts, (view.axes[0][0], int(params["index"]))))


_RULES = {
    "transpose": _transposed,
    "broadcast_in_dim": _broadcast,
    "squeeze": _squeezed,
    "expand_dims": _broadcast,
    "reshape": _reshaped,
    "slice": _sliced,
    INDEX: _indexed,
}
