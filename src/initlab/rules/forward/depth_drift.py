"""W064 and W065: what the depth does to the size of the signal, as evidence."""

import math
from collections.abc import Iterator

from initlab.rules.rule import Finding, NotApplicable, Remedy, rule
from initlab.trace import Op, Trace

KAPPA = 5.0
"""The variance that one layer of n ReLU units adds to the log of the mean square is 5/n; see theory.finite_width."""


def plain_chain(trace: Trace) -> list[Op]:
    """The hidden layers of a plain network, in order. Raises NotApplicable for one that is not plain or is short."""
    if trace.residual or trace.normalised:
        raise NotApplicable("the network has normalisations or residuals, which hold the signal")
    chain = [op for op in trace.first.ops if op.kind == "linear" and not op.head and op.square > 0]
    if len(chain) < 3:
        raise NotApplicable("there are fewer than three hidden layers")
    return chain


def drift_of(chain: list[Op], sigmas: float = 3.0) -> tuple[float, float]:
    """Ln of the mean square of the last hidden layer over that of the first, and how far chance takes it."""
    drift = math.log(chain[-1].square / chain[0].square)
    return drift, sigmas * math.sqrt(KAPPA * sum(1 / op.units for op in chain[1:]))


@rule("W064", "depth-drift", severity="evidence")
def depth_drift(trace: Trace, *, sigmas: float = 3.0) -> Iterator[Finding]:
    """The mean square of the pre-activations drifts with depth by more than chance explains.

    At a finite width n the log of the mean square walks at random, by a variance of about 5/n a layer (He weights,
    ReLU). A drift beyond 3 √(5 Σ 1/n) is a gain that is not 1. It explains a loss or a gradient that vanishes or
    explodes, and accuses nobody.

    ## Limit
    |ln E z_L² - ln E z_1²| <= sigmas √(5 Σ 1/n)

    ## Example
    model = nn.Sequential(*[layer for _ in range(12) for layer in (nn.Linear(128, 128), nn.ReLU())], nn.Linear(128, 4))

    ## Use instead
    model = nn.Sequential(*[layer for _ in range(12) for layer in (nn.Linear(128, 128), nn.ReLU())], nn.Linear(128, 4))
    for layer in model[::2]:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu"), nn.init.zeros_(layer.bias)

    ## References
    Hanin, Rolnick, How to start training: the effect of initialization and architecture, NeurIPS 2018,
    arXiv:1803.01719.
    """
    chain = plain_chain(trace)
    drift, limit = drift_of(chain, sigmas)
    if abs(drift) > limit:
        each = math.exp(drift / 2 / (len(chain) - 1))
        yield Finding(
            severity="evidence",
            path=chain[-1].name,
            measured=drift,
            limit=limit,
            formula=f"{sigmas:g} √(5 Σ 1/n): the random walk of a network of this width",
            cause=f"Each layer multiplies the signal by {each:.3g} on average, over {len(chain)} layers; 1 would "
            f"keep it.",
            remedy=Remedy(words=f"Multiply the weights of each layer by {1 / each:.3g}."),
        )


@rule("W065", "seed-lottery", severity="info")
def seed_lottery(trace: Trace, *, limit: float = 1.0) -> Iterator[Finding]:
    """The network is so deep for its width that the seed decides how large its signal is.

    β = 5 Σ 1/n is the variance of the log of the mean square at the output, over seeds. Above 1 two seeds differ by
    a factor of e and more.

    ## Limit
    5 Σ 1/n <= limit

    ## Example
    model = nn.Sequential(*[layer for _ in range(20) for layer in (nn.Linear(16, 16), nn.ReLU())], nn.Linear(16, 4))

    ## Use instead
    model = nn.Sequential(*[layer for _ in range(6) for layer in (nn.Linear(64, 64), nn.ReLU())], nn.Linear(64, 4))

    ## References
    Hanin, Rolnick, How to start training: the effect of initialization and architecture, NeurIPS 2018,
    arXiv:1803.01719.
    """
    chain = plain_chain(trace)
    found = KAPPA * sum(1 / op.units for op in chain)
    if found > limit:
        yield Finding(
            severity="info",
            path=min(chain, key=lambda op: op.units).name,
            measured=found,
            limit=limit,
            formula="β = 5 Σ 1/n <= 1",
            cause=f"Over seeds, the log of the output's mean square varies by {math.sqrt(found):.2g}.",
            remedy=Remedy(words="Widen the layers, or add skips."),
        )
