"""A tensor in a few numbers: moments, finite and vanishing shares, rank, a fingerprint."""

import hashlib
import math
from typing import TypedDict

import numpy as np
import numpy.typing as npt

SAMPLE = 4096
"""So many entries, evenly spread, stand for a tensor where it is only to be told from others."""


class Measures(TypedDict):
    """The measurements; see `initlab.trace.Weight` for what each is."""

    mean: float
    std: float
    norm: float
    largest: float
    finite: float
    tiny: float
    values: int
    rank: int | None
    repeats: int
    zeros: float
    usual: float
    loudest: float
    digest: str


def measures(tensor: npt.NDArray[np.generic]) -> Measures:
    """Measure a tensor, in float64, over its finite entries.

    >>> measures(np.ones((3, 3)))["rank"], measures(np.ones((8, 8)))["rank"]
    (None, 1)
    """
    values = np.asarray(tensor, dtype=np.float64)
    kept = np.isfinite(values)
    finite = float(kept.mean()) if values.size else 1.0
    rank = _rank(values) if finite == 1.0 else None
    values = np.where(kept, values, 0.0) if finite < 1 else values
    flat = values.reshape(-1)
    sample = flat[:: max(1, flat.size // SAMPLE)][:SAMPLE]
    norm = float(np.linalg.norm(flat))
    usual, loudest = rows(values)
    return {
        "mean": float(flat.mean()) if flat.size else 0.0,
        "std": float(flat.std()) if flat.size else 0.0,
        "norm": norm,
        "largest": float(np.abs(flat).max(initial=0.0)),
        "finite": finite,
        "tiny": float(((sample != 0) & (np.abs(sample) < 1e-10)).mean()) if sample.size else 0.0,
        "values": min(5, int(np.unique(sample[:512]).size)),
        "rank": rank,
        "repeats": 1 if rank is None else repeats(values),
        "zeros": float((sample == 0).mean()) if sample.size else 0.0,
        "usual": usual,
        "loudest": loudest,
        "digest": hashlib.sha256(f"{tensor.shape} {norm!r}".encode() + sample.tobytes()).hexdigest(),
    }


def _rank(values: npt.NDArray[np.float64]) -> int | None:
    """The numerical rank of a matrix that falls short of the full one; None for one that does not, or is no matrix."""
    if values.ndim < 2 or min(values.shape[0], values[0].size) < 4 or not values.any():
        return None
    matrix = values.reshape(values.shape[0], -1)
    singular = np.linalg.svd(matrix / math.sqrt(float((matrix**2).sum())), compute_uv=False)
    found = int((singular > 1e-5 * singular[0]).sum())
    possible = min(int(matrix.any(axis=0).sum()), int(matrix.any(axis=1).sum()))
    return found if found < possible else None


def rows(values: npt.NDArray[np.generic]) -> tuple[float, float]:
    """The median (of two, the lower) and the largest root mean square of the rows of a matrix; 0 of what is none.

    >>> rows(np.array([[1.0, 1.0], [2.0, 2.0], [30.0, 30.0]]))
    (2.0, 30.0)
    """
    if values.ndim < 2 or not values.size:
        return 0.0, 0.0
    sizes = np.sqrt(np.mean(values.reshape(len(values), -1).astype(np.float64) ** 2, axis=1))
    ordered = np.sort(sizes)
    return float(ordered[(len(ordered) - 1) // 2]), float(ordered[-1])


def repeats(values: npt.NDArray[np.generic]) -> int:
    """How often a matrix holds each of its different rows, where that is equally often; else 1.

    >>> repeats(np.array([[1, 2], [1, 2], [3, 4], [3, 4]])), repeats(np.array([[1, 2], [1, 2], [3, 4]]))
    (2, 1)
    """
    _, counts = np.unique(values.reshape(len(values), -1), axis=0, return_counts=True)
    return int(counts[0]) if (counts == counts[0]).all() else 1
