"""W041: a softmax as the activation of a hidden layer."""

from collections.abc import Iterator

from initlab.rules.rule import Finding, NotApplicable, Remedy, rule
from initlab.trace import Trace
from initlab.words import listed


@rule("W041", "softmax-between", severity="warning")
def softmax_between(trace: Trace, *, limit: float = 0.1) -> Iterator[Finding]:
    """A softmax over the units stands between two layers, where an activation should.

    Its n outputs sum to 1, and what tells two inputs apart is multiplied by about Σp² in it, as the gradient is: 1/n as
    long as all units are alike. One such layer may be meant (topics, a code book, a memory that is read) and is told.
    Two, one behind the other in a network without skips, are an activation by mistake and a warning. Weights of
    attention, of a mixture and of a pooling multiply a signal, and are not asked.

    ## Limit
    (E Σp²)² >= limit of what a layer of weights reads

    ## Example
    model = nn.Sequential(
        nn.Linear(16, 64), nn.Softmax(dim=-1), nn.Linear(64, 64), nn.Softmax(dim=-1), nn.Linear(64, 4)
    )

    ## Use instead
    model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))

    ## References
    Derived here: the Jacobian of the softmax is diag(p) - p pᵀ, which at p = 1/n is 1/n on all that sums to 0. The
    limit is that of a saturated activation (W040).
    """
    reading = [op for op in trace.first.ops if op.kind == "linear" and op.shares is not None]
    if not reading:
        raise NotApplicable("no layer reads the result of a softmax")
    flat = [op for op in reading if (op.shares or 1.0) ** 2 < limit]
    behind = not trace.residual and any(each in flat for op in flat for each in trace.before(op))
    for op in flat[:1]:
        others = listed([each.name for each in flat[1:]])
        more = f" The same holds of {others}." if others else ""
        yield Finding(
            severity="warning" if behind else "info",
            path=op.name,
            measured=(op.shares or 1.0) ** 2,
            limit=limit,
            formula=f"(E Σp²)² >= {limit:g}",
            cause=f"{op.name} reads the result of a softmax, which spreads 1 over {1 / (op.shares or 1.0):.3g} units: "
            f"what tells two inputs apart shrinks as much.{more}",
            remedy=Remedy(
                words="Take a rectifier or tanh between layers; a softmax belongs to the output and the loss."
            ),
            weights=tuple(each.name for each in flat),
        )
