"""W060, W061 and W062: how much of the loss a weight can move."""

import math
from collections.abc import Iterator

from initlab.rules.backward.dead_parameter import moved_at
from initlab.rules.evidence import APART, before_scores, calibrated, culprit, redraw, redrawn, scales, typical
from initlab.rules.forward.depth_drift import drift_of, plain_chain
from initlab.rules.rule import Edit, Finding, NotApplicable, Remedy, rule
from initlab.trace import Trace

STEPS = 1e4
"""T, the steps of a usual training."""

UPDATE = 1e-3
"""u, the relative size of a usual update."""

OPENS = 3.0
"""What grows so many times over two steps is opening."""


def elasticities(trace: Trace, step: int) -> dict[str, float]:
    """S of every trained weight in one pass; those without one are left out."""
    found = {weight.name: trace.passes[step].elasticity(weight.name) for weight in trace.trained()}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _scaled_back(trace: Trace, direction: str) -> tuple[str, Remedy, str]:
    """The weight to blame, or all of them, with the change that mends it, and the factor in words."""
    side = "large" if direction == "large" else "small"
    suspect = culprit(trace, "large" if direction == "large" else "small")
    found = scales(trace)
    if suspect is not None and abs(math.log(typical(found))) < max(APART, abs(math.log(suspect.ratio)) / 2):
        words = f"{suspect.weight.name} multiplies the signal by {suspect.gain:.3g}"
        follows = f" before {suspect.follows}" if suspect.follows else ""
        told = f"{words}, where{follows} {suspect.wanted:.3g} would keep it."
        return (
            suspect.weight.name,
            redrawn(trace, [suspect.weight], f"Give it the scale its layer needs: it is {side}."),
            told,
        )
    live = [scale for scale in found if scale.gain > 0 and not scale.normalised]
    if not live:
        return "loss", Remedy(words="Look at the scale of the loss and of the inputs."), ""
    worst = max(live, key=lambda scale: abs(math.log(scale.ratio)))
    gains = sorted(scale.gain for scale in live)
    told = (
        f"No single weight stands out: the {len(live)} layers multiply the signal by {gains[0]:.3g} to "
        f"{gains[-1]:.3g}, "
        f"where {min(scale.wanted for scale in live):.3g} to {max(scale.wanted for scale in live):.3g} would keep it."
    )
    edits = tuple(calibrated(scale) for scale in live)
    return worst.weight.name, Remedy(words="Give every layer the gain of its activation.", edits=edits), told


@rule("W060", "vanishing", severity="error")
def vanishing(
    trace: Trace, *, limit: float = 0.03, fading: float = 0.3, opening: float = 0.01 / (STEPS * UPDATE)
) -> Iterator[Finding]:
    """All weights together can hardly move the loss.

    S = |W| |∂L/∂W| / |L| bounds what a relative change u of W does to the loss: u·S. Once every weight has moved by as
    much as it is (a thousand steps of u = 1e-3), the loss has moved by ΣS at most; below 3 % the network learns by
    first growing its weights; a normalised one is never small inside, and has a tenth. A tenth of that is an error.
    Where the signal falls with depth three times as far as chance would take it (W064), the loss must be able to move
    by 30 %; or by as much as it is, where a single weight stands out tenfold from its peers. ΣS is that of the best of
    the passes, over the weights that multiply, since the last bias always moves. Where it starts at 0 or grows
    threefold, behind gates that open, or most weights are frozen, the limit is 0.01/(T·u) = 1e-3, for 1 % in T = 1e4
    steps; and a hundredth of that where it starts at 0: after two steps a gate that was shut has hardly opened.

    ## Limit
    Σ |W||∂L/∂W|/|L| >= limit, fading where the signal falls (1 for a single weight), opening behind gates

    ## Example
    model = nn.Sequential(*[layer for _ in range(12) for layer in (nn.Linear(32, 32), nn.Tanh())], nn.Linear(32, 4))
    for layer in model[::2]:
        nn.init.normal_(layer.weight, std=0.01), nn.init.zeros_(layer.bias)

    ## Use instead
    model = nn.Sequential(*[layer for _ in range(12) for layer in (nn.Linear(32, 32), nn.Tanh())], nn.Linear(32, 4))
    for layer in model[::2]:
        nn.init.orthogonal_(layer.weight)

    ## References
    Derived here. Hanin, Which neural net architectures give rise to exploding and vanishing gradients?, NeurIPS 2018,
    arXiv:1801.03744.
    """
    biases = {weight.name for weight in trace.weights if weight.bias}
    sums = [
        sum(value for name, value in elasticities(trace, step).items() if name not in biases)
        for step in range(len(trace.passes))
    ]
    best = max(sums)
    if not math.isfinite(best):
        raise NotApplicable("the gradients are not finite")
    frozen = sum(weight.size for weight in trace.weights if weight.frozen)
    gated = _opens(sums) or frozen > sum(weight.size for weight in trace.trained())
    bound, formula = (opening, "0.01/(T·u), behind gates") if gated else (limit, "3 % in 1/u steps of relative size u")
    if trace.normalised and not gated:
        bound, formula = limit / 10, "0.3 % in 1/u steps of relative size u, in a normalised network"
    if sums[0] == 0 < sums[-1]:
        bound, formula = opening / 100, "1e-4/(T·u), behind gates that were shut and open step by step"
    if not gated and _fades(trace):
        apart = culprit(trace, "small")
        alone = apart is not None and apart.ratio * 10 < typical(scales(trace))
        bound, share = (1.0, "100 %") if alone else (fading, f"{100 * fading:.3g} %")
        formula = f"{share} in 1/u steps of relative size u, where the signal falls beyond chance"
    if best < bound:
        path, remedy, told = _scaled_back(trace, "small")
        yield Finding(
            severity="error" if best < min(bound, limit) / 10 else "warning",
            path=path,
            measured=best,
            limit=bound,
            formula=f"Σ |W||∂L/∂W|/|L| >= {formula}",
            cause=f"Moving every weight by its own size moves the loss by {100 * best:.2g} % at most. {told}",
            remedy=remedy,
        )


