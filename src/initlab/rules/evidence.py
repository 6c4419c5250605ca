"""Whose fault it is: the scale of every weight against what its layer calls for, and against its peers.

A symptom (a loss above chance, a gradient that vanishes) names no culprit. The scale does: with n inputs a unit, a
weight of mean square w² multiplies the mean square of the signal by g² = n w², where the activation that follows calls
for a gain g₀. The ratio g/g₀ of a healthy layer is near that of its peers, whatever the convention of the network;
the weight that is farthest from them, in the direction of the symptom, is the one to look at.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, wraps
from statistics import median
from typing import Literal, TypeVar

from initlab.errors import UnknownNameError
from initlab.laws import Constant, Law, Normal, Orthogonal
from initlab.numerics.activations import activation
from initlab.rules.rule import Edit, Remedy
from initlab.theory.gains import gains
from initlab.trace import Op, Trace, Weight

T = TypeVar("T")
Direction = Literal["large", "small"]

APART = math.log(3.0)
"""A weight less than three times out of scale is not singled out: conventions differ by that much."""


MANY = 4
"""Layers over which such a loss is one of 16 and more."""

CARRIED = 0.5
"""A layer that keeps less of the difference of two inputs than this forgets it within a few layers."""

OVERALL = 2.0
"""From so many times the gain that is called for, as a rule, all layers are to blame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The scale of one weight: its gain √n·w, the gain that is called for, and what follows it."""

    weight: Weight
    gain: float
    wanted: float
    follows: str
    normalised: bool

    @property
    def ratio(self) -> float:
        """How many times the gain that is called for."""
        return self.gain / self.wanted


@lru_cache(maxsize=64)
def gain_for(function: str) -> float:
    """The gain that keeps the mean square through an activation; 1 for one that is not known.

    >>> round(gain_for("relu"), 4)
    1.4142
    """
    try:
        return gains(activation(function), q=1.0).forward
    except UnknownNameError:
        return 1.0


def _once(function: Callable[[Trace], T]) -> Callable[[Trace], T]:
    """A function of a trace that is worked out once for each."""

    @wraps(function)
    def found(trace: Trace) -> T:
        if function.__name__ not in trace.derived:
            trace.derived[function.__name__] = function(trace)
        known: T = trace.derived[function.__name__]
        return known

    return found


@_once
def ends(trace: Trace) -> list[Op]:
    """The operations with weights that no other one with weights follows: the heads, however many there are."""
    follow: set[int] = set()
    for op in trace.first.ops:
        if op.weights:
            edge = set(op.inputs)
            while edge:
                follow |= edge
                edge = {place for each in edge for place in trace.first.ops[each].inputs} - follow
    return [op for place, op in enumerate(trace.first.ops) if op.weights and place not in follow]


def activation_after(trace: Trace, place: int) -> str:
    """The name of the activation that bends an operation's result, also after a normalisation; empty for none."""
    for after, op in trace.followers(place):
        if op.kind == "activation":
            return op.function
        if op.kind == "norm" and op.inputs == (place,):
            return activation_after(trace, after)
    return ""


@_once
def scales(trace: Trace) -> tuple[Scale, ...]:
    """The scale of every weight that multiplies. Without a pass, of every matrix, with a gain of 1 called for."""
    found = []
    for weight in trace.weights:
        fan = weight.fan_in or (None if trace.passes or len(weight.shape) != 2 else float(weight.shape[1]))
        if fan is None or len(weight.shape) < 2 or weight.kind == "embedding":
            continue
        places = [place for place, _ in trace.readers(weight.name)] if trace.passes else []
        follows = activation_after(trace, places[0]) if places else ""
        normalised = bool(places) and all(_normalised(trace, place) for place in places)
        gain = math.sqrt(fan) * weight.norm / math.sqrt(max(1, weight.size))
        found.append(
            Scale(
                weight=weight, gain=gain, wanted=gain_for(follows or "linear"), follows=follows, normalised=normalised
            )
        )
    return tuple(found)


def _normalised(trace: Trace, place: int) -> bool:
    """Whether a normalisation follows an operation and nothing else comes between."""
    return any(op.kind == "norm" and op.inputs == (place,) for _, op in trace.followers(place))


def overall(trace: Trace) -> Remedy | None:
    """The remedy where all layers are too large as a rule: the gain of its activation to every one; None elsewhere."""
    live = tuple(scale for scale in scales(trace) if scale.gain > 0 and not scale.normalised)
    if not live or typical(live) <= OVERALL:
        return None
    words = f"Give every layer the gain of its activation: they have {typical(live):.3g} times as much as a rule."
    return Remedy(words=words, edits=tuple(calibrated(scale) for scale in live))


