"""W075: scales against fans: evidence for other rules."""

from collections.abc import Iterator

from initlab.rules.evidence import redrawn, scales, typical
from initlab.rules.rule import Finding, NotApplicable, rule
from initlab.trace import Trace


@rule("W075", "scale-vs-fan", severity="evidence", needs="weights")
def scale_vs_fan(trace: Trace, *, times: float = 10.0) -> Iterator[Finding]:
    """A weight's gain √n·w is far from what its activation calls for, and from its peers'.

    Never a fault by itself: GPT-2's 0.02 is a third of LeCun's, and trains. It is where to look when something else is
    wrong, and what the remedies are computed from.

    ## Limit
    1/times < √n w / (gain of the activation · ratio usual in this network) < times

    ## Example
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
    with torch.no_grad():
        model[2].weight.mul_(30)

    ## Use instead
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))

    ## References
    LeCun, Bottou, Orr, Müller, Efficient BackProp, 1998; He et al., Delving deep into rectifiers, ICCV 2015,
    arXiv:1502.01852.
    """
    found = scales(trace)
    if not found:
        raise NotApplicable("no weight multiplies")
    usual = typical(found)
    for scale in found:
        away = scale.ratio / usual
        if scale.gain > 0 and not 1 / times < away < times:
            yield Finding(
                severity="evidence",
                path=scale.weight.name,
                measured=scale.gain,
                limit=scale.wanted * usual,
                formula="√n · w against the gain of the activation, times the ratio usual here",
                cause=f"{scale.weight.name} multiplies the signal by {scale.gain:.3g}; its peers do by "
                f"{scale.wanted * usual:.3g}.",
                remedy=redrawn(trace, [scale.weight], "Give it the scale of its peers."),
                weights=(scale.weight.name,),
            )
