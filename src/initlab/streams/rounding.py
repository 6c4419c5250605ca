"""From float64 to the dtype of a tensor, rounding to nearest with ties to even.

    float64     the value itself
    float32     the value, rounded once
    bfloat16    the float32, rounded once more        float16     the float32, rounded once more

So a float32 tensor is the float64 tensor cast to float32, and a model cast to bfloat16 is the model drawn in bfloat16,
but for one thing: an entry that rounding would carry to a bound of its law, or past it, stays inside (`bounds.py`).
NumPy has no bfloat16: inside this package an array of uint16 holds its bits.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from initlab.errors import MissingExtraError, SpecError

DTYPES = ("float64", "float32", "bfloat16", "float16")

_NAMES = {np.dtype(name): name for name in ("float64", "float32", "float16")}

LARGEST = {"float64": 1.7976931348623157e308, "float32": 3.4028234663852886e38, "bfloat16": 3.3895313892515355e38}
LARGEST["float16"] = 65504.0

BFLOAT16_BITS = np.dtype(np.uint16)

Array: TypeAlias = NDArray[Any]
"""An array of float64, float32 or float16, or of uint16 for the bits of bfloat16."""


def dtype_name(dtype: object) -> str:
    """The name of a dtype that a tensor may have. Raises SpecError for any other.

    >>> dtype_name(np.float32)
    'float32'
    """
    name = dtype if isinstance(dtype, str) else _numpy_name(dtype)
    if dtype is None or name not in DTYPES:
        raise SpecError(
            f"The dtype of a draw must be one of {', '.join(DTYPES)}, got {dtype if dtype is None else name}."
        )
    return name


def _numpy_name(dtype: object) -> str:
    try:
        return np.dtype(dtype).name  # type: ignore[call-overload, no-any-return]
    except TypeError:
        return str(dtype)


def carrier(name: str) -> np.dtype[Any]:
    """The NumPy dtype whose array holds that dtype's numbers: its own, or uint16 for bfloat16."""
    return BFLOAT16_BITS if name == "bfloat16" else np.dtype(name)


def carried_name(array: Array) -> str:
    """The name of the dtype that an array of this package holds."""
    return _NAMES.get(array.dtype, "bfloat16")


def as_carrier(array: Array) -> Array:
    """The array itself, or the bits of an ml_dtypes bfloat16 array as uint16. Raises SpecError for other dtypes."""
    if array.dtype in _NAMES:
        return array
    return array.view(BFLOAT16_BITS) if dtype_name(array.dtype) == "bfloat16" else array


def as_dtype(array: Array) -> Array:
    """The inverse of `as_carrier`: bits become an ml_dtypes array. Raises MissingExtraError without ml_dtypes."""
    if array.dtype != BFLOAT16_BITS:
        return array
    try:
        from ml_dtypes import bfloat16
    except ImportError:
        raise MissingExtraError("ml_dtypes", extra="jax") from None
    return array.view(bfloat16)


def bfloat16_bits(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The bits of the bfloat16 nearest to each finite float32, ties to even.

    >>> hex(bfloat16_bits(np.array([1.00390625], dtype=np.float32))[0])      # a tie: 1 + 2⁻⁸
    '0x3f80'
    """
    bits = values.view(np.uint32)
    odd = (bits >> np.uint32(16)) & np.uint32(1)
    return ((bits + np.uint32(0x7FFF) + odd) >> np.uint32(16)).astype(np.uint16)


def round_into(values: NDArray[np.float64], out: Array) -> None:
    """Write float64 values into an array of any dtype above, of the same shape."""
    if out.dtype == BFLOAT16_BITS:
        out[...] = bfloat16_bits(values.astype(np.float32))
    elif out.dtype == np.float16:
        out[...] = values.astype(np.float32)
    else:
        out[...] = values


def constant_in(value: float, out: Array) -> Array:
    """A number as a carrier array's dtype holds it."""
    held = np.empty((1,), dtype=out.dtype)
    round_into(np.array([value]), held)
    return held


def rounded(value: float, dtype: str) -> float:
    """A number as that dtype holds it.

    >>> rounded(0.03999, "bfloat16")
    0.0400390625
    """
    held = constant_in(value, np.empty(0, dtype=carrier(dtype)))
    if held.dtype == BFLOAT16_BITS:
        held = (held.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return float(held[0])
