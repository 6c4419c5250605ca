"""The gradient of the L2 term has a wrong factor: lam not divided by m, a 2 too many or too few, the wrong sign.

## Formula
a = n + c (lam/m) W,   c = m - 1 (lam W), 1 (2 lam/m W), -½ (lam/(2m) W), -2 (-lam/m W), or what fits

## Example
dW1 = np.dot(dZ1, X.T) / m + lam * W1           # wrong: the cost has lam / (2 m)
dW1 = np.dot(dZ1, X.T) / m + lam / m * W1
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.causes.cause import ENOUGH, STRUCTURE, Attempt, Block, Reading, Variant, cause
from initlab.gradients.causes.literal_factor import is_simple
from initlab.gradients.reference import Backward, Edit, line

CLEAR = 50.0
"""Entries that are so many error bars off speak for a constant that was not stated."""

FEW = 3
"""So many of a bias are enough."""


def _named(m: int) -> tuple[tuple[str, float], ...]:
    return (
        ("lam not divided by m", float(m)),
        ("L2 term doubled: lam/m, not 2 lam/m", 2.0),
        ("L2 term halved: lam/m, not lam/(2m)", 0.5),
        ("sign of the L2 term wrong", -1.0),
        ("lam divided by m twice", 1 / m),
    )


def _blocks(block: Block) -> Iterator[Reading]:
    if block.lam is None:
        yield from _unstated(block)
    if not (block.weight and block.decay and block.m):
        return
    decay = block.decay * block.w
    for text, factor in _named(block.m):
        yield Reading(text=text, predicted=block.n + (factor - 1) * decay)
    fitted = _fit(block.a - block.n, decay)
    if fitted is not None:
        off = (fitted - 1) * block.decay
        text = f"off by {off:.4g} W: the L2 term is missing or has a wrong factor"
        yield Reading(text=text, predicted=block.n + (fitted - 1) * decay)


def _unstated(block: Block) -> Iterator[Reading]:
    """Off by a multiple of the parameters themselves, where lam was not stated."""
    c = proportional(block)
    if c is None or not (block.weight or (block.bias and c < 0)):
        return
    why = "is missing or has a wrong factor" if c < 0 else "has a wrong factor, or the cost has none"
    yield Reading(
        text=f"off by {c:.4g} {'W' if block.weight else 'b'}: the L2 term {why}", predicted=block.n + c * block.w
    )


def proportional(block: Block) -> float | None:
    """C of a - n = c w, where entries enough are far enough off, and w is no constant."""
    far = np.abs(block.a - block.n) > CLEAR * block.error
    if np.count_nonzero(far) < (ENOUGH if block.weight else FEW) or not np.ptp(np.abs(block.w[far])) > 0:
        return None
    weight = far / np.maximum(block.error, 1e-300) ** 2
    return float(np.sum(weight * (block.a - block.n) * block.w) / np.sum(weight * block.w**2))


def _fit(residual: np.ndarray, decay: np.ndarray) -> float | None:
    """The factor of the L2 term that fits, where entries enough speak for it."""
    size = float(np.sum(decay**2))
    factor = 1 + float(np.sum(residual * decay)) / size if size else 0.0
    plain = abs(factor) > 1e-9  # without any, the term is missing: l2_missing says it
    return factor if plain and (np.count_nonzero(decay) >= 3 or is_simple(factor)) else None


def _lines(attempt: Attempt) -> Iterator[Variant]:
    net = attempt.net
    if not net.r:
        return
    for kind, layer in attempt.all_lines("dW"):
        for text, factor in _named(net.m):
            yield Variant(line=(kind, layer), text=text, edit=_edit(factor))
        returned, replayed = attempt.data_part(layer)
        fitted = _fit(returned - replayed, net.r * net.W[layer])
        if fitted is not None:
            yield Variant(line=(kind, layer), text=f"L2 term multiplied by {fitted:.4g}", edit=_edit(fitted))


def _edit(factor: float) -> Edit:
    def edit(seen: Backward, layer: int) -> np.ndarray:
        return line(seen, "dW", layer) + (factor - 1) * seen.net.r * seen.net.W[layer]

    return edit


cause(__name__, blocks=_blocks, lines=_lines, rank=STRUCTURE)
