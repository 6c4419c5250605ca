"""W060, W061 and W062: how much of the loss a weight can move."""

import math
from collections.abc import Iterator

from initlab.rules import fed
from initlab.rules.backward.dead_parameter import moved_at
from initlab.rules.evidence import (
    APART,
    Direction,
    before_scores,
    culprit,
    everywhere,
    redraw,
    redrawn,
    scales,
    typical,
)
from initlab.rules.forward.collapse import blocked
from initlab.rules.forward.depth_drift import drift_of, plain_chain
from initlab.rules.rule import Edit, Finding, NotApplicable, Remedy, rule
from initlab.trace import Trace

STEPS = 1e4
"""T, the steps of a usual training."""

UPDATE = 1e-3
"""u, the relative size of a usual update."""

SMALL = 0.3
"""Less than this share of the gain that is called for is no convention: torch gives ReLU 0.41 of it, SiLU 0.34."""

KEPT = math.log(1.25)
"""Layers that are as near to what their activations call for are not what takes a signal away."""

OPENS = 3.0
"""What grows so many times over two steps is opening."""


def elasticities(trace: Trace, step: int) -> dict[str, float]:
    """S of every trained weight in one pass; those without one are left out."""
    found = {weight.name: trace.passes[step].elasticity(weight.name) for weight in trace.trained()}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _scaled_back(trace: Trace, direction: Direction, name: str = "") -> tuple[str, Remedy, str, tuple[str, ...]]:
    """The weight to blame, or all of them, with the change that mends it, the factor in words, and who is blamed."""
    for zero in blocked(trace) if direction == "small" else ():
        return zero.path, zero.remedy, zero.cause, (zero.path,)
    suspect = culprit(trace, direction)
    blamed = fed.inputs(trace, suspect) if direction == "large" else fed.targets(trace)
    if blamed is not None:
        return *blamed, ()
    live, remedy = everywhere(trace)
    alike = typical(live)
    if suspect is not None and abs(math.log(alike)) < max(APART, abs(math.log(suspect.ratio)) / 2):
        own = suspect.weight.name
        follows = f" before {suspect.follows}" if suspect.follows else ""
        told = f"{own} multiplies the signal by {suspect.gain:.3g}, where{follows} {suspect.wanted:.3g} would keep it."
        return (
            own,
            redrawn(trace, [suspect.weight], f"Give it the scale its layer needs: it is {direction}."),
            told,
            (own,),
        )
    if not live:
        return name or "loss", Remedy(words="Look at the scale of the loss and of the inputs."), "", ()
    worst = max(live, key=lambda scale: abs(math.log(scale.ratio)))
    if len(live) == 1 or (remedy.edits and abs(math.log(alike)) < KEPT):
        told = f"The weights are not to blame: they multiply the signal by {alike:.3g} of what keeps it, as a rule."
        words = "Look at what stands between the layers, at the size of the loss, and at the inputs."
        return name or worst.weight.name, Remedy(words=words), told, ()
    each = "Each layer multiplies" if len(live) > 1 else "The layer multiplies"
    share = f"{alike:.3g} of what its activation calls for, as a rule"
    told = f"{each} the signal by {share}: all {len(live)} are too {direction}."
    return worst.weight.name, remedy, told, tuple(scale.weight.name for scale in live)


