"""W001: numbers that are not finite."""

from collections.abc import Iterator

from initlab.rules.evidence import redrawn
from initlab.rules.rule import Finding, Remedy, rule
from initlab.trace import Op, Trace, Weight

FORMULA = "every number is finite"

TINY_SHARE = 0.1
"""No law that weights are drawn from puts a tenth of them within 1e-10 of zero, and not at it."""

TINIEST, LARGEST = 1e-6, 100.0
"""Kernels that fall off (a Gaussian, a rounded basis of cosines) have such entries too, beside others of usual size."""

OVERFLOWS = 1.8e19
"""The square of a larger number is infinite in float32."""


@rule("W001", "non-finite", severity="error", needs="weights")
def non_finite(trace: Trace) -> Iterator[Finding]:
    """A weight, a result, a gradient or the loss is NaN or infinite.

    Exact: one entry that is not finite makes the loss so within a step. The weights are looked at first, then the
    results in the order of execution, then the gradients; only the first kind that has any is named, since it makes the
    others so. So do weights that no law draws: of which a tenth is within 1e-10 of zero and not at it while the largest
    is not of the size of weights, or whose square overflows. That is memory nothing was written to: bits read as
    numbers are spread over all magnitudes. Masks of attention, which are -inf on purpose, are not looked at.

    ## Limit
    finite(w), finite(z), finite(∂L/∂z), finite(L);  |w| >= 1e-10 for nine tenths of w ≠ 0, or max |w| in 1e-6...100;
    w² < ∞ in float32

    ## Example
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
    with torch.no_grad():
        model[2].weight[1, 3] = float("nan")

    ## Use instead
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))

    ## References
    Exact, by the arithmetic of IEEE 754: NaN and infinity pass through sums and products.
    """
    weights = [weight for weight in trace.weights if weight.finite < 1]
    for weight in weights:
        yield Finding(
            severity="error",
            path=weight.name,
            measured=1 - weight.finite,
            limit=0.0,
            formula=FORMULA,
            cause=f"{1 - weight.finite:.3g} of the entries of {weight.name} are NaN or infinite: memory that nothing "
            "was written to, or a formula that overflowed.",
            remedy=redrawn(trace, [weight], "Set it anew; after to_empty(), call reset_parameters() on every module."),
            weights=(weight.name,),
        )
    for weight in trace.weights:
        odd = weight.tiny > TINY_SHARE and not TINIEST < weight.largest < LARGEST
        if weight.finite == 1 and weight.norm > 0 and (odd or weight.largest > OVERFLOWS):
            yield _never_written(trace, weight)
    if not weights and trace.passes:
        yield from _in_passes(trace)


def _never_written(trace: Trace, weight: Weight) -> Finding:
    """Bits read as numbers are spread over all magnitudes, as no law is."""
    tiny = weight.tiny > TINY_SHARE
    words = f"{weight.tiny:.0%} of the entries of {weight.name} are below 1e-10 and not zero"
    return Finding(
        severity="error",
        path=weight.name,
        measured=weight.tiny if tiny else weight.largest,
        limit=TINY_SHARE if tiny else OVERFLOWS,
        formula="|w| >= 1e-10 for what is not zero, in nine tenths" if tiny else "w² must be finite in float32",
        cause=f"{words if tiny else f'{weight.name} holds {weight.largest:.3g}'}: memory that nothing was written to.",
        remedy=redrawn(trace, [weight], "Set it anew; after to_empty(), call reset_parameters() on every module."),
        weights=(weight.name,),
    )


def _at_the_door(trace: Trace, op: Op) -> bool:
    """Whether an operation that nothing measured feeds turns numbers of usual size into ones that are not finite."""
    held = [trace.weight(name) for name in op.weights]
    return not op.inputs and all(weight.finite == 1 and weight.largest < LARGEST for weight in held)


def _batch(trace: Trace, op: Op) -> Finding:
    return Finding(
        severity="error",
        path="batch",
        measured=1 - op.finite,
        limit=0.0,
        formula=FORMULA,
        cause=f"The first operation, {op.name}, is fed NaN, infinity or numbers that overflow: {trace.batch}.",
        remedy=Remedy(words="Look at the data, and at what is done to them first: a spread of 0 divides by 0."),
    )


def _in_passes(trace: Trace) -> Iterator[Finding]:
    halves = any(weight.dtype == "float16" for weight in trace.trained())
    for step, each in enumerate(trace.passes[:1] if halves else trace.passes):
        ops = [(op, op.finite, "result") for op in each.ops if op.finite < 1]
        ops += [(op, op.backward_finite, "gradient") for op in reversed(each.ops) if op.backward_finite < 1]
        if ops or each.loss != each.loss or abs(each.loss) == float("inf"):
            path, share, what = (ops[0][0].name, ops[0][1], ops[0][2]) if ops else ("loss", 0.0, "loss")
            when = "" if step == 0 else f" after {step} virtual step{'s' if step > 1 else ''}"
            if ops and not step and what == "result" and _at_the_door(trace, ops[0][0]):
                yield _batch(trace, ops[0][0])
                return
            largest = max((weight for weight in trace.weights if weight.finite == 1), key=lambda w: w.largest)
            yield Finding(
                severity="error" if step == 0 else "warning",
                path=largest.name if largest.largest > 1e8 else path,
                measured=1 - share,
                limit=0.0,
                formula=FORMULA,
                cause=f"The {what} of {path} is not finite{when}, though every weight is; the largest weight is "
                f"{largest.largest:.3g}, in {largest.name}.",
                remedy=redrawn(trace, [largest], "Set that weight anew.")
                if largest.largest > 1e8
                else Remedy(words="Look at the scale of what feeds it, and at the dtype it is computed in."),
                weights=(largest.name,) if largest.largest > 1e8 else (),
            )
            return
