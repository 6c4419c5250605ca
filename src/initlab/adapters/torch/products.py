"""Products with a parameter: which axes of it are outputs and inputs, and which unit each number of the result is."""

import math
from collections.abc import Callable
from typing import Any

import torch

from initlab.adapters.torch.flow import Fact
from initlab.adapters.torch.record import Call, Recorder, stand_in
from initlab.adapters.torch.units import along, spread, varies

WEIGHT_ARGUMENT = {
    "addmm": (2, 1),
    "addmv": (1, 2),
    "mm": (1, 0),
    "mv": (0, 1),
    "dot": (0, 1),
    "bmm": (1, 0),
    "baddbmm": (2, 1),
    "matmul": (1, 0),
    "linear": (1, 0),
    "_grouped_mm": (1, 0),
    "convolution": (1, None),
    "_convolution": (1, None),
    "embedding": (0, None),
    "_embedding_bag": (0, None),
    "_embedding_bag_forward_only": (0, None),
}
"""Where a product takes its weight; and where the other matrix stands, if that may be the weight as well."""


def weight_of(call: Call) -> int | None:
    """Which argument of a product is the weight: a parameter, and the other one a tensor of the flow or a constant."""
    recorder = call.recorder
    own, other = WEIGHT_ARGUMENT[call.base]
    places = [own] if other is None else [own, other]
    params = [place for place in places if (fact := recorder.fact(call.args[place])) is not None and fact.param]
    if call.base in ("convolution", "_convolution", "linear") and own not in params:
        return None
    return params[0] if params else None


def product(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    """Follow a product of a parameter and a tensor of the flow."""
    place = weight_of(call)
    assert place is not None
    weight = recorder.fact(call.args[place])
    assert weight is not None
    out = stand_in(call)
    first = out[0] if isinstance(out, tuple) else out
    source = next((each for each in call.streams), None)
    if source is not None:
        recorder.used(source, "product")
    fact = _LAYOUTS.get(call.base, _matrix)(recorder, call, weight, source, first)
    for each in call.params:
        if each is not weight:
            bias = _bias(call)
            operation = "bias" if bias is not None and recorder.fact(bias) is each else "join"
            recorder.used_param(each, operation, call.streams, fact.sources[0].product)
    recorder.know(first, fact)
    return out


def _matrix(recorder: Recorder, call: Call, weight: Fact, source: Fact | None, out: torch.Tensor) -> Fact:
    """A product of matrices: the units lie along the columns of the second, or the rows of the first."""
    place = weight_of(call) or 0
    last = call.args[place].ndim - 1
    second = place == max(each for each in WEIGHT_ARGUMENT[call.base] if each is not None)
    out_dim, in_dim = (last, last - 1) if second else (last - 1, last)
    if call.base in ("linear", "dot", "mv", "addmv") or last == 0:
        out_dim, in_dim, second = max(last - 1, 0), last, True
    out_axes, in_axes = _axes_along(weight, out_dim), _axes_along(weight, in_dim)
    rest = [axis for axis in range(len(weight.axes)) if axis not in (*out_axes, *in_axes)]
    units = _units(recorder, weight, out_axes, out_dim)
    product = recorder.produced(
        weight,
        source,
        "dense",
        _outputs(recorder, weight, out_axes) or call.args[place].shape[out_dim],
        out_axes=out_axes,
        in_axes=in_axes,
        experts=rest[0] if len(rest) == 1 else None,
    )
    return recorder.of_product(product, call, spread(units, out.shape, out.ndim - 1 if second else out.ndim - 2))


def _kernel(recorder: Recorder, call: Call, weight: Fact, source: Fact | None, out: torch.Tensor) -> Fact:
    transposed = bool(call.args[6])
    outputs = out.shape[1]
    axes = _axes_along(weight, 0)
    product = recorder.produced(weight, source, "convolution", outputs)
    known = None if transposed or len(axes) != 1 else _units(recorder, weight, axes, 0)
    return recorder.of_product(product, call, spread(torch.arange(outputs) if known is None else known, out.shape, 1))


def _lookup(recorder: Recorder, call: Call, weight: Fact, source: Fact | None, out: torch.Tensor) -> Fact:
    product = recorder.produced(weight, source, "lookup", out.shape[-1], constant=not call.streams)
    return recorder.of_product(product, call, spread(torch.arange(out.shape[-1]), out.shape, out.ndim - 1))


_BIAS_ARGUMENT = {"addmm": 0, "addmv": 0, "baddbmm": 0, "linear": 2, "convolution": 2, "_convolution": 2}


def _bias(call: Call) -> torch.Tensor | None:
    place = _BIAS_ARGUMENT.get(call.base)
    given = None if place is None or len(call.args) <= place else call.args[place]
    return given if isinstance(given, torch.Tensor) else None


_LAYOUTS: dict[str, Callable[[Recorder, Call, Fact, Fact | None, torch.Tensor], Fact]] = {
    "convolution": _kernel,
    "_convolution": _kernel,
    "embedding": _lookup,
    "_embedding_bag": _lookup,
    "_embedding_bag_forward_only": _lookup,
}


def _axes_along(weight: Fact, dim: int) -> tuple[int, ...]:
    """Which axes of the parameter run along a dimension of what was made of it; one of size 1 if no other can."""
    there = [axis for axis, places in enumerate(weight.axes) if places.ndim > dim]
    found = tuple(axis for axis in there if varies(weight.axes[axis], dim))
    if found:
        return found
    still = [axis for axis in there if not any(varies(weight.axes[axis], d) for d in range(weight.axes[axis].ndim))]
    return tuple(still) if len(still) == 1 else ()


def _units(recorder: Recorder, weight: Fact, axes: tuple[int, ...], dim: int) -> torch.Tensor | None:
    """The output unit of each place along a dimension: the row of the matrix that the output axes make together."""
    shape = recorder.shapes.get(weight.param or "")
    if not axes or shape is None:
        return None
    units = torch.zeros((), dtype=torch.int64)
    for axis in axes:
        units = units * shape[axis] + along(weight.axes[axis], dim)
    return units


def _outputs(recorder: Recorder, weight: Fact, axes: tuple[int, ...]) -> int:
    shape = recorder.shapes.get(weight.param or "")
    return math.prod(shape[axis] for axis in axes) if axes and shape else 0