@rule("W060", "vanishing", severity="error")
def vanishing(
    trace: Trace, *, limit: float = 0.03, fading: float = 1.0, opening: float = 0.01 / (STEPS * UPDATE)
) -> Iterator[Finding]:
    """All weights together can hardly move the loss.

    S = |W| |∂L/∂W| / |L| bounds what a relative change u of W does to the loss: u·S. Once every weight has moved by as
    much as it is (a thousand steps of u = 1e-3), the loss has moved by ΣS at most; below 3 % the network learns by
    first growing its weights. That is the limit where weights are small (all below 0.3 of the gain that is called for,
    or one tenfold below its peers) or the signal falls with depth three times as far as chance would take it (W064).
    Where both are so the loss must be able to move by as much as it is; where neither is, or a normalisation makes up
    for it, 0.3 % will do. A tenth of the limit, and of 3 %, is an error.

    ΣS is that of the best of the passes, over the weights that multiply, since the last bias always moves. Where it
    grows threefold, behind gates that open, or most weights are frozen, the limit is 0.01/(T·u) = 1e-3, for 1 % in T =
    1e4 steps; and a hundredth of that where it starts at 0: after two steps a gate that was shut has hardly opened.

    ## Limit
    Σ |W||∂L/∂W|/|L| >= limit, fading where small weights make the signal fall, opening behind gates

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
    bound, formula = _asked(trace, sums, limit, fading, opening)
    if best < bound:
        path, remedy, told, blamed = _scaled_back(trace, "small")
        yield Finding(
            severity="error" if best < min(bound, limit) / 10 else "warning",
            path=path,
            measured=best,
            limit=bound,
            formula=f"Σ |W||∂L/∂W|/|L| >= {formula}",
            cause=f"Moving every weight by its own size moves the loss by {100 * best:.2g} % at most. {told}",
            remedy=remedy,
            weights=blamed,
        )


def _asked(trace: Trace, sums: list[float], limit: float, fading: float, opening: float) -> tuple[float, str]:
    """What ΣS is asked for, by what the network is, and why in words."""
    frozen = sum(weight.size for weight in trace.weights if weight.frozen)
    if sums[0] == 0 < sums[-1]:
        return opening / 100, "1e-4/(T·u), behind gates that were shut and open step by step"
    if _opens(sums) or frozen > sum(weight.size for weight in trace.trained()):
        return opening, "0.01/(T·u), behind gates"
    falls, small = _fades(trace), _too_small(trace)
    if falls and small:
        return fading, "100 % in 1/u steps of relative size u, where the signal falls beyond chance"
    if trace.normalised or not (falls or small):
        return limit / 10, "0.3 % in 1/u steps of relative size u, where the weights are not small"
    return limit, "3 % in 1/u steps of relative size u"


def _too_small(trace: Trace) -> bool:
    """Whether a weight stands out tenfold from its peers, or the layers have less than any convention gives them."""
    usual, suspect = typical(scales(trace)), culprit(trace, "small")
    return usual < SMALL or (suspect is not None and suspect.ratio < usual / 10)


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
    classes over wide features have up to 450. What a normalisation follows is left out: its scale has no effect.
    Of a loss that is not known, and may pass through 0, the least S of the passes counts.

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
    spread = {scale.weight.name for scale in scales(trace) if scale.normalised}
    steps = range(len(trace.passes) if trace.output is None or trace.output.kind == "other" else 1)
    every = [elasticities(trace, step) for step in steps]
    found = {name: min(each.get(name, math.inf) for each in every) for name in every[0] if name not in spread}
    if not found:
        raise NotApplicable("no gradient is finite")
    name, worst = max(found.items(), key=lambda each: each[1])
    if worst > limit:
        path, remedy, told, blamed = _scaled_back(trace, "large", name)
        if worst <= 10 * limit and trace.weight(name).gain and not blamed:
            return
        yield Finding(
            severity="error" if worst > 10 * limit else "warning",
            path=path,
            measured=worst,
            limit=limit,
            formula="max |W||∂L/∂W|/|L| <= 1/u, steps of relative size u = 1e-3",
            cause=f"A change of {name} by 0.1 % may change the loss by {worst / 10:.3g} %. {told}",
            remedy=remedy,
            weights=blamed,
        )


@rule("W062", "starved", severity="info")
def starved(trace: Trace, *, limit: float = 1e-6) -> Iterator[Finding]:
    """One layer can move the loss a million times less than another.

    With the largest relative update that is in use, u = 1e-2, over T = 1e4 steps the layer moves the loss by less than
    one in ten thousand of what the best one does in one: 1e-4/(T·u) = 1e-6. Selective state spaces start at 4e-6. The
    best of the passes counts, and a layer whose share grows threefold over the virtual steps lies behind a gate that
    opens. Told, and no accusation: Adam gives every layer steps of one size (where its ε does not, see W063), plain
    gradient descent does not. Matrices only: a bias or a gain starts at a value of its own; and not those of queries
    and keys, which wait until attention looks somewhere.

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
            severity="info",
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
