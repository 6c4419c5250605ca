"""W010 and W011: weights without a gradient, for ever or for a step."""

from collections.abc import Iterator

from initlab.rules.evidence import before_scores, constants, producer, redrawn
from initlab.rules.forward.collapse import blocked
from initlab.rules.forward.dead_units import by_chance
from initlab.rules.rule import Finding, Remedy, rule
from initlab.trace import Op, Trace, Weight


def moved_at(trace: Trace, weight: Weight) -> int | None:
    """The first virtual step at which a weight has a gradient; None for never."""
    for step, each in enumerate(trace.passes):
        found = each.gradients.get(weight.name)
        if found is not None and found.filled > 0:
            return step
    return None


def reached(trace: Trace) -> Iterator[Weight]:
    """The trainable weights that the loss depends on. An expert that no example is routed to reads nothing."""
    return (
        weight
        for weight in trace.trained()
        if weight.name in trace.first.gradients and weight.used and weight.finite == 1
    )


@rule("W010", "dead-parameter", severity="error")
def dead_parameter(trace: Trace) -> Iterator[Finding]:
    """The gradient of a weight is exactly zero, before and after every virtual step.

    Exact: a product A·B with both factors zero is a saddle, where each factor's gradient is the other times something:
    no optimizer that follows gradients leaves it. One zero factor is a gate that opens with the first step (W011), and
    a gate within a gate with the second; hence the steps. Weights that are not reached by the loss are W012's. Rows of
    tables that the batch does not look up are no matter, but a table whose every gradient is zero is.

    ## Limit
    ∂L/∂w ≠ 0 at one of the virtual steps 0, 1, 2

    ## Example
    class LoRA(nn.Module):
        def __init__(self):
            super().__init__()
            self.base, self.a, self.b = nn.Linear(16, 4), nn.Linear(16, 2, bias=False), nn.Linear(2, 4, bias=False)
            nn.init.zeros_(self.a.weight), nn.init.zeros_(self.b.weight)

        def forward(self, x):
            return self.base(x) + self.b(self.a(x))

    model = LoRA()
    batch = torch.randn(32, 16)

    ## Use instead
    class LoRA(nn.Module):
        def __init__(self):
            super().__init__()
            self.base, self.a, self.b = nn.Linear(16, 4), nn.Linear(16, 2, bias=False), nn.Linear(2, 4, bias=False)
            nn.init.zeros_(self.b.weight)

        def forward(self, x):
            return self.base(x) + self.b(self.a(x))

    model = LoRA()
    batch = torch.randn(32, 16)

    ## References
    Exact. Saxe, McClelland, Ganguli, ICLR 2014, arXiv:1312.6120, on the saddle at zero; Hu et al., LoRA, 2021,
    arXiv:2106.09685, on the one zero factor that is right.
    """
    dead = _never_moved(trace)
    if all(weight.bias for weight in dead):
        return
    zero = [weight for weight in dead if weight.norm == 0 and not weight.bias and not weight.gain]
    flat = _flat(trace, zero)
    product = len(zero) > 1 and any(weight.matrix for weight in zero)
    shown = flat + sorted(dead, key=lambda weight: (weight.norm != 0, weight.bias, weight.gain))
    others = f", as do {len(dead) - 1} others" if len(dead) > 1 else ""
    yield Finding(
        severity="error" if product or flat or _most(trace, dead) else "info",
        path=shown[0].name,
        measured=0.0,
        limit=0.0,
        formula=f"gradient exactly 0 at virtual steps 0 to {len(trace.passes) - 1}",
        cause=f"{shown[len(flat)].name} gets no gradient{others}. {_why(zero, flat)}",
        remedy=redrawn(trace, flat, "Draw what is constant at random.")
        if flat
        else _remedy(trace, zero or shown[:1], dead),
        weights=tuple(weight.name for weight in shown),
    )


def _never_moved(trace: Trace) -> list[Weight]:
    """The weights without a gradient at every virtual step, though the batch gives them something to do."""
    spared = _idle(trace)
    stepped = (weight for weight in reached(trace) if len(trace.passes) > 1 and moved_at(trace, weight) is None)
    return [weight for weight in stepped if weight.name not in spared]


