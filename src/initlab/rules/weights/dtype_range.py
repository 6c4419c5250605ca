"""W002: numbers near the edge of what their dtype can hold."""

from collections.abc import Iterator

from initlab.rules.evidence import culprit, redrawn
from initlab.rules.rule import Finding, NotApplicable, Remedy, rule
from initlab.trace import Trace

LARGEST = {"float16": 65504.0, "bfloat16": 3.3895e38, "float32": 3.4028e38, "float64": 1.7977e308}


@rule("W002", "out-of-dtype-range", severity="warning")
def out_of_dtype_range(trace: Trace, *, headroom: float = 16.0, flushed: float = 0.01) -> Iterator[Finding]:
    """A result is within a factor of 16 of the largest number of its dtype, or its gradients underflow.

    Activations grow several times over in training, and one overflow makes the loss NaN: 2⁴ of headroom is asked
    for. Of the gradients of a weight held in half precision at most 1 % may be smaller than the smallest number
    (2⁻²⁴ in float16): what is flushed to zero is never learned. A loss scale of 2ᵏ lifts them by k binades.

    ## Example
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4)).half()
    with torch.no_grad():
        model[0].weight.mul_(4000)

    ## Use instead
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4)).bfloat16()
    """
    short = [weight for weight in trace.weights if weight.dtype in ("float16", "bfloat16")]
    if not short and not any(op.dtype in ("float16", "bfloat16") for op in trace.first.ops):
        raise NotApplicable("nothing is computed in half precision")
    for op in trace.first.ops:
        limit = LARGEST.get(op.dtype, LARGEST["float32"]) / headroom
        if op.finite == 1 and op.largest > limit:
            suspect = culprit(trace, "large")
            path = suspect.weight.name if suspect else op.name
            yield Finding(
                severity="warning",
                path=path,
                measured=op.largest,
                limit=limit,
                formula=f"the largest {op.dtype} / {headroom:g}",
                cause=f"The result of {op.name} reaches {op.largest:.3g}, and {op.dtype} ends at "
                f"{limit * headroom:.3g}.",
                remedy=redrawn(trace, [suspect.weight], "Scale the weight down, or compute in bfloat16.")
                if suspect
                else Remedy(words="Compute in bfloat16, or scale what feeds it down."),
                weights=(path,) if suspect else (),
            )
            return
    for weight in short:
        found = trace.first.gradients.get(weight.name)
        if found is not None and found.flushed > flushed and weight.dtype == "float16":
            yield Finding(
                severity="warning",
                path=weight.name,
                measured=found.flushed,
                limit=flushed,
                formula=f"at most {flushed:.0%} of the gradients below 2^-24",
                cause=f"{found.flushed:.0%} of the gradients of {weight.name} are at or below the smallest float16.",
                remedy=Remedy(words="Scale the loss (torch.amp.GradScaler), or compute in bfloat16."),
                weights=(weight.name,),
            )
            return
