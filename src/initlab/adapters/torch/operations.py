"""What each operation does to what is known of its tensors: products, movements, norms, attention, the rest.

Entry-by-entry operations are in `pointwise.py`.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from initlab.adapters.torch.flow import GRID, Fact, Product, Source, moved
from initlab.adapters.torch.pointwise import is_pointwise, pointwise
from initlab.adapters.torch.record import Call, Handler, Recorder, stand_in

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

MOVES = frozenset(
    [
        "clone",
        "contiguous",
        "_to_copy",
        "copy_",
        "to",
        "repeat",
        "roll",
        "flip",
        "index_select",
        "gather",
        "index",
        "alias",
        "_reshape_alias",
        "lift_fresh",
        "expand_as",
        "repeat_interleave",
        "unfold",
        "im2col",
        "col2im",
        "pixel_shuffle",
        "pixel_unshuffle",
        "channel_shuffle",
        "detach",
        "_unsafe_view",
        "reshape",
        "view_copy",
        "expand_copy",
        "permute_copy",
        "take_along_dim",
        "native_dropout",
        "dropout",
    ]
)
POOLS = (
    "pool",
    "upsample",
    "interpolate",
    "pad",
    "grid_sampler",
    "mean",
    "amax",
    "amin",
    "sum",
    "max",
    "min",
    "logsumexp",
    "var",
    "std",
    "norm",
)
NORMS = {
    "native_layer_norm": (2, 3),
    "layer_norm": (2, 3),
    "native_group_norm": (1, 2),
    "group_norm": (2, 3),
    "native_batch_norm": (1, 2),
    "_native_batch_norm_legit_no_training": (1, 2),
    "_native_batch_norm_legit": (1, 2),
    "_batch_norm_no_update": (1, 2),
    "cudnn_batch_norm": (1, 2),
    "batch_norm": (1, 2),
    "rms_norm": (2, 2),
    "_fused_rms_norm": (2, 2),
}
"""Where a normalisation takes its scale and its shift."""

_WRITES = ("index_add", "scatter_add", "index_put", "index_copy", "scatter", "slice_scatter", "select_scatter")
_SEQUENCES = ("cat", "stack", "concat", "hstack", "vstack")


def handler(call: Call) -> Handler:
    """What deals with an operation."""
    if call.name != call.base and not call.streams and call.recorder.fact(call.args[0]) is not None:
        return _unwritten
    if call.base in WEIGHT_ARGUMENT and _weight(call) is not None:
        return _product
    if "scaled_dot_product" in call.base or call.base == "_flash_attention_forward":
        return _attention
    if call.base in ("bmm", "baddbmm", "mm", "matmul") and len(call.streams) >= 2:
        return _between
    if call.base in NORMS:
        return _norm
    if call.func.is_view or call.name in MOVES or call.base in MOVES:
        return _move
    if call.base in _WRITES:
        return _written
    if call.base in _SEQUENCES:
        return _join
    if "softmax" in call.base:
        return _softmax
    if is_pointwise(call):
        return pointwise
    if any(word in call.base for word in POOLS):
        return _pool
    return _other


def _unwritten(_recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    """A model that writes into its own parameters while it runs: the stand-ins stay as they are."""
    return call.args[0]


def _weight(call: Call) -> int | None:
    """Which argument of a product is the weight: a parameter, and the other one a tensor of the flow or a constant."""
    recorder = call.recorder
    own, other = WEIGHT_ARGUMENT[call.base]
    places = [own] if other is None else [own, other]
    params = [place for place in places if (fact := recorder.fact(call.args[place])) is not None and fact.param]
    if call.base in ("convolution", "_convolution", "linear") and own not in params:
        return None
    return params[0] if params else None


def _product(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    place = _weight(call)
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
    place = _weight(call) or 0
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
    return recorder.of_product(product, call, _spread(units, out.shape, out.ndim - 1 if second else out.ndim - 2))


def _kernel(recorder: Recorder, call: Call, weight: Fact, source: Fact | None, out: torch.Tensor) -> Fact:
    transposed = bool(call.args[6])
    outputs = out.shape[1]
    axes = _axes_along(weight, 0)
    product = recorder.produced(weight, source, "convolution", outputs)
    known = None if transposed or len(axes) != 1 else _units(recorder, weight, axes, 0)
    return recorder.of_product(product, call, _spread(torch.arange(outputs) if known is None else known, out.shape, 1))


def _lookup(recorder: Recorder, call: Call, weight: Fact, source: Fact | None, out: torch.Tensor) -> Fact:
    product = recorder.produced(weight, source, "lookup", out.shape[-1], constant=not call.streams)
    return recorder.of_product(product, call, _spread(torch.arange(out.shape[-1]), out.shape, out.ndim - 1))


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
    found = tuple(axis for axis in there if _varies(weight.axes[axis], dim))
    if found:
        return found
    still = [axis for axis in there if not any(_varies(weight.axes[axis], d) for d in range(weight.axes[axis].ndim))]
    return tuple(still) if len(still) == 1 else ()


def _units(recorder: Recorder, weight: Fact, axes: tuple[int, ...], dim: int) -> torch.Tensor | None:
    """The output unit of each place along a dimension: the row of the matrix that the output axes make together."""
    shape = recorder.shapes.get(weight.param or "")
    if not axes or shape is None:
        return None
    units = torch.zeros((), dtype=torch.int64)
    for axis in axes:
        units = units * shape[axis] + _along(weight.axes[axis], dim)
    return units


def _outputs(recorder: Recorder, weight: Fact, axes: tuple[int, ...]) -> int:
    shape = recorder.shapes.get(weight.param or "")
    return math.prod(shape[axis] for axis in axes) if axes and shape else 0


def _along(places: torch.Tensor, dim: int) -> torch.Tensor:
    """The indices along one dimension, where they are the same along the others."""
    return places[tuple(slice(None) if each == dim else 0 for each in range(places.ndim))]


def _spread(units: torch.Tensor | None, shape: torch.Size, dim: int) -> torch.Tensor | None:
    if units is None or units.numel() != shape[dim]:
        return None
    along = [1] * len(shape)
    along[dim] = -1
    return units.view(along).expand(shape)


def _move(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    """The numbers stay what they are and go elsewhere: so do their units."""
    out = call.run()
    fact = recorder.fact(call.args[1]) if call.base == "copy" else recorder.fact(call.args[0])
    if fact is None:
        return _other_known(recorder, call, out)
    view = call.func.is_view and not call.base.startswith("_to")

    made = fact if isinstance(out, (list, tuple)) else moved(fact, partial(_changed, call, out=out))
    if not view:
        made = replace(recorder.new(mask=call.mask, work=call.work), **_carried(made))
    if isinstance(out, (list, tuple)):
        for index, each in enumerate(out):
            recorder.know(each, moved(made, partial(_changed, call, out=each, index=index)))
    else:
        recorder.know(out, made)
    return out


def _carried(fact: Fact) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in Fact.__slots__ if name not in ("node", "mask", "work")}


def _first(out: Any) -> torch.Tensor:  # noqa: ANN401
    first: torch.Tensor = out[0] if isinstance(out, (list, tuple)) else out
    return first


def _changed(call: Call, units: torch.Tensor, *, out: torch.Tensor, index: int = 0) -> torch.Tensor | None:
    """The units after a movement: the same movement on them."""
    if call.base in ("clone", "contiguous", "_to_copy", "to", "native_dropout", "dropout", "alias", "detach", "copy"):
        return units if units.shape == out.shape else relabelled(units, out.shape)
    try:
        if call.base in ("view", "_unsafe_view", "reshape", "_reshape_alias", "view_copy"):
            return units.reshape(out.shape)
        found = call.func(units, *call.args[1:], **call.kwargs)
        found = found[index] if isinstance(found, (list, tuple)) else found
    except (RuntimeError, NotImplementedError, TypeError, IndexError):
        return relabelled(units, out.shape)
    return found if found.shape == out.shape else relabelled(units, out.shape)


def relabelled(units: torch.Tensor, shape: torch.Size) -> torch.Tensor | None:
    """Units that run along one axis only, for a tensor of another shape that has the same axis; else None."""
    runs = [axis for axis in range(units.ndim) if _varies(units, axis)]
    if len(runs) != 1:
        return None
    vector = _along(units, runs[0])
    places = [axis for axis, size in enumerate(shape) if size == vector.numel()]
    place = runs[0] if runs[0] in places else places[0] if len(places) == 1 else None
    return None if place is None else _spread(vector, shape, place)


def _varies(units: torch.Tensor, axis: int) -> bool:
    if units.stride(axis) == 0 or units.shape[axis] == 1:
        return False
    return bool((units != units.narrow(axis, 0, 1)).any())


def _join(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    """Tensors side by side: units of one product stay known; those of several are known without their places."""
    out = call.run()
    for each in call.params:
        recorder.used_param(each, "join", call.streams)
    facts = [recorder.fact(each) for each in call.args[0]]
    live = [fact for fact in facts if fact is not None and fact.sources and not fact.reduced]
    base = recorder.new(mask=call.mask, work=call.work, attended=any(fact.attended for fact in live))
    scores = tuple(pair for fact in facts if fact is not None for pair in fact.scores)
    base = replace(base, scores=scores, mixed=any(fact is not None and fact.mixed for fact in facts))
    if not call.streams and len(call.params) == 1:
        recorder.know(out, replace(base, param=call.params[0].param))
        return out
    products = {source.product for fact in live for source in fact.sources}
    if len(products) == 1 and len(live) == len(facts):
        units = _joined_units(call, [fact.sources[0].units for fact in live])
        curve = GRID if all(fact.plain for fact in live) else live[0].curve
        source = Source(product=next(iter(products)), units=units)
        recorder.know(out, replace(base, sources=(source,), curve=curve))
    elif live and all(fact.plain for fact in live):
        sources = tuple(
            Source(product=each.product, units=None if each.units is None else relabelled(each.units, out.shape))
            for fact in live
            for each in fact.sources
        )
        recorder.know(out, replace(base, sources=sources, curve=GRID))
        for fact in live:
            recorder.used(fact, "stream")
    else:
        for fact in live:
            recorder.used(fact, "stream")
        recorder.know(out, base)
    return out


def _joined_units(call: Call, units: list[torch.Tensor | None]) -> torch.Tensor | None:
    if any(each is None for each in units):
        return None
    try:
        found: torch.Tensor = call.func(units, *call.args[1:], **call.kwargs)
    except RuntimeError:
        return None
    return found


def _norm(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    out = call.run()
    fact = recorder.fact(call.args[0])
    for which, place in zip(("norm_scale", "norm_shift"), NORMS[call.base], strict=True):
        param = recorder.fact(call.args[place]) if len(call.args) > place and call.args[place] is not None else None
        if param is not None and param.param is not None and (which == "norm_scale" or place != NORMS[call.base][0]):
            recorder.used_param(param, which, call.streams)
    if fact is None:
        return _other_known(recorder, call, out)
    made = recorder.new(mask=call.mask, work=call.work, attended=fact.attended)
    if fact.param is not None:
        made = replace(made, param=fact.param, axes=fact.axes)
    elif fact.plain:
        made = replace(made, sources=fact.sources, curve=fact.curve)
    else:
        recorder.used(fact, "normed")
    recorder.know(_first(out), made)
    return out


def _attention(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    out = call.run()
    for use, tensor in zip(("query", "key", "value"), call.args, strict=False):
        fact = recorder.fact(tensor)
        if fact is not None:
            recorder.used(fact, use)  # type: ignore[arg-type]
    for each in call.params:
        recorder.used_param(each, "mask", call.streams)
    recorder.know(_first(out), recorder.new(mask=call.mask, work=call.work, attended=True))
    return out


def _between(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    """A product of two tensors of the flow: probabilities with values, or, for now, what may be queries with keys."""
    out = call.run()
    first, second = (recorder.fact(each) for each in call.args[-2:])
    made = recorder.new(mask=call.mask, work=call.work)
    if first is None or second is None:
        return _other_known(recorder, call, out)
    for probabilities, values in ((first, second), (second, first)):
        if probabilities.mixed:
            recorder.used(values, "value")
            recorder.know(out, replace(made, attended=True))
            return out
    for fact in (first, second):
        if fact.plain:
            recorder.used(fact, "stream")
    recorder.know(out, replace(made, scores=((first, second),)))
    return out


def _softmax(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    out = call.run()
    fact = recorder.fact(call.args[0])
    if fact is None:
        return _other_known(recorder, call, out)
    for query, key in fact.scores:
        recorder.used(query, "query")
        recorder.used(key, "key")
    if not fact.scores:
        recorder.used(fact, "stream")
    recorder.know(out, recorder.new(mask=call.mask, work=call.work, mixed=bool(fact.scores)))
    return out


def _pool(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    """Fewer or more numbers of the same units; or, if it runs over the units, one number of many."""
    out = call.run()
    fact = recorder.fact(call.args[0])
    if fact is None or fact.param is not None:
        return _other_known(recorder, call, out)
    first = _first(out)
    sources = tuple(
        Source(product=source.product, units=None if source.units is None else relabelled(source.units, first.shape))
        for source in fact.sources
    )
    over = _over_units(call, fact, first.shape)
    made = recorder.new(mask=call.mask, work=call.work, attended=fact.attended, reduced=fact.reduced or over)
    for each in out if isinstance(out, (tuple, list)) else (out,):
        recorder.know(each, replace(made, sources=sources, curve=fact.curve))
    return out


def _over_units(call: Call, fact: Fact, shape: torch.Size) -> bool:
    """Whether the axis of the units is gone: that of a known source, else the last one, or the second of an image."""
    known = [source.units for source in fact.sources if source.units is not None]
    if known:
        return any(relabelled(units, shape) is None for units in known)
    before = call.args[0].shape
    axis = 1 if len(before) > 3 else len(before) - 1
    return len(shape) <= axis or shape[axis] != before[axis]


def _written(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    """Numbers written, or added, into some places of a tensor: it comes from what both come from."""
    facts = [fact for fact in (recorder.fact(call.tensors[0]), recorder.fact(call.tensors[-1])) if fact is not None]
    out = call.run()
    made = recorder.new(mask=call.mask, work=call.work, attended=any(fact.attended for fact in facts))
    if any(fact.param for fact in facts):
        return _other_known(recorder, call, out)
    sources = {source.product: source for fact in facts for source in fact.sources if fact.plain}
    spread = [
        Source(product=s.product, units=None if s.units is None else relabelled(s.units, out.shape))
        for s in sources.values()
    ]
    recorder.know(out, replace(made, sources=tuple(spread), curve=GRID))
    return out


def _other(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    return _other_known(recorder, call, call.run())


def _other_known(recorder: Recorder, call: Call, out: Any) -> Any:  # noqa: ANN401
    """Whatever else: the result depends on what it was made from. One with a matrix in it counts as a product."""
    for each in call.params:
        recorder.used_param(each, call.base, call.streams)
    first = out[0] if isinstance(out, (list, tuple)) and out else out
    made = recorder.new(mask=call.mask, work=call.work, reduced=any(fact.reduced for fact in call.streams))
    big = [fact for fact in call.params if len(fact.axes) >= 2]
    if not call.streams:
        carriers = [
            fact for fact in big or call.params if fact.axes and fact.axes[0].shape == getattr(first, "shape", None)
        ]
        kept = carriers[0] if carriers else call.params[0]
        made = replace(made, param=kept.param, axes=carriers[0].axes if carriers else (), curve=None)
    for each in call.streams:
        if each.plain:
            recorder.used(each, "stream")
    if call.streams and big:
        opaque: Product = recorder.produced(None, call.streams[0], "opaque", 0)
        made = replace(made, work=made.work | 1 << opaque.index)
    for each in out if isinstance(out, (list, tuple)) else (out,):
        recorder.know(each, made)
    return out
