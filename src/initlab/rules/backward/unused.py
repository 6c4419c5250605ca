"""W012: weights that the loss does not depend on, or no optimizer trains."""

from collections.abc import Iterator

from initlab.rules.backward.frozen import fresh, frozen_ones
from initlab.rules.rule import Finding, Remedy, rule
from initlab.trace import Trace, Weight


@rule("W012", "unused", severity="warning")
def unused(trace: Trace, *, minority: float = 0.5) -> Iterator[Finding]:
    """A weight is not trained: cut off by detach or no_grad, kept in a plain list, frozen among trained ones, not used.

    Exact. What an operation reads and a detach() stands between it and the loss is a warning, and so is what the loss
    depends on and no module has: layers in a plain list or dict, a plain tensor. An optimizer is given
    model.parameters(), which does not list them. A weight that no operation reads, or that makes an output which the
    loss does not look at (a pooler), is mentioned only.

    So is a frozen random matrix whose own bias, or the scale of whose own normalisation, is trained, or with trained
    weights before it in a network that is trained in the main: it stays random, by method or by mistake. It is a
    warning where its own bias, or every bias and gain, is trained and its numbers are still a fresh draw: uniform about
    0, which trained matrices never are, or of the standard deviation of a known normal law; then only where it has no
    bias or a third of the hidden numbers is trained. Methods that train biases or gains alone start from trained
    matrices. Frozen first layers with their biases, and what has adapters beside it, are left alone.

    ## Limit
    every weight has a gradient and a module;  frozen random numbers < minority · trained ones, behind trained ones

    ## Example
    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(8, 16), nn.Linear(16, 4)

        def forward(self, x):
            return self.second(torch.relu(self.first(x)).detach())

    model = Cut()
    batch = torch.randn(32, 8)

    ## Use instead
    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(8, 16), nn.Linear(16, 4)

        def forward(self, x):
            return self.second(torch.relu(self.first(x)))

    model = Whole()
    batch = torch.randn(32, 8)

    ## References
    Exact, by the chain rule. Frozen on purpose: Ben Zaken et al., BitFit, 2022; Liu et al., DoRA, 2024.
    """
    without = [weight for weight in trace.trained() if weight.name not in trace.first.gradients]
    moving = {weight.digest for weight in trace.trained() if weight.name in trace.first.gradients}
    cut = [weight for weight in without if weight.cut and weight.digest not in moving]
    if any(not weight.bias and not weight.gain for weight in cut):
        main = _nearest(trace, cut)
        yield _finding(
            cut,
            main,
            "warning",
            f"{main.name} is used, and {main.cut} keeps the gradient from it{_and_others(cut)}.",
            f"Remove the {main.cut} between {main.name} and the loss, or set requires_grad_(False) if it is meant.",
        )
    yield from _idle([weight for weight in without if weight not in cut])
    yield from _unregistered(trace)
    yield from _frozen(trace, minority)


def _idle(idle: list[Weight]) -> Iterator[Finding]:
    """Weights that no operation reads, or whose result goes nowhere."""
    if idle:
        main = max(idle, key=lambda weight: weight.size)
        read = "no operation reads it" if not main.used else "what it makes does not reach the loss"
        yield _finding(
            idle,
            main,
            "info",
            f"{main.name} takes no gradient: {read}{_and_others(idle)}.",
            "Remove it, or let the loss depend on it.",
        )


def _unregistered(trace: Trace) -> Iterator[Finding]:
    """What is used and no module has, by the attribute that holds it."""
    for holder in dict.fromkeys(stray.holder for stray in trace.strays):
        group = [stray for stray in trace.strays if stray.holder == holder]
        first = group[0]
        who = f"{first.name} and {len(group) - 1} more are" if len(group) > 1 else f"{first.name} is"
        name = f"self.{holder.rpartition('.')[2]}"
        write = first.code.partition(" = ")[2].partition("(")[0]
        yield Finding(
            severity="warning",
            path=first.name,
            measured=float(len(group)),
            limit=0.0,
            formula="every weight that the loss depends on is among model.parameters()",
            cause=f"{who} used, and no optimizer trains what is so kept: {holder} is {first.kept}, which "
            "model.parameters() does not look into.",
            remedy=Remedy(
                words=f"Write {name} = {write}(...)." if write else f"Register {holder}: make it an attribute.",
                code=first.code,
            ),
            weights=tuple(stray.name for stray in group),
        )


def _nearest(trace: Trace, cut: list[Weight]) -> Weight:
    """The last weight before the cut."""
    places = {name: place for place, op in enumerate(trace.first.ops) for name in op.weights}
    return max(cut, key=lambda weight: (places.get(weight.name, -1), weight.size))


def _frozen(trace: Trace, minority: float) -> Iterator[Finding]:
    """Frozen random matrices: those that nothing but a mistake leaves so, and those that a method may."""
    found, drawn = frozen_ones(trace, minority)
    if found:
        main = max(drawn or found, key=lambda weight: weight.size)
        told = f"{main.name} is frozen and random, though what is beside or before it is trained{_and_others(found)}."
        told += f" {fresh(main)}: a fresh draw, which no training leaves." if drawn else ""
        code = _thaw(found) if trace.framework == "torch" else ""
        words = "Thaw it." if drawn else "Thaw it, unless it is frozen on purpose."
        yield _finding(found, main, "warning" if drawn else "info", told, words, code, FREE)


def _thaw(group: list[Weight]) -> str:
    names = ", ".join(f'"{weight.name}"' for weight in dict.fromkeys(group))
    return f"for name in ({names},):\n    model.get_parameter(name).requires_grad_(True)"


SEEN = "every trainable weight has a gradient"
FREE = "no matrix is frozen at a fresh draw beside what is trained"


def _finding(
    group: list[Weight], main: Weight, severity: str, cause: str, words: str, code: str = "", formula: str = SEEN
) -> Finding:
    return Finding(
        severity="warning" if severity == "warning" else "info",
        path=main.name,
        measured=float(len(group)),
        limit=0.0,
        formula=formula,
        cause=cause,
        remedy=Remedy(words=words, code=code),
        weights=tuple(weight.name for weight in group),
    )


def _and_others(group: list[Weight]) -> str:
    return f" (and {len(group) - 1} others)" if len(group) > 1 else ""