def typical(found: tuple[Scale, ...]) -> float:
    """The median ratio of the weights that are not zero; 1 without any."""
    ratios = [scale.ratio for scale in found if scale.gain > 0]
    return median(ratios) if ratios else 1.0


def culprit(trace: Trace, direction: Direction, among: tuple[str, ...] = ()) -> Scale | None:
    """The weight that is farthest out of scale among its peers; None where none stands out.

    `among` restricts it to some weights. What a normalisation follows cannot be to blame: its scale has no effect.
    """
    found = scales(trace)
    usual = typical(found)
    usual = usual if 1 / 30 < usual < 30 else 1.0
    sign = 1 if direction == "large" else -1
    ranked = [
        (sign * math.log(scale.ratio / usual), scale)
        for scale in found
        if scale.gain > 0 and not scale.normalised and (not among or scale.weight.name in among)
    ]
    ranked = [each for each in ranked if each[0] > APART]
    return max(ranked, key=lambda each: each[0])[1] if ranked else None


def law_for(trace: Trace, scale: Scale) -> Law:
    """The law that a weight should have: the gain of its activation.

    Where a normalisation or a skip holds the signal other conventions do as well, and that of the peers is kept.
    """
    peers = [
        each for each in scales(trace)
        if each.weight.name != scale.weight.name and each.gain > 0 and each.follows == scale.follows
    ]  # fmt: skip
    held = (trace.residual or trace.normalised or not trace.passes) and len(peers) >= 2
    usual = median([each.gain for each in peers]) if held else scale.wanted
    gain = usual if scale.wanted / 3 < usual < 3 * scale.wanted else scale.wanted
    return Normal(std=gain / math.sqrt(scale.weight.fan_in or float(scale.weight.shape[1])))


@lru_cache(maxsize=64)
def carries(function: str) -> bool:
    """Whether a gain keeps both the signal and what tells two inputs apart: χ₁ of at least 1/2 where it is kept.

    >>> carries("relu"), carries("tanh"), carries("sigmoid")
    (True, True, False)
    """
    try:
        return gains(activation(function), q=1.0).chi1 >= CARRIED
    except UnknownNameError:
        return True


def critical(scale: Scale) -> Edit:
    """The change that puts a layer on its critical line: orthogonal at 1/φ'(0) where that is stable, or calibrated."""
    shape = scale.weight.shape
    found = _critical_gain(scale.follows)
    if found is None or len(shape) != 2 or scale.weight.dtype in ("float16", "bfloat16"):
        return calibrated(scale)
    return Edit(weight=scale.weight.name, law=Orthogonal(rows=shape[0], columns=shape[1], gain=found))


@lru_cache(maxsize=64)
def _critical_gain(function: str) -> float | None:
    """1/φ'(0) of a smooth activation with φ(0) = 0 that bends inwards, such as tanh; None for any other.

    >>> _critical_gain("tanh"), _critical_gain("relu")
    (1.0, None)
    """
    try:
        found = gains(activation(function), q=1.0)
        near = gains(activation(function), q=1e-6)
    except UnknownNameError:
        return None
    bends = found.stability == "stable" and not found.kinks and abs(found.mean) < 1e-9
    return round(near.backward, 3) if bends else None


def everywhere(trace: Trace) -> tuple[tuple[Scale, ...], Remedy]:
    """The weights that scale the signal, and the remedy where they are at fault together."""
    live = tuple(scale for scale in scales(trace) if scale.gain > 0 and not scale.normalised)
    followed = [scale.follows for scale in live if scale.follows]
    lost = sorted({name for name in followed if followed.count(name) >= MANY and not carries(name)})
    if lost:
        words = (
            f"No draw of the weights carries a signal through many layers of {' and '.join(lost)}: take tanh or a "
            "rectifier, a normalisation before each, or a skip."
        )
        return live, Remedy(words=words)
    functions = sorted({scale.follows or "none" for scale in live})
    wanted = {name: next(scale.wanted for scale in live if (scale.follows or "none") == name) for name in functions}
    told = ", ".join(f"{gain:.3g} for {name}" for name, gain in wanted.items())
    biases = tuple(
        Edit(weight=weight.name, law=Constant(value=0.0))
        for weight in trace.trained()
        if weight.bias and weight.norm > 0 and weight.kind == "linear"
    )
    edits = tuple(critical(scale) for scale in live) + biases
    return live, Remedy(words=f"Give every layer the gain of its activation ({told}), and no biases.", edits=edits)


