"""W071: matrices of low rank."""

from collections.abc import Iterator

from initlab.rules.evidence import constants, copies_part, ends, redrawn
from initlab.rules.rule import Finding, Severity, rule
from initlab.trace import Trace, Weight

VALUES = 4
"""A matrix of so few different numbers is not a draw."""


@rule("W071", "low-rank", severity="warning", needs="weights")
def low_rank(trace: Trace, *, share: float = 0.5) -> Iterator[Finding]:
    """A matrix has less than half of its full rank, and is not zero.

    A matrix with independent continuous entries has full rank with probability 1: the number of its rows or columns
    that are not zero, whichever is less (a delta-orthogonal kernel of one channel has one). What falls short was filled
    by an outer product, by copying rows, or by broadcasting one row over all. Where each row is held equally often and
    the copies become neighbours in space (ICNR before a pixel shuffle) or outputs, which have targets of their own, the
    rank is that of the different rows, and the copies are mentioned only. Constant matrices whose
    units are alike are W020's; those that biases alone tell apart are meant here. Identities, sparse matrices and those
    of few values are left alone.

    ## Limit
    rank >= share · min(shape), or that of what is not zero

    ## Example
    model = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))
    with torch.no_grad():
        model[0].weight.copy_(torch.outer(torch.randn(32), torch.randn(32)) / 6)

    ## Use instead
    model = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))

    ## References
    Feng, Zhang, The rank of a random matrix, Applied Mathematics and Computation 185, 2007. Copies before a pixel
    shuffle: Aitken et al., Checkerboard artifact free sub-pixel convolution, 2017.
    """
    for weight in trace.weights:
        few = weight.values <= VALUES and (weight.values > 1 or (bool(trace.passes) and not _rules(trace, weight)))
        if weight.rank is None or weight.frozen or few or (trace.passes and not weight.matrix):
            continue
        full = min(weight.shape[0], weight.size // weight.shape[0])
        if not 0 < weight.rank < share * full:
            continue
        rows = weight.shape[0] // weight.repeats
        if copies_part(trace, weight) and weight.rank >= share * min(rows, full):
            held = f"each of its {rows} different rows" if rows > 1 else "one row"
            cause = f"{weight.name} holds {held} {weight.repeats} times."
            yield _finding(trace, "info", weight, share * full, full, cause)
        else:
            how = "one number, over and over" if weight.values == 1 else "an outer product, or copied rows"
            cause = f"{weight.name} has rank {weight.rank} of {full}: {how}."
            yield _finding(trace, "warning", weight, share * full, full, cause)


def _finding(trace: Trace, severity: Severity, weight: Weight, limit: float, full: int, cause: str) -> Finding:
    told = (constants(trace) if weight.values == 1 else []) or [weight]
    return Finding(
        severity=severity,
        path=weight.name,
        measured=float(weight.rank or 0),
        limit=limit,
        formula=f"{limit / full:g} · min(shape): independent entries have full rank, {full}",
        cause=cause,
        remedy=redrawn(trace, told, "Draw its entries independently."),
        weights=(weight.name,),
    )


def _rules(trace: Trace, weight: Weight) -> bool:
    """Whether a constant is all that makes hidden units, and these do not come out alike (of which W020 tells)."""
    last = ends(trace)
    ops = [op for _, op in trace.readers(weight.name)]
    alone = all(op not in last and sum(trace.weight(name).matrix for name in op.weights) == 1 for op in ops)
    return alone and not any(op.alike or op.distinct is None or op.distinct <= op.units / 2 for op in ops)
