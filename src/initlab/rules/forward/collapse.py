"""W066: different inputs that have become one."""

from collections.abc import Iterator
from dataclasses import replace

from initlab.rules.evidence import (
    Scale,
    before_scores,
    ends,
    everywhere,
    matrix_of,
    redraw,
    redrawn,
    typical,
)
from initlab.rules.rule import Finding, NotApplicable, Remedy, rule
from initlab.trace import Op, Trace, Weight

SAME = 1e-9
"""Rows whose cosine is within this of 1 are one row: the cosine is taken in double precision."""


@rule("W066", "collapse", severity="error")
def collapse(trace: Trace, *, roundings: float = 100.0) -> Iterator[Finding]:
    """The last hidden layer puts out nearly the same whatever is fed in.

    In the ordered phase every layer draws inputs together, 1 - c → χ (1 - c) with χ < 1. Two results of cosine c differ
    by δ = √(2(1 - c)) of their size; where δ of the last hidden layer is below 100 roundings of the dtype the inputs
    cannot be told apart, and below 10 it is an error. A network of 8 layers as torch draws them has 1 - c of 1e-5 to
    1e-3, which costs it some steps and no more; means over sets and pictures bring it down as well, and no harm. A
    matrix of zeros that nothing goes round is a warning.

    ## Limit
    √(2(1 - c)) of the last hidden layer >= roundings · rounding(dtype)

    ## Example
    model = nn.Sequential(*[layer for _ in range(30) for layer in (nn.Linear(64, 64), nn.Tanh())], nn.Linear(64, 4))
    for layer in model[::2]:
        nn.init.normal_(layer.weight, std=0.7 / 8), nn.init.normal_(layer.bias, std=0.5)

    ## Use instead
    model = nn.Sequential(*[layer for _ in range(30) for layer in (nn.Linear(64, 64), nn.Tanh())], nn.Linear(64, 4))
    for layer in model[::2]:
        nn.init.orthogonal_(layer.weight), nn.init.zeros_(layer.bias)

    ## References
    Schoenholz, Gilmer, Ganguli, Sohl-Dickstein, Deep information propagation, ICLR 2017, arXiv:1611.01232.
    """
    if zeros := list(blocked(trace)):
        yield from zeros
        return
    last = _last_hidden(trace)
    if last is None or last.cosine is None or trace.cosine is None:
        raise NotApplicable("there are no two examples to compare, or no hidden layer")
    start, apart = 1 - trace.cosine, 1 - last.cosine
    main = matrix_of(trace, last)
    if start <= 1e-4 or last.square == 0 or _shut(trace) or (main is not None and main.norm == 0):
        raise NotApplicable("the inputs are alike, or the layer puts out nothing yet")
    precision = 2.0**-7 if "bfloat16" in last.dtype else 2.0**-10 if last.dtype == "float16" else trace.precision
    floor = min((roundings * precision) ** 2 / 2, 1e-4)
    if apart < floor:
        live, remedy = everywhere(trace)
        yield Finding(
            severity="error" if apart < floor / 100 else "warning",
            path=main.name if main is not None else last.name,
            measured=apart,
            limit=floor,
            formula=f"√(2(1 - c)) >= {roundings:g} roundings",
            cause=f"Different inputs have 1 - cosine {apart:.2g} at {last.name}, and {start:.2g} when fed in. "
            f"{_why(live)}",
            remedy=remedy,
            weights=tuple(scale.weight.name for scale in live),
        )


def _why(live: tuple[Scale, ...]) -> str:
    """What draws the inputs together, in words."""
    if not live:
        return "The layers draw them together: the ordered phase."
    return (
        f"Each of the {len(live)} layers multiplies the signal by {typical(live):.2g} of what its activation calls "
        "for, as a rule, and draws inputs together: the ordered phase."
    )


def _last_hidden(trace: Trace) -> Op | None:
    """The operation with weights that feeds the last one."""
    heads = [op for op in trace.first.ops if op.head]
    for head in heads:
        for op in trace.before(head):
            if op.weights and op.kind in ("linear", "norm", "recurrent") and op.cosine is not None:
                return op
    return None


def _shut(trace: Trace) -> list[Weight]:
    """Matrices of zeros."""
    return [weight for weight in trace.trained() if weight.matrix and weight.norm == 0 and weight.used]


def blocked(trace: Trace) -> Iterator[Finding]:
    """A matrix of zeros on the only way from the input to the loss: nothing of the input gets past it."""
    matrices = [weight for weight in trace.trained() if weight.matrix]
    nothing = len(matrices) > 2 and not any(weight.norm for weight in trace.weights if weight.matrix)
    if nothing:
        largest = max(matrices, key=lambda weight: weight.size)
        every = redrawn(trace, [weight for weight in matrices if weight.norm == 0], "Draw them all at random.")
        yield replace(_zero(trace, largest), remedy=every)
    if nothing or any(_tells_apart(op) for op in ends(trace)):
        return
    asks = before_scores(trace)
    for weight in _shut(trace):
        places = [place for place, _ in trace.readers(weight.name)]
        if weight.name in asks or any(_passed_by(trace, place) for place in places):
            continue
        yield _zero(trace, weight)


def _zero(trace: Trace, weight: Weight) -> Finding:
    return Finding(
        severity="warning",
        path=weight.name,
        measured=0.0,
        limit=0.0,
        formula="a zero matrix stands beside another way, or is the last",
        cause=f"{weight.name} is all zero: what follows sees none of the input.",
        remedy=Remedy(words="Draw it at random.", edits=(redraw(trace, weight),)),
        weights=(weight.name,),
    )


def _passed_by(trace: Trace, place: int) -> bool:
    """Whether an operation is the last, or its result is added to another signal, or multiplies one, bent or not."""
    op = trace.first.ops[place]
    if op.head or op.residual or op.gate:
        return True
    return any(
        after.kind in ("activation", "norm") and after.inputs == (place,) and _passed_by(trace, number)
        for number, after in trace.followers(place)
    )


def _tells_apart(op: Op) -> bool:
    """Whether a last operation puts out different things for different inputs."""
    return op.square > 0 and op.cosine is not None and op.cosine < 1 - SAME
