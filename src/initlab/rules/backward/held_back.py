"""W078: unusual weights without which the network learns faster."""

from collections.abc import Iterator

from initlab.rules.conventions import FAR, Unusual, unusual
from initlab.rules.rule import Finding, NotApplicable, Remedy, rule
from initlab.trace import Trace, Trial
from initlab.words import listed

SHOWN = 3
"""So many weights are told of in words."""


@rule("W078", "held-back", severity="warning")
def held_back(trace: Trace, *, limit: float = 0.3, learnt: float = 0.02) -> Iterator[Finding]:
    """With its unusual weights drawn as is usual, the network learns faster at once.

    No limit on a scale tells a fault from an invention: gates start near zero, priors stand in biases, sparse draws
    train. So where a weight is beyond all conventions (three times the gain that its layer calls for or a thirtieth of
    it, a bias above 3, a row ten times the others, a fifth of zeros, one number...) and nothing else accuses, it is
    tried: the network, and a copy with those weights drawn as is usual, each take five virtual steps on the batch, or
    ten where it lags after five, at rates of 1e-3 and 1e-2, and the better rate counts. The handicap is the share of
    the copy's progress that the network lacks.

    Of 521 healthy architectures one in eight has such weights, and none of those a handicap of more than 0.23 after ten
    steps. Nothing is said where the copy does not learn: it must lose 2 % of its loss. What is 7 times beyond every
    convention, or leaves half of the units without weights, is told also where ten steps on one batch do not show it.

    ## Limit
    (L - L')/(L₀ - L') <= limit,  L, L' the least losses in ten steps, L₀ the lower of their first;  where
    L₀ - L' >= learnt · |L₀|

    ## Example
    model = nn.Sequential(nn.Linear(16, 64), nn.LayerNorm(64), nn.ReLU(), nn.Linear(64, 1))
    nn.init.constant_(model[3].bias, 5.0)
    batch = torch.randn(64, 16), torch.randn(64, 1)
    loss = lambda output, target: (output - target).abs().mean()

    ## Use instead
    model = nn.Sequential(nn.Linear(16, 64), nn.LayerNorm(64), nn.ReLU(), nn.Linear(64, 1))
    nn.init.zeros_(model[3].bias)
    batch = torch.randn(64, 16), torch.randn(64, 1)
    loss = lambda output, target: (output - target).abs().mean()

    ## References
    Derived here: an experiment, and its null is that of benchmarks/initfaults. Pearl, Causality, 2009: the effect of a
    cause is what changes when it alone is changed.
    """
    trial = trace.trial
    if trial is None:
        raise NotApplicable("no weight is unusual, or something else accuses")
    odd = [each for each in unusual(trace) if each.weight in trial.weights]
    absurd = [each for each in odd if each.absurd]
    if trial.progress >= learnt and trial.handicap > limit:
        yield _slower(trial, odd, limit)
    elif absurd:
        yield _beyond(absurd)


def _slower(trial: Trial, odd: list[Unusual], limit: float) -> Finding:
    how = "that drawn as is usual" if len(odd) == 1 else "those drawn as is usual"
    took = f"With {how}, {trial.steps} steps take the loss from {trial.start:.4g} to {trial.usual:.4g}"
    return Finding(
        severity="warning",
        path=odd[0].weight,
        measured=trial.handicap,
        limit=limit,
        formula="(L - L')/(L₀ - L') after ten steps, L' with the unusual weights drawn as is usual",
        cause=f"{_told(odd)}. {took}; as it is, to {trial.own:.4g}.",
        remedy=_remedy(odd),
        weights=tuple(each.weight for each in odd),
    )


def _beyond(absurd: list[Unusual]) -> Finding:
    return Finding(
        severity="warning",
        path=absurd[0].weight,
        measured=absurd[0].times,
        limit=FAR,
        formula=f"at most {FAR:g} times beyond what any convention gives",
        cause=f"{_told(absurd)}. No convention comes near; on one batch it makes no difference yet.",
        remedy=_remedy(absurd),
        weights=tuple(each.weight for each in absurd),
    )


def _told(odd: list[Unusual]) -> str:
    words = [f"{each.weight} {each.words}" for each in odd[:SHOWN]]
    return listed([*words, f"so on ({len(odd)} weights in all)"] if len(odd) > SHOWN else words)


def _remedy(odd: list[Unusual]) -> Remedy:
    return Remedy(words="Draw it as is usual.", edits=tuple(each.edit for each in odd))
