"""Any operation without a rule of its own: its result depends on what it was made from, and no more is known."""

from dataclasses import replace
from typing import Any

from initlab.adapters.torch.flow import Product
from initlab.adapters.torch.record import Call, Recorder


def depends(recorder: Recorder, call: Call, out: Any) -> Any:  # noqa: ANN401
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
