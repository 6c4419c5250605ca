"""W030 and W031: rectified units that nothing wakes."""

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import log_ndtr

from initlab.laws import Constant
from initlab.rules.evidence import biases_of, matrix_of, producer, redraw
from initlab.rules.rule import Edit, Finding, NotApplicable, Remedy, rule
from initlab.trace import Op, Trace, Weight

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(101)


def share_by_chance(cosine: float, examples: int) -> float:
    """The share of units that are <= 0 on all examples though nothing is wrong.

    Without a bias the pre-activations of one unit on B examples are normal with correlation c, so

        p₀(c, B) = E_g Φ(-√(c/(1-c)) g)^B,   g ~ N(0, 1)

    >>> round(share_by_chance(0.0, 3), 6), round(share_by_chance(1.0, 64), 6)
    (0.125, 0.5)
    """
    c = min(max(cosine, 0.0), 1.0)
    if c > 1 - 1e-9:
        return 0.5
    values = np.exp(examples * log_ndtr(-math.sqrt(c / (1 - c)) * NODES))
    return float(values @ WEIGHTS / WEIGHTS.sum())


def _limit(op: Op, sigmas: float) -> float:
    p = share_by_chance(op.cosine if op.cosine is not None else 1.0, op.examples)
    return op.units * p + sigmas * math.sqrt(op.units * p * (1 - p)) + 2


def _rectifiers(trace: Trace) -> list[Op]:
    found = [op for op in trace.first.ops if op.dead is not None]
    if not found:
        raise NotApplicable("no activation is exactly zero below zero")
    return found


def _culprits(trace: Trace, op: Op) -> tuple[list[Weight], str]:
    """The weights that keep the units shut, with how: negative biases, or weights with a negative mean."""
    source = producer(trace, op)
    if source is None:
        return [], "What is fed in is negative."
    low = [weight for weight in biases_of(trace, source) if weight.mean < 0 and weight.norm > 0]
    if low:
        return low, f"The biases {low[0].name} are {low[0].mean:.3g} on average, against a signal of {source.std:.3g}."
    main = matrix_of(trace, source)
    if main is not None and main.mean < 0 and abs(main.mean) > 0.1 * main.std:
        return [main], f"The weights {main.name} are {main.mean:.3g} on average, times inputs of one sign."
    return ([main], f"Its pre-activations are {source.mean:.3g} ± {source.std:.3g}.") if main else ([], "")


def _finding(trace: Trace, op: Op, *, severity: str, limit: float, formula: str) -> Finding:
    weights, why = _culprits(trace, op)
    edits = tuple(
        Edit(weight=weight.name, law=Constant(value=0.0)) if weight.bias else redraw(trace, weight)
        for weight in weights
    )
    return Finding(
        severity="error" if severity == "error" else "warning",
        path=weights[0].name if weights else op.name,
        measured=float(op.dead or 0),
        limit=limit,
        formula=formula,
        cause=f"{op.dead} of the {op.units} units of {op.name} are 0 on every example. {why}",
        remedy=Remedy(words="Zero biases, and weights of mean 0.", edits=edits),
        weights=tuple(weight.name for weight in weights),
    )


@rule("W030", "dead-units", severity="warning")
def dead_units(trace: Trace, *, sigmas: float = 4.0) -> Iterator[Finding]:
    """More units are dead on the whole batch than chance makes so.

    Some always are: the deeper the layer, the more alike its inputs, and the more units see one side of zero only. With
    c the mean cosine of the pre-activations without their bias and B examples, the share is
    p₀(c, B) = E_g Φ(-√(c/(1-c)) g)^B; of n units more than n·p₀ + 4 √(n p₀ (1 - p₀)) + 2 are a finding. A healthy ReLU
    network of He weights has 8 % dead units at depth 5, 21 % at 10, 44 % at 30; no fixed share can be the limit.

    ## Limit
    dead <= n p₀ + sigmas √(n p₀ (1 - p₀)) + 2,   p₀(c, B) = E_g Φ(-√(c/(1-c)) g)^B,  g ~ N(0, 1)

    ## Example
    model = nn.Sequential(nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 4))
    nn.init.constant_(model[0].bias, -2.0)

    ## Use instead
    model = nn.Sequential(nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 4))
    nn.init.zeros_(model[0].bias)

    ## References
    Derived here, and right to 0.005 in simulation. Lu, Shin, Su, Karniadakis, Dying ReLU and initialization, 2019,
    arXiv:1903.06733, on networks born dead.
    """
    for op in _rectifiers(trace):
        if op.examples < 2 or op.dead is None or op.dead == op.units:
            continue
        limit = _limit(op, sigmas)
        if op.dead > limit:
            yield _finding(
                trace,
                op,
                severity="warning",
                limit=limit,
                formula=f"n p₀ + {sigmas:g}√(n p₀(1 - p₀)) + 2, p₀ = E_g Φ(-√(c/(1-c)) g)^B, "
                f"c = {op.cosine if op.cosine is not None else 1.0:.3f}, B = {op.examples}",
            )


@rule("W031", "dead-layer", severity="error")
def dead_layer(trace: Trace) -> Iterator[Finding]:
    """Every unit of a layer is dead on the whole batch.

    Exact: nothing passes, and no gradient comes back through this layer.

    ## Limit
    dead < n, in the first pass and the last

    ## Example
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))
    nn.init.constant_(model[0].bias, -100.0)

    ## Use instead
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))
    nn.init.zeros_(model[0].bias)

    ## References
    Exact. Lu, Shin, Su, Karniadakis, Dying ReLU and initialization, 2019, arXiv:1903.06733.
    """
    later = {op.name: op.dead for op in trace.last.ops}
    for op in _rectifiers(trace):
        zero = op.square == 0 or op.largest == 0
        if op.units > 1 and op.dead == op.units and later.get(op.name) == op.units and not zero:
            yield _finding(trace, op, severity="error", limit=float(op.units - 1), formula="at least one unit is live")
