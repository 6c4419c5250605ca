"""Flax Linen: a module beside the variables that it is applied to. Its layers are known once it has been traced."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
from flax import linen as nn

from initlab.adapters.jax import pytree
from initlab.adapters.jax.leaves import Form, Path

QUIET = {"train": False, "training": False, "is_training": False, "deterministic": True, "use_running_average": True}
"""What a call without dropout is asked for, by whichever of these names the module takes."""

COLLECTIONS = ("params", "batch_stats", "cache", "intermediates")


def read(module: nn.Module, variables: Any, inputs: tuple[Any, ...] | None = None) -> Form:  # noqa: ANN401
    """A module and its variables as arrays; `variables` may be its parameters alone."""
    bare = not (isinstance(variables, Mapping) and "params" in variables)

    def apply(tree: Any, *given: Any) -> Any:  # noqa: ANN401
        everything = {"params": tree} if bare else tree
        others = [name for name in everything if name != "params"]
        rngs = {"dropout": jax.random.key(0)}
        return module.apply(everything, *given, mutable=others or ["intermediates"], rngs=rngs, **_quiet(module))[0]

    layers: Mapping[Path, nn.Module] = {}
    if inputs is not None:
        layers = _layers(apply, (variables, *inputs))

    def holders(path: Path) -> tuple[object, ...]:
        steps = path[0 if bare else 1 : -1]
        return tuple(layers[steps[:n]] for n in range(len(steps) + 1) if steps[:n] in layers)

    return pytree.read(variables, apply, kind="linen", holders=holders)


def _quiet(module: nn.Module) -> dict[str, bool]:
    taken = inspect.signature(type(module).__call__).parameters
    return {name: value for name, value in QUIET.items() if name in taken}


def _layers(call: Callable[..., Any], given: Sequence[Any]) -> dict[Path, nn.Module]:
    """The modules that a call goes through, by their paths."""
    met: dict[Path, nn.Module] = {}

    def note(step: Callable[..., Any], args: Any, kwargs: Any, context: nn.module.InterceptorContext) -> Any:  # noqa: ANN401
        met[context.module.path] = context.module
        return step(*args, **kwargs)

    with nn.intercept_methods(note):
        jax.eval_shape(call, *given)
    return met
