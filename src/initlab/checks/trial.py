"""A trial of the weights that no convention gives: the network as it is, beside one with those drawn as is usual."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from initlab.errors import InitlabError
from initlab.rules import Edit
from initlab.rules.conventions import unusual
from initlab.trace import Trace, Trial

STEPS = 5
RATES = (1e-3, 1e-2)
"""Virtual steps, and their rates: those of Adam in use. The better one counts, since a scale shifts which it is."""


def tried(
    trace: Trace,
    model: Any,  # noqa: ANN401
    remedied: Callable[[tuple[Edit, ...]], Any],
    retrace: Callable[..., Trace],
) -> Trace:
    """The trace with a trial, where a weight is unusual and the copy with usual ones can be run."""
    odd = unusual(trace)
    if not odd:
        return trace
    try:
        copy = remedied(tuple(each.edit for each in odd))
        usual = [_losses(copy, rate, retrace) for rate in RATES]
        own = [_losses(model, rate, retrace) for rate in RATES]
    except (InitlabError, RuntimeError, AttributeError, TypeError, ValueError):
        return trace
    trial = Trial(
        weights=tuple(each.weight for each in odd),
        steps=STEPS,
        own=min(map(min, own)),
        usual=min(map(min, usual)),
        start=usual[0][0],
    )
    return replace(trace, trial=trial)


def _losses(model: Any, rate: float, retrace: Callable[..., Trace]) -> list[float]:  # noqa: ANN401
    found = [each.loss for each in retrace(model, steps=STEPS, rate=rate).passes]
    return [loss if math.isfinite(loss) else math.inf for loss in found]