def _idle(trace: Trace) -> set[str]:
    """Weights that this batch gives nothing to do: states that start at zero, one key to attend to, a shut squeeze."""
    found: set[str] = set()
    for place, op in enumerate(trace.first.ops):
        if op.kind == "recurrent" and any(moved_at(trace, trace.weight(name)) is not None for name in op.weights):
            found |= set(op.weights)
        if op.kind == "activation" and by_chance(trace, op):
            source = producer(trace, op)
            found |= {name for after in (source, *_after(trace, place)) if after for name in after.weights}
    if any(op.keys == 1 for op in trace.first.ops):
        found |= before_scores(trace)
    return found


def _flat(trace: Trace, zero: list[Weight]) -> list[Weight]:
    """The constants of which a normalisation leaves nothing, if they are most of what is trained."""
    flat = constants(trace) if trace.normalised and not zero else []
    return flat if _most(trace, flat) else []


def _most(trace: Trace, group: list[Weight]) -> bool:
    """Whether weights hold half of the numbers that are trained."""
    return 2 * sum(weight.size for weight in group) >= sum(weight.size for weight in trace.trained())


def _after(trace: Trace, place: int) -> list[Op]:
    return [op for _, op in trace.followers(place)]


def _why(zero: list[Weight], flat: list[Weight]) -> str:
    if flat:
        return f"{flat[0].name} holds one number over and over: what a normalisation makes of its results is zero."
    if len(zero) == 1:
        return f"{zero[0].name} is all zero, and what it is multiplied by on the way to the loss is zero as well."
    if not zero:
        return (
            "Whatever multiplies it on the way to the loss is zero: a unit that is dead, or a factor that stays zero."
        )
    names = _several([weight.name for weight in zero])
    return f"{names} are all zero: the gradient of each is the others times something, a saddle no optimizer leaves."


def _remedy(trace: Trace, zero: list[Weight], dead: list[Weight]) -> Remedy:
    """Draw the zero factors: all but the last, so that what they make stays zero at first, unless that cannot open."""
    if len(zero) > max(2, sum(weight.matrix for weight in trace.weights) / 2):
        every = [weight for weight in trace.trained() if weight.norm == 0 and not weight.bias]
        return redrawn(trace, every, "Draw them all: nothing was written to them.")
    closed = [weight for weight in dead if weight.gain and weight.norm == 0]
    if closed:
        every = [weight for weight in zero if not weight.gain] + closed
        return redrawn(trace, every, "Open the normalisations: gains of 1, and no zeros beside them.")
    if blocking := [trace.weight(finding.path) for finding in blocked(trace)]:
        return redrawn(trace, blocking, "Draw what is zero on the only way at random.")
    if len(zero) == 1:
        return redrawn(trace, zero, "Set it anew.")
    return redrawn(
        trace, zero[:-1], "Make one factor random and leave the other zero: it then opens at the first step."
    )


def _several(names: list[str]) -> str:
    shown = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


@rule("W011", "gated", severity="info")
def gated(trace: Trace) -> Iterator[Finding]:
    """The gradient of a weight is zero now, and not after a virtual step: a zero gate that opens.

    By design in ReZero, Fixup, LoRA, adaLN-zero, zero heads and zero-initialised branches. Not a fault.

    ## Limit
    ∂L/∂w ≠ 0 at virtual step 0

    ## Example
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
    nn.init.zeros_(model[2].weight)

    ## Use instead
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))

    ## References
    Bachlechner et al., ReZero, 2020, arXiv:2003.04887; Zhang, Dauphin, Ma, Fixup, ICLR 2019, arXiv:1901.09321; Hu et
    al., LoRA, 2021, arXiv:2106.09685; Peebles, Xie, DiT (adaLN-zero), 2022, arXiv:2212.09748.
    """
    late = [(weight, moved_at(trace, weight)) for weight in reached(trace)]
    opened = [(weight, step) for weight, step in late if step]
    if opened:
        weight, step = max(opened, key=lambda each: each[1])
        count = f"{len(opened)} weights, such as {weight.name}," if len(opened) > 1 else weight.name
        yield Finding(
            severity="info",
            path=weight.name,
            measured=float(step),
            limit=0.0,
            formula="the first virtual step with a gradient",
            cause=f"{count} get{'' if len(opened) > 1 else 's'} no gradient now and one from step {step} on: a "
            f"zero gate, "
            "by design, that opens.",
            remedy=Remedy(words="Nothing to do."),
            weights=tuple(weight.name for weight, _ in opened),
        )
