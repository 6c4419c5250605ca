"""The axes of a kernel as jax.nn.initializers names them."""

import itertools
import math
from collections.abc import Sequence

from initlab.adapters.jax.place import Place
from initlab.errors import SpecError
from initlab.parameters import Fan


def kernel_place(
    shape: tuple[int, ...],
    *,
    in_axis: int | Sequence[int],
    out_axis: int | Sequence[int],
    batch_axis: int | Sequence[int] = (),
    groups: int = 1,
) -> tuple[list[Place], Fan]:
    """Where the kernels of an array lie, one for each index of its batch axes, and the fan of each.

    >>> places, fan = kernel_place((3, 3, 16, 32), in_axis=-2, out_axis=-1)
    >>> places[0].shape, fan.fan_in
    ((32, 16, 3, 3), 144.0)

    Raises SpecError when an axis is not there, or named twice.
    """
    inputs, outputs, batch = (_axes(shape, axes) for axes in (in_axis, out_axis, batch_axis))
    named = (*inputs, *outputs, *batch)
    if len(set(named)) < len(named):
        raise SpecError(f"The axes of a kernel must be different ones, got {named} of shape {shape}. Name each once.")
    taps = tuple(axis for axis in range(len(shape)) if axis not in named)
    fan = Fan(
        inputs=math.prod(shape[axis] for axis in inputs) * groups,
        outputs=math.prod(shape[axis] for axis in outputs),
        taps=math.prod(shape[axis] for axis in taps),
        groups=groups,
    )
    groups_of_axes = (outputs, inputs, *((axis,) for axis in taps))
    places = [
        Place(held=shape, groups=groups_of_axes, cuts=tuple(zip(batch, index, strict=True)))
        for index in itertools.product(*(range(shape[axis]) for axis in batch))
    ]
    return places, fan


def _axes(shape: tuple[int, ...], axes: int | Sequence[int]) -> tuple[int, ...]:
    given = (axes,) if isinstance(axes, int) else tuple(axes)
    for axis in given:
        if not -len(shape) <= axis < len(shape):
            raise SpecError(
                f"The axes of a kernel must be within its {len(shape)} axes, got {axis} for shape {shape}. "
                "Give in_axis and out_axis."
            )
    return tuple(axis % len(shape) for axis in given)
