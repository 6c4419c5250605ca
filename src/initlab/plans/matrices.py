"""Tests of a tensor against a law of whole matrices, and against laws that leave nothing to chance."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.laws import CopiedRows, DeltaOrthogonal, Law, Normal, Orthogonal, Sparse
from initlab.plans.elementwise import ROUNDING, Reals, Test, of_elements
from initlab.plans.spoken import spoken
from initlab.streams import sample
from initlab.streams.matrix import centre_tap

JUDGED_ROWS = 256
"""How many rows of an orthogonal matrix are multiplied with each other: Gaussian ones fail with any two."""


def tests_of(values: NDArray[Any], law: Law, dtype: str) -> list[Test]:
    """All tests of a tensor in canonical order against its law."""
    if not values.size:
        return []
    if not np.isfinite(values).all() and not law.variance:
        return [_wrong("not finite", law, f"{np.count_nonzero(~np.isfinite(values))} entries are NaN or infinite")]
    match law:
        case CopiedRows(row=row):
            return [*_copied(values, law), *tests_of(values[:1], row, dtype)]
        case DeltaOrthogonal():
            return _delta(values, law, dtype)
        case Orthogonal() if law.gain:
            return _orthogonal(values.reshape(law.rows, law.columns), law, dtype)
        case Sparse() if law.entry_std and law.zeros < law.rows:
            return _sparse(values.reshape(law.rows, law.columns), law, dtype)
    return of_elements(values, law, dtype) if _is_drawn(law) else _fixed(values, law, dtype)


def _is_drawn(law: Law) -> bool:
    """Whether the entries are random: an identity has a variance over its entries, and nothing random in it."""
    return law.variance > 0 and not hasattr(law, "rows")


def _wrong(kind: Any, law: Law, found: str, factor: float | None = None) -> Test:  # noqa: ANN401
    return Test(kind=kind, p=0.0, expected=spoken(law), found=found, factor=factor)


def _fixed(values: NDArray[Any], law: Law, dtype: str) -> list[Test]:
    """A law without chance: every entry is the one planned, but for one rounding."""
    planned = sample(law, name="planned", seed=0, shape=values.shape, dtype="float64")
    slack = 2.0 ** (1 - ROUNDING[dtype][0])
    other = np.abs(values - planned) > slack * np.abs(planned)
    if not other.any():
        return [Test(kind="pattern", p=1.0, expected=spoken(law), found="as planned")]
    wrong = values[other]
    span = f"{wrong.min():.4g}" if wrong.min() == wrong.max() else f"{wrong.min():.4g} to {wrong.max():.4g}"
    return [_wrong("pattern", law, f"{wrong.size} of {values.size} entries are other: {span}")]


def _copied(values: NDArray[Any], law: CopiedRows) -> list[Test]:
    other = int((values != values[:1]).any(axis=tuple(range(1, values.ndim))).sum())
    return [_wrong("rows", law, f"{other} of {len(values)} rows differ from the first")] if other else []


def _delta(values: NDArray[Any], law: DeltaOrthogonal, dtype: str) -> list[Test]:
    taps = values.reshape(law.rows, law.columns, law.taps)
    centre = centre_tap(values.shape[2:])
    around = np.count_nonzero(np.delete(taps, centre, axis=2))
    if around:
        return [_wrong("pattern", law, f"{around} entries beside the centre are not zero")]
    return _orthogonal(taps[:, :, centre], law, dtype)


def _orthogonal(matrix: NDArray[Any], law: Orthogonal, dtype: str) -> list[Test]:
    """The rows (or columns, if fewer) have length `gain` and are at right angles."""
    if not np.isfinite(matrix).all():
        return [_wrong("not finite", law, f"{np.count_nonzero(~np.isfinite(matrix))} entries are NaN or infinite")]
    short = matrix if law.rows <= law.columns else matrix.T
    picked = short[np.unique(np.linspace(0, len(short) - 1, JUDGED_ROWS).astype(int))].astype(np.float64)
    products = picked @ picked.T
    gain = math.sqrt(float(np.diag(products).mean()))
    uneven = float(np.abs(products / max(gain * gain, 1e-300) - np.eye(len(products))).max())
    slack = _slack(short.shape[1], dtype)
    if uneven > slack:
        text = f"the products of its rows are off by up to {uneven:.3g} of their square"
        return [_wrong("orthogonality", law, text, gain / abs(law.gain))]
    if abs(gain / abs(law.gain) - 1) > slack:
        return [_wrong("orthogonality", law, f"a gain of {gain:.4g}", gain / abs(law.gain))]
    return [Test(kind="orthogonality", p=1.0, expected=spoken(law), found="as planned")]


def _slack(columns: int, dtype: str) -> float:
    """How far rounding can take a product: that of the decomposition in float32, and that of the dtype."""
    stored = 2.0 ** (2 - ROUNDING[dtype][0])
    return 4 * stored + 16 * 2.0**-23 * math.sqrt(columns)


def _sparse(matrix: Reals, law: Sparse, dtype: str) -> list[Test]:
    zeros = np.count_nonzero(matrix == 0, axis=0)
    other = int((zeros != law.zeros).sum())
    if other:
        text = f"{other} of {law.columns} columns have {zeros.min()} to {zeros.max()} zeros"
        return [_wrong("pattern", law, text)]
    return of_elements(matrix[matrix != 0], Normal(std=law.entry_std), dtype)
