"""Entry-by-entry operations: activations, gates, biases and scales, and additions to a residual stream."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from initlab.adapters.torch.flow import GRID, Fact, Source
from initlab.adapters.torch.record import Call, Recorder, union

NAMES = frozenset(
    (
        "hardswish",
        "_prelu_kernel",
        "prelu",
        "log_sigmoid",
        "log_sigmoid_forward",
        "where",
        "masked_fill",
        "glu",
        "rrelu",
        "hardsigmoid",
    )
)
ADDS = frozenset({"add", "sub", "rsub"})
SCALES = frozenset({"mul", "div"})


def is_pointwise(call: Call) -> bool:
    """Whether each entry of the result is a function of the same entry of the tensors it is made from."""
    return torch.Tag.pointwise in call.func.tags or call.base in NAMES


def pointwise(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    """Follow an entry-by-entry operation."""
    before = list(call.facts)
    out = call.run()
    first = out[0] if isinstance(out, tuple) else out
    if not call.streams:
        made = _of_parameters(recorder, call)
    else:
        for param in call.params:
            recorder.used_param(param, call.base, call.streams)
        made = _of_streams(recorder, call, first)
    assert before
    recorder.know(first, made)
    return out


def _of_parameters(recorder: Recorder, call: Call) -> Fact:
    """A function of a parameter: 1 + w, -exp(A), w·scale."""
    largest = max(call.params, key=lambda fact: len(fact.axes) and fact.axes[0].numel())
    curve = _evaluated(call, [largest]) if len(call.params) == 1 else largest.curve
    return recorder.new(mask=call.mask, work=call.work, param=largest.param, axes=largest.axes, curve=curve)


def _of_streams(recorder: Recorder, call: Call, out: torch.Tensor) -> Fact:
    made = recorder.new(mask=call.mask, work=call.work)
    made = replace(made, **_passed_on(call))
    distinct = list({fact.node: fact for fact in call.streams if not fact.reduced}.values())
    if call.base in ADDS and len(distinct) == 2:
        branch = _branch(distinct[0], distinct[1])
        if branch is not None:
            return _residual(recorder, branch, made, out)
    live = [fact for fact in distinct if fact.sources]
    if made.scores:
        for fact in live:
            recorder.used(fact, "stream")
        return made
    reduced = any(fact.reduced for fact in call.streams)
    if call.base in SCALES and reduced and len(distinct) == 1:
        made = replace(made, normed=True)
    if not live:
        return replace(made, reduced=reduced and not distinct)
    if len(live) == 1:
        return _of_one(recorder, call, live[0], distinct, made)
    return _of_several(recorder, call, live, made)


def _passed_on(call: Call) -> dict[str, Any]:
    """What outlives an entry-by-entry operation."""
    streams = call.streams
    scaled = (
        tuple(p.param for p in call.params if p.param and call.base in SCALES) if not _any(streams, "normed") else ()
    )
    return {
        "attended": _any(streams, "attended"),
        "scores": tuple(pair for fact in streams for pair in fact.scores),
        "mixed": _any(streams, "mixed"),
        "normed": _any(streams, "normed") and not call.params and call.base not in SCALES,
        "scales": tuple(dict.fromkeys(scale for fact in streams for scale in fact.scales)) + scaled,
    }


def _any(facts: list[Fact], name: str) -> bool:
    return any(getattr(fact, name) for fact in facts)


def _of_one(recorder: Recorder, call: Call, fact: Fact, distinct: list[Fact], made: Fact) -> Fact:
    """A function of one tensor of known products, and of others that are of none: constants, masks, gated tensors."""
    others = [each for each in distinct if each is not fact and each.work and not each.scores and _by_unit(call, each)]
    if call.base in SCALES and others:
        recorder.used(fact, "gated" if any(each.attended for each in others) else "scaled")
        return made
    if call.base in ADDS and others:
        recorder.used(fact, "stream")
        return replace(made, sources=fact.sources, curve=fact.curve)
    curve = _evaluated(call, [fact])
    if call.base == "glu":
        return _glu(recorder, call, fact, made)
    return replace(made, sources=_shaped(fact, call), curve=curve)


def _by_unit(call: Call, fact: Fact) -> bool:
    """Whether an operand has a number for each unit, and not one for all of them, as a router's probabilities."""
    whole, own = result_shape(call), _operand(call, fact)
    axis = 1 if len(whole) > 3 else len(whole) - 1
    return axis < 0 or not (own[axis] == 1 and whole[axis] > 1)


def result_shape(call: Call) -> tuple[int, ...]:
    """The shape of the result of an entry-by-entry operation."""
    return tuple(int(size) for size in np.broadcast_shapes(*(each.shape for each in call.tensors)))


def _operand(call: Call, fact: Fact) -> tuple[int, ...]:
    """The shape of an operand, with as many axes as the result."""
    found = next(each for each in call.tensors if (known := call.recorder.fact(each)) and known.node == fact.node)
    shape = tuple(int(size) for size in found.shape)
    return (1,) * (len(result_shape(call)) - len(shape)) + shape


def _glu(recorder: Recorder, call: Call, fact: Fact, made: Fact) -> Fact:
    """Half of the units, gated by the sigmoid of the other half."""
    dim = call.args[1] if len(call.args) > 1 else -1
    for half, curve in ((0, fact.curve), (1, None if fact.curve is None else torch.sigmoid(fact.curve))):
        units = [None if s.units is None else s.units.chunk(2, dim)[half] for s in fact.sources]
        sources = tuple(Source(product=s.product, units=u) for s, u in zip(fact.sources, units, strict=True))
        recorder.used(replace(fact, sources=sources, curve=curve), "gated")
    return made


