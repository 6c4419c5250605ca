"""A trial of the weights that no convention gives: the network as it is, beside one with those drawn as is usual."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from initlab.errors import InitlabError
from initlab.rules import Edit
from initlab.rules.conventions import unusual
from initlab.trace import Trace, Trial

STEPS = (5, 10)
"""Virtual steps: ten, for what lags after five."""

LAGS = 0.2
"""The handicap from which it does."""

RATES = (1e-3, 1e-2)
"""Those of Adam in use. The better one counts, since a scale shifts which it is."""


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
    names = tuple(each.weight for each in odd)
    try:
        copy = remedied(tuple(each.edit for each in odd))
        for steps in STEPS:
            trial = _trial(names, steps, *(_losses(each, steps, retrace) for each in (model, copy)))
            if trial.handicap <= LAGS:
                break
    except (InitlabError, RuntimeError, AttributeError, TypeError, ValueError):
        return trace
    return replace(trace, trial=trial)


def _trial(names: tuple[str, ...], steps: int, own: list[float], usual: list[float]) -> Trial:
    return Trial(weights=names, steps=steps, own=min(own), usual=min(usual), start=min(own[0], usual[0]))


def _losses(model: Any, steps: int, retrace: Callable[..., Trace]) -> list[float]:  # noqa: ANN401
    """The losses from the first on, at every rate; infinite ones for those that are not finite."""
    passes = (each for rate in RATES for each in retrace(model, steps=steps, rate=rate).passes)
    return [each.loss if math.isfinite(each.loss) else math.inf for each in passes]
