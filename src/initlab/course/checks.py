"""What the course's functions may be given, said in one line where it is not."""

import operator
from collections.abc import Mapping, Sequence
from typing import SupportsIndex

import numpy as np
import numpy.typing as npt

from initlab.errors import DataError, SpecError
from initlab.network.architecture import Architecture
from initlab.network.recipe import Recipe
from initlab.numerics.activations import Floats

NAMES = ("W1", "b1", "W2", "b2", "W3", "b3")
"""The parameters of the course's network, in its order."""


def check_widths(layers_dims: Sequence[SupportsIndex]) -> tuple[int, ...]:
    """The widths of a network, input first. Raises SpecError when they are not at least two whole numbers >= 1."""
    try:
        widths = [width for width in layers_dims if not isinstance(width, bool | np.bool_)]
        whole = tuple(map(operator.index, widths))
        complete = len(whole) == len(layers_dims)
    except TypeError:
        complete = False
    if not complete:
        raise SpecError(f"layers_dims must be a list of whole numbers, got {layers_dims!r}. Write [2, 10, 5, 1], say.")
    return Architecture(widths=whole, head="linear").widths


def check_count(name: str, value: object, low: int, high: int) -> int:
    """A whole number in a range. Raises SpecError when it is none."""
    whole = _whole(value)
    if whole is None or not low <= whole <= high:
        raise SpecError(f"{name} must be a whole number from {low} to {high}, got {value!r}.")
    return whole


def check_seed(seed: object) -> int:
    """A seed of the legacy generator. Raises SpecError when it is not a whole number from 0 to 2³² - 1."""
    return check_count("seed", seed, 0, 2**32 - 1)


def check_training(learning_rate: object, num_iterations: object) -> int:
    """The number of iterations. Raises SpecError when it is no such number, or the learning rate is not positive."""
    if isinstance(learning_rate, bool) or not isinstance(learning_rate, int | float | np.integer | np.floating):
        raise SpecError(f"The learning rate must be a finite number > 0, got {learning_rate!r}.")
    Recipe(learning_rate=float(learning_rate))
    return check_count("num_iterations", num_iterations, 0, 10**9)


def check_data(X: npt.ArrayLike, Y: npt.ArrayLike) -> tuple[Floats, Floats]:
    """X, (features, m), and Y, (1, m), as arrays. Raises DataError when they are no such thing, or do not fit."""
    x, y = _numbers("X", X), _numbers("Y", Y)
    if x.ndim != 2 or 0 in x.shape:
        raise DataError(f"X must be (features, m), one column per example, got shape {x.shape}.")
    if y.shape != (1, x.shape[1]):
        raise DataError(f"Y must be (1, {x.shape[1]}), one label per column of X, got shape {y.shape}.")
    if not np.isin(y, (0, 1)).all():
        raise DataError(f"Y must hold the labels 0 and 1, got {y[~np.isin(y, (0, 1))][0]:g}.")
    return x, y


def check_parameters(parameters: Mapping[str, Floats]) -> list[Floats]:
    """W1, b1, W2, b2, W3 and b3. Raises DataError when one is missing."""
    try:
        return [parameters[name] for name in NAMES]
    except KeyError as error:
        raise DataError(
            f"parameters must hold {', '.join(NAMES)}, got no {error.args[0]}. Initialize them for three layers, "
            "such as [2, 10, 5, 1]."
        ) from None


def check_fit(X: npt.ArrayLike, W1: Floats) -> None:
    """Raise DataError when X is not a matrix with one row per column of W1."""
    shape = np.shape(X)
    if len(shape) != 2 or shape[0] != W1.shape[1]:
        raise DataError(
            f"X must have {W1.shape[1]} rows, one per column of W1, got shape {shape}. Examples are columns."
        )


def check_labels(output: npt.NDArray[np.number], Y: npt.ArrayLike) -> Floats:
    """Y as an array. Raises DataError when its shape is not that of the output, (1, m)."""
    y = np.asarray(Y)
    if y.shape != output.shape:
        raise DataError(f"Y must have the shape of the output, {output.shape}, got {y.shape}. Write Y.reshape(1, -1).")
    return y


def _whole(value: object) -> int | None:
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def _numbers(name: str, values: npt.ArrayLike) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name} must hold numbers only. Encode labels as 0 and 1, and drop columns of text.") from None
    if not np.isfinite(array).all():
        raise DataError(
            f"{name} must hold finite numbers, got {array[~np.isfinite(array)][0]}. Drop or fill such rows."
        )
    return array
