"""A constant factor: a 2 from the derivative of a square, a ½ forgotten, a learning rate multiplied in.

## Formula
a = c n        with one c for all entries, of the data's part or of all of it

## Example
dW2 = 1./m * np.dot(dZ2, A1.T) * 2      # wrong: the factor 2
db1 = 4./m * np.sum(dZ1, axis=1, keepdims=True)
"""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import (
    ANY_FACTOR,
    SIMPLE,
    Attempt,
    Block,
    Reading,
    Variant,
    cause,
    fitted_factor,
    scaled_block,
    scalings,
    simplest,
)
from initlab.gradients.causes.cause import ENOUGH as FOR_TWO
from initlab.gradients.projection import KAPPA
from initlab.gradients.reference import Kind

ENOUGH = 3
"""Fewer entries than this are a multiple of anything: only a simple factor is then believed."""

MOST_ROOT = 4096


EXACT = 1e-6
"""A factor is a simple one when it is so close to it, or as close as its error bar allows."""


def written(c: float, error: float = 0.0) -> str:
    """A factor as a person would write it.

    >>> written(2.0000000001), written(1 / 3), written(8**0.5), written(0.0075)
    ('factor 2', 'factor 1/3', 'factor sqrt(8)', 'factor 0.0075')
    >>> written(10.561234)
    'a constant factor 10.56, no simple number: a sum or a norm is missing, say'
    """
    simple, square = _fraction(c), round(c * c)
    if _near(c, float(simple), error) and abs(simple.numerator) <= 10 * SIMPLE:
        return f"factor {simple}"
    if not is_simple(c, error):
        return f"a constant factor {c:.4g}, no simple number: a sum or a norm is missing, say"
    if c > 0 and square <= MOST_ROOT and _near(c, math.sqrt(square), error):
        return f"factor sqrt({square})"
    return f"factor {c:.4g}"


def is_simple(c: float, error: float = 0.0) -> bool:
    """Whether a factor is a small fraction, a root of a whole number, a power of ten, or has four digits at most.

    >>> is_simple(0.99), is_simple(1e-5), is_simple(1 / 8**0.5), is_simple(10.561234)
    (True, True, True, False)
    """
    if c == 0 or not np.isfinite(c):
        return False
    simple, root = _fraction(c), max(c * c, 1 / (c * c))
    return (
        (_near(c, float(simple), error) and abs(simple.numerator) <= SIMPLE)
        or (root <= MOST_ROOT and _near(root, round(root), 2 * error * root / abs(c)))
        or abs(c / float(f"{c:.3e}") - 1) <= max(EXACT / 10, error / abs(c))
    )


def _fraction(c: float) -> Fraction:
    return Fraction(c).limit_denominator(SIMPLE)


def _near(c: float, simple: float, error: float) -> bool:
    return simple != 0 and abs(c - simple) <= max(EXACT * abs(simple), error)


def _blocks(block: Block) -> Iterator[Reading]:
    decays = [block.decay * block.w] if block.weight and block.decay else []
    for decay in (0.0 * block.w, *decays):
        found = _factor(block.a - decay, block.n - decay, block.error)
        if found is not None:
            c, error = found
            yield _reading(c, error, c * (block.n - decay) + decay)
    c_beside = _factor_beside_decay(block)
    if c_beside is not None:
        yield from (_reading(c_beside, 0.0, each) for each in list(scaled_block(block, c_beside))[-1:])


def _reading(c: float, error: float, predicted: Array) -> Reading:
    return Reading(text=written(c, error), predicted=predicted, named=is_simple(c, error))


def _factor_beside_decay(block: Block) -> float | None:
    """C of a = c n + d w, both fitted."""
    if not block.weight or block.lam == 0 or len(block.w) < FOR_TWO or not np.isfinite(block.n).all():
        return None
    (c, _), *_ = np.linalg.lstsq(np.stack([block.n, block.w], axis=1), block.a, rcond=None)
    return float(c)


def _factor(a: Array, n: Array, error: Array) -> tuple[float, float] | None:
    """The weighted least squares factor and its error, where there are entries enough or it is simple."""
    weight = 1 / np.maximum(error, 1e-300) ** 2
    size = float(np.sum(weight * n * n))
    if not size > 0:
        return None
    fitted = float(np.sum(weight * a * n)) / size
    bar = KAPPA * max(1.0, abs(fitted)) / math.sqrt(size)
    c = simplest(fitted, bar)
    informative = np.abs(n) > 1e3 * error
    known = int(np.sum(informative if c == fitted else np.abs(n) > 30 * error))
    return (c, bar) if known >= ENOUGH or (informative.any() and is_simple(c)) else None


def _lines(attempt: Attempt) -> Iterator[Variant]:
    for kind, layer in attempt.all_lines("dZ", "dW", "db"):
        for a, g in _pairs(attempt, kind, layer):
            slack = attempt.off(kind, layer)
            fitted = fitted_factor(a, g, slack)
            if fitted is None:
                continue
            c = simplest(*fitted)
            enough = np.count_nonzero(np.abs(g) > 30 * slack) >= ENOUGH
            if abs(c - 1) > fitted[1] and (enough or is_simple(c)):
                for edit in scalings(attempt.net, kind, c):
                    yield Variant(line=(kind, layer), text=written(c), edit=edit, named=is_simple(c))


def _pairs(attempt: Attempt, kind: Kind, layer: int) -> Iterator[tuple[Array, Array]]:
    """What was returned beside what is right: of weights, the data's part, and all of it."""
    own = attempt.net.layers[layer - 1]
    if kind == "db":
        assert own.bias is not None
        yield attempt.returned[own.bias].reshape(-1, 1), attempt.seen.db[layer]
        return
    yield attempt.data_part(layer)
    if attempt.net.r:
        returned = attempt.returned[own.weight]
        yield returned.T if attempt.net.rows else returned, attempt.seen.dW[layer]


cause(__name__, blocks=_blocks, lines=_lines, rank=ANY_FACTOR)
