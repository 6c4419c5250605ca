"""What a person hands over to be checked, made into a case: functions and a dict, a model, a place in a file."""

import inspect
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from initlab.errors import SpecError
from initlab.gradients.case import GradientCase
from initlab.gradients.held import held
from initlab.loading import load, make

ORDERS = (1, 2)


def subject_of(
    f: object,
    grad: object = None,
    params: object = None,
    *,
    loss: Callable[..., Any] | None = None,
    order: int = 1,
    **known: Any,  # noqa: ANN401
) -> GradientCase:
    """The case. Raises SpecError for what is none, DataError for parameters that are none."""
    if order not in ORDERS:
        raise SpecError(f"The order must be 1 or 2, got {order!r}.")
    stated = {name: value for name, value in known.items() if value is not None and value != ()}
    if isinstance(f, GradientCase):
        if grad is not None or params is not None or stated:
            raise SpecError(
                "A GradientCase must be given alone, got more beside it. State m, lam and data in the case."
            )
        return _first_order(f, order)
    if grad is None:
        case = _of_framework(f, params if params is not None else stated.get("data"), loss=loss, order=order)
        if case is not None:
            return case
    if not callable(f):
        raise SpecError(f"What is checked must be a cost function or a GradientCase, got {type(f).__name__}.")
    if grad is None and "jax" in sys.modules and isinstance(params, tuple | list):
        raise SpecError(
            "The gradients must be given beside a NumPy cost, got none. Of a JAX function, give its arguments as jax "
            "arrays, or jax.jit(f)."
        )
    if not isinstance(params, Mapping):
        raise SpecError(
            f"The parameters must be a dict of arrays, got {type(params).__name__}. Write {{'W1': W1, ...}}."
        )
    return _first_order(GradientCase(cost=f, gradients=grad, parameters=params, **stated), order)  # type: ignore[arg-type]


def _first_order(case: GradientCase, order: int) -> GradientCase:
    if order > 1:
        raise SpecError("The second order must be that of a torch or JAX program, got written-out gradients.")
    return case


def _of_framework(f: object, inputs: object, *, loss: Callable[..., Any] | None, order: int) -> GradientCase | None:
    """The case of a torch module or autograd Function, or of a JAX function; None for anything else.

    A framework that is not loaded can have made none of these.
    """
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and isinstance(f, torch.nn.Module):
        from initlab.gradients.torch_case import module_case

        return module_case(f, inputs, loss=loss, order=order)
    if torch is not None and inspect.isclass(f) and issubclass(f, torch.autograd.Function):
        from initlab.gradients.torch_case import function_case

        return function_case(f, inputs, loss=loss, order=order)
    if jax is not None and callable(f) and _is_jax(jax, f, inputs):
        from initlab.gradients.jax_case import jax_case

        return jax_case(f, inputs, loss=loss, order=order)
    return None


def _is_jax(jax: Any, f: object, inputs: object) -> bool:  # noqa: ANN401
    kinds = (jax.custom_vjp, jax.custom_jvp, type(jax.jit(abs)))
    leaves = jax.tree_util.tree_leaves(inputs)
    return isinstance(f, kinds) or any(isinstance(leaf, jax.Array) for leaf in leaves) or _computes_in(f, "jax")


def _computes_in(f: object, package: str) -> bool:
    """Whether a function reads a module of a package, or something made there: jnp, jax.nn.relu."""
    for _, value in held(f):
        name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if str(name).partition(".")[0] == package:
            return True
    return False


def subject_at(place: str, **options: Any) -> GradientCase:  # noqa: ANN401
    """The case at FILE.py:NAME or MODULE:NAME: a GradientCase, a torch module, or what a function there returns.

    That is one of these, (cost, gradients, parameters), (cost, gradients, parameters, {what is known}), (module,
    inputs), (module, inputs, loss), (autograd Function, inputs) or (JAX function, arguments).
    """
    found = load(place, what="gradient case")
    if _needs_inputs(found):
        return subject_of(found, **options)
    if not isinstance(found, GradientCase | tuple):
        found = make(place, what="gradient case")
    if isinstance(found, tuple) and len(found) >= 2:
        return _of_tuple(place, found, options)
    if isinstance(found, GradientCase) or _is_module(found) or _needs_inputs(found):
        return subject_of(found, **options)
    raise _no_case(place, found)


def _needs_inputs(found: object) -> bool:
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and inspect.isclass(found) and issubclass(found, torch.autograd.Function):
        return True
    return jax is not None and isinstance(found, (jax.custom_vjp, jax.custom_jvp, type(jax.jit(abs))))


def _of_tuple(place: str, found: tuple[Any, ...], options: Mapping[str, Any]) -> GradientCase:
    f, *rest = found
    if _is_module(f) and len(rest) <= 2:
        return subject_of(f, data=rest[0], loss=rest[1] if len(rest) == 2 else None, **options)
    if len(rest) == 1:
        return subject_of(f, params=rest[0], **options)
    if len(rest) in (2, 3) and callable(f):
        known = rest[2] if len(rest) == 3 else {}
        if isinstance(known, Mapping):
            return subject_of(f, rest[0], rest[1], **options, **known)
    raise _no_case(place, found)


def _is_module(found: object) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(found, torch.nn.Module)


def _no_case(place: str, found: object) -> SpecError:
    return SpecError(
        f"The gradient case {place} must be a GradientCase, a torch module, or (cost, gradients, parameters), "
        f"got {type(found).__name__}. Return one of these."
    )
