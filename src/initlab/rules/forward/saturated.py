"""W040: bounded activations that have gone flat."""

import math
from collections.abc import Iterator

from initlab.laws import Constant
from initlab.rules import fed
from initlab.rules.evidence import biases_of, culprit, ends, matrix_of, overall, producer, redraw
from initlab.rules.rule import Edit, Finding, NotApplicable, Remedy, rule
from initlab.trace import Op, Trace, Weight

SHUT = 9.0
"""The mean square of the biases of a recurrent layer from which they, and not the weights, shut its gates."""

ROUNDING = 2.0**-23
"""The rounding of float32: a slope below it moves nothing, whatever the format of the weights."""

STEEPNESS = {"tanh": 2.0, "sigmoid": 1.0}
"""k of the slope φ'(z)/φ'(0) → 4 exp(-k |z|)."""


@rule("W040", "saturated", severity="warning")
def saturated(trace: Trace, *, limit: float = 0.1) -> Iterator[Finding]:
    """The slope of a bounded activation is nearly gone: the gradient loses ten times its mean square in one layer.

    The gradient's mean square is multiplied by E φ'(z)² in an activation; against φ'(0)² that is 0.46 for tanh at z ~
    N(0, 1). Below 1/10, at z ~ N(0, 5²), the layer lets no gradient through that n w² of its weights could not have
    kept. A sigmoid that multiplies another signal is a gate, and may be shut on purpose.

    Of an output each unit counts by itself: a bias so large that the slope φ'(b)/φ'(0) → 4 exp(-k |b|), k = 2 of tanh
    and 1 of a sigmoid, is below the rounding of float32, at |b| of 8.7 and 17.3, holds it at an end for good. That is
    left alone where the cross-entropy takes the slope out again.

    ## Limit
    E φ'(z)²/φ'(0)² >= limit;  of every bias of an output φ'(b)/φ'(0) >= 2⁻²³

    ## Example
    model = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 4))
    nn.init.normal_(model[2].weight, std=10.0)

    ## Use instead
    model = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 4))
    nn.init.xavier_normal_(model[2].weight, gain=5 / 3)

    ## References
    Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010, on
    saturation; the factor is the backward recursion of Schoenholz et al., Deep information propagation, ICLR 2017,
    arXiv:1611.01232.
    """
    bounded = [op for op in trace.first.ops if op.slope is not None]
    if not bounded:
        raise NotApplicable("no activation is bounded")
    for op in bounded:
        if op.slope is not None and op.slope < limit and not _meant(trace, op):
            yield _finding(trace, op, op.slope, limit)
        elif (held := _held(trace, op)) is not None:
            yield held


def _meant(trace: Trace, op: Op) -> bool:
    """Whether it is a gate, the last thing before the loss, or a step made smooth."""
    place = trace.first.ops.index(op)
    last = not any(place in each.inputs for each in trace.first.ops)
    return (op.function in ("sigmoid", "hardsigmoid") and op.gate) or last or _sharpened(trace, op)


def _sharpened(trace: Trace, op: Op) -> bool:
    """Whether the layer before puts out no more than 1, and a fixed factor between makes it large."""
    source = producer(trace, op)
    return source is not None and source is not op and source.square <= 1 < op.square


def _held(trace: Trace, op: Op) -> Finding | None:
    """The bias that holds a unit of an output at its bound, where there is one."""
    source = producer(trace, op)
    entropy = trace.output is not None and trace.output.kind in ("bce", "cross_entropy")
    if source is None or source not in ends(trace) or op.function not in STEEPNESS or entropy:
        return None
    for bias in biases_of(trace, source):
        slope = 4 * math.exp(-STEEPNESS[op.function] * min(bias.largest, op.largest))
        if slope < ROUNDING and not bias.frozen:
            return _stuck(op, bias, slope)
    return None


def _stuck(op: Op, bias: Weight, slope: float) -> Finding:
    return Finding(
        severity="warning",
        path=bias.name,
        measured=slope,
        limit=ROUNDING,
        formula="φ'(b)/φ'(0) >= 2⁻²³, the rounding of float32",
        cause=f"{bias.name} has an entry of size {bias.largest:.3g}, where {op.function} is flat: that output stays at "
        "its end.",
        remedy=Remedy(words="Set the bias to 0.", edits=(Edit(weight=bias.name, law=Constant(value=0.0)),)),
        weights=(bias.name,),
    )


def _unscaled(op: Op, slope: float, limit: float, raw: fed.Blame) -> Finding:
    return Finding(
        severity="warning",
        path=raw[0],
        measured=slope,
        limit=limit,
        formula=f"E φ'(z)²/φ'(0)² >= {limit:g}",
        cause=f"The inputs of {op.name} have mean square {op.square:.3g}, so that {op.function} is flat. {raw[2]}",
        remedy=raw[1],
    )


def _finding(trace: Trace, op: Op, slope: float, limit: float) -> Finding:
    source = producer(trace, op)
    suspect = culprit(trace, "large", source.weights) if source else None
    weight = suspect.weight if suspect else matrix_of(trace, source) if source else None
    biases = biases_of(trace, source) if source else []
    floor = op.square / 2 if op.kind == "activation" else SHUT
    loud = [bias for bias in biases if bias.norm**2 / bias.size > floor]
    blamed = loud or ([weight] if weight is not None else [])
    times = op.square
    first = source is not None and not source.inputs and not loud
    if first and (raw := fed.inputs(trace, suspect)) is not None:
        return _unscaled(op, slope, limit, raw)
    edits = tuple(
        Edit(weight=each.name, law=Constant(value=0.0)) if each.bias else redraw(trace, each) for each in blamed
    )
    return Finding(
        severity="warning",
        path=blamed[0].name if blamed else op.name,
        measured=slope,
        limit=limit,
        formula=f"E φ'(z)²/φ'(0)² >= {limit:g}",
        cause=f"The inputs of {op.name} have mean square {times:.3g}, so that {op.function} is flat"
        + (f": {blamed[0].name} is too large by {times**0.5:.3g}." if blamed else "."),
        remedy=(None if loud else overall(trace))
        or Remedy(words="Bring the pre-activations back to mean square 1.", edits=edits),
        weights=tuple(each.name for each in blamed),
    )
