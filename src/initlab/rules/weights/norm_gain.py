"""W073: scales of a normalisation that are random."""

import re
from collections.abc import Iterator

from initlab.laws import Constant
from initlab.rules.rule import Edit, Finding, Remedy, rule
from initlab.trace import Trace, Weight


@rule("W073", "random-norm-gain", severity="warning", needs="weights")
def random_norm_gain(trace: Trace) -> Iterator[Finding]:
    """The scale of a normalisation has a mean smaller than its spread: random signs.

    A gain multiplies what was just normalised; where it is N(0, σ²) it shrinks the signal to σ and flips the sign
    of half of the units, in every layer. It comes from an initializer that fills all weights alike. Gains of 0 (a
    closed branch) and of 1 are constants, and left alone.

    ## Limit
    |mean γ| >= std γ

    ## Example
    model = nn.Sequential(nn.Linear(16, 16), nn.LayerNorm(16), nn.ReLU(), nn.Linear(16, 4))
    nn.init.normal_(model[1].weight, std=0.02)

    ## Use instead
    model = nn.Sequential(nn.Linear(16, 16), nn.LayerNorm(16), nn.ReLU(), nn.Linear(16, 4))
    nn.init.ones_(model[1].weight)

    ## References
    Ba, Kiros, Hinton, Layer normalization, 2016, arXiv:1607.06450: gains start at 1.
    """
    for weight in trace.weights:
        if _gain(weight) and weight.size >= 4 and weight.values > 4 and abs(weight.mean) < weight.std:
            yield Finding(
                severity="warning",
                path=weight.name,
                measured=abs(weight.mean),
                limit=weight.std,
                formula="|mean γ| >= std γ: gains share a sign",
                cause=f"{weight.name} has mean {weight.mean:.3g} and standard deviation {weight.std:.3g}: an "
                f"initializer "
                "filled the scales of normalisations as if they were weights.",
                remedy=Remedy(words="Set gains to 1.", edits=(Edit(weight=weight.name, law=Constant(value=1.0)),)),
                weights=(weight.name,),
            )


def _gain(weight: Weight) -> bool:
    """Whether it scales a normalisation: as seen in the pass, or by its module and name."""
    if weight.gain:
        return True
    named = re.search(r"norm\b|norm_?\d|\bln(_\w+|\d*)\b|\bbn\d*\b", f"{weight.module} {weight.name}".lower())
    return len(weight.shape) == 1 and named is not None and not weight.bias and not weight.name.endswith("bias")
