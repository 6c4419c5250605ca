"""What is checked: a cost, the gradients that someone wrote for it, and the parameters where both are evaluated."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.errors import DataError, SpecError
from initlab.loading import said

Array = NDArray[Any]
Arrays = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientCase:
    """A cost and its gradients, to be checked at these parameters.

    `cost(parameters, *data)` returns a number; `gradients(parameters, *data)` a dict with the keys of the parameters,
    or these with a d before them (dW1). It is called after the cost, as in training, or may be a dict: gradients that
    were computed already. What is known besides helps to name a mistake: `m` examples, the L2 coefficient `lam` of
    lam/(2m)·‖W‖², dropout's `keep` probability. `data` is (X, Y) with examples as columns; where cost and gradients
    take it, the mistake is looked for example by example, and line by line where the cost is that of a multilayer
    perceptron, with the pinned dropout `masks` (one a hidden layer, None where there is none) taken into account.

    `branches` returns the cost with the pattern of branches it took (None where there are none), `doubled` the
    gradients of twice the cost, `saved_changed` whether the backward pass changes what was saved for it, and `upstream`
    the gradients of the cost with respect to the outputs of the function: the frameworks' cases have them.

    >>> case = GradientCase(cost=lambda p: float(p["w"] ** 2), gradients=lambda p: {"w": 2 * p["w"]},
    ...                     parameters={"w": np.array(3.0)})
    >>> case.examples is None
    True

    Raises DataError where the parameters are none, or one is no array of finite real numbers; SpecError for an m, lam
    or keep out of its bounds.
    """

    cost: Callable[..., Any]
    gradients: Callable[..., Arrays] | Arrays
    parameters: Arrays
    data: tuple[Any, ...] = ()
    m: int | None = None
    lam: float | None = None
    keep: float | None = None
    masks: Sequence[Array | None] | None = None
    branches: Callable[..., tuple[Any, bytes | None]] | None = None
    doubled: Callable[..., Arrays] | None = None
    saved_changed: Callable[..., bool] | None = None
    upstream: Callable[..., Sequence[Array]] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.parameters, Mapping) or not self.parameters:
            raise DataError("The parameters must be a dict with at least one array, got none. Write {'W1': W1, ...}.")
        for name, value in self.parameters.items():
            if not isinstance(name, str):
                raise DataError(f"The names of the parameters must be text, got {name!r}. Write {{'W1': W1, ...}}.")
            check_block(name, value)
        if not isinstance(self.data, tuple | list):
            raise DataError(f"The data must be a tuple (X, Y), got {type(self.data).__name__}. Write data=(X, Y).")
        if not callable(self.cost):
            raise DataError(f"The cost must be a function of the parameters, got {type(self.cost).__name__}.")
        if not (callable(self.gradients) or isinstance(self.gradients, Mapping)):
            raise DataError(f"The gradients must be a function or a dict, got {type(self.gradients).__name__}.")
        _check_numbers(self.m, self.lam, self.keep)

    @property
    def examples(self) -> int | None:
        """m: as stated, or the number of columns of the data."""
        if self.m is not None or not self.data:
            return self.m
        shape = np.shape(self.data[0])
        return shape[1] if len(shape) == 2 else None


def _check_numbers(m: int | None, lam: float | None, keep: float | None) -> None:
    if m is not None and not (isinstance(m, int | np.integer) and m >= 1):
        raise SpecError(f"m must be a whole number >= 1, got {m!r}. It is the number of examples.")
    if lam is not None and not 0 <= lam < np.inf:
        raise SpecError(f"lam must be a finite number >= 0, got {lam!r}. It is the coefficient of the L2 term.")
    if keep is not None and not 0 < keep <= 1:
        raise SpecError(f"keep must be a probability in (0, 1], got {keep!r}. Dropout keeps a unit with it.")


def check_block(name: str, value: object) -> None:
    """Raise DataError unless this is an array of finite floating-point numbers."""
    if not isinstance(value, np.ndarray | np.floating):
        raise DataError(f"The parameter {name} must be a NumPy array, got {type(value).__name__}. Use np.array(...).")
    array = np.asarray(value)
    if array.dtype.kind != "f":
        raise DataError(
            f"The parameter {name} must hold floating-point numbers, got {array.dtype}. Use {name}.astype(float)."
        )
    if array.size == 0:
        raise DataError(f"The parameter {name} must hold at least one number, got shape {array.shape}.")
    if not np.isfinite(array).all():
        raise DataError(f"The parameter {name} must be finite, got {array[~np.isfinite(array)].flat[0]}. Set it anew.")


def check_gradients(found: object, parameters: Arrays) -> dict[str, Array]:
    """The gradients by the names of the parameters, whatever their prefix. Raises DataError naming the block."""
    if not isinstance(found, Mapping):
        raise DataError(f"The gradients must be a dict, got {type(found).__name__}. Return {{'dW1': dW1, ...}}.")
    return {name: _gradient(name, found, np.asarray(value)) for name, value in parameters.items()}


def _gradient(name: str, found: Mapping[str, Any], value: Array) -> Array:
    key = next((key for key in (name, f"d{name}", f"grad_{name}") if key in found), None)
    if key is None:
        known = ", ".join(map(str, found)) or "none"
        raise DataError(f"The gradients must have an entry for {name}, got {known}. Name it {name} or d{name}.")
    if found[key] is None:
        return np.zeros(value.shape)
    gradient = np.asarray(found[key])
    if gradient.dtype.kind not in "fiub":
        raise DataError(f"The gradient of {name} must hold real numbers, got {gradient.dtype}.")
    if gradient.shape != value.shape:
        raise DataError(
            f"The gradient of {name} must have its shape {value.shape}, got {gradient.shape}. "
            f"{_shape_hint(key, gradient.shape, value.shape)}"
        )
    if not np.isfinite(gradient).all():
        raise DataError(
            f"The gradient of {name} must be finite, got {gradient[~np.isfinite(gradient)].flat[0]}. Look for 0/0."
        )
    return gradient.copy()


def _shape_hint(key: str, got: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if got == wanted[::-1]:
        return f"{key} is transposed: swap the factors of its product, or write .T."
    if wanted[1:] == (1,) and got == wanted[:1]:
        return f"Sum with keepdims=True, so that {key} stays a column."
    if len(wanted) == 2 and wanted[1] == 1 and len(got) == 2 and got[0] == wanted[0]:
        return f"{key} is not summed over the batch: use np.sum(..., axis=1, keepdims=True)."
    return "Each entry is the derivative of the cost with respect to the same entry of the parameter."


def scalar(value: object, *, when: str = "") -> float:
    """A cost as a number. Raises DataError when it is no scalar."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "fiu":
        got = f"shape {array.shape}" if array.dtype.kind in "fiu" else type(value).__name__
        advice = "Sum or average it over the examples" if array.dtype.kind in "fiu" else "Return the cost alone"
        raise DataError(f"The cost must be one real number, got {got}{when}. {advice}.")
    return float(array.reshape(()))


def called(function: Callable[..., Any], *arguments: object, what: str) -> Any:  # noqa: ANN401
    """What a function of the user returns. Raises DataError with what it said when it fails."""
    try:
        return function(*arguments)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RuntimeError, NameError) as error:
        hint = "" if _fits(function, arguments) else " It is called with (parameters, *data)."
        raise DataError(f"The {what} must run at the given parameters, got {said(error)}. Mend it.{hint}") from error


def _fits(function: Callable[..., Any], arguments: tuple[object, ...]) -> bool:
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    except ValueError:
        return True
    return True
