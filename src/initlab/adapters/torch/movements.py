"""Movements: the numbers stay what they are and go elsewhere, alone or side by side, and so do their units."""

from dataclasses import replace
from functools import partial
from typing import Any

import torch

from initlab.adapters.torch.depends import depends
from initlab.adapters.torch.flow import GRID, Fact, Source, moved
from initlab.adapters.torch.record import Call, Recorder
from initlab.adapters.torch.units import relabelled

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


def move(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
    """The numbers stay what they are and go elsewhere: so do their units."""
    out = call.run()
    fact = recorder.fact(call.args[1]) if call.base == "copy" else recorder.fact(call.args[0])
    if fact is None:
        return depends(recorder, call, out)
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


def join(recorder: Recorder, call: Call) -> Any:  # noqa: ANN401
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
