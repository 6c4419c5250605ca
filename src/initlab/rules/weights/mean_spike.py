"""W072: matrices whose mean outweighs their spread."""

import math
from collections.abc import Iterator

from initlab.rules.evidence import redrawn
from initlab.rules.rule import Finding, rule
from initlab.trace import Trace


@rule("W072", "mean-spike", severity="warning", needs="weights")
def mean_spike(trace: Trace, *, times: float = 2.0) -> Iterator[Finding]:
    """The mean of a matrix makes one singular value that dwarfs all others.

    A mean μ adds the rank-one part μ 1 1ᵀ of singular value |μ|√(n m) to noise whose largest is σ(√n + √m). Above
    that edge it stands out of the bulk, and every unit answers mostly to the sum of its inputs. Twice the edge is
    asked for, since a sample of few rows strays. Tables, gains, biases and constants are left alone.

    ## Limit
    |μ| √(n m) <= times · σ (√n + √m)

    ## Example
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
    nn.init.uniform_(model[0].weight, 0.0, 1.0)

    ## Use instead
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
    nn.init.kaiming_uniform_(model[0].weight, nonlinearity="relu")

    ## References
    Baik, Ben Arous, Péché, Phase transition of the largest eigenvalue, Annals of Probability 33, 2005: the outlier of a
    spiked matrix.
    """
    for weight in trace.weights:
        rows, columns = weight.shape[0] if weight.shape else 1, weight.size // (weight.shape[0] if weight.shape else 1)
        multiplies = weight.matrix if trace.passes else len(weight.shape) in (2, 4, 5)
        if not multiplies or weight.frozen or min(rows, columns) < 4 or weight.values <= 4 or weight.std == 0:
            continue
        spike = abs(weight.mean) * math.sqrt(rows * columns)
        edge = weight.std * (math.sqrt(rows) + math.sqrt(columns))
        if spike > times * edge:
            yield Finding(
                severity="warning",
                path=weight.name,
                measured=spike,
                limit=times * edge,
                formula=f"{times:g} σ(√n + √m), the edge of the singular values of noise",
                cause=f"{weight.name} has mean {weight.mean:.3g} beside a standard deviation of {weight.std:.3g}: "
                f"every "
                "unit answers to the sum of its inputs.",
                remedy=redrawn(trace, [weight], "Draw it with mean 0."),
                weights=(weight.name,),
            )
