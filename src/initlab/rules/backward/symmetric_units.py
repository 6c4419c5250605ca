"""W020: units that are alike, forward and backward."""

from collections.abc import Iterator, Mapping

from initlab.rules.evidence import constants, ends, matrix_of, redrawn
from initlab.rules.rule import Finding, rule
from initlab.trace import Op, Trace, Weight


@rule("W020", "symmetric-units", severity="error")
def symmetric_units(trace: Trace, *, half: float = 0.5) -> Iterator[Finding]:
    """Units of a layer put out the same and get the same gradient, on every row of the batch.

    Exact: units equal forward *and* backward get equal updates from any optimizer that works entry by entry, and stay
    equal for ever; the layer is as wide as the number of its different units. Equal forward alone (one copied row,
    a zero weight) parts with the first step. So the columns of z and of ∂L/∂z are compared, where the gradient is not
    zero, and the finding must hold after the virtual steps as well. Half of the units alike is an error, fewer a
    warning. The last layer before the loss is left alone: classes that the batch lacks coincide there. Dropout is
    off; it would part them by chance alone.

    ## Limit
    units with the same z and the same ∂L/∂z: none;  from half · n on an error

    ## Example
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.1)

    ## Use instead
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
    nn.init.kaiming_normal_(model[0].weight, nonlinearity="relu")

    ## References
    Exact. Goodfellow, Bengio, Courville, Deep Learning, 2016, section 8.4, on breaking symmetry.
    """
    last = {op.name: op for op in trace.last.ops}
    heads = {op.name for op in ends(trace)}
    for op in trace.first.ops:
        later = last.get(op.name)
        if (
            op.head
            or op.name in heads
            or later is None
            or not op.weights
            or not _alike(later)
            or (op.moved and not _alike(op))
        ):
            continue
        weight = matrix_of(trace, op)
        if weight is None or weight.kind == "norm" or not _everywhere(trace, weight, last):
            continue
        alike = _alike(later)
        yield Finding(
            severity="error" if alike >= half * op.units else "warning",
            path=weight.name,
            measured=float(alike),
            limit=0.0,
            formula="units with equal z and equal ∂L/∂z stay equal under any element-wise optimizer",
            cause=f"{alike} of the {op.units} units of {op.name} put out the same and get the same gradient as another"
            + (": its weights are constant." if weight.values == 1 else ": rows are copied, or what it feeds is."),
            remedy=redrawn(
                trace,
                (constants(trace) if weight.values == 1 else []) or [weight],
                "Draw what is constant at random, or orthogonal.",
            ),
            weights=(weight.name,),
        )


def _everywhere(trace: Trace, weight: Weight, last: Mapping[str, Op]) -> bool:
    """Whether units are alike wherever the weight is read: a first step in time may start from nothing."""
    return all(op.name in last and _alike(last[op.name]) for _, op in trace.readers(weight.name))


def _alike(op: Op) -> int:
    return op.alike or 0
