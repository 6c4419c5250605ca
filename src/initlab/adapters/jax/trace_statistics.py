"""The measurements of one value of a pass, as torch's adapter takes them: moments, sketches, cosines, counts.

A value is laid out as (examples, positions, units). What costs more than one reading is done on every s-th position
only, so many that at most 2¹⁶ numbers are read.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from initlab.adapters.trace_record import EXAMPLES, SAMPLED, SKETCHES

Array: TypeAlias = NDArray[Any]

QUERIED = 4
"""Scores of attention are read for so many examples."""


def laid(values: Array, units: Sequence[int], examples: int) -> Array:
    """A value as (examples, positions, units), its units lying along those axes.

    >>> laid(np.zeros((2, 4, 5)), (1,), 2).shape
    (2, 5, 4)
    """
    z = np.asarray(values, dtype=np.float64 if values.dtype == np.float64 else np.float32)
    if z.ndim == 0:
        return z.reshape(1, 1, 1)
    axes = [axis % z.ndim for axis in units]
    others = [axis for axis in range(z.ndim) if axis not in axes]
    count = math.prod(z.shape[axis] for axis in axes)
    if others and z.shape[others[0]] != examples:
        others.sort(key=lambda axis: z.shape[axis] != examples)
    z = z.transpose(*others, *axes).reshape(-1, count)
    rows = z.shape[0]
    lead = examples if examples and rows % examples == 0 else rows
    return z.reshape(max(1, lead), -1, count)


def moments(z: Array) -> dict[str, Any]:
    """Mean, standard deviation, mean square; the largest entry, and the share of finite ones where not all are."""
    taken = z[:, :: max(1, math.ceil(z.size / SAMPLED))].astype(np.float64)
    with np.errstate(all="ignore"):
        std, mean = float(taken.std()), float(taken.mean())
        found = {"mean": mean, "std": std, "square": std**2 + mean**2, "largest": float(np.abs(z).max(initial=0.0))}
    if not math.isfinite(found["largest"]):
        found["finite"] = float(np.isfinite(z).mean())
    return found


@lru_cache(maxsize=32)
def _signs(rows: int) -> Array:
    """Weights of the rows for the sketches, (rows, SKETCHES): cosines of incommensurate angles, the same every time."""
    places = np.arange(1, rows + 1, dtype=np.float64)
    angles = np.sqrt(np.arange(1, SKETCHES + 1, dtype=np.float64)) * 2.399963229728653
    return np.cos(places[:, np.newaxis] * angles + places[:, np.newaxis] ** 2 * 1e-3)


def sketch(z: Array) -> Array:
    """Weighted sums over all rows, (units, SKETCHES + 1): equal columns, equal sums. The last is the norm."""
    flat = z.reshape(-1, z.shape[2]).astype(np.float64)
    with np.errstate(all="ignore"):
        return np.column_stack([flat.T @ _signs(flat.shape[0]), np.linalg.norm(flat, axis=0)])


def cosine(z: Array, shift: Array | None, *, picture: bool = False) -> float | None:
    """Mean cosine of the rows of different examples, what is added to every row taken off.

    c = (|Σ ẑ|² - B)/(B (B - 1)),   ẑ = z/|z|,  B examples that are not 0

    A row is one position, a different one in each example; of a picture, the same few of all.
    """
    values = z[:EXAMPLES].astype(np.float64)
    count, positions = values.shape[:2]
    if count < 2:
        return None
    if picture:
        rows = values[:, :: max(1, positions // 8)]
    else:
        rows = values[np.arange(count), np.arange(count) * positions // count]
    rows = rows if shift is None or shift.size != z.shape[2] else rows - shift.reshape(-1)
    return mean_cosine(rows.reshape(count, -1))


def mean_cosine(rows: Array) -> float | None:
    """The mean cosine of different rows; 1 where fewer than two are not 0."""
    with np.errstate(all="ignore"):
        norm = np.linalg.norm(rows, axis=1, keepdims=True)
        ready = np.where(norm > 0, rows / norm, 0.0)
        count = int((norm > 0).sum())
        return float((np.square(ready.sum(0)).sum() - count) / (count * (count - 1))) if count > 1 else 1.0


def one_sided(z: Array) -> dict[str, int]:
    """How many units are <= 0 on every row, and how many are > 0 on every row."""
    return {"dead": int((z.max(axis=(0, 1)) <= 0).sum()), "lit": int((z.min(axis=(0, 1)) > 0).sum())}


def spread_of_scores(scores: Array, axis: int) -> tuple[float, int]:
    """The standard deviation of the median query's scores, no mask forbidding, and how many keys there are."""
    values = np.moveaxis(np.asarray(scores[:QUERIED], dtype=np.float64), axis, -1)
    values = values.reshape(-1, values.shape[-1])[:: max(1, values.size // SAMPLED)]
    seen = values > -1e4
    count = seen.sum(-1)
    with np.errstate(all="ignore"):
        mean = np.where(seen, values, 0.0).sum(-1) / np.maximum(count, 1)
        square = np.where(seen, (values - mean[:, np.newaxis]) ** 2, 0.0).sum(-1) / np.maximum(count, 1)
    kept = count > 1
    return math.sqrt(float(np.median(square[kept]))) if kept.any() else 0.0, int(values.shape[-1])


def slope(function: str, z: Array) -> float | None:
    """E φ'(z)²/φ'(0)² of a bounded activation; None for any other."""
    taken = z[:, :: max(1, math.ceil(z.size / SAMPLED))].astype(np.float64)
    with np.errstate(all="ignore"):
        if function == "tanh":
            found = 1 - np.tanh(taken) ** 2
        elif function == "sigmoid":
            found = 1 / np.cosh(taken / 2) ** 2
        elif function == "hardtanh":
            found = (np.abs(taken) < 1).astype(np.float64)
        elif function == "softsign":
            found = (1 + np.abs(taken)) ** -2
        else:
            return None
    return float(np.square(found).mean())
