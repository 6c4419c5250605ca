"""Any function as an activation: a name of the catalogue, `path/to/file.py:callable`, `package.module:callable`, or
the callable itself, of NumPy, torch or JAX.

Neither framework is imported here: a function that is torch's or JAX's has imported it already.
"""

import copy
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from initlab.errors import SpecError, UnknownNameError
from initlab.loading import load, make, said
from initlab.numerics.activations import ACTIVATIONS, Activation, Floats
from initlab.numerics.piecewise import REACH, piecewise
from initlab.numerics.quadrature import Reals

Source = Activation | str | Callable[..., Any]

PROBES = np.linspace(-REACH, REACH, 641) + 0.0123
"""Where a function is tried before it is believed."""

STEP = 1e-5
"""The relative step of the central difference beyond ±40."""


def activation_of(source: Source) -> Activation:
    """The activation that a name, a place in a file, or a callable stands for; its kinks and slope are found.

    >>> activation_of(lambda z: np.abs(z - 0.5)).kinks
    (0.5,)

    Raises UnknownNameError for a name that is none; SpecError when the function cannot be loaded, does not act entry
    by entry, returns NaN, an infinity or the same number everywhere, jumps, or has a slope of infinite mean square.
    """
    if isinstance(source, Activation):
        return source
    if not isinstance(source, str):
        return _found(_name_of(source), source)
    if source in ACTIVATIONS:
        return ACTIVATIONS[source]
    if ":" not in source:
        raise UnknownNameError("activation", source, [*ACTIVATIONS, "FILE.py:NAME"])
    return _found(source, _callable(source))


def _name_of(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    return "the function given" if name == "<lambda>" else str(name)


def _callable(place: str) -> Callable[..., Any]:
    """The callable at a place; a class is made without arguments."""
    found = load(place, what="activation")
    found = make(place, what="activation") if isinstance(found, type) else found
    if not callable(found):
        raise SpecError(f"The activation {place} must be a callable, got {found!r:.60}. Name a function of the module.")
    return found


def _found(name: str, function: Callable[..., Any]) -> Activation:
    """The activation of a function: tried, its kinks found, its slope taken from polynomials on panels."""
    of_arrays = _of_arrays(name, function)
    precision = _try(name, of_arrays)

    def value(z: Floats) -> Reals:
        x = np.asarray(z, dtype=np.float64)
        return _checked(name, x, of_arrays(x.ravel())).reshape(x.shape)

    known = piecewise(value, precision=precision)

    def derivative(z: Floats, a: Floats) -> Floats:  # noqa: ARG001
        x = np.asarray(z, dtype=np.float64)
        slope = known.derivative(x)
        far = np.abs(x) > REACH
        if far.any():
            step = STEP * np.abs(x[far])
            slope[far] = (value(x[far] + step) - value(x[far] - step)) / (2 * step)
        return slope

    return Activation(name, "", value, derivative, kinks=known.kinks)


def _of_arrays(name: str, function: Callable[..., Any]) -> Callable[[Reals], Any]:
    """The function as one from NumPy arrays to NumPy arrays, in float64, whichever framework it belongs to."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(function, torch.nn.Module):
        return _of_tensors(copy.deepcopy(function).double().eval())
    try:
        with np.errstate(all="ignore"):
            tried = function(PROBES)
    except Exception as error:
        if torch is None:
            raise SpecError(f"The activation {name} must accept an array, got {said(error)}. Mend it.") from None
        return _of_tensors(function)
    if type(tried).__module__.partition(".")[0] in ("jax", "jaxlib"):
        return _of_jax(function)
    return function


def _of_tensors(function: Callable[..., Any]) -> Callable[[Reals], Any]:
    torch = sys.modules["torch"]

    def apply(x: Reals) -> Any:  # noqa: ANN401
        with torch.no_grad():
            return np.asarray(function(torch.from_numpy(x.copy())))

    return apply


def _of_jax(function: Callable[..., Any]) -> Callable[[Reals], Any]:
    import jax

    enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64

    def apply(x: Reals) -> Any:  # noqa: ANN401
        with enable_x64(True):
            return np.asarray(function(jax.numpy.asarray(x)))

    return apply


def _checked(name: str, x: Reals, values: Any) -> Reals:  # noqa: ANN401
    """The values as float64. Raises SpecError unless there is one finite number for each x."""
    found = np.asarray(values)
    if found.shape != x.shape:
        raise SpecError(
            f"The activation {name} must return one number for each it is given, got shape {found.shape} for {x.shape}."
            " Act entry by entry."
        )
    if found.dtype.kind not in "biuf":
        raise SpecError(f"The activation {name} must return real numbers, got {found.dtype}. Return floats.")
    bad = ~np.isfinite(found)
    if bad.any():
        at = int(np.flatnonzero(bad)[np.abs(x[bad]).argmin()])
        raise SpecError(f"The activation {name} must be finite, got {found[at]} at {x[at]:.6g}. Mend it there.")
    return found.astype(np.float64)


def _try(name: str, function: Callable[[Reals], Any]) -> float:
    """The precision of the function's values. Raises SpecError when it does not act entry by entry, or is constant."""
    try:
        with np.errstate(all="ignore"):
            raw, part = np.asarray(function(PROBES)), np.asarray(function(PROBES[200:203]))
    except Exception as error:
        raise SpecError(f"The activation {name} must accept an array, got {said(error)}. Mend it.") from None
    values, few = _checked(name, PROBES, raw), _checked(name, PROBES[200:203], part)
    if np.ptp(values) == 0:
        raise SpecError(
            f"The activation {name} must vary, got the constant {values[0]:.6g}. Nothing passes through it."
        )
    epsilon = float(np.finfo(raw.dtype).eps) if raw.dtype.kind == "f" else 2e-16
    if not np.allclose(values[200:203], few, rtol=100 * epsilon, atol=100 * epsilon):
        raise SpecError(
            f"The activation {name} must act entry by entry, got values that depend on the others or on chance. "
            "Give it for one number, without dropout or normalisation."
        )
    return 500 * epsilon
