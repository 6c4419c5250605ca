"""Which rule an operation has, and the rules of normalisations, attention and pooling."""

from dataclasses import replace
from typing import Any

import torch

from initlab.adapters.torch.depends import depends
from initlab.adapters.torch.flow import GRID, Fact, Source
from initlab.adapters.torch.movements import MOVES, join, move
from initlab.adapters.torch.pointwise import is_pointwise, pointwise
from initlab.adapters.torch.products import WEIGHT_ARGUMENT, product, weight_of
from initlab.adapters.torch.record import Call, Handler, Recorder, first_of
from initlab.adapters.torch.units import relabelled

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
    if call.base in WEIGHT_ARGUMENT and weight_of(call) is not None:
        return product
    if "scaled_dot_product" in call.base or call.base == "_flash_attention_forward":
        return _attention
    if call.base in ("bmm", "baddbmm", "mm", "matmul") and len(call.streams) >= 2:
        return _between
    if call.base in NORMS:
        return _norm
    if call.func.is_view or call.name in MOVES or call.base in MOVES:
        return move
    if call.base in _WRITES:
        return _written
    if call.base in _SEQUENCES:
        return join
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


def _norm(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    out = call.run()
    fact = recorder.fact(call.args[0])
    for which, place in zip(("norm_scale", "norm_shift"), NORMS[call.base], strict=True):
        param = recorder.fact(call.args[place]) if len(call.args) > place and call.args[place] is not None else None
        if param is not None and param.param is not None and (which == "norm_scale" or place != NORMS[call.base][0]):
            recorder.used_param(param, which, call.streams)
    if fact is None:
        return depends(recorder, call, out)
    made = recorder.new(mask=call.mask, work=call.work, attended=fact.attended)
    if fact.param is not None:
        made = replace(made, param=fact.param, axes=fact.axes)
    elif fact.plain:
        made = replace(made, sources=fact.sources, curve=fact.curve)
    else:
        recorder.used(fact, "normed")
    recorder.know(first_of(out), made)
    return out


def _attention(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    out = call.run()
    for use, tensor in zip(("query", "key", "value"), call.args, strict=False):
        fact = recorder.fact(tensor)
        if fact is not None:
            recorder.used(fact, use)  # type: ignore[arg-type]
    for each in call.params:
        recorder.used_param(each, "mask", call.streams)
    recorder.know(first_of(out), recorder.new(mask=call.mask, work=call.work, attended=True))
    return out


def _between(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    """A product of two tensors of the flow: probabilities with values, or, for now, what may be queries with keys."""
    out = call.run()
    first, second = (recorder.fact(each) for each in call.args[-2:])
    made = recorder.new(mask=call.mask, work=call.work)
    if first is None or second is None:
        return depends(recorder, call, out)
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
        return depends(recorder, call, out)
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
        return depends(recorder, call, out)
    first = first_of(out)
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
        return depends(recorder, call, out)
    sources = {source.product: source for fact in facts for source in fact.sources if fact.plain}
    spread = [
        Source(product=s.product, units=None if s.units is None else relabelled(s.units, out.shape))
        for s in sources.values()
    ]
    recorder.know(out, replace(made, sources=tuple(spread), curve=GRID))
    return out


def _other(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    return depends(recorder, call, call.run())