def _shaped(fact: Fact, call: Call) -> tuple[Source, ...]:
    """The sources of an operand, spread to the shape that the operation gives it."""
    shape = torch.Size(result_shape(call))
    return tuple(
        Source(product=s.product, units=None if s.units is None or not _fits(s.units, shape) else s.units.expand(shape))
        for s in fact.sources
    )


def _fits(units: torch.Tensor, shape: torch.Size) -> bool:
    sizes = (1,) * (len(shape) - units.ndim) + tuple(units.shape)
    return len(sizes) == len(shape) and all(own in (1, size) for own, size in zip(sizes, shape, strict=True))


def _of_several(recorder: Recorder, call: Call, live: list[Fact], made: Fact) -> Fact:
    """A function of several tensors of known products: of the same units, a sum of different ones, or a gate."""
    lead = live[0]
    if all(_same(lead, other) for other in live[1:]):
        return replace(made, sources=_shaped(lead, call), curve=_evaluated(call, live))
    if call.base in SCALES:
        full = [fact for fact in live if _operand(call, fact) == tuple(result_shape(call))]
        if len(full) == 1:
            for fact in live:
                if fact is not full[0]:
                    recorder.used(fact, "gated" if full[0].plain else "scaled")
            return replace(made, sources=full[0].sources, curve=full[0].curve)
        for fact in live:
            others_plain = all(other.plain for other in live if other is not fact)
            recorder.used(fact, "gated" if others_plain else "scaled")
        return made
    if all(fact.plain for fact in live):
        sources = {source.product: source for fact in live for source in fact.sources}
        return replace(made, sources=tuple(sources.values()), curve=GRID)
    for fact in live:
        recorder.used(fact, "stream")
    return made


def _same(a: Fact, b: Fact) -> bool:
    """Whether two tensors come from the same units of the same products, entry by entry."""
    if len(a.sources) != len(b.sources):
        return False
    for one, other in zip(a.sources, b.sources, strict=True):
        if one.product is not other.product or one.units is None or other.units is None:
            return False
        if one.units.shape != other.units.shape or not torch.equal(one.units, other.units):
            return False
    return True


def _evaluated(call: Call, live: list[Fact]) -> torch.Tensor | None:
    """The function on the grid after one more operation, if all that goes into it is known."""
    curves = {fact.node: fact.curve for fact in live}
    lead = live[0].curve
    if any(curve is None for curve in curves.values()):
        return None
    recorder = call.recorder

    def value(given: object) -> object:
        if not isinstance(given, torch.Tensor):
            return given
        fact = recorder.fact(given)
        if fact is not None and fact.node in curves:
            curve = curves[fact.node]
            return None if curve is None else curve.clone()
        if fact is None and given.ndim == 0 and not given.is_meta:
            return given.to(torch.float64) if given.is_floating_point() else given
        raise _UnknownError

    try:
        found = call.func(*(value(each) for each in call.args), **{k: v for k, v in call.kwargs.items() if k != "out"})
    except _UnknownError:
        return lead if call.base in _KEEPING else None
    except (RuntimeError, TypeError, NotImplementedError):
        return None
    found = found[0] if isinstance(found, tuple) else found
    if not isinstance(found, torch.Tensor) or found.shape != GRID.shape:
        return None
    return found.to(torch.float64) if found.is_floating_point() else found


_KEEPING = (
    ADDS
    | SCALES
    | frozenset(("masked_fill", "where", "clone", "maximum", "minimum", "copy", "clamp", "addcmul", "lerp"))
)


class _UnknownError(Exception):
    """An operand whose values are not known."""


def _branch(a: Fact, b: Fact) -> tuple[Fact, Fact] | None:
    """(skip, branch), if a sum is one of a residual stream: one term is made from the other, through a product.

    Where a projection stands in the skip, as where a ResNet changes width, the branch is the term with more products.
    """
    for skip, branch in ((a, b), (b, a)):
        if branch.mask >> skip.node & 1:
            return (skip, branch) if branch.work & ~skip.work else None
    for skip, branch in ((a, b), (b, a)):
        if branch.mask & skip.trunk and not branch.trunk and branch.work & ~skip.work:
            return skip, branch
    for skip, branch in ((a, b), (b, a)):
        own = [source.product for source in skip.sources]
        if len(own) != 1 or own[0].kind == "lookup" or own[0].node is None or not branch.sources:
            continue
        deep = all(source.product.mask >> own[0].node & 1 for source in branch.sources)
        more = union(source.product.before for source in branch.sources) & ~skip.work
        if deep and more and branch.mask >> own[0].node & 1:
            return skip, branch
    return None


def _residual(recorder: Recorder, pair: tuple[Fact, Fact], made: Fact, out: torch.Tensor) -> Fact:
    skip, branch = pair
    recorder.used(branch, "residual")
    if skip.sources and not skip.plain:
        recorder.used(skip, "stream")
    plain = branch.plain
    sources = branch.sources if plain else ()
    if plain and skip.sources and skip.plain and not branch.mask >> skip.node & 1:
        sources += skip.sources
    trunk = skip.trunk | 1 << skip.node | 1 << made.node
    made = replace(made, attended=False, scales=(), sources=sources, curve=GRID if plain else None, trunk=trunk)
    recorder.added(branch, _width(branch, out), made)
    return made


def _width(branch: Fact, out: torch.Tensor) -> int:
    """The width of a residual stream: the outputs of what writes into it, or its last axis."""
    sizes = [source.product.outputs for source in branch.sources if source.product.outputs]
    return sizes[0] if sizes else int(out.shape[-1])
