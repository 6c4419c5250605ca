"""W030 and W031: rectified units that nothing wakes."""

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import log_ndtr

from initlab.laws import Constant
from initlab.rules.evidence import biases_of, matrix_of, producer, redraw
from initlab.rules.rule import Edit, Finding, NotApplicable, Remedy, rule
from initlab.trace import Op, Trace, Weight

LOUD = 0.3
"""A bias of a smaller share of the signal shuts no units."""

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


def _expected(op: Op, sigmas: float) -> tuple[float, str]:
    """How many dead units chance explains, and the formula in words."""
    if op.lit is not None and op.dead is not None:
        sided = op.dead + op.lit
        return sided / 2 + sigmas * math.sqrt(sided) / 2 + 2, f"m/2 + {sigmas:g}√m/2 + 2, m = {sided} one-sided units"
    c = op.cosine if op.cosine is not None else 1.0
    p = share_by_chance(c, op.examples)
    words = f"n p₀ + {sigmas:g}√(n p₀(1 - p₀)) + 2, p₀ = E_g Φ(-√(c/(1-c)) g)^B, c = {c:.3f}, B = {op.examples}"
    return op.units * p + sigmas * math.sqrt(op.units * p * (1 - p)) + 2, words


def _rectifiers(trace: Trace) -> list[Op]:
    found = [(place, op) for place, op in enumerate(trace.first.ops) if op.dead is not None]
    if not found:
        raise NotApplicable("no activation is exactly zero below zero")
    return [op for place, op in found if _goes_on(trace, place) or _stopped(trace, op)]


def _goes_on(trace: Trace, place: int) -> bool:
    """Whether a weight follows; what none follows is a part of the loss, such as a hinge."""
    return any(after.weights or _goes_on(trace, number) for number, after in trace.followers(place))


def _stopped(trace: Trace, op: Op) -> bool:
    """Whether no gradient comes back to the weights before it: it is the only way from them to the loss."""
    source = producer(trace, op)
    if source is None or op.square == 0:
        return False
    gradients = [trace.first.gradients.get(name) for name in source.weights]
    return bool(gradients) and all(found is None or found.filled == 0 for found in gradients)


def _culprits(trace: Trace, op: Op) -> tuple[list[Weight], str]:
    """The weights that keep the units shut, with how: negative biases, or weights with a negative mean."""
    source = producer(trace, op)
    if source is None:
        return [], "What is fed in is negative."
    low = [weight for weight in biases_of(trace, source) if weight.mean < -LOUD * source.std]
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

    Some always are: the deeper the layer, and the fewer the inputs, the more units see one side of zero only. Which of
    the sides is a toss: where weights and biases are drawn symmetrically about 0, a unit that is <= 0 on every example
    is as likely as one that is > 0 on every example, whatever the inputs are. So of m one-sided units the dead are more
    than m/2 + 4 √m/2 + 2 by chance in one layer of 30,000 at most. A healthy ReLU network of He weights has 8 % dead
    units at depth 5, 21 % at 10, 44 % at 30, and as many that are never shut; no fixed share can be the limit.

    Where the units that are never shut were not counted, c is the mean cosine of the pre-activations without their
    bias, and of n units on B examples n·p₀ + 4 √(n p₀ (1 - p₀)) + 2 are the limit, p₀(c, B) = E_g Φ(-√(c/(1-c)) g)^B.

    ## Limit
    dead <= m/2 + sigmas · √m/2 + 2,  m = units of one side

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
        limit, formula = _expected(op, sigmas)
        if op.dead > limit:
            yield _finding(trace, op, severity="warning", limit=limit, formula=formula)


def by_chance(trace: Trace, op: Op, units: float = 12) -> bool:
    """Whether a dead layer is one of few units with a way round it: a squeeze, a gate."""
    return op.dead == op.units < units and not _only_way(trace, op)


def _only_way(trace: Trace, op: Op) -> bool:
    """Whether what feeds a dead layer gets no gradient by another way."""
    source = producer(trace, op)
    names = [name for each in trace.before(source) for name in each.weights] if source else []
    found = [trace.first.gradients[name].filled for name in names if name in trace.first.gradients]
    return not any(found)


@rule("W031", "dead-layer", severity="error")
def dead_layer(trace: Trace, *, units: float = 12) -> Iterator[Finding]:
    """Every unit of a layer is dead on the whole batch.

    Exact: nothing passes, and no gradient comes back through this layer. Fewer than 12 units are all dead by chance in
    one of 2¹² draws and more; such a layer is a finding only where no gradient goes round it.

    ## Limit
    dead < n, in the first pass and the last, where n >= units or no gradient goes round it

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
        if zero or op.units < 2 or op.dead != op.units or later.get(op.name) != op.units:
            continue
        if op.units >= units or _only_way(trace, op):
            yield _finding(trace, op, severity="error", limit=float(op.units - 1), formula="at least one unit is live")
