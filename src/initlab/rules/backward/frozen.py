"""Frozen matrices: by a method, or by mistake.

What is frozen on purpose was trained before, or is frozen as a whole. A matrix that is frozen while its bias moves, and
whose numbers are still those that it was drawn with, is neither.
"""

import math

from initlab.rules.evidence import ends
from initlab.trace import Op, Trace, Weight

LEAST = 256
"""So many numbers tell a uniform law from a bell: the largest of a bell's is less than 1.9 of σ once in a million."""

SURE = 3.0
"""Standard errors by which a standard deviation may be off that of its law."""


def frozen_ones(trace: Trace, minority: float) -> tuple[list[Weight], list[Weight]]:
    """Frozen matrices beside or behind what is trained, and those of them that no method leaves so."""
    matrices = [weight for weight in trace.weights if weight.matrix]
    frozen = {weight.name for weight in matrices if weight.frozen and weight.values > 4}
    if not frozen:
        return [], []
    trained = sum(weight.size for weight in matrices if not weight.frozen)
    few = sum(trace.weight(name).size for name in frozen) < minority * trained
    vectors = [weight for weight in trace.weights if weight.size == max(weight.shape, default=1)]
    moving = bool(vectors) and not any(weight.frozen for weight in vectors)
    most = _most_hidden(trace, matrices)
    found: dict[str, Weight] = {}
    drawn: dict[str, Weight] = {}
    learns = False
    for place, op in enumerate(trace.first.ops):
        own = [trace.weight(name) for name in op.weights]
        alone = not _adapted(trace, op)
        partly = alone and (any(not weight.frozen for weight in own) or _scaled(trace, place))
        biased = any(weight.bias and not weight.frozen for weight in own)
        mistaken = alone and not _composed(op, own) and (biased or moving)
        for weight in (each for each in own if each.name in frozen):
            if mistaken and (_uniform(weight) or (_normal(weight) and not (biased and most))):
                found[weight.name] = drawn[weight.name] = weight
            elif partly or (few and learns):
                found[weight.name] = weight
        learns |= partly
    return list(found.values()), list(drawn.values())


def _most_hidden(trace: Trace, matrices: list[Weight]) -> bool:
    """Whether two thirds of the numbers in hidden matrices are frozen, as a method that trains biases leaves them."""
    heads = {name for op in ends(trace) for name in op.weights}
    hidden = [weight for weight in matrices if weight.name not in heads]
    return 3 * sum(weight.size for weight in hidden if weight.frozen) > 2 * sum(weight.size for weight in hidden)


def fresh(weight: Weight) -> str:
    """Why the numbers of a matrix are a fresh draw, in words."""
    if _uniform(weight):
        beyond = weight.largest / weight.std
        return f"None of its {weight.size} numbers is beyond {beyond:.3g} standard deviations, as of a uniform law"
    return f"Its {weight.size} numbers have the standard deviation {_normal(weight):.4g} of a known law"


def _uniform(weight: Weight) -> bool:
    """Whether the numbers of a matrix are those of one uniform law about 0.

    The largest of n is √3 standard deviations then, whose own error is 0.45/√n of it; four of these are allowed.
    """
    room = min(4 * 0.45 / math.sqrt(max(1, weight.size)), 0.15)
    return weight.size >= LEAST and abs(weight.largest / (math.sqrt(3) * weight.std) - 1) < room


def _normal(weight: Weight) -> float:
    """The standard deviation of the known law that a matrix is drawn from, if it has no heavier tails; or 0."""
    if weight.size < LEAST or not weight.fan_in or not weight.fan_out:
        return 0.0
    into, out = weight.fan_in, weight.fan_out
    laws = [math.sqrt(each) for each in (1 / into, 2 / into, 2 / (into + out), 1 / out, 2 / out)]
    room = SURE / math.sqrt(2 * weight.size)
    bell = weight.largest < (math.sqrt(2 * math.log(weight.size)) + 1.5) * weight.std
    return next((law for law in (*laws, 0.02, 0.01) if bell and abs(weight.std / law - 1) < room), 0.0)


def _scaled(trace: Trace, place: int) -> bool:
    """Whether a normalisation whose scale is trained follows, and nothing else comes between."""
    norms = [op for _, op in trace.followers(place) if op.kind == "norm" and op.inputs == (place,)]
    return any(not trace.weight(name).frozen for op in norms for name in op.weights)


def _adapted(trace: Trace, own: Op) -> bool:
    """Whether a trained matrix reads what an operation reads: an adapter beside it."""
    beside = [op for op in trace.first.ops if op is not own and op.inputs == own.inputs]
    return any(weight.matrix and not weight.frozen for op in beside for weight in map(trace.weight, op.weights))


def _composed(op: Op, own: list[Weight]) -> bool:
    """Whether the matrix that multiplies is made of a frozen one and of what is trained."""
    return op.kind != "recurrent" and any(not weight.frozen and not weight.bias for weight in own)
