"""W076: shifts of a normalisation that drown what it normalises."""

from collections.abc import Iterator

from initlab.laws import Constant
from initlab.rules.rule import Edit, Finding, Remedy, rule
from initlab.trace import Trace, Weight

GATES = ("sigmoid", "hardsigmoid")


@rule("W076", "shifted-norm", severity="warning")
def shifted_norm(trace: Trace, *, times: float = 3.0) -> Iterator[Finding]:
    """The shift of a normalisation is several times its gain: what was normalised is a ripple on a constant.

    A normalisation puts out γ x̂ + β with x̂ of mean square 1, of which γ²/(γ² + β²) is signal: at |β| = 3 γ a tenth,
    the cosine of any two examples is 0.9 or more, and a rectifier that follows is linear or dead. Every scheme starts
    β at 0. Shifts that open or shut a gate are meant, and frozen ones are left alone.

    ## Limit
    √(mean β²) <= times · √(mean γ²)

    ## Example
    model = nn.Sequential(nn.Linear(16, 16), nn.LayerNorm(16), nn.ReLU(), nn.Linear(16, 4))
    nn.init.constant_(model[1].bias, 10.0)

    ## Use instead
    model = nn.Sequential(nn.Linear(16, 16), nn.LayerNorm(16), nn.ReLU(), nn.Linear(16, 4))
    nn.init.zeros_(model[1].bias)

    ## References
    Ba, Kiros, Hinton, Layer normalization, 2016, arXiv:1607.06450: shifts start at 0.
    """
    by_name = {weight.name: weight for weight in trace.weights}
    for gain in trace.weights:
        shift = by_name.get(f"{gain.name.rpartition('.')[0]}.bias".lstrip(".")) if gain.gain else None
        if shift is None or shift.shape != gain.shape or shift.frozen or _opens_a_gate(trace, shift):
            continue
        limit, measured = times * gain.norm / gain.size**0.5, shift.norm / shift.size**0.5
        if measured > limit > 0:
            yield _finding(shift, measured, limit, times)


def _opens_a_gate(trace: Trace, shift: Weight) -> bool:
    """Whether a normalisation, or what it feeds next, multiplies another signal or squashes itself for that."""
    return any(
        op.gate or any(after.gate or after.function in GATES for _, after in trace.followers(place))
        for place, op in trace.readers(shift.name)
    )


def _finding(shift: Weight, measured: float, limit: float, times: float) -> Finding:
    return Finding(
        severity="warning",
        path=shift.name,
        measured=measured,
        limit=limit,
        formula=f"{times:g} √(mean γ²): a tenth of the mean square is signal",
        cause=f"{shift.name} has root mean square {measured:.3g}, and the gain beside it {limit / times:.3g}: what was "
        "normalised is a ripple on a constant.",
        remedy=Remedy(words="Set shifts to 0.", edits=(Edit(weight=shift.name, law=Constant(value=0.0)),)),
        weights=(shift.name,),
    )
