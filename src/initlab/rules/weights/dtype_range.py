"""W002: numbers near the edge of what their dtype can hold."""

from collections.abc import Iterator

from initlab.rules.evidence import culprit, redrawn
from initlab.rules.rule import Finding, NotApplicable, Remedy, rule
from initlab.trace import Trace

LARGEST = {"float16": 65504.0, "bfloat16": 3.3895e38, "float32": 3.4028e38, "float64": 1.7977e308}

WIDEN = """model.float()
model.register_forward_pre_hook(
    lambda _, args: tuple(each.float() if torch.is_tensor(each) and each.is_floating_point() else each for each in args)
)"""
"""Weights in float32, and what is fed in as well."""


@rule("W002", "out-of-dtype-range", severity="warning")
def out_of_dtype_range(trace: Trace, *, headroom: float = 16.0, flushed: float = 0.01) -> Iterator[Finding]:
    """A result is within a factor of 16 of the largest number of its dtype, or its gradients underflow.

    Activations grow several times over in training, and one overflow makes the loss NaN: 2⁴ of headroom is asked
    for. Of the gradients of a weight held in half precision at most 1 % may be smaller than the smallest number
    (2⁻²⁴ in float16): what is flushed to zero is never learned. A loss scale of 2ᵏ lifts them by k binades. And weights
    that are trained in float16 themselves are a warning: Adam's ε = 1e-8 is 0 there, so that a gradient of 0 divides 0
    by 0, and an update below 2⁻¹¹ of its weight is lost. Keep them in float32 and compute under autocast.

    ## Limit
    max|x| <= largest(dtype)/headroom;  share of 0 < |∂L/∂w| <= smallest(dtype) at most `flushed`

    ## Example
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4)).half()
    with torch.no_grad():
        model[0].weight.mul_(4000)

    ## Use instead
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4)).bfloat16()

    ## References
    Micikevicius et al., Mixed precision training, ICLR 2018, arXiv:1710.03740.
    """
    short = any(weight.dtype in ("float16", "bfloat16") for weight in trace.weights)
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
    yield from _underflow(trace, flushed)


def _underflow(trace: Trace, flushed: float) -> Iterator[Finding]:
    trained = (weight for weight in trace.trained() if weight.name in trace.first.gradients)
    halves = [weight for weight in trained if weight.dtype == "float16"]
    if not halves:
        return
    weight = max(halves, key=lambda each: (each.matrix, trace.first.gradients[each.name].flushed))
    share = trace.first.gradients[weight.name].flushed
    lost = f", and {share:.0%} of its gradients are at or below the smallest number" if share > flushed else ""
    yield Finding(
        severity="warning",
        path=weight.name,
        measured=1e-8,
        limit=2.0**-24,
        formula="Adam's ε >= 2^-24, the smallest float16",
        cause=f"{weight.name} is trained in float16, where Adam's ε of 1e-8 is 0{lost}.",
        remedy=Remedy(
            words="Keep the weights in float32 and compute under torch.autocast, with a GradScaler.",
            code=WIDEN if trace.framework == "torch" else "",
        ),
        weights=tuple(each.name for each in halves),
    )
