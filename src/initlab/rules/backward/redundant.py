"""W013: weights that have no effect."""

from collections.abc import Iterator

from initlab.rules.rule import Finding, Remedy, rule
from initlab.trace import Trace, Weight

ROUNDING = 1e-6
"""A gradient this much smaller than that of the weight beside it is rounding."""


def redundant_biases(trace: Trace, rounding: float = ROUNDING) -> list[Weight]:
    """Biases whose gradient is rounding, in every pass, beside that of the matrix of the same operation."""
    found = []
    for weight in trace.trained():
        if weight.bias and all(_rounding(trace, place, weight, rounding) for place in range(len(trace.passes))):
            found.append(weight)
    return found


def _rounding(trace: Trace, place: int, weight: Weight, rounding: float) -> bool:
    gradients = trace.passes[place].gradients
    own = gradients.get(weight.name)
    beside = [
        gradients[name].norm
        for _, op in trace.readers(weight.name)
        if op.kind == "linear"
        for name in op.weights
        if name != weight.name and name in gradients
    ]
    return own is not None and bool(beside) and own.norm < rounding * max(beside)


@rule("W013", "redundant", severity="info")
def redundant(trace: Trace, *, rounding: float = ROUNDING) -> Iterator[Finding]:
    """The gradient of a bias is rounding: something after it takes it away again.

    Exact: a normalisation subtracts the mean of a channel, and with it the bias before it; the softmax of attention
    takes no notice of a bias of the keys. The gradient is then 0 but for rounding, here below 1e-6 of that of the
    matrix of the same layer. It does no harm and can be dropped.

    ## Limit
    |∂L/∂b| >= rounding · |∂L/∂W| of the same layer, in one of the passes

    ## Example
    model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4))

    ## Use instead
    model = nn.Sequential(nn.Linear(8, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4))

    ## References
    Ioffe, Szegedy, Batch normalization, ICML 2015, arXiv:1502.03167, section 3.2: the mean cancels the bias.
    """
    found = redundant_biases(trace, rounding)
    if found:
        others = f" (and {len(found) - 1} others)" if len(found) > 1 else ""
        yield Finding(
            severity="info",
            path=found[0].name,
            measured=trace.first.gradients[found[0].name].norm,
            limit=rounding,
            formula=f"{rounding:g} of the gradient of the matrix beside it",
            cause=f"{found[0].name} has no effect{others}: what follows subtracts it again.",
            remedy=Remedy(words="Drop it: bias=False."),
            weights=tuple(weight.name for weight in found),
        )
