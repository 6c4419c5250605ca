"""The catalogue's activations, compiled as they stand there: an activation remains one row in one file.

Two compiled functions an activation and float type, called by the trainer through their address:

    activate(z, a)           a = φ(z)
    slope(z, a, delta)       delta = delta ∘ φ'(z)
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from numba import cfunc, njit, typeof, types
from numba.extending import overload
from scipy.special import erf, expit

from initlab.numerics.activations import Floats, activation

FLOATS = {"float32": types.float32, "float64": types.float64}


@overload(erf, strict=False)  # type: ignore[untyped-decorator]
def _erf(x: types.Type) -> Callable[[float], float] | None:
    return (lambda x: math.erf(x)) if isinstance(x, types.Float) else None


@overload(expit, strict=False)  # type: ignore[untyped-decorator]
def _expit(x: types.Type) -> Callable[[float], float] | None:
    return (lambda x: 1 / (1 + math.exp(-x))) if isinstance(x, types.Float) else None


class Address:
    """A compiled function by its address, of a type that is worked out once and not at every call."""

    def __init__(self, function: Any) -> None:  # noqa: ANN401
        self._function = function  # kept, so that its code is
        self._numba_type_ = typeof(function)

    def __wrapper_address__(self) -> int:
        return int(self._function.address)


@cache
def native(name: str, dtype: str) -> tuple[Any, Any]:
    """`activate` and `slope` of one activation for one float type. Raises UnknownNameError."""
    row = activation(name)
    function, derivative = njit(row.function), njit(row.derivative)

    def activate(z: Floats, a: Floats) -> None:
        for j in range(z.shape[0]):
            for i in range(z.shape[1]):
                a[j, i] = function(z[j, i])

    def slope(z: Floats, a: Floats, delta: Floats) -> None:
        for j in range(z.shape[0]):
            for i in range(z.shape[1]):
                delta[j, i] *= derivative(z[j, i], a[j, i])

    matrix = FLOATS[dtype][:, ::1]
    forward, backward = types.void(matrix, matrix), types.void(matrix, matrix, matrix)
    return Address(cfunc(forward)(activate)), Address(cfunc(backward)(slope))
