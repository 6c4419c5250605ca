"""True gradients: those of the unedited program, held against a complex step and long doubles; and what differs."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from benchmarks.gradmut.program import Arrays

EQUAL = 1e-9
"""A gradient is the true one where no block is further off than this share of its norm."""


def doubled(arrays: Mapping[str, Any]) -> Arrays:
    """In float64."""
    return {name: np.array(value, dtype=np.float64) for name, value in arrays.items()}


def by_parameter(gradients: Mapping[str, Any]) -> Arrays:
    """dW1 as W1."""
    return {name.removeprefix("d"): np.array(value, dtype=np.float64) for name, value in gradients.items()}


def wrong_blocks(
    found: Arrays, true: Arrays, *, tolerance: float = EQUAL, rounding: Mapping[str, float] | None = None
) -> dict[str, float]:
    """The blocks that are not the true ones, and how far off they are as a share of the larger norm.

    `rounding` is how far off the right program is by rounding alone: what is not ten times as far is not wrong.
    """
    whole = max(float(np.linalg.norm(value)) for value in true.values())
    gaps = {name: _gap(found[name], value, whole) for name, value in true.items()}
    floor = {name: max(tolerance, 10 * (rounding or {}).get(name, 0.0)) for name in gaps}
    return {name: gap for name, gap in gaps.items() if gap > floor[name]}


def _gap(found: np.ndarray, true: np.ndarray, whole: float) -> float:
    if found.shape != true.shape:
        return np.inf
    size = max(float(np.linalg.norm(found)), float(np.linalg.norm(true)), 1e-12 * whole, 1e-300)
    gap = float(np.linalg.norm(found - true)) / size
    return gap if np.isfinite(gap) else np.inf


def complex_step(cost: Callable[..., Any], parameters: Arrays, *data: Any) -> Arrays:
    """∂J/∂θ = Im J(θ + ih)/h with h = 1e-30: exact but for rounding, in long doubles."""
    return {name: _complex_block(cost, parameters, name, data) for name in parameters}


def _complex_block(cost: Callable[..., Any], parameters: Arrays, name: str, data: tuple[Any, ...]) -> np.ndarray:
    slope = np.empty(parameters[name].shape)
    for index in np.ndindex(slope.shape):
        moved = {key: value.astype(np.clongdouble) for key, value in parameters.items()}
        moved[name][index] += 1e-30j
        slope[index] = np.imag(cost(moved, *data)) / 1e-30
    return slope


def long_differences(cost: Callable[..., Any], parameters: Arrays, *data: Any) -> Arrays:
    """Central differences in long doubles with the steps 1e-5 and 2e-5, extrapolated."""
    wide = [np.asarray(x, dtype=np.longdouble) for x in data]
    return {name: _long_block(cost, parameters, name, wide) for name in parameters}


def _long_block(cost: Callable[..., Any], parameters: Arrays, name: str, data: list[Any]) -> np.ndarray:
    slope = np.empty(parameters[name].shape)
    for index in np.ndindex(slope.shape):

        def central(step: float, index: tuple[int, ...] = index) -> Any:
            ends = []
            for sign in (1, -1):
                moved = {key: value.astype(np.longdouble) for key, value in parameters.items()}
                moved[name][index] += sign * np.longdouble(step)
                ends.append(cost(moved, *data))
            return (ends[0] - ends[1]) / (2 * np.longdouble(step))

        slope[index] = (4 * central(1e-5) - central(2e-5)) / 3
    return slope
