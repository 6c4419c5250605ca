"""A constant factor: a 2 from the derivative of a square, a ½ forgotten, a learning rate multiplied in.

## Formula
a = c n        with one c for all entries, of the data's part or of all of it

## Example
dW2 = 1./m * np.dot(dZ2, A1.T) * 2      # wrong: the factor 2
db1 = 4./m * np.sum(dZ1, axis=1, keepdims=True)
"""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import (
    ANY_FACTOR,
    Attempt,
    Block,
    Reading,
    Variant,
    cause,
    fitted_factor,
    scaled,
    scaled_block,
)
from initlab.gradients.causes.cause import ENOUGH as FOR_TWO

ENOUGH = 3
"""Fewer entries than this are a multiple of anything: only a simple factor is then believed."""

SIMPLE = 24


def written(c: float) -> str:
    """A factor as a person would write it.

    >>> written(2.0000000001), written(1 / 3), written(0.123456)
    ('factor 2', 'factor 1/3', 'factor 0.1235')
    """
    simple = Fraction(c).limit_denominator(SIMPLE)
    near = simple != 0 and abs(c / float(simple) - 1) < 1e-6
    return f"factor {simple}" if near and abs(simple.numerator) <= 10 * SIMPLE else f"factor {c:.4g}"


def is_simple(c: float) -> bool:
    """Whether a factor is a small fraction or a power of ten."""
    simple = Fraction(c).limit_denominator(SIMPLE)
    if c == 0 or not np.isfinite(c):
        return False
    decade = np.log10(abs(c))
    return bool(
        (simple != 0 and abs(c / float(simple) - 1) < 1e-6 and abs(simple.numerator) <= SIMPLE)
        or abs(decade - round(decade)) < 1e-6
    )


def _blocks(block: Block) -> Iterator[Reading]:
    decays = [block.decay * block.w] if block.weight and block.decay else []
    for decay in (0.0 * block.w, *decays):
        c = _factor(block.a - decay, block.n - decay, block.error)
        if c is not None:
            yield Reading(text=written(c), predicted=c * (block.n - decay) + decay)
    c = _factor_beside_decay(block)
    if c is not None:
        yield from (Reading(text=written(c), predicted=each) for each in list(scaled_block(block, c))[-1:])


def _factor_beside_decay(block: Block) -> float | None:
    """C of a = c n + d w, both fitted."""
    if not block.weight or block.lam == 0 or len(block.w) < FOR_TWO or not np.isfinite(block.n).all():
        return None
    (c, _), *_ = np.linalg.lstsq(np.stack([block.n, block.w], axis=1), block.a, rcond=None)
    return float(c)


def _factor(a: Array, n: Array, error: Array) -> float | None:
    """The weighted least squares factor, where there are entries enough or it is simple."""
    weight = 1 / np.maximum(error, 1e-300) ** 2
    size = float(np.sum(weight * n * n))
    if not size > 0:
        return None
    c = float(np.sum(weight * a * n)) / size
    informative = int(np.sum(np.abs(n) > 1e3 * error))
    return c if informative >= ENOUGH or (informative and is_simple(c)) else None


def _lines(attempt: Attempt) -> Iterator[Variant]:
    for kind, layer in attempt.all_lines("dZ", "dW", "db"):
        if kind == "db":
            bias = attempt.net.layers[layer - 1].bias
            assert bias is not None
            a, g = attempt.returned[bias].reshape(-1, 1), attempt.seen.db[layer]
        else:
            a, g = attempt.data_part(layer)
        c = fitted_factor(a, g)
        if c is not None and (np.count_nonzero(g) >= ENOUGH or is_simple(c)):
            yield Variant(line=(kind, layer), text=written(c), edit=scaled(kind, c))


cause(__name__, blocks=_blocks, lines=_lines, rank=ANY_FACTOR)
