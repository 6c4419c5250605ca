"""W021: layers whose units say the same."""

import math
from collections.abc import Iterator

from initlab.rules.evidence import copies_part, matrix_of, redrawn
from initlab.rules.rule import Finding, rule
from initlab.trace import Op, Trace

CONSTANT = 1e-3
"""A result that spreads by less than this share of its size is a bias: units are told apart to 64 roundings only."""


@rule("W021", "degenerate-forward", severity="warning")
def degenerate_forward(trace: Trace, *, share: float = 0.5) -> Iterator[Finding]:
    """At most half of the units of a layer put out different things on the batch.

    Exact: the layer has the effective width of its different units. They may part with the first steps (their outgoing
    weights differ, or W020 would say more), yet until then the network is that much narrower. Units that
    put out nothing are not counted, so that zero-initialised layers and rectangular identities pass;
    nor are layers that put out their bias and next to nothing else (the gates of a gMLP), nor those that are read only
    as a part of something whose units differ (standard deviations that start alike and multiply noise), nor copies that
    a pixel shuffle lays beside each other (W071).

    ## Limit
    different columns of z > share · the units that put out anything

    ## Example
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 4))
    with torch.no_grad():
        model[0].weight.copy_(model[0].weight[:1].expand(16, 8)), model[0].bias.zero_()

    ## Use instead
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 4))

    ## References
    Exact: a count of columns.
    """
    for place, op in enumerate(trace.first.ops):
        weight = matrix_of(trace, op)
        if op.head or weight is None or weight.kind != "linear" or op.nonzero is None or op.distinct is None:
            continue
        if op.nonzero > max(1, op.units // 2) and op.distinct <= share * op.nonzero and weight.norm > 0:
            if op.std < CONSTANT * math.sqrt(op.square) or _mixed(trace, place, share) or copies_part(trace, weight):
                continue
            upstream = [each for each in trace.before(op) if each.distinct is not None]
            if any(each.distinct <= share * (each.nonzero or 1) for each in upstream if each.distinct is not None):
                continue
            yield Finding(
                severity="warning",
                path=weight.name,
                measured=float(op.distinct),
                limit=share * op.nonzero,
                formula=f"more than {share:g} of the units differ",
                cause=f"The {op.units} units of {op.name} put out {op.distinct} different things: rows of "
                f"{weight.name} "
                "are copies.",
                remedy=redrawn(trace, [weight], "Draw every row for itself."),
                weights=(weight.name,),
            )


def _mixed(trace: Trace, place: int, share: float) -> bool:
    """Whether a result reaches the next activations only by way of others', and their units differ."""
    after = [each for _, each in trace.followers(place)]
    return not trace.first.ops[place].residual and bool(after) and all(_restored(each, share) for each in after)


def _restored(op: Op, share: float) -> bool:
    """Whether a function of several results, unit by unit, has units that differ."""
    several = op.kind in ("activation", "norm") and len(set(op.inputs)) > 1
    return several and op.distinct is not None and op.distinct > share * (op.nonzero or 1)