def _fades(trace: Trace) -> bool:
    """Whether the signal of a plain network falls three times as far as chance would take it at most."""
    try:
        drift, limit = drift_of(plain_chain(trace))
    except NotApplicable:
        return False
    return drift < -3 * limit


def _opens(sums: list[float]) -> bool:
    """Whether a gate opens: nothing at first, or three times as much after the virtual steps, and not too little."""
    return sums[-1] > 0 and sums[-1] >= OPENS * sums[0]


@rule("W061", "exploding", severity="error")
def exploding(trace: Trace, *, limit: float = 1 / UPDATE) -> Iterator[Finding]:
    """One usual step may change the loss by more than it is.

    The elasticity S = |W| |∂L/∂W| / |L| times the relative size u = 1e-3 of a usual update bounds the change of the
    loss in one step. From S = 1/u = 1000 on one step may double it; ten times that is an error. Healthy heads of many
    classes over wide features have up to 450.

    ## Limit
    max |W||∂L/∂W|/|L| <= limit = 1/u,  u = 1e-3

    ## Example
    model = nn.Sequential(*[layer for _ in range(12) for layer in (nn.Linear(32, 32), nn.Tanh())], nn.Linear(32, 4))
    for layer in model[::2]:
        nn.init.normal_(layer.weight, std=1.0)

    ## Use instead
    model = nn.Sequential(*[layer for _ in range(12) for layer in (nn.Linear(32, 32), nn.Tanh())], nn.Linear(32, 4))
    for layer in model[::2]:
        nn.init.orthogonal_(layer.weight)

    ## References
    Derived here. Hanin, Which neural net architectures give rise to exploding and vanishing gradients?, NeurIPS 2018,
    arXiv:1801.03744.
    """
    found = elasticities(trace, 0)
    if not found:
        raise NotApplicable("no gradient is finite")
    name, worst = max(found.items(), key=lambda each: each[1])
    if worst > limit:
        path, remedy, told = _scaled_back(trace, "large")
        yield Finding(
            severity="error" if worst > 10 * limit else "warning",
            path=path,
            measured=worst,
            limit=limit,
            formula="max |W||∂L/∂W|/|L| <= 1/u, steps of relative size u = 1e-3",
            cause=f"A change of {name} by 0.1 % may change the loss by {worst / 10:.3g} %. {told}",
            remedy=remedy,
        )


@rule("W062", "starved", severity="warning")
def starved(trace: Trace, *, limit: float = 1e-6) -> Iterator[Finding]:
    """One layer can move the loss a million times less than another.

    With the largest relative update that is in use, u = 1e-2, over T = 1e4 steps the layer moves the loss by less than
    one in ten thousand of what the best one does in one: 1e-4/(T·u) = 1e-6. Selective state spaces start at 4e-6.
    The best of the passes counts, and a layer whose share
    grows threefold over the virtual steps lies behind a gate that opens. Matrices only: a bias or a gain starts at a
    value of its own; and not those of queries and keys, which wait until attention looks somewhere.

    ## Limit
    S/max S >= limit = 1e-4/(T u),  T = 1e4,  u = 1e-2

    ## Example
    model = nn.Sequential(*[layer for _ in range(8) for layer in (nn.Linear(32, 32), nn.Tanh())], nn.Linear(32, 4))
    for layer in model[::2]:
        nn.init.normal_(layer.weight, std=0.02), nn.init.normal_(layer.bias, std=0.5)

    ## Use instead
    model = nn.Sequential(*[layer for _ in range(8) for layer in (nn.Linear(32, 32), nn.Tanh())], nn.Linear(32, 4))
    for layer in model[::2]:
        nn.init.xavier_normal_(layer.weight, gain=5 / 3), nn.init.zeros_(layer.bias)

    ## References
    Derived here. You, Gitman, Ginsburg, Large batch training of convolutional networks, 2017, arXiv:1708.03888, on the
    ratio of weight to gradient from layer to layer.
    """
    quiet = before_scores(trace)
    names = [
        weight.name
        for weight in trace.trained()
        if weight.matrix and weight.norm > 0 and weight.name not in quiet and moved_at(trace, weight) == 0
    ]
    if len(names) < 2:
        raise NotApplicable("fewer than two matrices have a gradient")
    shares: dict[str, list[float]] = {name: [] for name in names}
    for step in range(len(trace.passes)):
        found = elasticities(trace, step)
        most = max((found.get(name, 0.0) for name in names), default=0.0)
        for name in names:
            shares[name].append(found.get(name, 0.0) / most if most else 0.0)
    hungry = sorted(
        (max(each), name) for name, each in shares.items() if max(each) < limit and each[-1] < OPENS * each[0]
    )
    if hungry:
        share, name = hungry[0]
        yield Finding(
            severity="warning",
            path=name,
            measured=share,
            limit=limit,
            formula="S/max S >= 1e-4/(T·u), T = 1e4 steps of relative size u = 1e-2",
            cause=f"{name} can move the loss by {share:.2g} of what the best layer can.",
            remedy=Remedy(words="Give it the scale of its peers.", edits=_edits(trace, name)),
            weights=tuple(name for _, name in hungry),
        )


def _edits(trace: Trace, name: str) -> tuple[Edit, ...]:
    return (redraw(trace, trace.weight(name)),)