def calibrated(scale: Scale) -> Edit:
    """The change that gives a weight the gain of its activation, whatever its peers have."""
    fan = scale.weight.fan_in or float(scale.weight.shape[1])
    return Edit(weight=scale.weight.name, law=Normal(std=scale.wanted / math.sqrt(fan)))


def redraw(trace: Trace, weight: Weight) -> Edit:
    """The change that sets a weight anew: its law by what it is."""
    if weight.gain:
        return Edit(weight=weight.name, law=Constant(value=1.0))
    if weight.bias:
        return Edit(weight=weight.name, law=Constant(value=0.0))
    known = next((scale for scale in scales(trace) if scale.weight.name == weight.name), None)
    if known is not None:
        return Edit(weight=weight.name, law=law_for(trace, known))
    if weight.kind == "embedding" or len(weight.shape) < 2:
        return Edit(weight=weight.name, law=Normal(std=0.02))
    return Edit(weight=weight.name, law=Normal(std=1 / math.sqrt(math.prod(weight.shape[1:]))))


def redrawn(trace: Trace, weights: list[Weight], words: str) -> Remedy:
    """A remedy that sets weights anew."""
    return Remedy(words=words, edits=tuple(redraw(trace, weight) for weight in weights))


def constants(trace: Trace) -> list[Weight]:
    """The trained matrices and tables that hold one number, which is not zero, over and over."""
    return [
        weight
        for weight in trace.trained()
        if weight.values == 1 and weight.norm > 0 and weight.size > max(weight.shape, default=1)
    ]


def copies_part(trace: Trace, weight: Weight) -> bool:
    """Whether rows that are copies have different things to do: outputs, and channels that become places.

    What comes next then reads as many channels fewer as there are copies, in more rows. Without a pass, several rows
    are believed.
    """
    if weight.repeats == 1 or weight.values == 1:
        return False
    if not trace.passes:
        return weight.repeats < weight.shape[0]
    return all(op.head or _spread_out(trace, place, op, weight.repeats) for place, op in trace.readers(weight.name))


def _spread_out(trace: Trace, place: int, op: Op, copies: int) -> bool:
    """Whether all that reads an operation's units finds them, by so many at a time, in rows of their own."""
    after = list(_kernels_after(trace, place))
    return bool(after) and all(each.rows > op.rows and kernel.shape[1] * copies == op.units for each, kernel in after)


def _kernels_after(trace: Trace, place: int) -> Iterator[tuple[Op, Weight]]:
    """The operations that read what one puts out, across those without a matrix, each with its own."""
    for after, op in trace.followers(place):
        kernel = next((weight for weight in map(trace.weight, op.weights) if weight.matrix), None)
        if kernel is None:
            yield from _kernels_after(trace, after)
        else:
            yield op, kernel


def before_scores(trace: Trace) -> set[str]:
    """The weights of queries and keys: their gradient is small as long as attention looks everywhere alike."""
    found: set[str] = set()
    for op in trace.first.ops:
        if op.kind == "attention":
            edge = [trace.first.ops[place] for place in op.inputs]
            edge += [trace.first.ops[place] for each in edge if not each.weights for place in each.inputs]
            edge += [trace.first.ops[place] for each in edge if each.kind == "norm" for place in each.inputs]
            found |= {name for each in edge for name in each.weights}
            if op.function == "softmax":
                found |= {name for each in edge for name in _only_for(trace, each, edge)}
    return found


def _only_for(trace: Trace, op: Op, edge: list[Op]) -> Iterator[str]:
    """The weights of what feeds an operation, and feeds nothing but its peers."""
    for place in op.inputs:
        if all(after in edge for _, after in trace.followers(place)):
            yield from trace.first.ops[place].weights


def biases_of(trace: Trace, op: Op) -> list[Weight]:
    """The biases that an operation adds."""
    return [trace.weight(name) for name in op.weights if trace.weight(name).bias]


def matrix_of(trace: Trace, op: Op) -> Weight | None:
    """The main weight that an operation reads."""
    named = [trace.weight(name) for name in op.weights]
    return next((weight for weight in named if not weight.bias), None)


def producer(trace: Trace, op: Op) -> Op | None:
    """The operation with weights whose result an activation bends, or the one itself if it has weights."""
    if op.weights:
        return op
    return next((each for each in trace.before(op) if each.weights), None)
