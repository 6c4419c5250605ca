"""A JAX function, its custom rules included, as a case: its arguments' leaves are the blocks, in float64.

The cost is the output, or a fixed random combination of the outputs: Σ R ∘ output. For the second order it is
Σ u ∘ (gradient of the cost).
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from initlab.errors import DataError, SpecError
from initlab.gradients.case import Array, GradientCase
from initlab.laws import Normal
from initlab.loading import said
from initlab.streams import sample

Leaves = dict[str, Any]


def jax_case(
    function: Callable[..., Any], arguments: object, *, loss: Callable[..., Any] | None = None, order: int = 1
) -> GradientCase:
    """A function at its arguments: a tuple of them, a dict for the only one, or the only one.

    Raises SpecError without arguments; DataError when it fails on them, or they hold no floating-point numbers.
    """
    if arguments is None:
        raise SpecError(
            "The JAX function must have arguments, got none. Give params=..., or return (function, params)."
        )
    given = arguments if isinstance(arguments, tuple) else (arguments,)
    with _double():
        paths, tree = jax.tree_util.tree_flatten_with_path(given)
        names = [_name(path, _argument_names(function, len(given))) for path, _ in paths]
        values = [np.asarray(leaf) for _, leaf in paths]
    floats = {n: v for n, v in zip(names, values, strict=True) if v.dtype.kind == "f" or v.dtype == jnp.bfloat16}
    if not floats:
        raise DataError("The arguments must hold floating-point numbers, got none.")

    def program(leaves: Leaves) -> Any:  # noqa: ANN401
        filled = [leaves.get(name, value) for name, value in zip(names, values, strict=True)]
        return function(*jax.tree_util.tree_unflatten(tree, filled))

    head = loss if loss is not None else _combined

    def called(leaves: Leaves) -> Any:  # noqa: ANN401
        return head(program(leaves))

    def upstream(parameters: Mapping[str, Array]) -> list[Array]:
        with _double():
            output = program(dict(parameters))
            return [np.asarray(jax.grad(head)(output))] if isinstance(output, jax.Array) and order == 1 else []

    return replace(_case(_second(called) if order > 1 else called, floats), upstream=upstream)


def _case(scalar: Callable[[Leaves], Any], floats: Mapping[str, Array]) -> GradientCase:
    compiled, slope = _compiled(scalar, floats)

    def cost(parameters: Mapping[str, Array]) -> Array:
        with _double():
            return np.asarray(compiled(dict(parameters)))

    def gradients(parameters: Mapping[str, Array], times: float = 1.0) -> dict[str, Array]:
        with _double():
            return {name: np.asarray(g) for name, g in slope(dict(parameters), times).items()}

    return GradientCase(
        cost=cost,
        gradients=gradients,
        parameters={name: np.asarray(value, dtype=np.float64) for name, value in floats.items()},
        doubled=lambda parameters: gradients(parameters, 2.0),
    )


def _compiled(scalar: Callable[[Leaves], Any], floats: Mapping[str, Array]) -> tuple[Callable[..., Any], ...]:
    """The cost and its gradient, compiled where that works. Raises DataError where the function fails either way."""
    slope = jax.grad(lambda leaves, times: times * scalar(leaves))
    start = {name: np.asarray(value, dtype=np.float64) for name, value in floats.items()}
    for wrap in (jax.jit, lambda f: f):
        try:
            with _double():
                wrap(scalar)(start)
        except Exception as error:
            failed = error
            continue
        return wrap(scalar), wrap(slope)
    raise DataError(f"The function must run on its arguments, got {said(failed)}.") from failed


def _second(scalar: Callable[[Leaves], Any]) -> Callable[[Leaves], Any]:
    """Σ u ∘ gradient, with fixed Gaussian u."""

    def second(leaves: Leaves) -> Any:  # noqa: ANN401
        found = jax.grad(scalar)(leaves)
        return sum(jnp.sum(g * _fixed(f"second order {name}", g.shape)) for name, g in found.items())

    return second


def _combined(output: Any) -> Any:  # noqa: ANN401
    found = [x for x in jax.tree_util.tree_leaves(output) if jnp.issubdtype(jnp.result_type(x), jnp.floating)]
    if not found:
        raise DataError(f"The output must hold floating-point numbers, got {type(output).__name__}.")
    if len(found) == 1 and jnp.size(found[0]) == 1:
        return jnp.reshape(found[0], ())
    return sum(jnp.sum(x * _fixed(f"output {i}", jnp.shape(x))) / jnp.size(x) ** 0.5 for i, x in enumerate(found))


def _fixed(name: str, shape: tuple[int, ...]) -> Array:
    return sample(Normal(std=1.0), name=f"gradcheck {name}", seed=0, shape=shape or (1,)).reshape(shape)


def _argument_names(function: Callable[..., Any], count: int) -> list[str]:
    try:
        names = list(inspect.signature(function).parameters)[:count]
    except (TypeError, ValueError):
        names = []
    return names + [f"argument {i}" for i in range(len(names), count)]


def _name(path: tuple[Any, ...], arguments: list[str]) -> str:
    """The place of a leaf, as W1, x or params.layers.0."""
    inner = [str(getattr(key, "key", getattr(key, "name", getattr(key, "idx", key)))) for key in path[1:]]
    if len(arguments) == 1 and inner:
        return ".".join(inner)
    return ".".join([arguments[path[0].idx], *inner])


def _double() -> Any:  # noqa: ANN401
    """Double precision inside, whatever the process has set."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64

    return enable_x64(True)
