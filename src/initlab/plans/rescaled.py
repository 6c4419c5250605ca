"""Tests of a tensor that was drawn from a law and then rescaled, output by output, on a batch of data."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.laws import Law
from initlab.parameters import Parameter
from initlab.plans.duplicates import equal_rows
from initlab.plans.elementwise import Test
from initlab.plans.spoken import spoken
from initlab.streams import sample

NEAR = {"float64": 1e-9, "float32": 1e-4, "float16": 2e-2, "bfloat16": 5e-2}
"""How near a rescaled row must be to a multiple of the one drawn, as a share of its largest entry."""


def of_rescaled(values: NDArray[Any], law: Law, parameter: Parameter, *, seed: int | None) -> list[Test]:
    """What can be told whatever the scale: that it is finite, drawn, and, with a seed, along the seed's numbers."""
    expected = f"{spoken(law)}, rescaled"
    broken = int(np.count_nonzero(~np.isfinite(values)))
    if broken:
        return [Test(kind="not finite", p=0.0, expected=expected, found=f"{broken} entries are NaN or infinite")]
    if parameter.role == "bias" or not law.variance:
        return []
    if values.size > 1 and values.min() == values.max():
        return [Test(kind="constant", p=0.0, expected=expected, found=f"every entry is {values.flat[0]:.6g}")]
    rows = equal_rows(values)
    if rows is not None:
        return [Test(kind="rows", p=0.0, expected="rows drawn apart", found=f"rows {rows[0]} and {rows[1]} are equal")]
    return [] if seed is None else _along(values, law, parameter, seed)


def _along(values: NDArray[Any], law: Law, parameter: Parameter, seed: int) -> list[Test]:
    drawn = sample(law, name=parameter.name, seed=seed, shape=parameter.shape).reshape(len(values), -1)
    held = values.reshape(len(values), -1).astype(np.float64)
    scale = (held * drawn).sum(axis=1, keepdims=True) / np.maximum((drawn * drawn).sum(axis=1, keepdims=True), 1e-300)
    apart = np.abs(held - scale * drawn).max(axis=1) > NEAR.get(parameter.dtype, 5e-2) * np.abs(held).max(axis=1)
    if not apart.any():
        return []
    found = f"{int(apart.sum())} of {len(values)} rows are no multiple of those"
    return [Test(kind="numbers", p=0.0, expected=f"the numbers of seed {seed}, rescaled", found=found)]
